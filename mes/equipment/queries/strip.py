"""A work center's shift so far as lines to draw: what each unit did when, and where a reason is missing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from mes.equipment.queries.intervals import Interval, intervals
from mes.equipment.queries.planned import calendar_between
from mes.equipment.rules import states
from mes.masterdata.models import WorkUnit

WITHOUT_SHIFT = timedelta(hours=8)
WIDTH = Decimal(1000)
FINEST = Decimal(2)
"""What is narrower is drawn as the state before it, so that a line of micro-stops stays small; a missing reason never is."""

RUN, SETUP, STOPPED, UNEXPLAINED, IDLE = "run", "setup", "stopped", "unexplained", "idle"
ORDER = (RUN, SETUP, STOPPED, UNEXPLAINED, IDLE)
KINDS = {states.RUNNING: RUN, states.SETUP: SETUP, states.STOPPED: STOPPED, states.IDLE: IDLE}


@dataclass
class Mark:
    """A stretch of the line, of 1000; ``key`` names the stop that needs a reason; ``grows`` while it goes on."""

    kind: str
    x: Decimal
    end: Decimal
    key: int = 0
    grows: bool = False

    @property
    def width(self) -> Decimal:
        return self.end - self.x

    @property
    def at(self) -> str:
        """Where it begins, as a drawing wants it written: with a point in every language."""
        return _short(self.x)

    @property
    def across(self) -> str:
        """How wide it is, written so too."""
        return _short(self.width)


@dataclass(frozen=True)
class Line:
    """What one unit did; what goes on and what needs a reason are drawn by themselves, the rest as one shape per kind."""

    unit: WorkUnit
    marks: Sequence[Mark]

    @property
    def shapes(self) -> list[tuple[str, str]]:
        """Return, by kind, the path that draws all of it."""
        paths: dict[str, str] = {}
        for mark in self.marks:
            if not mark.grows:
                step = f"M{_short(mark.x)} 0h{_short(mark.width)}v24h-{_short(mark.width)}z"
                paths[mark.kind] = paths.get(mark.kind, "") + step
        return sorted(paths.items())

    @property
    def open_mark(self) -> Mark | None:
        return next((mark for mark in self.marks if mark.grows), None)

    @property
    def missing(self) -> list[Mark]:
        """Return what needs a reason."""
        return [mark for mark in self.marks if mark.kind == UNEXPLAINED]


@dataclass(frozen=True)
class Strip:
    """The lines of a work center's units over the shift that goes on, or over the last hours where none is known."""

    start: datetime
    end: datetime
    name: str
    lines: Sequence[Line] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        """Return which kinds are to be explained."""
        found = {mark.kind for line in self.lines for mark in line.marks}
        return [kind for kind in ORDER if kind in found]


def strip_of(units: Sequence[WorkUnit], *, waiting: Collection[int], now: datetime) -> Strip | None:
    """Return the shift so far of the units of one work center; None where there are none.

    ``waiting`` are the intervals that need a reason.
    """
    if not units:
        return None
    windows = [one for one in calendar_between(units[0].site, now, now).windows if one.start <= now < one.end]
    if windows:
        start, end, name = windows[-1].start, windows[-1].end, windows[-1].name
    else:
        # By quarters of an hour, so that what is drawn stays what it is for a while.
        quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
        start, end, name = quarter - WITHOUT_SHIFT, quarter, ""
    held = intervals(work_unit_ids=[unit.pk for unit in units], start=start, end=now, now=now)

    def place(moment: datetime) -> Decimal:
        seconds = Decimal((min(max(moment, start), end) - start).total_seconds())
        return (seconds * WIDTH / Decimal((end - start).total_seconds())).quantize(Decimal("0.1"))

    def mark(one: Interval) -> Mark:
        kind = UNEXPLAINED if one.key in waiting else KINDS.get(one.state, IDLE)
        # What goes on grows in the page; here it ends where it begins, so that it is the same at every question.
        return Mark(kind, place(one.start), place(one.end or one.start), one.key, grows=one.end is None)

    return Strip(start, end, name, [Line(unit, _joined([mark(one) for one in held[unit.pk]])) for unit in units])


def _joined(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks with neighbors of one kind as one, and with what is too narrow to see added to what came before."""
    found: list[Mark] = []
    for mark in marks:
        last = found[-1] if found else None
        fine = mark.width < FINEST and mark.kind != UNEXPLAINED
        if last and not mark.grows and last.kind != UNEXPLAINED and (fine or last.kind == mark.kind):
            last.end = mark.end
        else:
            found.append(mark)
    return found


def _short(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
