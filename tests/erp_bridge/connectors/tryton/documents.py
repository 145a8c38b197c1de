"""Documents as flows make them, with everything said that a test does not care about."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from erp_bridge.sdk.documents import (
    HoldNotice,
    LaborTime,
    MachineTime,
    MaterialConsumption,
    NonconformanceNotice,
    OrderCompletion,
    OrderCost,
    OrderStatus,
    ProductionConfirmation,
    ScrapConfirmation,
    ScrapLine,
)

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def _common(order: str) -> dict[str, Any]:
    return {"site": "T1", "work_order": f"WO-{order}", "erp_work_order": order, "occurred_at": MOMENT, "person": "E001"}


def good(
    order: str, quantity: str, lot: str = "L-1", item: str = "FG-BRACKET", **changes: Any
) -> ProductionConfirmation:
    told = {"operation": "20", "report_id": uuid4(), "rework_quantity": Decimal(0), "uom": "u", "is_output": True}
    values = _common(order) | told | {"good_quantity": Decimal(quantity), "item": item, "lot": lot} | changes
    return ProductionConfirmation(**values)


def scrap(order: str, quantity: str, item: str = "FG-BRACKET", operation: str = "20") -> ScrapConfirmation:
    return ScrapConfirmation(
        **_common(order),
        operation=operation,
        report_id=uuid4(),
        uom="u",
        item=item,
        is_output=operation == "20",
        lines=(ScrapLine(quantity=Decimal(quantity), reason="RUN", reason_name="Paint run"),),
    )


def used(order: str, item: str, quantity: str, uom: str = "u", lot: str = "") -> MaterialConsumption:
    return MaterialConsumption(
        **_common(order), operation="10", movement_id=uuid4(), item=item, lot=lot, quantity=Decimal(quantity), uom=uom
    )


def worked(order: str, minutes: str, person: str = "E002", operation: str = "10") -> LaborTime:
    return LaborTime(
        **_common(order) | {"person": person},
        operation=operation,
        segment_id=uuid4(),
        activity="RUN",
        minutes=Decimal(minutes),
        started_at=MOMENT,
        ended_at=MOMENT,
    )


def ran(order: str, minutes: str, operation: str = "10") -> MachineTime:
    return MachineTime(
        **_common(order),
        operation=operation,
        interval_id=uuid4(),
        work_center="COAT-01",
        activity="RUN",
        minutes=Decimal(minutes),
        started_at=MOMENT,
        ended_at=MOMENT,
    )


def status(order: str, status: str, reason: str = "") -> OrderStatus:
    return OrderStatus(**_common(order), status=status, reason=reason)


def hold(order: str, status: str, note: str = "", **changes: Any) -> HoldNotice:
    told = {"hold_id": uuid4(), "target": "ORDER", "status": status, "note": note, "item": "FG-BRACKET"}
    return HoldNotice(**_common(order) | told | changes)


def nonconforming(order: str, quantity: str, **changes: Any) -> NonconformanceNotice:
    told = {
        "nonconformance": "NC-00007", "nonconformance_id": uuid4(), "status": "OPENED", "item": "FG-BRACKET",
        "operation": "10", "lot": "", "quantity": Decimal(quantity), "open_quantity": Decimal(quantity), "uom": "u",
        "reason": "BORE", "reason_name": "Bore too wide",
    }  # fmt: skip
    return NonconformanceNotice(**_common(order) | told | changes)


def complete(order: str, good: str = "20", scrap: str = "0", item: str = "FG-BRACKET") -> OrderCompletion:
    return OrderCompletion(
        **_common(order), good_quantity=Decimal(good), scrap_quantity=Decimal(scrap), uom="u", item=item
    )


def cost(order: str, version: int, total: str) -> OrderCost:
    nothing = dict.fromkeys(("planned_total", "material", "labor", "machine", "scrap", "rework"), Decimal(0))
    return OrderCost(**_common(order), version=version, currency="EUR", total=Decimal(total), **nothing)
