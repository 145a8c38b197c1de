"""Productions as they come down: one work order each, with its components and its operations."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from erp_bridge.connectors.tryton.masters import CannotRead, Reader, Source, decimal
from erp_bridge.connectors.tryton.order import in_sequence, step_numbers
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import BomLineRecord, RoutingStepRecord

STATUSES = {
    "draft": "PLANNED",
    "waiting": "RELEASED",
    "assigned": "RELEASED",
    "running": "RELEASED",
    "done": "CLOSED",
    "cancelled": "CANCELLED",
}
_FIELDS = (
    "number reference state quantity last_modified_at planned_date planned_start_date company.timezone product.code "
    "product.default_uom.symbol unit.symbol bom.code routing.name inputs.state inputs.quantity inputs.product.code "
    "inputs.unit.symbol works.sequence works.operation.name works.work_center.name bom.inputs.product.code "
    "bom.inputs.quantity bom.inputs.unit.symbol bom.outputs.quantity bom.outputs.product.code"
).split()


def _work_order(reader: Reader, row: dict[str, Any]) -> WorkOrderRecord:
    if not row["product."] or not row["product."]["code"]:
        raise CannotRead("This production is of no product with a code.")
    zone = ZoneInfo(row["company."]["timezone"] or "UTC")
    has_works = bool(row["works."])
    return WorkOrderRecord(
        site=reader.site,
        number=row["number"],
        item=row["product."]["code"],
        order_quantity=decimal(row["quantity"]),
        uom=row["unit."]["symbol"] if row["unit."] else row["product."]["default_uom."]["symbol"],
        status=STATUSES[row["state"]],
        external_id=str(row["id"]),
        version=row["last_modified_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        due_at=_moment(row["planned_date"], time(23, 59), zone),
        planned_start_at=_moment(row["planned_start_date"], time(0, 0), zone),
        bom=(row["bom."] or {}).get("code") or "",
        routing=(row["routing."] or {}).get("name") or "",
        components=_components(row),
        steps=_steps(row) if has_works else None,
        reference=row["reference"] or "",
    )


def _moment(day: date | None, at: time, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _steps(row: dict[str, Any]) -> tuple[RoutingStepRecord, ...]:
    rows = in_sequence(row["works."])
    numbers = step_numbers([work["sequence"] for work in rows])
    return tuple(
        RoutingStepRecord(
            number=number, name=work["operation."]["name"], work_center=(work["work_center."] or {}).get("name") or ""
        )
        for number, work in zip(numbers, rows, strict=True)
    )


def _components(row: dict[str, Any]) -> tuple[BomLineRecord, ...] | None:
    """Return what the order was planned to take, for its whole quantity.

    The planned moves say it until something is posted; from then on they show what is left, and the bill says it.
    """
    moves = [move for move in row["inputs."] if move["state"] != "cancelled"]
    if not row["bom."] or not any(move["state"] == "done" for move in moves):
        return _summed(moves, Decimal(1)) or None
    outputs = [line for line in row["bom."]["outputs."] if line["product."]["code"] == row["product."]["code"]]
    made = sum((decimal(line["quantity"]) for line in outputs), Decimal(0))
    lines = [line for line in row["bom."]["inputs."] if line["product."]]
    return _summed(lines, decimal(row["quantity"]) / made) if made else None


def _summed(lines: list[dict[str, Any]], factor: Decimal) -> tuple[BomLineRecord, ...]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in sorted(lines, key=lambda line: line["id"]):
        key = (line["product."]["code"] or "", line["unit."]["symbol"])
        sums[key] = sums.get(key, Decimal(0)) + decimal(line["quantity"]) * factor
    return tuple(BomLineRecord(item=item, quantity=decimal(sums[item, uom]), uom=uom) for item, uom in sums)


WORK_ORDERS = Source(
    "production",
    "number",
    _FIELDS,
    _work_order,
    children=("inputs", "works"),
    domain=(["number", "!=", None], ["state", "!=", "request"]),
    first_domain=(["state", "in", ["draft", "waiting", "assigned", "running"]],),
)
"""On the first reading only what is open comes; after that, everything that changed."""
