"""Which work unit an operation occupies, from when to when."""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.durations import minutes_between
from mes.core.errors import InvalidInput
from mes.execution.events import MachineTimeRecorded, OperationStarted, OperationStopped
from mes.execution.models import MachineInterval, Operation
from mes.execution.services import sharing
from mes.execution.services.locking import NAMESPACE
from mes.masterdata.models import Person, WorkUnit

Activity = MachineInterval.Activity

__all__ = ["NAMESPACE", "WorkUnitUnknown", "find_work_unit", "lock_units", "occupy", "stop", "vacate"]


class WorkUnitUnknown(InvalidInput):
    """The work center has no such work unit."""

    code = "work_unit_unknown"


def find_work_unit(operation: Operation, code: str) -> WorkUnit:
    """Return the work unit by code; for "" the one where the operation ran last, or the center's first.

    :raises WorkUnitUnknown: the operation's work center has no such unit.
    """
    if not code and operation.work_unit:
        return operation.work_unit
    units = WorkUnit.objects.filter(work_center_id=operation.work_center_id, active=True).order_by("code")
    unit = (units.filter(code=code) if code else units).first()
    if unit is None:
        words = (
            _("%(center)s has no work unit %(code)s. Choose one of its machines.")
            if code
            else _("%(center)s has no active work unit. Choose one of its machines.")
        )
        raise WorkUnitUnknown(
            words % {"center": operation.work_center.code, "code": code},
            field="work_unit",
        )
    return unit


def lock_units(*units: WorkUnit | None) -> None:
    """Lock the units that a start leaves and enters, in the one order in which everybody locks them."""
    sharing.lock_units(unit.pk for unit in units if unit is not None)


def occupy(
    operation: Operation,
    *,
    work_unit: WorkUnit,
    activity: str,
    person: Person | None,
    at: datetime,
    now: datetime,
    approved_by: Person | None = None,
    crew_size: int | None = None,
) -> None:
    """Begin to occupy a work unit, and publish the start. The operation's row is not saved here.

    The unit is locked with this, so that of two who start at once on a unit for one job one is refused.

    :raises mes.execution.services.sharing.WorkUnitOccupied: it takes one job at a time, and has one.
    """
    order = operation.work_order
    work_unit, recorded_at = sharing.enter(work_unit, now=now)
    interval = MachineInterval.objects.create(
        site=order.site,
        operation=operation,
        work_unit=work_unit,
        activity=activity,
        started_at=at,
        person=person,
        sharing=work_unit.sharing,
        planned_minutes=operation.planned_minutes(activity),
        start_recorded_at=recorded_at,
    )
    operation.work_unit = work_unit
    bus.publish(
        OperationStarted(
            event_id=uuid.uuid5(interval.pk, "started"),
            site=order.site.code,
            subject=order.number,
            occurred_at=at,
            operation=operation.number,
            work_center=operation.work_center.code,
            work_unit=work_unit.code,
            activity=activity,
            person=person.number if person else "",
            approved_by=approved_by.number if approved_by else "",
            crew_size=crew_size,
        )
    )


def vacate(operation: Operation, *, person: Person | None, at: datetime, now: datetime) -> MachineInterval | None:
    """End the occupation, add its minutes to the operation (unsaved), and publish them; None if there is none.

    On a unit that jobs share, the minutes are the operation's part of the time.
    """
    interval = (
        MachineInterval.objects.filter(operation=operation, ended_at=None).select_related("work_unit", "person").first()
    )
    if interval is None:
        return None
    interval.ended_at, interval.end_recorded_at = max(at, interval.started_at), now
    if interval.sharing == WorkUnit.Sharing.SPLIT:
        interval.minutes = sharing.leave(interval, now=now)
    else:
        interval.minutes = minutes_between(interval.started_at, interval.ended_at)
    interval.save(update_fields=["ended_at", "end_recorded_at", "minutes"])
    if interval.activity == Activity.SETUP:
        operation.actual_setup_time += interval.minutes
    else:
        operation.actual_run_time += interval.minutes
    order = operation.work_order
    worker = interval.person or person
    if interval.minutes:
        bus.publish(
            MachineTimeRecorded(
                event_id=uuid.uuid5(interval.pk, "recorded"),
                site=order.site.code,
                subject=order.number,
                occurred_at=interval.ended_at,
                interval_id=interval.pk,
                operation=operation.number,
                work_center=operation.work_center.code,
                work_unit=interval.work_unit.code,
                activity=interval.activity,
                started_at=interval.started_at,
                ended_at=interval.ended_at,
                minutes=interval.minutes,
                person=worker.number if worker else "",
            )
        )
    return interval


def stop(
    operation: Operation,
    *,
    status: str,
    person: Person | None,
    at: datetime,
    now: datetime,
    approved_by: Person | None = None,
) -> bool:
    """Stop work on an operation, for a while or for good (``status``), save it and publish; False if none went on."""
    interval = vacate(operation, person=person, at=at, now=now)
    completed = status == Operation.Status.COMPLETED
    if interval is None and not completed:
        return False
    operation.status = Operation.Status(status)
    if completed:
        operation.completed_at = at
    operation.save(update_fields=["status", "completed_at", "actual_setup_time", "actual_run_time"])
    order = operation.work_order
    key = f"{operation.pk}/completed/{at.isoformat()}"
    bus.publish(
        OperationStopped(
            event_id=uuid.uuid5(interval.pk, "stopped") if interval else uuid.uuid5(NAMESPACE, key),
            site=order.site.code,
            subject=order.number,
            occurred_at=at,
            operation=operation.number,
            work_center=operation.work_center.code,
            work_unit=operation.work_unit.code if operation.work_unit else "",
            completed=completed,
            person=person.number if person else "",
            approved_by=approved_by.number if approved_by else "",
        )
    )
    return interval is not None
