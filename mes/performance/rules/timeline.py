"""Cuts a unit's intervals of state along the planned time of a shift, and adds the pieces up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mes.equipment.rules import states
from mes.equipment.rules.calendar import Span, clip, subtract
from mes.performance.rules.figures import Sums

RUN, MICRO, SETUP, STOPPED, UNEXPLAINED, IDLE, NO_DATA, PLANNED_STOP, OFF, OFF_RUN = (
    "RUN", "MICRO", "SETUP", "STOPPED", "UNEXPLAINED", "IDLE", "NO_DATA", "PLANNED_STOP", "OFF", "OFF_RUN",
)  # fmt: skip
PLANNED_LOSS, SETUP_LOSS = "PLANNED", "SETUP"


@dataclass(frozen=True)
class Held:
    """A state from ``start`` to ``end``; ``loss`` is what the reason counts as, "" without one; ``key`` names it."""

    start: datetime
    end: datetime
    state: str
    loss: str = ""
    is_micro: bool = False
    key: int = 0


@dataclass(frozen=True)
class Segment:
    """A stretch of one kind within a shift, cut at the edges of planned time."""

    start: datetime
    end: datetime
    kind: str
    key: int = 0

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


def segments(*, start: datetime, end: datetime, planned: Sequence[Span], held: Iterable[Held]) -> list[Segment]:
    """Return the time from ``start`` to ``end`` without gaps: what the unit did in planned time, what outside it.

    A planned stop wins over an unplanned one: outside planned time only running is told apart. Time before the first known
    state, or that no state covers, is without data.
    """
    known = sorted((one for one in held if one.start < end and one.end > start), key=lambda one: one.start)
    plan = clip(planned, start, end)
    unplanned = subtract([(start, end)], plan)
    found: list[Segment] = []
    for one in known:
        inside = clip(plan, one.start, one.end)
        found += [Segment(begin, finish, _kind(one), one.key) for begin, finish in inside]
        off = OFF_RUN if one.state == states.RUNNING else OFF
        found += [Segment(begin, finish, off, one.key) for begin, finish in clip(unplanned, one.start, one.end)]
    covered = [(one.start, one.end) for one in known]
    found += [Segment(begin, finish, NO_DATA) for begin, finish in subtract(plan, covered)]
    found += [Segment(begin, finish, OFF) for begin, finish in subtract(unplanned, covered)]
    return sorted(found, key=lambda one: one.start)


def _kind(one: Held) -> str:
    if one.state == states.RUNNING or one.is_micro:
        return MICRO if one.is_micro else RUN
    if one.loss == PLANNED_LOSS:
        return PLANNED_STOP
    if one.state == states.SETUP or one.loss == SETUP_LOSS:
        return SETUP
    if one.state == states.STOPPED:
        return STOPPED if one.loss else UNEXPLAINED
    return STOPPED if one.loss else IDLE


def sums_of(found: Iterable[Segment]) -> Sums:
    """Return the seconds of the segments by what they count as. A stop that was explained as planned is not planned time."""
    by_kind: dict[str, int] = {}
    for one in found:
        by_kind[one.kind] = by_kind.get(one.kind, 0) + one.seconds

    def of(*kinds: str) -> int:
        return sum(by_kind.get(kind, 0) for kind in kinds)

    return Sums(
        planned=of(RUN, MICRO, SETUP, STOPPED, UNEXPLAINED, IDLE, NO_DATA),
        run=of(RUN, MICRO),
        micro=of(MICRO),
        setup=of(SETUP),
        stopped=of(STOPPED, UNEXPLAINED),
        unexplained=of(UNEXPLAINED),
        idle=of(IDLE),
        no_data=of(NO_DATA),
        unplanned_run=of(OFF_RUN),
    )
