"""The journal as a feed: what happened since, in sealed order."""

from collections.abc import Collection
from dataclasses import dataclass

from mes.journal.models import JournalEntry, JournalHead


@dataclass(frozen=True)
class Changes:
    """Some entries, the cursor behind them, and whether more are there already."""

    entries: list[JournalEntry]
    next_cursor: int
    has_more: bool


def changes(
    *, since: int, limit: int, sites: Collection[str] | None = None, kinds: Collection[str] = (), subject: str = ""
) -> Changes:
    """Return sealed entries after the cursor ``since`` (0 = from the beginning), at most ``limit``.

    ``sites`` None means all. The cursor moves past entries that the filters leave out, so that a quiet filter on a busy
    journal does not read the same rows again and again.
    """
    head = head_sequence()
    entries = JournalEntry.objects.sealed().filter(sequence__gt=since, sequence__lte=head)
    if sites is not None:
        entries = entries.filter(site__in=sites)
    if kinds:
        entries = entries.filter(kind__in=kinds)
    if subject:
        entries = entries.filter(subject=subject)
    rows = list(entries[: limit + 1])
    if len(rows) > limit:
        rows = rows[:limit]
        return Changes(rows, rows[-1].sequence or since, True)
    return Changes(rows, max(head, since), False)


def head_sequence() -> int:
    """Return the sequence of the last sealed entry, 0 for none."""
    return JournalHead.objects.filter(pk=1).values_list("sequence", flat=True).first() or 0
