"""A unit's shift as a page draws it: segments as bars, the edges of time, and words for what a figure lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from mes.equipment.queries.intervals import Interval
from mes.execution.models import Operation
from mes.performance.queries.shifts import ShiftOfUnit
from mes.performance.rules import figures, timeline
from mes.performance.rules.timeline import Segment

WIDTH = Decimal(1000)

KINDS = {
    timeline.RUN: _("Running"),
    timeline.MICRO: _("Micro-stop"),
    timeline.SETUP: _("Setup"),
    timeline.STOPPED: _("Stopped"),
    timeline.UNEXPLAINED: _("Stopped, no reason yet"),
    timeline.IDLE: _("No job"),
    timeline.NO_DATA: _("No data"),
    timeline.PLANNED_STOP: _("Planned stop"),
    timeline.OFF: _("Nothing planned"),
    timeline.OFF_RUN: _("Running, not planned"),
}


@dataclass(frozen=True)
class Bar:
    """A segment with its place on the line (of 1000), its word, and the interval behind it."""

    segment: Segment
    x: str
    width: str
    interval: Interval | None

    @property
    def word(self) -> str:
        if self.interval and self.interval.reason and self.segment.kind in (timeline.STOPPED, timeline.PLANNED_STOP):
            return str(self.interval.reason.name)
        return str(KINDS[self.segment.kind])

    @property
    def css(self) -> str:
        return self.segment.kind.lower().replace("_", "-")

    @property
    def minutes(self) -> Decimal:
        return figures.minutes(self.segment.seconds)

    @property
    def operation_id(self) -> int:
        """The job that it was about, 0 for none."""
        return (self.interval.operation_id if self.interval else None) or 0

    @property
    def is_standstill(self) -> bool:
        return self.segment.kind in (timeline.STOPPED, timeline.UNEXPLAINED, timeline.PLANNED_STOP, timeline.IDLE)


@dataclass(frozen=True)
class UnitShift:
    """A shift of a unit with its bars; ``ticks`` are full hours with their place on the line."""

    shift: ShiftOfUnit
    bars: Sequence[Bar]
    ticks: Sequence[tuple[str, datetime]]

    @property
    def summary(self) -> str:
        """The line in words, for who does not see it."""
        found: dict[str, int] = {}
        for bar in self.bars:
            word = str(KINDS[bar.segment.kind])
            found[word] = found.get(word, 0) + bar.segment.seconds
        return ", ".join(f"{word} {seconds // 60} min" for word, seconds in found.items())

    @property
    def stops(self) -> list[Bar]:
        """What a person can explain: standstills of planned time."""
        return [bar for bar in self.bars if bar.is_standstill]


@dataclass(frozen=True)
class JobBar:
    """A stretch of a shift in which a unit was at one job."""

    job: str
    start: datetime
    end: datetime
    x: str
    width: str


def jobs_of(shifts: Sequence[UnitShift]) -> dict[int, str]:
    """Return the jobs of these shifts by operation: ``WO-1042/10 Gear housing``."""
    wanted = {bar.operation_id for one in shifts for bar in one.bars} - {0}
    found = Operation.objects.filter(pk__in=wanted).select_related("work_order__item")
    return {one.pk: f"{one.work_order.number}/{one.number} {one.work_order.item.name}" for one in found}


def lane(one: UnitShift, jobs: dict[int, str]) -> list[JobBar]:
    """Return which job the unit was at, and when: stretches of the same job that follow each other are one."""
    found: list[JobBar] = []
    for bar in one.bars:
        job = jobs.get(bar.operation_id, "")
        if not job:
            continue
        last = found[-1] if found else None
        if last and last.job == job and last.end == bar.segment.start:
            width = f"{Decimal(last.width) + Decimal(bar.width):.2f}"
            found[-1] = JobBar(job, last.start, bar.segment.end, last.x, width)
        else:
            found.append(JobBar(job, bar.segment.start, bar.segment.end, bar.x, bar.width))
    return found


def drawn(shift: ShiftOfUnit) -> UnitShift:
    """Return the shift ready to be drawn; the line is as long as the whole shift, also while it goes on."""
    start, end = shift.window.start, shift.window.end
    length = Decimal((end - start).total_seconds())

    def place(moment: datetime) -> Decimal:
        return Decimal((moment - start).total_seconds()) / length * WIDTH

    bars = [
        Bar(
            segment,
            f"{place(segment.start):.2f}",
            f"{place(segment.end) - place(segment.start):.2f}",
            shift.intervals.get(segment.key),
        )
        for segment in shift.segments
    ]
    hour = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ticks = []
    while hour < end:
        ticks.append((f"{place(hour):.2f}", hour))
        hour += timedelta(hours=1)
    return UnitShift(shift, bars, ticks)
