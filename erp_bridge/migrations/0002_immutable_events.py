"""The database itself refuses to change what a stored message says."""

from django.db import migrations

TABLE = "erp_bridge_outboundmessage"
WORDS = "a stored message never changes what it says: write a corrected copy"
COLUMNS = ("event", "sha256", "event_id", "key", "flow", "stream_id", "seq", "connection_id", "kind")


def protect(apps, schema_editor):
    columns = ", ".join(COLUMNS)
    if schema_editor.connection.vendor == "postgresql":
        changed = " OR ".join(f"NEW.{column}::text IS DISTINCT FROM OLD.{column}::text" for column in COLUMNS)
        schema_editor.execute(
            f"CREATE FUNCTION bridge_message_is_immutable() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{WORDS}'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER bridge_message_is_immutable BEFORE UPDATE OF {columns} ON {TABLE} "
            f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION bridge_message_is_immutable()"
        )
    else:
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in COLUMNS)
        schema_editor.execute(
            f"CREATE TRIGGER bridge_message_is_immutable BEFORE UPDATE OF {columns} ON {TABLE} "
            f"WHEN {changed} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )


def unprotect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER bridge_message_is_immutable ON {TABLE}")
        schema_editor.execute("DROP FUNCTION bridge_message_is_immutable()")
    else:
        schema_editor.execute("DROP TRIGGER bridge_message_is_immutable")


class Migration(migrations.Migration):
    dependencies = [("erp_bridge", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]
