"""Start, pause and finish work on an operation."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput
from mes.execution import gates, rules
from mes.execution.models import MachineInterval, Operation, WorkOrder
from mes.execution.services import completion, components, machine
from mes.execution.services.locking import (
    Locked,
    check_not_held,
    check_open,
    clock_time,
    lock_operation,
)
from mes.execution.services.orders import set_status
from mes.masterdata.models import Person

Status = Operation.Status
Activity = MachineInterval.Activity


class AlreadyStarted(DomainError):
    """Someone has started it."""

    code = "already_started"
    title = gettext_lazy("Already started")


class NotStarted(DomainError):
    """Nobody has started it."""

    code = "not_started"
    title = gettext_lazy("Not started")


class OperationCompleted(DomainError):
    """The operation is finished."""

    code = "operation_completed"
    title = gettext_lazy("Already finished")


class OutOfSequence(DomainError):
    """An earlier operation must come first."""

    code = "op_sequence"
    step_up = "reports:over"
    title = gettext_lazy("Not in this order")


class ActivityUnknown(InvalidInput):
    """Work is either setup or run."""

    code = "activity_unknown"


@transaction.atomic
def start_operation(
    *,
    operation_id: int,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    activity: str = "RUN",
    work_unit: str = "",
    approved_by: Person | None = None,
    crew_size: int | None = None,
) -> Operation:
    """Start or resume setup (``SETUP``) or production (``RUN``) on a work unit; the other activity ends by itself.

    ``work_unit`` is a code; "" means where the operation ran last, or the work center's first. ``crew_size`` is how many
    people who are not named work on it, beside ``person``; None: as many as before.

    :raises AlreadyStarted: the same activity is going on, naming who started it.
    :raises OutOfSequence: no pieces have come from the previous operation (setup may begin before), and no supervisor
        allowed it.
    :raises OperationCompleted: it is finished.
    :raises mes.execution.services.locking.WorkOrderHeld: the order or the operation is on hold.
    :raises mes.execution.services.locking.WorkOrderClosed: the order is over.
    :raises mes.execution.services.machine.WorkUnitUnknown: the work center has no such unit.
    :raises mes.execution.services.sharing.WorkUnitOccupied: the unit takes one job at a time, and has one.
    """
    if activity not in Activity.values:
        raise ActivityUnknown(
            _("%(activity)s is no activity: use SETUP or RUN.") % {"activity": activity}, field="activity"
        )
    locked = lock_operation(operation_id)
    order, operation = locked.order, locked.operation
    check_open(order)
    check_not_held(order, operation)
    _check_startable(locked, activity, approved_by)
    gates.check_start(operation, person)
    at = effective_time(claimed=occurred_at, now=now)
    unit = machine.find_work_unit(operation, work_unit)
    machine.lock_units(unit, operation.work_unit)
    machine.vacate(operation, person=person, at=at, now=now)
    if order.status == WorkOrder.Status.RELEASED:
        by = person.number if person else ""
        set_status(order, WorkOrder.Status.RUNNING, by=by, now=at)
    machine.occupy(
        operation,
        work_unit=unit,
        activity=activity,
        person=person,
        at=at,
        now=now,
        approved_by=approved_by,
        crew_size=crew_size,
    )
    operation.status = Status.SETUP if activity == Activity.SETUP else Status.RUNNING
    if operation.started_at is None:
        operation.started_at, operation.started_by = at, person
    operation.save(
        update_fields=["status", "work_unit", "started_at", "started_by", "actual_setup_time", "actual_run_time"]
    )
    return operation


def _check_startable(locked: Locked, activity: str, approved_by: Person | None) -> None:
    operation, previous = locked.operation, locked.previous
    if operation.status == Status.COMPLETED:
        raise OperationCompleted(
            _("%(step)s was finished %(time)s.")
            % {"step": _step(operation), "time": clock_time(operation.completed_at, locked.order.site)}
        )
    wanted = Status.SETUP if activity == Activity.SETUP else Status.RUNNING
    if operation.status == wanted:
        raise AlreadyStarted(_who_started(operation))
    if approved_by or activity == Activity.SETUP or previous is None:
        return
    if previous.good_quantity <= operation.booked_quantity:
        if previous.status != Status.COMPLETED:
            raise OutOfSequence(
                _("%(step)s is not finished and has passed nothing on yet. Start that first. Supervisor can allow.")
                % {"step": _step(previous)}
            )
        if previous.good_quantity == 0:
            raise OutOfSequence(
                _("%(step)s has passed no good pieces on. Supervisor can allow.") % {"step": _step(previous)}
            )


def _who_started(operation: Operation) -> str:
    interval = operation.machine_intervals.filter(ended_at=None).select_related("person", "work_unit").first()
    if interval is None:
        return _("It is running already.")
    facts = {"time": clock_time(interval.started_at, operation.work_order.site), "unit": interval.work_unit.code}
    if interval.person:
        return _("Started %(time)s by %(person)s on %(unit)s.") % (facts | {"person": interval.person.told_name})
    return _("Started %(time)s on %(unit)s.") % facts


def _step(operation: Operation) -> str:
    return f"{operation.number} {operation.name}"


@transaction.atomic
def pause_operation(*, operation_id: int, person: Person | None, occurred_at: datetime, now: datetime) -> Operation:
    """Stop work for a while: a stop without quantity.

    :raises NotStarted: nobody works on it.
    """
    locked = lock_operation(operation_id)
    operation = locked.operation
    check_open(locked.order)
    at = effective_time(claimed=occurred_at, now=now)
    if operation.status not in Operation.ACTIVE or not machine.stop(
        operation, status=Status.PAUSED, person=person, at=at, now=now
    ):
        raise NotStarted(_("%(step)s is not running.") % {"step": _step(operation)})
    return operation


@transaction.atomic
def complete_operation(
    *, operation_id: int, person: Person | None, occurred_at: datetime, now: datetime, approved_by: Person | None = None
) -> Operation:
    """Finish an operation; the last one completes the order where the site says so.

    :raises NotStarted: nobody has worked on it.
    :raises OperationCompleted: it is finished already.
    :raises OutOfSequence: an earlier operation is not finished, and no supervisor allowed it.
    :raises mes.execution.services.completion.ReworkOpen: pieces are in rework, and no supervisor allowed it.
    :raises mes.material.services.LotShort: a component that is booked now is not covered by lots, and the site refuses.
    :raises mes.execution.services.completion.UnderDelivery: it would complete an order with too few good pieces, and
        no supervisor allowed it.
    """
    locked = lock_operation(operation_id)
    order, operation = locked.order, locked.operation
    check_open(order)
    check_not_held(order, operation)
    if operation.status == Status.COMPLETED:
        raise OperationCompleted(
            _("%(step)s was finished %(time)s.")
            % {"step": _step(operation), "time": clock_time(operation.completed_at, order.site)}
        )
    if operation.status == Status.PENDING:
        raise NotStarted(_("%(step)s has not been started.") % {"step": _step(operation)})
    for earlier in locked.operations[: locked.operations.index(operation)]:
        if earlier.status != Status.COMPLETED and not approved_by:
            raise OutOfSequence(_("%(step)s is not finished. Supervisor can allow.") % {"step": _step(earlier)})
    if operation.rework_quantity and not approved_by:
        raise completion.ReworkOpen(
            _("%(n)s %(unit)s are in rework here. Report them first. Supervisor can allow.")
            % {"n": rules.shown(operation.rework_quantity), "unit": order.uom.code}
        )
    gates.check_complete(operation)
    at = effective_time(claimed=occurred_at, now=now)
    components.backflush_at_completion(order, [operation], person=person, at=at, now=now)
    machine.stop(operation, status=Status.COMPLETED, person=person, at=at, now=now, approved_by=approved_by)
    if operation.is_output and order.site.completes_with_last_operation:
        by = person.number if person else ""
        completion.complete(order, by=by, occurred_at=at, person=person, approved_by=approved_by)
    return operation
