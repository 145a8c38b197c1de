"""Keeps a work unit's states true to what happened: brings the points of change in line with jobs and entries."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from mes.core import bus
from mes.core.durations import minutes_between
from mes.equipment.events import DowntimeRecorded, WorkUnitStateChanged
from mes.equipment.models import DowntimeRecord, StateChange, StopEntry, StopPolicy
from mes.equipment.queries import intervals as queries
from mes.equipment.rules import states
from mes.execution import rules as execution_rules
from mes.execution.models import MachineInterval, Operation
from mes.masterdata.models import WorkUnit


def lock_unit(work_unit_id: int) -> WorkUnit:
    """Lock a unit's states and return the unit. After orders and operations, and several units by their keys."""
    StopPolicy.objects.get_or_create(work_unit_id=work_unit_id)
    policy = StopPolicy.objects.select_for_update(of=["self"]).select_related(
        "work_unit__site", "work_unit__work_center"
    )
    return policy.get(work_unit_id=work_unit_id).work_unit


@transaction.atomic
def follow_operation(*, site: str, work_order: str, operation: str, occurred_at: datetime, now: datetime) -> None:
    """Bring the states of every unit that a job has held in line with it, from ``occurred_at`` on."""
    held = MachineInterval.objects.filter(
        operation__work_order__site__code=site, operation__work_order__number=work_order, operation__number=operation
    )
    # Also where it is no longer: a job that goes on elsewhere no longer keeps its former unit waiting.
    for pk in sorted(set(held.order_by().values_list("work_unit_id", flat=True))):
        bring_in_line(lock_unit(pk), since=occurred_at, now=now)


@transaction.atomic
def follow_order(*, site: str, work_order: str, occurred_at: datetime, now: datetime) -> None:
    """Bring the units in line at which jobs of an order were paused when it ended."""
    paused = Operation.objects.filter(
        work_order__site__code=site, work_order__number=work_order, status=Operation.Status.PAUSED
    )
    units = MachineInterval.objects.filter(operation__in=paused).order_by().values_list("work_unit_id", flat=True)
    for pk in sorted(set(units)):
        bring_in_line(lock_unit(pk), since=occurred_at, now=now)


def bring_in_line(unit: WorkUnit, *, since: datetime, now: datetime) -> None:
    """Make the locked unit's changes from ``since`` on what jobs and entries amount to, and tell what came of it."""
    since = states.whole(since)
    rows = list(StateChange.objects.filter(work_unit=unit, started_at__gte=since).order_by("started_at"))
    before = StateChange.objects.filter(work_unit=unit, started_at__lt=since).order_by("-started_at").first()
    told = rows[-1] if rows else before
    entries = _entries(unit, since)
    wanted = states.derive(
        _occupations(unit, min([since, *(entry.at for entry in entries)])),
        entries,
        since=since,
        before=states.Change(before.started_at, before.state, before.operation_id) if before else None,
    )
    by_moment = {change.at: change for change in wanted}
    gone = [row.pk for row in rows if _differs(row, by_moment.get(row.started_at))]
    for row in rows:
        if row.pk not in gone:
            del by_moment[row.started_at]
    if gone:
        StateChange.objects.filter(pk__in=gone).delete()
    made = [
        StateChange(
            site_id=unit.site_id, work_unit=unit, started_at=change.at, state=change.state,
            operation_id=change.operation, recorded_at=now,
        )
        for change in sorted(by_moment.values(), key=lambda change: change.at)
    ]  # fmt: skip
    StateChange.objects.bulk_create(made)
    _tell_state(unit, told)
    tell_downtime(unit, since=before.started_at if before else since, now=now)


def _differs(row: StateChange, change: states.Change | None) -> bool:
    return change is None or (row.state, row.operation_id) != (change.state, change.operation)


def _entries(unit: WorkUnit, since: datetime) -> list[states.Entry]:
    """Return what people said from ``since`` on, and the stop before it that may still last."""
    said = StopEntry.objects.filter(work_unit=unit, reverses=None, reversed_by=None).order_by("at", "recorded_at")
    last = said.filter(at__lt=since, kind__in=(states.STOP, states.RUN)).last()
    earlier = [last] if last and last.kind == states.STOP else []
    return [states.Entry(one.kind, one.at) for one in [*earlier, *said.filter(at__gte=since)]]


def _occupations(unit: WorkUnit, lower: datetime) -> list[states.Occupation]:
    """Return the jobs that held the unit after ``lower``, or were paused there then, however long before."""
    # Found by their keys: jobs that are paused or came to an end here lately are few, intervals of a unit are many. A job
    # stays with the unit that it was last at; one that went elsewhere since has an interval of that time.
    last_here = Operation.objects.filter(work_unit=unit).order_by()
    paused = last_here.filter(status=Operation.Status.PAUSED).exclude(
        work_order__status__in=execution_rules.OVER, work_order__completed_at__lt=lower
    )
    waited = {
        *paused.values_list("pk", flat=True),
        *last_here.filter(completed_at__gte=lower).values_list("pk", flat=True),
        *MachineInterval.objects.filter(started_at__gte=lower).order_by().values_list("operation", flat=True),
    }
    # A job is at one place at a time: of what it did before, only the last can be what it was paused after.
    before = MachineInterval.objects.filter(operation=OuterRef("pk"), started_at__lt=lower)
    last = Subquery(before.order_by("-started_at", "-ended_at").values("pk")[:1])
    left = Operation.objects.filter(pk__in=waited).order_by().annotate(left=last).values_list("left", flat=True)
    here = MachineInterval.objects.filter(work_unit=unit).select_related("operation__work_order")
    held = {one.pk: one for one in here.filter(Q(ended_at=None) | Q(ended_at__gte=lower))}
    held |= {one.pk: one for one in here.filter(pk__in=[pk for pk in left if pk])}
    rows = sorted(held.values(), key=lambda one: one.started_at)
    # Whatever these jobs did after the intervals found here, they did after ``lower``.
    later = MachineInterval.objects.filter(operation__in={row.operation_id for row in rows}, started_at__gte=lower)
    of_jobs: dict[int, list[MachineInterval]] = {row.operation_id: [] for row in rows}
    for one in later.order_by("started_at"):
        of_jobs[one.operation_id].append(one)
    return [
        states.Occupation(
            row.operation_id, row.activity, row.started_at, row.ended_at, _paused_until(row, of_jobs[row.operation_id])
        )
        for row in rows
    ]


def _paused_until(row: MachineInterval, of_job: Iterable[MachineInterval]) -> datetime | None:
    """Return until when the job was paused after this interval; its end where it was not paused at all."""
    if row.ended_at is None:
        return None
    again = next((one.started_at for one in of_job if one.started_at >= row.ended_at and one.pk != row.pk), None)
    if again is not None:
        return again
    order, finished = row.operation.work_order, row.operation.completed_at
    if finished is None and order.status in execution_rules.OVER:
        finished = order.completed_at or row.ended_at
    return max(finished, row.ended_at) if finished else None


def _tell_state(unit: WorkUnit, told: StateChange | None) -> None:
    """Publish the unit's present state if it is another one than was there before."""
    last = StateChange.objects.filter(work_unit=unit).order_by("-started_at").select_related("operation__work_order")
    current = last.first()
    if current is None or (told and _same(told, current)):
        return
    bus.publish(
        WorkUnitStateChanged(
            event_id=uuid.uuid4(),
            site=unit.site.code,
            subject=f"unit/{unit.code}",
            occurred_at=current.started_at,
            work_center=unit.work_center.code,
            work_unit=unit.code,
            state=current.state,
            work_order=current.operation.work_order.number if current.operation else "",
            operation=current.operation.number if current.operation else "",
        )
    )


def _same(one: StateChange, other: StateChange) -> bool:
    return (one.started_at, one.state, one.operation_id) == (other.started_at, other.state, other.operation_id)


def tell_downtime(unit: WorkUnit, *, since: datetime, now: datetime) -> None:
    """Record and publish the unit's ended and explained stops that touch the time after ``since``, where something is new.

    What was told before and is no longer so is replaced: by the stop as it is now, or by one without minutes.
    """
    seen = queries.intervals(work_unit_ids=[unit.pk], start=since, end=now + timedelta(days=1), now=now)[unit.pk]
    stops = {
        one.start: one for one in seen if one.state == states.STOPPED and one.end is not None and one.reason is not None
    }
    current = DowntimeRecord.objects.filter(work_unit=unit, started_at__gte=since, replaced_by=None)
    for record in current.select_related("reason"):
        stop = stops.pop(record.started_at, None)
        if stop is None:
            if record.minutes:
                _record(unit, record.started_at, record.started_at, record, None, now)
        elif (stop.end, stop.reason, stop.note) != (record.ended_at, record.reason, record.note):
            _record(unit, stop.start, stop.end, record, stop, now)
    for start, stop in sorted(stops.items()):
        _record(unit, start, stop.end, None, stop, now)


def _record(
    unit: WorkUnit,
    start: datetime,
    end: datetime | None,
    replaced: DowntimeRecord | None,
    stop: queries.Interval | None,
    now: datetime,
) -> None:
    reason = stop.reason if stop else replaced.reason if replaced else None
    assert reason is not None and end is not None
    record = DowntimeRecord.objects.create(
        site_id=unit.site_id,
        work_unit=unit,
        started_at=start,
        ended_at=end,
        minutes=minutes_between(start, end) if stop else Decimal(0),
        reason=reason,
        note=stop.note if stop else "",
        revision=replaced.revision + 1 if replaced else 1,
        replaces=replaced,
        recorded_at=now,
    )
    bus.publish(
        DowntimeRecorded(
            event_id=record.pk,
            site=unit.site.code,
            subject=f"unit/{unit.code}",
            occurred_at=end,
            downtime_id=record.pk,
            work_center=unit.work_center.code,
            work_unit=unit.code,
            started_at=start,
            ended_at=end,
            minutes=record.minutes,
            reason=reason.code,
            reason_name=reason.name,
            loss=stop.loss if stop else "",
            revision=record.revision,
            replaces=replaced.pk if replaced else None,
            note=record.note,
        )
    )
