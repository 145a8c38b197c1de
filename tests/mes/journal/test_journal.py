"""The journal: one row an event, sealed in order, and every tampering shows."""

import io
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from mes.core import bus
from mes.core.actor import acting_as
from mes.core.event import Event
from mes.journal import queries, services
from mes.journal.models import EntriesNeverChange, JournalEntry, JournalHead
from mes.journal.rules import as_data

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Weighed(Event):
    kilograms: Decimal
    parts: tuple[Decimal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Signed(Event):
    person: str


def publish(subject: str = "WO-1", *, site: str = "NORTH", event_id: uuid.UUID | None = None) -> Weighed:
    event = Weighed(
        event_id=event_id or uuid.uuid4(), site=site, subject=subject, occurred_at=NOW, kilograms=Decimal("1.250")
    )
    with transaction.atomic():
        bus.publish(event)
    return event


def tamper(sql: str) -> None:
    """Do what somebody with the database's password could do: without the guards, in plain SQL."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE journal_journalentry DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS journal_never_changes")
        cursor.execute(sql)


@pytest.mark.django_db
def test_every_event_becomes_a_row_with_its_content_and_its_actor():
    with acting_as("key:0a1b2c3d"):
        event = publish()
    entry = JournalEntry.objects.get()
    assert (entry.event_id, entry.kind, entry.site, entry.subject) == (event.event_id, "Weighed", "NORTH", "WO-1")
    assert entry.actor == "key:0a1b2c3d"
    assert entry.data == {"kilograms": "1.250", "parts": []}
    assert entry.sequence is None and entry.recorded_at


@pytest.mark.django_db
def test_an_event_costs_the_hot_path_one_insert(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        bus.publish(Weighed(event_id=uuid.uuid4(), site="N", subject="W", occurred_at=NOW, kilograms=Decimal(1)))


@pytest.mark.django_db
def test_without_a_signed_in_actor_the_events_own_person_is_named():
    with transaction.atomic():
        bus.publish(Signed(event_id=uuid.uuid4(), site="N", subject="WO-1", occurred_at=NOW, person="P-7"))
    assert JournalEntry.objects.get().actor == "P-7"


@pytest.mark.django_db
def test_an_event_published_twice_is_one_row():
    event_id = uuid.uuid4()
    publish(event_id=event_id)
    publish(event_id=event_id)
    assert JournalEntry.objects.count() == 1


def test_an_event_with_what_cannot_be_written_exactly_is_refused():
    with pytest.raises(TypeError, match="float"):
        as_data(Weighed(event_id=uuid.uuid4(), site="N", subject="W", occurred_at=NOW, kilograms=1.5))  # type: ignore[arg-type]


@pytest.mark.django_db
def test_an_event_of_a_rolled_back_transaction_is_not_in_the_journal():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish()
        raise ZeroDivisionError
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_sealing_gives_a_sequence_without_gaps_and_a_chain_that_verifies():
    for number in range(7):
        publish(f"WO-{number}")
    assert services.seal(batch=3) == 7
    assert list(JournalEntry.objects.sealed().values_list("sequence", flat=True)) == [1, 2, 3, 4, 5, 6, 7]
    publish("WO-8")
    assert services.seal() == 1
    assert services.seal() == 0
    verdict = services.verify()
    assert (verdict.checked, verdict.unsealed, verdict.findings) == (8, 0, ())


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_a_transaction_that_commits_late_comes_after_what_was_sealed_before_it():
    inserted, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                publish("SLOW")
                inserted.set()
                go_on.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert inserted.wait(60)
    publish("FAST")
    assert services.seal() == 1
    cursor = queries.changes(since=0, limit=10).next_cursor
    go_on.set()
    thread.join()
    assert services.seal() == 1
    assert [entry.subject for entry in queries.changes(since=cursor, limit=10).entries] == ["SLOW"]
    assert services.verify().findings == ()


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain():
    for number in range(40):
        publish(f"WO-{number}")
    errors: list[BaseException] = []

    def work() -> None:
        try:
            services.seal(batch=5)
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    services.seal()
    assert not errors
    assert list(JournalEntry.objects.sealed().values_list("sequence", flat=True)) == list(range(1, 41))
    assert services.verify().findings == ()


@pytest.mark.django_db
def test_neither_the_model_nor_the_database_lets_an_entry_change():
    publish()
    services.seal()
    entry = JournalEntry.objects.get()
    with pytest.raises(EntriesNeverChange):
        entry.save()
    with pytest.raises(EntriesNeverChange):
        entry.delete()
    with pytest.raises(EntriesNeverChange):
        JournalEntry.objects.update(kind="x")
    with pytest.raises(EntriesNeverChange):
        JournalEntry.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE journal_journalentry SET subject = 'WO-2'")


@pytest.mark.django_db
def test_an_unsealed_entry_cannot_be_changed_either():
    publish()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE journal_journalentry SET subject = 'WO-2'")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tampering",
    {
        "edited data": """UPDATE journal_journalentry SET data = '{"kilograms": "9", "parts": []}' WHERE sequence = 3""",
        "another actor": "UPDATE journal_journalentry SET actor = 'user:nobody' WHERE sequence = 3",
        "dated back": "UPDATE journal_journalentry SET occurred_at = '2020-01-01 00:00:00' WHERE sequence = 3",
        "deleted": "DELETE FROM journal_journalentry WHERE sequence = 3",
        "deleted and closed up": "DELETE FROM journal_journalentry WHERE sequence = 3;"
        "UPDATE journal_journalentry SET sequence = sequence - 1 WHERE sequence > 3",
        "swapped": "UPDATE journal_journalentry SET sequence = 99 WHERE sequence = 3;"
        "UPDATE journal_journalentry SET sequence = 3 WHERE sequence = 4;"
        "UPDATE journal_journalentry SET sequence = 4 WHERE sequence = 99",
        "inserted": "UPDATE journal_journalentry SET sequence = sequence + 100 WHERE sequence > 3;"
        "UPDATE journal_journalentry SET sequence = sequence - 99 WHERE sequence > 100;"
        "INSERT INTO journal_journalentry (event_id, kind, version, site, subject, actor, data, occurred_at,"
        " recorded_at, sequence, previous_hash, hash) SELECT '00000000000000000000000000000001', kind, version, site,"
        " subject, actor, data, occurred_at, recorded_at, 4, previous_hash, hash FROM journal_journalentry"
        " WHERE sequence = 3",
        "a new hash over new data": "UPDATE journal_journalentry SET hash = 'ab', subject = 'WO-X' WHERE sequence = 3",
        "cut at the end": "DELETE FROM journal_journalentry WHERE sequence > 4",
        "emptied": "DELETE FROM journal_journalentry",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_tampering_shows(tampering):
    for number in range(6):
        publish(f"WO-{number}")
    services.seal()
    for statement in tampering[1].split(";"):
        tamper(statement)
    assert services.verify().findings
    with pytest.raises(CommandError):
        call_command("journal", "verify", stdout=io.StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [0, 4])
def test_a_cut_end_with_a_forged_head_shows_against_an_anchor_kept_elsewhere(kept):
    for number in range(6):
        publish(f"WO-{number}")
    services.seal()
    anchor = str(JournalHead.objects.get())
    tamper(f"DELETE FROM journal_journalentry WHERE sequence > {kept}")
    last = JournalEntry.objects.sealed().last()
    JournalHead.objects.update(sequence=kept, hash=last.hash if last else "0" * 64)
    assert services.verify().findings == ()  # inside this database nothing can be seen any more
    assert "was cut" in services.verify(anchor=anchor).findings[-1].what


@pytest.mark.django_db
def test_a_history_rewritten_whole_shows_against_an_anchor_kept_elsewhere():
    publish()
    services.seal()
    anchor = str(JournalHead.objects.get())
    tamper("UPDATE journal_journalentry SET subject = 'WO-X', sequence = NULL, previous_hash = '', hash = ''")
    JournalHead.objects.update(sequence=0, hash="0" * 64)
    services.seal()
    assert services.verify().findings == ()
    assert "rewritten" in services.verify(anchor=anchor).findings[0].what


@pytest.mark.django_db
def test_the_head_is_anchored_once_an_hour():
    assert services.head_to_anchor(now=NOW) == ""
    publish()
    services.seal()
    assert services.head_to_anchor(now=NOW).startswith("1:")
    assert services.head_to_anchor(now=NOW + timedelta(minutes=59)) == ""
    assert services.head_to_anchor(now=NOW + timedelta(minutes=61)).startswith("1:")


@pytest.mark.django_db
def test_the_feed_moves_past_what_the_filters_leave_out():
    for number in range(5):
        publish(f"WO-{number}", site="NORTH" if number % 2 else "SOUTH")
    services.seal()
    publish("WO-9")
    found = queries.changes(since=0, limit=1, sites={"NORTH"})
    assert ([entry.subject for entry in found.entries], found.has_more) == (["WO-1"], True)
    found = queries.changes(since=found.next_cursor, limit=9, sites={"NORTH"})
    assert ([entry.subject for entry in found.entries], found.next_cursor, found.has_more) == (["WO-3"], 5, False)


@pytest.mark.django_db
def test_the_command_speaks_plainly():
    publish()
    out = io.StringIO()
    call_command("journal", "seal", stdout=out)
    call_command("journal", "verify", stdout=out)
    call_command("journal", "head", stdout=out)
    assert "1 entries sealed." in out.getvalue() and "1 entries are as sealed, 0 wait" in out.getvalue()
