"""Complete an order: the last thing that is said of it."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.errors import DomainError
from mes.execution import gates, rules
from mes.execution.events import WorkOrderCompleted
from mes.execution.models import Operation, WorkOrder
from mes.execution.services import components
from mes.execution.services.locking import NAMESPACE, check_not_held, check_open
from mes.execution.services.orders import lock_order, set_status
from mes.masterdata.models import Person

Status = WorkOrder.Status


class UnderDelivery(DomainError):
    """Fewer good pieces than ordered, beyond the tolerance."""

    code = "qty_under_order"
    step_up = "reports:over"
    title = gettext_lazy("Too few good pieces")


class OperationsOpen(DomainError):
    """An operation is still running."""

    code = "operations_open"


class ReworkOpen(DomainError):
    """Pieces are still in rework."""

    code = "rework_open"
    step_up = "reports:over"


@transaction.atomic
def complete_work_order(
    *, work_order_id: int, by: str, now: datetime, person: Person | None = None, approved_by: Person | None = None
) -> WorkOrder:
    """Say that nothing more will be produced against the order, whatever operations are left undone.

    :raises OperationsOpen: an operation is being worked on.
    :raises ReworkOpen: pieces are in rework, and nobody allowed to leave them there.
    :raises UnderDelivery: too few good pieces, and nobody allowed it.
    """
    order = lock_order(work_order_id)
    check_open(order)
    operations = list(order.operations.select_related("work_center", "work_unit").order_by("position"))
    running = [operation for operation in operations if operation.status in Operation.ACTIVE]
    if running:
        raise OperationsOpen(
            _("%(step)s is still running. Finish or pause it first.")
            % {"step": f"{running[0].number} {running[0].name}"}
        )
    for operation in operations:
        operation.work_order = order
        gates.check_complete(operation)
    components.backflush_at_completion(order, operations, person=person, at=now, now=now)
    complete(order, by=by, occurred_at=now, person=person, approved_by=approved_by)
    return order


def complete(
    order: WorkOrder,
    *,
    by: str,
    occurred_at: datetime,
    person: Person | None,
    approved_by: Person | None,
) -> None:
    """Complete a locked order; the completion is the last thing that is said of it."""
    check_not_held(order)
    for held in order.operations.filter(held=True):
        check_not_held(order, held)
    if not approved_by:
        check_delivery(order)
    set_status(order, Status.COMPLETED, by=by, now=occurred_at)
    bus.publish(
        WorkOrderCompleted(
            event_id=uuid.uuid5(NAMESPACE, f"{order.site.code}/{order.pk}/completed"),
            site=order.site.code,
            subject=order.number,
            occurred_at=occurred_at,
            item=order.item.number,
            uom=order.uom.code,
            order_quantity=order.order_quantity,
            good_quantity=order.good_quantity,
            scrap_quantity=order.scrap_quantity,
            rework_quantity=order.rework_quantity,
            person=person.number if person else by,
        )
    )


def check_delivery(order: WorkOrder) -> None:
    """Refuse to complete an order with open rework or with too few good pieces.

    :raises ReworkOpen, UnderDelivery: a supervisor can allow both.
    """
    if order.rework_quantity:
        raise ReworkOpen(
            _("%(n)s %(unit)s of %(order)s are in rework. Report them first. Supervisor can allow.")
            % {"n": rules.shown(order.rework_quantity), "unit": order.uom.code, "order": order}
        )
    fewest = rules.floor(order_quantity=order.order_quantity, under_delivery_percent=order.under_delivery_percent)
    if order.good_quantity < fewest:
        raise UnderDelivery(
            _("%(n)s of %(total)s %(unit)s are good, at least %(fewest)s are wanted. Supervisor can allow.")
            % {
                "n": rules.shown(order.good_quantity),
                "total": rules.shown(order.order_quantity),
                "unit": order.uom.code,
                "fewest": rules.shown(fewest),
            }
        )
