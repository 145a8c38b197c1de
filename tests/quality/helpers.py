"""Plans and inspections in few words."""

import uuid
from decimal import Decimal
from typing import Any

from mes.execution import gates
from mes.execution.models import Operation, WorkOrder
from mes.masterdata.models import Item
from quality import queries, services
from quality.models import Characteristic, InspectionPlan, OrderCheck, PlannedCheck
from tests.factories import NOW, make_item, make_routing, make_uom, make_work_order


def make_plan(*, item: Item, checks: list[dict[str, Any]] | None = None, operation: str = "10") -> InspectionPlan:
    """Return a plan of a bore of 12.00 to 12.05 mm, one piece, and a look at the surface; blocking at the first piece."""
    plan = InspectionPlan.objects.create(site=item.site, item=item, operation=operation, name="Bracket")
    Characteristic.objects.create(
        plan=plan, position=10, code="BORE", name="Bore", nominal=Decimal("12.02"), lower=Decimal(12),
        upper=Decimal("12.05"), uom=make_uom(code="mm", name="Millimeter", symbol="mm", dimension="length", decimals=3),
        instruction="Three-point gauge", reaction="Stop, and call the setter.",
    )  # fmt: skip
    Characteristic.objects.create(plan=plan, position=20, code="SURFACE", name="Surface", kind="ATTRIBUTE")
    for check in checks if checks is not None else [{"trigger": "FIRST", "blocks": True}]:
        PlannedCheck.objects.create(plan=plan, **check)
    return plan


def inspected_order(*, checks: list[dict[str, Any]] | None = None, **given: Any) -> WorkOrder:
    """Return a released order of 100 with operations 10 and 20, of which 10 is inspected as planned."""
    item = given.pop("item", None) or make_item()
    make_routing(item=item)
    make_plan(item=item, checks=checks)
    order = make_work_order(item=item, operations=2, **given)
    gates.complete_snapshot(order)
    return order


def operation_of(order: WorkOrder, number: str = "10") -> Operation:
    return Operation.objects.select_related("work_order__item", "work_order__site").get(work_order=order, number=number)


def state_of(order: WorkOrder, trigger: str = "FIRST", *, now=NOW, number: str = "10") -> queries.CheckState:
    operation = operation_of(order, number)
    [state] = [s for s in queries.states_of([operation], now=now)[operation.pk] if s.check.trigger == trigger]
    return state


def check_of(order: WorkOrder, trigger: str = "FIRST", number: str = "10") -> OrderCheck:
    return OrderCheck.objects.get(operation__work_order=order, operation__number=number, trigger=trigger)


def measure(
    order: WorkOrder, bore: str = "12.02", surface: str = "ok", *, trigger: str = "FIRST", occurrence: str = "",
    when=NOW, person=None, ids: list[uuid.UUID] | None = None, **given: Any,
):  # fmt: skip
    """Enter one value of the bore and one look at the surface for the occurrence that is due."""
    check = check_of(order, trigger)
    if not occurrence:
        latest = state_of(order, trigger, now=when).latest
        occurrence = latest.key if latest else trigger.lower()
    ids = ids or [uuid.uuid4(), uuid.uuid4()]
    entries = [
        services.Entry(reading_id=ids[0], characteristic="BORE", text=bore),
        services.Entry(reading_id=ids[1], characteristic="SURFACE", text=surface),
    ]
    return services.take_readings(
        **{"operation_id": check.operation_id, "check_id": check.pk, "occurrence": occurrence, "entries": entries,
           "person": person, "occurred_at": when, "now": when} | given
    )  # fmt: skip
