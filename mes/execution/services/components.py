"""What goes into an order: by hand, back again, or by itself with a report."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput
from mes.execution import rules
from mes.execution.models import Operation, OrderComponent, ProductionReport, WorkOrder
from mes.execution.services.locking import NAMESPACE, Locked, check_not_held, check_open
from mes.execution.services.orders import lock_order
from mes.masterdata import queries
from mes.masterdata.models import Item, Person, Uom
from mes.masterdata.rules import check_precision
from mes.material import services as material
from mes.material.models import MaterialMovement, StockPlace
from mes.material.services import MovementIdReused


class ComponentUnknown(InvalidInput):
    """The order does not need this item."""

    code = "component_unknown"


class UnplannedNotAllowed(DomainError):
    """Material that the bill does not have takes somebody with the right to allow it."""

    code = "unplanned_not_allowed"
    title = gettext_lazy("The order does not need this")
    step_up = "material:unplanned"


class NoLinePlace(InvalidInput):
    """The work center has no place where material lies."""

    code = "no_line_place"


class UomUnknown(InvalidInput):
    """There is no such unit."""

    code = "uom_unknown"


@transaction.atomic
def issue_component(
    *,
    movement_id: UUID,
    work_order_id: int,
    item: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    uom: str = "",
    lot: str = "",
    operation: str = "",
    why: str = "",
    replaces: str = "",
    unplanned_allowed: bool = False,
) -> MaterialMovement:
    """Issue a component (item number) to an order by hand; the same movement again returns the first.

    ``uom`` is a unit's code, "" the item's own; ``operation`` picks the component where several steps use the item.
    What the bill does not have needs ``why``, an ``operation`` (else it goes to the first) and somebody who may allow
    it; ``replaces`` is the item number of the component that it stands in for. More than the bill's tolerance allows is
    recorded like the rest, because it has gone in: supervisors see it among what needs attention.

    :raises ComponentUnknown: the order does not need the item and nobody said why it is used all the same.
    :raises UnplannedNotAllowed: somebody said why, and may not decide it.
    :raises mes.execution.services.locking.WorkOrderHeld: the order or its operation is on hold.
    :raises mes.material.services.LotUnknown: or another of the lot's refusals.
    :raises MovementIdReused: another movement has this id.
    """
    order = lock_order(work_order_id)
    check_open(order)
    if why and not order.components.filter(item__number=item).exists():
        component = _add_unplanned(order, item, operation, why=why, replaces=replaces, allowed=unplanned_allowed)
    else:
        component = _find_component(order, item, operation)
    moved = _in_item_unit(component.item, quantity, uom)
    if known := _known_movement(movement_id, component, moved):
        return known
    check_not_held(order, component.operation, at=effective_time(claimed=occurred_at, now=now))
    movement = material.issue_material(
        movement_id=movement_id,
        use=use_of(order, component.operation, person=person, occurred_at=occurred_at, now=now),
        item=component.item,
        lot_number=lot,
        quantity=moved,
        component_id=component.pk,
    )
    _add_issued(component, moved)
    return movement


@transaction.atomic
def return_component(
    *,
    movement_id: UUID,
    work_order_id: int,
    item: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    uom: str = "",
    lot: str = "",
    operation: str = "",
    reason: str = "",
    to_line: bool = False,
) -> MaterialMovement:
    """Take material that was issued to an order back into stock; the same movement again returns the first.

    ``to_line``: it stays at the work center's own place, and does not go to the store.

    :raises ComponentUnknown: the order does not need the item.
    :raises mes.material.services.ReturnOverIssued: more than went in.
    :raises NoLinePlace: it should stay at a place of the work center, which has none.
    :raises MovementIdReused: another movement has this id.
    """
    order = lock_order(work_order_id)
    check_open(order)
    component = _find_component(order, item, operation)
    moved = _in_item_unit(component.item, quantity, uom)
    if known := _known_movement(movement_id, component, -moved):
        return known
    movement = material.return_material(
        movement_id=movement_id,
        use=use_of(order, component.operation, person=person, occurred_at=occurred_at, now=now),
        item=component.item,
        lot_number=lot,
        quantity=moved,
        component_id=component.pk,
        reason=reason,
        place=_line_place(component.operation) if to_line else None,
    )
    _add_issued(component, -moved)
    return movement


def _line_place(operation: Operation) -> StockPlace:
    place = StockPlace.objects.filter(work_center=operation.work_center_id, active=True).order_by("code").first()
    if place is None:
        raise NoLinePlace(_("This work center has no place for material. Give it back to the store."), field="to_line")
    return place


def use_of(
    order: WorkOrder,
    operation: Operation,
    *,
    report: ProductionReport | None = None,
    person: Person | None = None,
    occurred_at: datetime | None = None,
    now: datetime | None = None,
) -> material.Use:
    """Return what a movement is for, by hand or as part of a report."""
    if report is None:
        if occurred_at is None or now is None:
            raise ValueError("A movement by hand needs its times.")
        at = effective_time(claimed=occurred_at, now=now)
        return material.Use(
            site=order.site, work_order=order.number, operation=operation.number, person=person, occurred_at=at,
            now=now, work_center_id=operation.work_center_id,
        )  # fmt: skip
    return material.Use(
        site=order.site,
        work_order=order.number,
        operation=operation.number,
        work_center_id=operation.work_center_id,
        person=report.person,
        occurred_at=report.occurred_at,
        now=report.recorded_at,
        report_id=report.pk,
        report_quantity=report.good_quantity + report.scrap_quantity,
        report_is_output=report.operation.is_output,
        # What went into pieces for rework comes out with a later report.
        pooled=not report.operation.is_output or report.rework_quantity > 0,
    )


def backflush(locked: Locked, report: ProductionReport) -> None:
    """Consume what the pieces of a report used up at its operation, by the rounded sum of all pieces so far."""
    found = list(locked.operation.components.filter(backflush=True, at_completion=False).order_by("position"))
    use = use_of(locked.order, locked.operation, report=report)
    _consume(locked.order, locked.operation, found, use)


def backflush_at_completion(
    order: WorkOrder, operations: Iterable[Operation], *, person: Person | None, at: datetime, now: datetime
) -> None:
    """Consume what the pieces of these operations used up of the components that are booked when an operation is done.

    The rows are locked. What was consumed before is not consumed again.
    """
    for operation in operations:
        found = list(operation.components.filter(backflush=True, at_completion=True).order_by("position"))
        use = use_of(order, operation, person=person, occurred_at=at, now=now)
        _consume(order, operation, found, use, key=uuid5(NAMESPACE, f"{operation.pk}/{operation.booked_quantity}"))


def _consume(
    order: WorkOrder, operation: Operation, found: list[OrderComponent], use: material.Use, key: UUID | None = None
) -> None:
    items = {item.pk: item for item in Item.objects.filter(pk__in=[c.item_id for c in found]).select_related("uom")}
    components = {component.pk: component for component in found}
    needs = []
    for component in components.values():
        due = rules.backflush_due(
            required=component.required_quantity,
            order_quantity=order.order_quantity,
            processed=operation.booked_quantity,
            posted=component.backflushed_quantity,
            decimals=items[component.item_id].uom.decimals,
        )
        if due:
            needs.append((component.pk, items[component.item_id], due))
    if not needs:
        return
    material.backflush(use=use, needs=needs, key=key)
    for pk, _moved, due in needs:
        component = components[pk]
        component.backflushed_quantity += due
        _add_issued(component, due)


def reverse_movements(locked: Locked, report: ProductionReport, original: ProductionReport) -> None:
    """Take back everything that a reversed report consumed and put out."""
    use = use_of(locked.order, locked.operation, report=report)
    reversals = material.reverse_report_movements(use=use, reversed_report_id=original.pk)
    for movement in reversals:
        if movement.component_id:
            component = OrderComponent.objects.select_for_update(of=["self"]).get(pk=movement.component_id)
            component.backflushed_quantity += movement.quantity
            _add_issued(component, movement.quantity)


def _find_component(order: WorkOrder, item: str, operation: str) -> OrderComponent:
    found = order.components.select_related("item__uom", "item__site", "uom", "operation").filter(item__number=item)
    if operation:
        found = found.filter(operation__number=operation)
    component = found.order_by("position").first()
    if component is None:
        where = " " + _("at operation %(operation)s") % {"operation": operation} if operation else ""
        raise ComponentUnknown(
            _(
                "%(order)s does not need %(item)s%(where)s. Take what the order lists, or use “Something else” and say why."
            )
            % {"order": order, "item": item, "where": where},
            field="item",
        )
    return component


def _add_unplanned(
    order: WorkOrder, item: str, operation: str, *, why: str, replaces: str, allowed: bool
) -> OrderComponent:
    """Return a component that the bill does not have.

    :raises ComponentUnknown: there is no such item at the site, or no such component to replace.
    """
    found = Item.objects.select_related("uom", "site").filter(site=order.site, number=item, active=True).first()
    if found is None:
        raise ComponentUnknown(
            _("There is no item %(item)s here. Scan its label, or ask the planner.") % {"item": item}, field="item"
        )
    replaced = None
    if replaces:
        replaced = order.components.filter(item__number=replaces).order_by("position").first()
        if replaced is None:
            raise ComponentUnknown(
                _("%(order)s does not need %(item)s: nothing to replace.") % {"order": order, "item": replaces},
                field="replaces",
            )
    if not allowed:
        raise UnplannedNotAllowed(
            _("%(order)s does not need %(item)s. Supervisor can allow it.") % {"order": order, "item": item},
            field="item",
        )
    steps = order.operations.order_by("position")
    step = steps.filter(number=operation).first() if operation else replaced.operation if replaced else steps.first()
    if step is None:
        raise ComponentUnknown(
            _("%(order)s has no operation %(operation)s.") % {"order": order, "operation": operation}, field="operation"
        )
    last = order.components.order_by("-position").values_list("position", flat=True).first() or 0
    return OrderComponent.objects.create(
        work_order=order, operation=step, position=last + 1, item=found, uom=found.uom, required_quantity=0,
        backflush=False, unplanned=True, replaces=replaced, why=why[:200],
    )  # fmt: skip


def _in_item_unit(item: Item, quantity: Decimal, uom_code: str) -> Decimal:
    if not uom_code or uom_code == item.uom.code:
        check_precision(quantity, decimals=item.uom.decimals, unit=item.uom.code, field="quantity")
        return quantity
    uom = Uom.objects.filter(code=uom_code).first()
    if uom is None:
        raise UomUnknown(_("There is no unit %(code)s here.") % {"code": uom_code}, field="uom")
    check_precision(quantity, decimals=uom.decimals, unit=uom.code, field="quantity")
    return queries.to_item_unit(item=item, quantity=quantity, uom=uom)


def _known_movement(movement_id: UUID, component: OrderComponent, quantity: Decimal) -> MaterialMovement | None:
    known = MaterialMovement.objects.filter(pk=movement_id).first()
    if known and (known.component_id, known.quantity) != (component.pk, quantity):
        raise MovementIdReused(
            _("This id was used for another movement. Make a new one each time."), field="movement_id"
        )
    return known


def _add_issued(component: OrderComponent, quantity: Decimal) -> None:
    component.issued_quantity += quantity
    component.save(update_fields=["issued_quantity", "backflushed_quantity"])
