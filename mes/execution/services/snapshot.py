"""The bill and routing of an order, copied when it is released: what the floor works by does not move under it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes.core.errors import DomainError
from mes.execution import gates
from mes.execution.models import Operation, OrderComponent, StandardTime, WorkOrder
from mes.masterdata import queries
from mes.masterdata.models import Item, Uom, WorkCenter
from mes.masterdata.rules import DimensionMismatch
from mes.material.models import ItemSetting

ZERO = Decimal(0)


class NoRouting(DomainError):
    """An order cannot be released because nobody knows by which steps it is made."""

    code = "no_routing"
    title = "There is no routing"


@dataclass(frozen=True)
class _Part:
    item: Item
    quantity: Decimal
    operation: str
    backflush: bool
    tolerance: Decimal | None


def take_snapshot(order: WorkOrder) -> None:
    """Give the order its operations and components, replacing those it had. Only before anything was reported.

    :raises NoRouting: neither the order nor its item says by which steps it is made.
    """
    steps = _timed_steps(order)
    if not steps:
        raise NoRouting(
            f"{order.number} cannot be released: item {order.item.number} has no routing. "
            "Give the item a routing, or name one on the order."
        )
    parts = _parts(order)
    order.components.all().delete()
    order.operations.all().delete()
    operations = Operation.objects.bulk_create(
        [
            Operation(work_order=order, position=position, is_output=position == len(steps), **step)
            for position, step in enumerate(steps, start=1)
        ]
    )
    policies = dict(
        ItemSetting.objects.filter(item__in=[part.item for part in parts]).values_list("item_id", "backflush")
    )
    by_number = {operation.number: operation for operation in operations}
    components = OrderComponent.objects.bulk_create(
        [
            OrderComponent(
                work_order=order, position=position, item=part.item, uom_id=part.item.uom_id,
                operation=by_number.get(part.operation, operations[0]), required_quantity=part.quantity,
                tolerance=part.tolerance, **_consumed_when(part, policies.get(part.item.pk, "")),
            )
            for position, part in enumerate(parts, start=1)
        ]
    )  # fmt: skip
    consuming = {component.operation_id for component in components if component.with_reports}
    order.operations.filter(pk__in=consuming).update(consumes=True)
    gates.complete_snapshot(order)


def bill_has_changed(order: WorkOrder) -> bool:
    """Return whether the bill that counts now asks for other components than the order was released with and keeps.

    An order whose components the ERP named itself has no bill that could change.
    """
    if (order.definition or {}).get("components") is not None:
        return False
    released: dict[int, Decimal] = defaultdict(Decimal)
    for component in order.components.filter(unplanned=False):
        released[component.item_id] += component.required_quantity
    counts_now: dict[int, Decimal] = defaultdict(Decimal)
    try:
        for part in _parts(order):
            counts_now[part.item.pk] += part.quantity
    except DimensionMismatch:
        return True
    # A new order quantity that was accepted meanwhile has rescaled them, with the last places rounded.
    return {pk: round(n, 3) for pk, n in released.items()} != {pk: round(n, 3) for pk, n in counts_now.items()}


def _consumed_when(part: _Part, policy: str) -> dict[str, bool]:
    """Return when a component is consumed by itself: as the item's setting says, else as the bill does."""
    if policy == ItemSetting.Backflush.NONE:
        return {"backflush": False}
    if policy == ItemSetting.Backflush.COMPLETION:
        return {"backflush": True, "at_completion": True}
    return {"backflush": part.backflush or policy == ItemSetting.Backflush.REPORT}


def _timed_steps(order: WorkOrder) -> list[dict[str, Any]]:
    """Return the steps, those to which nobody gave a time with the plant's own standard time."""
    steps = _steps(order)
    ours = standard_times(order.item_id) if steps else {}
    for step in steps:
        setup, run = ours.get(step["number"], (ZERO, ZERO))
        step["planned_setup_time"] = step["planned_setup_time"] or setup
        step["planned_run_time_per_unit"] = step["planned_run_time_per_unit"] or run
    return steps


def standard_times(item_id: int) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what the plant itself says of an item: minutes of setup, and of run per unit, by number of the step."""
    found = StandardTime.objects.filter(item=item_id).values_list("operation", "setup_time", "run_time_per_unit")
    return {number: (setup, run) for number, setup, run in found}


def _steps(order: WorkOrder) -> list[dict[str, Any]]:
    given = (order.definition or {}).get("steps")
    if given is not None:
        centers = {
            center.code: center
            for center in WorkCenter.objects.filter(
                site_id=order.site_id, code__in={step["work_center"] for step in given}
            )
        }
        return [
            {
                "number": step["number"], "name": step["name"], "work_center": centers[step["work_center"]],
                "planned_setup_time": Decimal(step["setup_time"]),
                "planned_run_time_per_unit": Decimal(step["run_time_per_unit"]),
            }
            for step in given
        ]  # fmt: skip
    routing = queries.active_routing(item=order.item, number=order.routing)
    if routing is None:
        return []
    return [
        {
            "number": step.number, "name": step.name, "work_center": step.work_center,
            "planned_setup_time": step.setup_time, "planned_run_time_per_unit": step.run_time_per_unit,
        }
        for step in routing.steps.select_related("work_center").order_by("position")
    ]  # fmt: skip


def _parts(order: WorkOrder) -> list[_Part]:
    bom = queries.active_bom(item=order.item, number=order.bom)
    tolerance = bom.tolerance if bom else None
    given = (order.definition or {}).get("components")
    if given is not None:
        return _given_parts(order, given, tolerance)
    if bom is None:
        return []
    in_item_unit = queries.to_item_unit(item=order.item, quantity=order.order_quantity, uom=order.uom)
    base = queries.to_item_unit(item=order.item, quantity=bom.base_quantity, uom=bom.uom)
    parts = []
    for line in bom.lines.select_related("item__uom", "uom").order_by("position"):
        needed = (line.quantity * in_item_unit / base).quantize(Decimal("0.000001"))
        quantity = queries.to_item_unit(item=line.item, quantity=needed, uom=line.uom)
        parts.append(_Part(line.item, quantity, line.operation, line.backflush, tolerance))
    return parts


def _given_parts(order: WorkOrder, given: Sequence[dict[str, Any]], tolerance: Decimal | None) -> list[_Part]:
    items = {
        item.number: item
        for item in Item.objects.filter(
            site_id=order.site_id, number__in={line["item"] for line in given}
        ).select_related("uom")
    }
    units = {uom.code: uom for uom in Uom.objects.filter(code__in={line["uom"] for line in given})}
    return [
        _Part(
            items[line["item"]],
            queries.to_item_unit(item=items[line["item"]], quantity=Decimal(line["quantity"]), uom=units[line["uom"]]),
            line["operation"],
            line["backflush"],
            tolerance,
        )
        for line in given
    ]
