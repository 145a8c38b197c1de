"""What happens to the journal: an event is written down, entries are sealed, the chain is verified.

**Why the order is exact.** A sequence is given only to rows that the sealer can see, that is to committed ones, and only
one sealer works at a time (it holds the head row's lock). A row whose transaction is still open is not seen; whenever it
commits, the next run gives it a place after everything that was sealed before. So a reader that asks for "after n" never
has a row appear behind its back, whichever way commits interleave, and nobody waits for anybody's open transaction.
Within one run rows go by id. Two events of one work order are ordered, because the second is published under the order's
row lock, hence after the first committed: it is never seen without the first, and its id is larger. On SQLite the same
holds for the simpler reason that there is one writer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from mes.core import persons
from mes.core.actor import current_actor
from mes.core.event import Event
from mes.journal.models import JournalEntry, JournalHead
from mes.journal.rules import GENESIS, as_data, chained

BATCH = 1000
ANCHOR_EVERY = timedelta(hours=1)
_SEAL = (
    "UPDATE journal_journalentry SET sequence = %s, previous_hash = %s, hash = %s WHERE id = %s AND sequence IS NULL"
)


def record(event: Event) -> None:
    """Write the event down, in the publisher's transaction, with one INSERT; an event that is known is not repeated.

    What is sealed cannot forget: of a site in privacy mode it has pseudonyms from the start.
    """
    entry = JournalEntry(
        event_id=event.event_id,
        kind=event.kind(),
        version=event.version,
        site=event.site,
        subject=persons.told_subject(event.subject, site=event.site, kind=event.kind()),
        actor=current_actor() or persons.told_text(getattr(event, "person", ""), site=event.site),
        data=persons.told_event(as_data(event), site=event.site),
        occurred_at=event.occurred_at,
    )
    # A roll-up that did not change is published again under the same id: that is no news.
    JournalEntry.objects.bulk_create([entry], ignore_conflicts=True)


def seal(*, batch: int = BATCH) -> int:
    """Give all committed entries their sequence and hash, and return how many were given theirs."""
    sealed = 0
    while count := _seal_batch(batch):
        sealed += count
        if count < batch:
            break
    return sealed


def _seal_batch(batch: int) -> int:
    if not JournalEntry.objects.unsealed().exists():
        return 0  # without this, idle systems would take the write lock every other second
    with transaction.atomic():
        head = _locked_head()
        sequence, previous = head.sequence, head.hash
        rows = []
        for entry in JournalEntry.objects.unsealed()[:batch]:
            sequence += 1
            own = chained(previous, entry.content(sequence))
            rows.append((sequence, previous, own, entry.pk))
            previous = own
        if not rows:
            return 0
        with connection.cursor() as cursor:
            cursor.executemany(_SEAL, rows)
        moved = JournalHead.objects.filter(pk=head.pk, sequence=head.sequence).update(sequence=sequence, hash=previous)
        if moved != 1:
            raise RuntimeError("Two sealers were at work; nothing was sealed by this one.")
        return len(rows)


def _locked_head() -> JournalHead:
    JournalHead.objects.bulk_create([JournalHead(pk=1)], ignore_conflicts=True)
    return JournalHead.objects.select_for_update().get(pk=1)


def head_to_anchor(*, now: datetime) -> str:
    """Return the head (``sequence:hash``) once an hour, to be kept off this machine, and "" in between."""
    head = JournalHead.objects.filter(pk=1).first()
    if head is None or not head.sequence or (head.anchored_at and head.anchored_at > now - ANCHOR_EVERY):
        return ""
    JournalHead.objects.filter(pk=1).update(anchored_at=now)
    return str(head)


@dataclass(frozen=True)
class Finding:
    """One place where the journal is not what was sealed."""

    sequence: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found; ``head`` is where the chain ends."""

    checked: int
    unsealed: int
    head: str
    findings: tuple[Finding, ...]


def verify(*, anchor: str = "", limit: int = 20) -> Verdict:
    """Walk the chain and return what does not fit, at most ``limit`` findings.

    ``anchor`` is a head (``sequence:hash``) that was kept elsewhere: without one, a journal that was cut at its end or
    rewritten from some entry on, head included, looks whole.
    """
    findings: list[Finding] = []
    expected, previous, checked = 0, GENESIS, 0
    anchor_sequence, _, anchor_hash = anchor.partition(":")
    seen_anchor = not anchor
    for entry in _walk():
        assert entry.sequence is not None, "only sealed entries are walked"
        checked += 1
        expected += 1
        sequence = entry.sequence or 0
        if sequence != expected:
            findings.append(Finding(expected, f"Entries {expected} to {sequence - 1} are missing."))
            expected = sequence
        elif entry.previous_hash != previous:
            findings.append(Finding(expected, "It does not follow on the entry before it."))
        if chained(entry.previous_hash, entry.content(sequence)) != entry.hash:
            findings.append(Finding(expected, f"{entry.kind} of {entry.subject} was changed after it was sealed."))
        if str(entry.sequence) == anchor_sequence:
            seen_anchor = True
            if entry.hash != anchor_hash:
                findings.append(Finding(expected, "It is not the entry that the anchor names: history was rewritten."))
        previous = entry.hash
        if len(findings) >= limit:
            break
    if not seen_anchor:
        findings.append(
            Finding(expected, f"The anchor names entry {anchor_sequence}, which is not here: the end was cut.")
        )
    head = JournalHead.objects.filter(pk=1).first() or JournalHead()
    if len(findings) < limit and (head.sequence, head.hash) != (expected, previous):
        findings.append(Finding(expected, f"The chain ends here, but {head.sequence} entries were sealed."))
    return Verdict(checked, JournalEntry.objects.unsealed().count(), f"{expected}:{previous}", tuple(findings[:limit]))


def _walk() -> Iterator[JournalEntry]:
    after = -(2**62)
    while rows := list(JournalEntry.objects.sealed().filter(sequence__gt=after)[:BATCH]):
        yield from rows
        after = rows[-1].sequence or 0
