"""The locked operation with its order, and whether anything may be booked on it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution import rules
from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.masterdata.models import Site

NAMESPACE = UUID("6e0d5e0c-5c55-5d1f-9d36-3f0f2a1c7d10")
"""Under which the ids of events are made that have no row of their own."""


class OperationUnknown(NotFound):
    """There is no such operation."""

    code = "operation_unknown"


class WorkOrderClosed(DomainError):
    """Nothing can be booked on the order any more."""

    code = "wo_closed"
    title = gettext_lazy("The order is closed")


class WorkOrderNotReleased(DomainError):
    """The order is planned, and not yet for the floor."""

    code = "wo_not_released"
    title = gettext_lazy("The order is not released")


class WorkOrderHeld(DomainError):
    """A hold forbids work on the order."""

    code = "wo_held"
    title = gettext_lazy("The order is on hold")


class TextTooLong(InvalidInput):
    """A note is longer than 4,000 characters."""

    code = "note_too_long"


@dataclass
class Locked:
    """An operation with its order and all the order's operations, in their order, under lock."""

    order: WorkOrder
    operation: Operation
    operations: list[Operation]
    report_known: bool = False

    @property
    def previous(self) -> Operation | None:
        """The operation before this one, or None at the first."""
        index = self.operations.index(self.operation)
        return self.operations[index - 1] if index else None


def lock_operation(operation_id: int, *, report_id: UUID | None = None) -> Locked:
    """Return the operation and its order, locked: the order first.

    With ``report_id`` the answer says whether there is such a report, read under the lock.

    :raises OperationUnknown: there is none.
    """
    # This is the hot path: few joins, few questions, and what is the same row is not read twice. The order is found
    # by a question of its own because a further join costs PostgreSQL more in planning than the round trip.
    of = Operation.objects.filter(pk=operation_id).values_list("work_order_id", flat=True).order_by()[:1]
    orders = WorkOrder.objects.select_for_update(of=["self"]).select_related("site", "item", "uom")
    order = next(iter(orders.filter(pk__in=list(of)).order_by()), None)
    if order is None:
        raise OperationUnknown(_("This operation is not known here."))
    order.item.site = order.site
    if order.item.uom_id == order.uom_id:
        order.item.uom = order.uom
    rows = Operation.objects.select_for_update(of=["self"]).select_related("work_center", "work_unit")
    operations = list(rows.filter(work_order_id=order.pk).order_by("position"))
    for operation in operations:
        operation.work_order = order
    named = next((operation for operation in operations if operation.pk == operation_id), None)
    if named is None:
        # A new snapshot replaced it after it was found and before the lock.
        raise OperationUnknown(_("This operation is not known here."))
    known = report_id is not None and ProductionReport.objects.filter(pk=report_id).exists()
    return Locked(order, named, operations, report_known=known)


def check_open(order: WorkOrder) -> None:
    """Refuse an order on which nothing can be booked.

    :raises WorkOrderNotReleased: it is still planned.
    :raises WorkOrderClosed: it is completed, closed or cancelled.
    """
    if order.status == WorkOrder.Status.PLANNED:
        raise WorkOrderNotReleased(
            _("%(order)s is planned and not released yet. Ask the planner to release it.") % {"order": order}
        )
    if order.status in rules.OVER:
        when = f" {local_time(order.completed_at, order.site)}" if order.completed_at else ""
        raise WorkOrderClosed(
            _("%(order)s was %(status)s%(when)s. Nothing can be booked on it; tell your supervisor.")
            % {"order": order, "status": _(order.get_status_display()).lower(), "when": when}
        )


def check_not_held(order: WorkOrder, operation: Operation | None = None, *, at: datetime | None = None) -> None:
    """Refuse work on a held order, or on a held operation of it.

    ``at`` is when something was done: what was done before the hold was placed, or at that moment, is not forbidden.

    :raises WorkOrderHeld: saying why it is held.
    """
    step_held = operation is not None and operation.held
    if not (order.held or step_held):
        return
    meant = Q(operation=None) | Q(operation=operation) if step_held else Q(operation=None)
    holds = order.holds.filter(meant, released_at=None)
    if at is not None:
        holds = holds.filter(placed_at__lt=at)
    hold = holds.select_related("reason", "operation").order_by("placed_at").first()
    if hold is None and at is not None:
        return
    what = f"{order}/{hold.operation.number}" if hold and hold.operation else f"{order}"
    why = f": {hold}" if hold else ""
    raise WorkOrderHeld(
        _("%(what)s is on hold%(why)s. It can go on when the hold is lifted.") % {"what": what, "why": why}
    )


def check_note(note: str) -> None:
    """Refuse a note that is too long.

    :raises TextTooLong: naming the limit.
    """
    if len(note) > 4000:
        raise TextTooLong(_("A note has at most 4,000 characters."), field="note")


def local_time(moment: datetime | None, site: Site) -> str:
    """Return a moment as the floor reads it: day and time in the site's zone."""
    return f"{moment.astimezone(ZoneInfo(site.time_zone)):%-d %b %H:%M}" if moment else ""


def clock_time(moment: datetime | None, site: Site) -> str:
    """Return the time of day in the site's zone."""
    return f"{moment.astimezone(ZoneInfo(site.time_zone)):%H:%M}" if moment else ""
