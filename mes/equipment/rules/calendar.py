"""When work is planned: shifts of local time as intervals of real time, and arithmetic on such intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""A half-open interval [start, end)."""


@dataclass(frozen=True)
class ShiftPattern:
    """A shift as it repeats: local times, on weekdays (0 is Monday), with its breaks in local time."""

    code: str
    name: str
    starts_at: time
    ends_at: time
    weekdays: frozenset[int]
    breaks: tuple[tuple[time, time], ...] = ()


@dataclass(frozen=True)
class ShiftWindow:
    """One shift of one production day, which is the day on which it starts."""

    day: date
    code: str
    name: str
    start: datetime
    end: datetime
    breaks: tuple[Span, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.day.isoformat()}/{self.code}"


def shift_windows(patterns: Iterable[ShiftPattern], *, zone: ZoneInfo, first: date, last: date) -> list[ShiftWindow]:
    """Return the shifts that start on the days from ``first`` to ``last``, in order.

    A shift that ends before or when it starts crosses midnight, and belongs to the day on which it starts. Where a local
    time comes twice (clocks go back) the first is meant, where it does not come at all the moment that would have been
    it; so neighboring shifts neither overlap nor leave a gap, and a night in which clocks change is not 8 hours long.
    Where shifts of the calendar overlap, the time belongs to the one that began first: no minute counts twice.
    """
    found = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        for pattern in patterns:
            if day.weekday() not in pattern.weekdays:
                continue
            start, end = _span(day, pattern.starts_at, pattern.ends_at, zone)
            breaks = tuple(
                span
                for begin, finish in pattern.breaks
                for span in clip([_break(day, pattern.starts_at, begin, finish, zone)], start, end)
            )
            found.append(ShiftWindow(day, pattern.code, pattern.name, start, end, breaks))
    return _disjoint(sorted(found, key=lambda window: (window.start, window.code)))


def _disjoint(windows: Iterable[ShiftWindow]) -> list[ShiftWindow]:
    kept: list[ShiftWindow] = []
    for window in windows:
        start = max(window.start, kept[-1].end) if kept else window.start
        if start < window.end:
            kept.append(replace(window, start=start, breaks=tuple(clip(window.breaks, start, window.end))))
    return kept


def _span(day: date, begin: time, finish: time, zone: ZoneInfo) -> Span:
    ends_on = day if finish > begin else day + timedelta(days=1)
    return _instant(day, begin, zone), _instant(ends_on, finish, zone)


def _break(day: date, shift_begins: time, begin: time, finish: time, zone: ZoneInfo) -> Span:
    """Return a break of the shift: one at an earlier time of day than the shift's start is after midnight."""
    return _span(day if begin >= shift_begins else day + timedelta(days=1), begin, finish, zone)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the union as spans that neither overlap nor touch, in order."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def clip(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return what of the spans lies within [start, end)."""
    cut = ((max(begin, start), min(finish, end)) for begin, finish in spans)
    return [span for span in cut if span[0] < span[1]]


def subtract(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return the union of the spans without what is taken."""
    left = merge(spans)
    for start, end in merge(taken):
        left = [
            piece
            for begin, finish in left
            for piece in ((begin, min(finish, start)), (max(begin, end), finish))
            if piece[0] < piece[1]
        ]
    return left


def seconds(spans: Sequence[Span]) -> int:
    """Return how long the spans are together, in whole seconds."""
    return sum(round((end - start).total_seconds()) for start, end in spans)
