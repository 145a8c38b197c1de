"""Rows of the practice ERP become records."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from erp_bridge.costing.records import CostRateRecord
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import (
    BillOfMaterialsRecord,
    BomLineRecord,
    ItemRecord,
    PersonRecord,
    RoutingRecord,
    RoutingStepRecord,
    UomConversion,
    UomRecord,
    WorkCenterRecord,
)

Row = Mapping[str, Any]


def parse_unit(row: Row, site: str) -> UomRecord:
    """Return a unit of measure."""
    return UomRecord(
        code=row["unit"], name=row["name"], symbol=row["symbol"], dimension=row["dimension"],
        numerator=_decimal(row, "per_base_unit"), denominator=Decimal(1), decimals=int(row["decimals"]),
    )  # fmt: skip


def parse_item(row: Row, site: str) -> ItemRecord:
    """Return an item."""
    return ItemRecord(
        site=site, number=_text(row, "code"), name=_text(row, "description"), uom=_text(row, "unit"),
        external_id=row["code"], lot_tracked=row["batch_managed"] is True, active=not row["blocked"],
        conversions=tuple(
            UomConversion(
                uom=_text(each, "unit"), numerator=_decimal(each, "numerator"), denominator=_decimal(each, "denominator")
            )
            for each in row["alternative_units"]
        ),
    )  # fmt: skip


def parse_bom(row: Row, site: str) -> BillOfMaterialsRecord:
    """Return a bill of materials."""
    return BillOfMaterialsRecord(
        site=site, number=_text(row, "bom_no"), item=_text(row, "item"), base_quantity=_decimal(row, "batch_size"),
        uom=_text(row, "unit"), lines=_components(row), external_id=row["bom_no"], revision=row["revision"],
        tolerance=Decimal(row["tolerance"]) if row.get("tolerance") else None, active=not row["obsolete"],
    )  # fmt: skip


def parse_routing(row: Row, site: str) -> RoutingRecord:
    """Return a routing."""
    return RoutingRecord(
        site=site, number=_text(row, "routing_no"), name=_text(row, "name"), steps=_steps(row),
        items=tuple(row["items"]), external_id=row["routing_no"], revision=row["revision"],
        active=not row["obsolete"],
    )  # fmt: skip


def parse_work_center(row: Row, site: str) -> WorkCenterRecord:
    """Return a work center with its machines."""
    return WorkCenterRecord(
        site=site, code=_text(row, "id"), name=_text(row, "name"), area=row["department"],
        work_units=tuple(row["machines"]), external_id=row["id"], active=not row["closed"],
    )  # fmt: skip


def parse_person(row: Row, site: str) -> PersonRecord:
    """Return a person."""
    return PersonRecord(
        site=site, number=_text(row, "staff_no"), name=_text(row, "name"), external_id=row["staff_no"],
        active=not row["left"],
    )  # fmt: skip


def parse_rate(row: Row, site: str) -> CostRateRecord:
    """Return a cost rate."""
    return CostRateRecord(
        site=site, kind=_text(row, "kind"), key=_text(row, "code"), valid_from=date.fromisoformat(row["valid_from"]),
        amount=_decimal(row, "amount"), per=_text(row, "per"), currency=_text(row, "currency"),
        external_id=row["rate_no"],
    )  # fmt: skip


_ORDER_STATES = {
    "PLANNED": "PLANNED", "RELEASED": "RELEASED", "STARTED": "RELEASED",
    "FINISHED": "CLOSED", "CLOSED": "CLOSED", "CANCELLED": "CANCELLED",
}  # fmt: skip


def parse_order(row: Row, site: str) -> WorkOrderRecord:
    """Return a work order with its own components and steps; its change number is its version."""
    if row["state"] not in _ORDER_STATES:
        raise ValueError(f"state {row['state']!r} is not known here")
    return WorkOrderRecord(
        site=site, number=_text(row, "order_no"), item=_text(row, "item"), order_quantity=_decimal(row, "quantity"),
        uom=_text(row, "unit"), status=_ORDER_STATES[row["state"]], external_id=row["order_no"],
        version=f"{int(row['change']):012d}", due_at=_moment(row, "due"), planned_start_at=_moment(row, "start"),
        priority=int(row["priority"]), bom=row["bom_no"], routing=row["routing_no"], components=_components(row),
        steps=_steps(row), over_delivery_percent=_percent(row, "over_percent"),
        under_delivery_percent=_percent(row, "under_percent"), reference=row["note"],
    )  # fmt: skip


def _components(row: Row) -> tuple[BomLineRecord, ...]:
    return tuple(
        BomLineRecord(
            item=_text(line, "item"), quantity=_decimal(line, "quantity"), uom=_text(line, "unit"),
            operation=line["step"], backflush=line["backflush"] is True,
        )
        for line in row["components"]
    )  # fmt: skip


def _steps(row: Row) -> tuple[RoutingStepRecord, ...]:
    return tuple(
        RoutingStepRecord(
            number=_text(step, "step"), name=_text(step, "text"), work_center=_text(step, "work_center"),
            setup_time=_decimal(step, "setup_min"), run_time_per_unit=_decimal(step, "unit_min"),
        )
        for step in row["steps"]
    )  # fmt: skip


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is {value!r}, not a text")
    return value


def _decimal(row: Row, name: str) -> Decimal:
    try:
        value = Decimal(row[name]) if isinstance(row[name], str) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise ValueError(f"{name} is {row[name]!r}, not a number")
    return value


def _percent(row: Row, name: str) -> Decimal | None:
    return _decimal(row, name) if row[name] not in (None, "") else None


def _moment(row: Row, name: str) -> datetime | None:
    if not row[name]:
        return None
    moment = datetime.fromisoformat(row[name])
    if moment.tzinfo is None:
        raise ValueError(f"{name} is {row[name]!r}, without an offset from UTC")
    return moment
