"""What an order yields besides its product: regrind, offcuts, a second grade. Put into lots of their own."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import InvalidInput, NotFound
from mes.execution.events import ByproductReported
from mes.execution.models import Operation, WorkOrder
from mes.execution.services.components import ComponentUnknown, use_of
from mes.execution.services.locking import check_not_held, check_open
from mes.execution.services.orders import lock_order
from mes.masterdata.models import Item, Person
from mes.masterdata.rules import check_precision
from mes.material import services as material
from mes.material.models import MaterialMovement


class IsTheProduct(InvalidInput):
    """The order's own product is reported as good pieces."""

    code = "is_the_product"


@transaction.atomic
def report_byproduct(
    *,
    movement_id: UUID,
    work_order_id: int,
    item: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    lot: str = "",
    operation: str = "",
) -> MaterialMovement:
    """Put out a by-product (item number, in its own unit); the same movement again returns the first.

    Without a ``lot`` a lot-tracked item gets one by its numbering rule, or else the order's number; ``operation`` is where
    it came off, "" the order's last. Which report it belongs to is not known: it may be of all that the order used.

    :raises ComponentUnknown: there is no such item, or no such operation.
    :raises IsTheProduct: it is what the order makes.
    :raises mes.execution.services.locking.WorkOrderHeld: the order or its operation is on hold.
    :raises mes.material.services.MovementIdReused: another movement has this id.
    """
    order = lock_order(work_order_id)
    check_open(order)
    found = Item.objects.select_related("uom", "site").filter(site=order.site, number=item, active=True).first()
    if found is None:
        raise ComponentUnknown(
            _("There is no item %(item)s here. Scan its label, or ask the planner.") % {"item": item}, field="item"
        )
    if found.pk == order.item_id:
        raise IsTheProduct(_("%(item)s is what the order makes: report it as good.") % {"item": item}, field="item")
    step = _step(order, operation)
    check_precision(quantity, decimals=found.uom.decimals, unit=found.uom.code, field="quantity")
    at = effective_time(claimed=occurred_at, now=now)
    if known := MaterialMovement.objects.select_related("lot").filter(pk=movement_id).first():
        lot = lot or (known.lot.number if known.lot else "")
    else:
        check_not_held(order, step, at=at)
        if found.lot_tracked:
            lot = material.output_number(item=found, order=order.number, wanted=lot, quantity=quantity, at=at)
    use = use_of(order, step, person=person, occurred_at=occurred_at, now=now)
    movement = material.put_out_byproduct(
        movement_id=movement_id, use=use, item=found, lot_number=lot, quantity=quantity
    )
    if known is None:
        _tell(movement)
    return movement


@transaction.atomic
def reverse_byproduct(
    *,
    reversal_id: UUID,
    work_order_id: int,
    movement_id: UUID,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> MaterialMovement:
    """Take back a by-product that was put out by mistake; the same reversal again returns the first.

    :raises mes.core.errors.NotFound: the order has no such by-product.
    :raises mes.execution.services.locking.WorkOrderClosed: the order is over.
    :raises mes.material.services.MovementReversed: it was taken back before.
    :raises mes.material.services.LotShort: some of its lot was used since.
    """
    order = lock_order(work_order_id)
    check_open(order)
    originals = MaterialMovement.objects.filter(
        site=order.site, work_order=order.number, kind=MaterialMovement.Kind.OUTPUT, pooled=True, reverses=None
    )
    original = originals.filter(pk=movement_id).first()
    if original is None:
        raise NotFound(_("The order has no such by-product."))
    is_new = not MaterialMovement.objects.filter(pk=reversal_id).exists()
    use = use_of(order, _step(order, original.operation), person=person, occurred_at=occurred_at, now=now)
    movement = material.reverse_byproduct(reversal_id=reversal_id, use=use, movement_id=original.pk)
    if is_new:
        _tell(movement)
    return movement


def _step(order: WorkOrder, number: str) -> Operation:
    steps = order.operations.order_by("-position")
    step = steps.filter(number=number).first() if number else steps.first()
    if step is None:
        raise ComponentUnknown(
            _("%(order)s has no operation %(operation)s.") % {"order": order, "operation": number}, field="operation"
        )
    return step


def _tell(movement: MaterialMovement) -> None:
    bus.publish(
        ByproductReported(
            event_id=movement.pk, site=movement.site.code, subject=movement.work_order,
            occurred_at=movement.occurred_at, movement_id=movement.pk, operation=movement.operation,
            item=movement.item.number, lot=movement.lot.number if movement.lot else "", quantity=movement.quantity,
            uom=movement.uom.code, person=movement.person.number if movement.person else "",
            reverses=movement.reverses_id,
        )
    )  # fmt: skip
