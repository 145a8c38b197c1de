"""Lets the database itself refuse to change or delete what happened; only the seal may be added, and only once."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.sequence IS NULL
       AND (NEW.id, NEW.event_id, NEW.kind, NEW.version, NEW.site, NEW.subject, NEW.actor, NEW.data,
            NEW.occurred_at, NEW.recorded_at)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.event_id, OLD.kind, OLD.version, OLD.site, OLD.subject, OLD.actor, OLD.data,
            OLD.occurred_at, OLD.recorded_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal entries never change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal_journalentry
    FOR EACH ROW EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal_journalentry
    FOR EACH ROW EXECUTE FUNCTION journal_refuse();
"""
POSTGRESQL_BACK = """
DROP TRIGGER journal_never_changes ON journal_journalentry;
DROP TRIGGER journal_never_shrinks ON journal_journalentry;
DROP FUNCTION journal_refuse();
"""
SQLITE = [
    """
CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal_journalentry
WHEN OLD.sequence IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.event_id IS NOT OLD.event_id
    OR NEW.kind IS NOT OLD.kind OR NEW.version IS NOT OLD.version OR NEW.site IS NOT OLD.site
    OR NEW.subject IS NOT OLD.subject OR NEW.actor IS NOT OLD.actor OR NEW.data IS NOT OLD.data
    OR NEW.occurred_at IS NOT OLD.occurred_at OR NEW.recorded_at IS NOT OLD.recorded_at
BEGIN SELECT RAISE(ABORT, 'journal entries never change'); END
""",
    """
CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal_journalentry
BEGIN SELECT RAISE(ABORT, 'journal entries never change'); END
""",
]
SQLITE_BACK = ["DROP TRIGGER journal_never_changes", "DROP TRIGGER journal_never_shrinks"]


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
    else:
        for statement in SQLITE:
            schema_editor.execute(statement)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_BACK)
    else:
        for statement in SQLITE_BACK:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
