"""Shop-floor things for tests. Each call makes a valid one; pass only what the test is about."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mes.execution.models import Operation, OrderComponent, WorkOrder
from mes.masterdata.models import (
    BillOfMaterials,
    BomLine,
    Item,
    Person,
    ReasonCode,
    Routing,
    RoutingStep,
    Site,
    Uom,
    WorkCenter,
    WorkUnit,
)
from mes.material.models import Lot, StockPlace

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday morning: the moment at which tests begin unless they say otherwise."""

_n = itertools.count(1)


def make_site(**given: Any) -> Site:
    """Return the site P1, or another one by ``code``."""
    values = {"code": "P1", "name": "Plant 1"} | given
    return Site.objects.get_or_create(code=values["code"], defaults=values)[0]


def make_uom(**given: Any) -> Uom:
    """Return the unit ``pcs`` (whole pieces), or another one by ``code``."""
    values = {"code": "pcs", "name": "Pieces", "symbol": "pcs", "dimension": "count", "decimals": 0} | given
    return Uom.objects.get_or_create(code=values["code"], defaults=values)[0]


def make_item(**given: Any) -> Item:
    site = given.get("site") or make_site()
    uom = given.get("uom") or make_uom()
    return Item.objects.create(**{"site": site, "number": f"ITEM-{next(_n)}", "name": "Bracket", "uom": uom} | given)


def make_work_center(**given: Any) -> WorkCenter:
    """Return a new work center with one work unit of the same code."""
    values = {"site": given.get("site") or make_site(), "code": f"WC-{next(_n)}", "name": "Press"} | given
    center = WorkCenter.objects.create(**values)
    WorkUnit.objects.create(site=center.site, work_center=center, code=center.code, name=center.name)
    return center


def make_person(**given: Any) -> Person:
    return Person.objects.create(
        **{"site": given.get("site") or make_site(), "number": f"{next(_n):04}", "name": "A. Kim"} | given
    )


def make_reason(**given: Any) -> ReasonCode:
    """Return a new reason, of kind SCRAP unless told."""
    values = {"site": given.get("site") or make_site(), "kind": "SCRAP", "code": f"R{next(_n)}", "name": "Burr"}
    return ReasonCode.objects.create(**values | given)


def make_bom(*, item: Item, lines: list[tuple[Item, Decimal]], **given: Any) -> BillOfMaterials:
    """Return a bill with ``lines`` of (component, quantity per piece)."""
    bom = BillOfMaterials.objects.create(
        **{"site": item.site, "number": f"BOM-{next(_n)}", "item": item, "uom": item.uom} | given
    )
    for position, (component, quantity) in enumerate(lines, start=1):
        BomLine.objects.create(bom=bom, position=position, item=component, quantity=quantity, uom=component.uom)
    return bom


def make_routing(*, item: Item, steps: int = 2, **given: Any) -> Routing:
    """Return a routing of so many steps 10, 20, ..., each at a work center of its own."""
    routing = Routing.objects.create(**{"site": item.site, "number": f"RT-{next(_n)}", "name": "Standard"} | given)
    routing.items.add(item)
    for position in range(1, steps + 1):
        RoutingStep.objects.create(
            routing=routing,
            position=position,
            number=str(position * 10),
            name=f"Step {position}",
            work_center=make_work_center(site=item.site),
            setup_time=Decimal(10),
            run_time_per_unit=Decimal(1),
        )
    return routing


def make_work_order(
    *, operations: int = 2, components: list[tuple[Item, Decimal]] | None = None, **given: Any
) -> WorkOrder:
    """Return a released order of 100 pieces with operations 10, 20, ... and components used at the first.

    ``components`` holds (item, quantity for the whole order).
    """
    item = given.pop("item", None) or make_item(**({"site": given["site"]} if "site" in given else {}))
    order = WorkOrder.objects.create(
        **{
            "site": item.site,
            "number": f"WO-{next(_n)}",
            "item": item,
            "uom": item.uom,
            "order_quantity": Decimal(100),
            "status": WorkOrder.Status.RELEASED,
            "created_at": NOW,
            "released_at": NOW,
        }
        | given
    )
    for position in range(1, operations + 1):
        Operation.objects.create(
            work_order=order,
            number=str(position * 10),
            position=position,
            name=f"Step {position}",
            work_center=make_work_center(site=item.site),
            is_output=position == operations,
            planned_setup_time=Decimal(10),
            planned_run_time_per_unit=Decimal(1),
        )
    for position, (component, quantity) in enumerate(components or [], start=1):
        OrderComponent.objects.create(
            work_order=order,
            operation=order.operations.get(number="10"),
            position=position,
            item=component,
            uom=component.uom,
            required_quantity=quantity,
        )
    order.operations.filter(number="10").update(consumes=bool(components))
    return order


def make_operation(*, status: str = "RUNNING", **given: Any) -> Operation:
    """Return the only operation of a new order, running unless told."""
    order = make_work_order(operations=1, **given)
    operation = order.operations.get()
    operation.status = status
    operation.save(update_fields=["status"])
    return operation


def make_stock_place(**given: Any) -> StockPlace:
    center = given.get("work_center") or make_work_center()
    return StockPlace.objects.create(
        **{"site": center.site, "work_center": center, "code": f"RACK-{next(_n)}", "name": "Rack"} | given
    )


def make_lot(**given: Any) -> Lot:
    """Return a lot with 1000 of its item at hand."""
    item = given.get("item") or make_item(lot_tracked=True)
    values = {
        "site": item.site,
        "item": item,
        "number": f"LOT-{next(_n)}",
        "quantity": Decimal(1000),
        "created_at": NOW,
    }
    return Lot.objects.create(**values | given)
