"""Several jobs on one work unit: refused, each with its part of the time, or each with all of it, as the unit says."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import shares
from mes.core.durations import seconds_to_minutes
from mes.core.errors import DomainError
from mes.execution.models import MachineInterval
from mes.execution.queries.pieces import reported_between
from mes.execution.services.locking import clock_time
from mes.masterdata.models import WorkUnit
from mes.masterdata.queries import split_rules

SPLIT, EXCLUSIVE = WorkUnit.Sharing.SPLIT, WorkUnit.Sharing.EXCLUSIVE
_TICK = timedelta(microseconds=1)


class WorkUnitOccupied(DomainError):
    """The machine takes one job at a time, and another one is on it."""

    code = "work_unit_occupied"
    title = gettext_lazy("The machine is occupied")


def lock_units(pks: Iterable[int]) -> dict[int, WorkUnit]:
    """Return work units by key, locked: after orders and operations, before persons; several by their keys.

    Rows that only name a unit do not wait for the lock.
    """
    found = WorkUnit.objects.select_for_update(of=("self",), no_key=True).select_related("site")
    return {unit.pk: unit for unit in found.filter(pk__in=set(pks)).order_by("pk")}


def enter(work_unit: WorkUnit, *, now: datetime) -> tuple[WorkUnit, datetime]:
    """Return the unit, locked and as it is now, and when the start that is to come is recorded.

    :raises WorkUnitOccupied: it takes one job at a time, and has one.
    """
    unit = lock_units([work_unit.pk])[work_unit.pk]
    if unit.sharing == EXCLUSIVE:
        other = (
            MachineInterval.objects.filter(work_unit=unit, ended_at=None)
            .select_related("operation__work_order", "person")
            .order_by("started_at")
            .first()
        )
        if other is not None:
            raise WorkUnitOccupied(_words(unit, other), field="work_unit")
    return unit, _recorded(unit, now) if unit.sharing == SPLIT else now


def leave(interval: MachineInterval, *, now: datetime) -> Decimal:
    """Return the minutes of a shared unit that belong to an interval which has just got its end, and stamp it.

    Each stretch in which the same jobs were on the unit is divided by the site's split policy. What was counted stays:
    a start that arrives late has no part in stretches that were given away before it was known.
    """
    unit = lock_units([interval.work_unit_id])[interval.work_unit_id]
    interval.end_recorded_at = _recorded(unit, now)
    return seconds_to_minutes(_seconds(interval))


def _words(unit: WorkUnit, other: MachineInterval) -> str:
    facts = {"unit": unit.code, "job": str(other.operation), "time": clock_time(other.started_at, unit.site)}
    if other.person:
        return _(
            "%(unit)s takes one job at a time: %(job)s is on it since %(time)s, started by %(person)s. "
            "Pause or finish that first, or choose another machine."
        ) % (facts | {"person": other.person.told_name})
    return (
        _(
            "%(unit)s takes one job at a time: %(job)s is on it since %(time)s. "
            "Pause or finish that first, or choose another machine."
        )
        % facts
    )


def _recorded(unit: WorkUnit, now: datetime) -> datetime:
    """Return a moment after everything that is recorded of the unit; it is locked, so that no two are the same."""
    last = MachineInterval.objects.filter(work_unit=unit).aggregate(
        last=Max(Greatest("start_recorded_at", Coalesce("end_recorded_at", "start_recorded_at")))
    )["last"]
    return max(now, last + _TICK) if last else now


def _seconds(interval: MachineInterval) -> int:
    assert interval.ended_at is not None, "only what has ended is counted"
    beside = MachineInterval.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=interval.started_at),
        work_unit_id=interval.work_unit_id,
        sharing=SPLIT,
        started_at__lt=interval.ended_at,
    ).exclude(pk=interval.pk)
    jobs = [interval, *beside]
    rules = split_rules(site_id=interval.site_id)
    # Time in which labor gets no part is not nobody's on a machine: there it is divided equally.
    rules = [shares.Rule(one.valid_from, _machine_policy(one.policy)) for one in rules]
    pieces = _pieces(interval, jobs) if any(one.policy == shares.QUANTITY for one in rules) else {}
    left = [(one, start, end) for one in jobs for start, end in _left(one, jobs, interval.ended_at)]
    parts = [
        shares.Job(f"{one.pk}/{start.isoformat()}", start, end, one.planned_minutes, pieces.get(one.operation_id, ()))
        for one, start, end in left
    ]
    owners = [one.pk for one, _start, _end in left]
    divided = shares.divide(
        parts, within=[shares.Window(interval.started_at, interval.ended_at)], until=interval.ended_at, rules=rules
    )
    seconds = shares.seconds_of(divided)
    return sum(seconds.get(part.key, 0) for part, pk in zip(parts, owners, strict=True) if pk == interval.pk)


def _machine_policy(policy: str) -> str:
    return shares.EQUAL if policy == shares.MACHINE else policy


def _pieces(interval: MachineInterval, jobs: Sequence[MachineInterval]) -> dict[int, tuple[shares.Pieces, ...]]:
    """Return what was reported on the jobs, without what came after the first of those it concerns was counted.

    Counting it later would divide differently what was divided then.
    """
    assert interval.ended_at is not None
    told = reported_between({one.operation_id for one in jobs}, start=interval.started_at, end=interval.ended_at)
    counted = [(one.started_at, one.ended_at, one.end_recorded_at) for one in jobs if one.ended_at]
    return {
        operation: tuple(
            shares.Pieces(one.at, one.quantity)
            for one in reports
            if not any(
                start < one.at <= end and recorded_at and recorded_at < one.recorded_at
                for start, end, recorded_at in counted
            )
        )
        for operation, reports in told.items()
    }


def _left(one: MachineInterval, jobs: Sequence[MachineInterval], until: datetime) -> list[tuple[datetime, datetime]]:
    """Return of an interval what was not given away before it was known: its time without those counted before."""
    left = [(one.started_at, min(one.ended_at or until, until))]
    for other in jobs:
        if other.end_recorded_at is None or other.end_recorded_at > one.start_recorded_at or other is one:
            continue
        assert other.ended_at is not None
        begin, end = other.started_at, other.ended_at
        left = [
            span
            for start, finish in left
            for span in ((start, min(finish, begin)), (max(start, end), finish))
            if span[0] < span[1]
        ]
    return left
