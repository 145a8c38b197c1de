"""Documents become bookings of the practice ERP, and its bookings of an order become a ledger."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from erp_bridge.sdk import documents
from erp_bridge.sdk.connector import Ledger

Row = Mapping[str, Any]


def render_status(document: documents.OrderStatus) -> dict[str, Any]:
    """Return a change of state."""
    return {"state": document.status, "reason": document.reason}


def render_hold(document: documents.HoldNotice) -> dict[str, Any]:
    """Return a hold that was placed or lifted."""
    return {
        "hold": str(document.hold_id), "target": document.target, "state": document.status, "step": document.operation,
        "item": document.item, "batch": document.lot, "reason": document.reason,
        "text": (document.note or document.reason_name)[:200],
    }  # fmt: skip


def render_inspection(document: documents.InspectionOutcome) -> dict[str, Any]:
    """Return the judgment of a sample with its values."""
    return {
        "step": document.operation, "item": document.item, "plan": f"{document.plan} rev {document.revision}"[:200],
        "check": document.check, "occasion": document.occurrence, "verdict": document.verdict,
        "count": document.number, "text": document.note[:200],
        "values": [
            {
                "feature": value.characteristic, "piece": value.piece, "value": _maybe(value.value), "unit": value.uom,
                "lower": _maybe(value.lower), "upper": _maybe(value.upper), "passed": value.passed,
            }
            for value in document.values
        ],
    }  # fmt: skip


def render_nonconformance(document: documents.NonconformanceNotice) -> dict[str, Any]:
    """Return what was found, or what was decided about it."""
    return {
        "notice": document.nonconformance, "state": document.status, "step": document.operation, "item": document.item,
        "batch": document.lot, "quantity": _number(document.quantity), "open": _number(document.open_quantity),
        "unit": document.uom, "reason": document.reason, "decision": document.disposition,
        "decided": _number(document.disposed_quantity), "text": (document.note or document.reason_name)[:200],
    }  # fmt: skip


def render_downtime(document: documents.Downtime) -> dict[str, Any]:
    """Return a stop of a machine, or what takes the place of an earlier one."""
    return {
        "downtime": str(document.downtime_id), "replaces": str(document.replaces or ""), "revision": document.revision,
        "work_center": document.work_center, "machine": document.work_unit, "minutes": _number(document.minutes),
        "from": document.started_at.isoformat(), "to": document.ended_at.isoformat(), "reason": document.reason,
        "text": (document.note or document.reason_name)[:200],
    }  # fmt: skip


def render_production(document: documents.ProductionConfirmation) -> dict[str, Any]:
    """Return good and reworked pieces."""
    return {
        "step": document.operation, "report": str(document.report_id), "good": _number(document.good_quantity),
        "rework": _number(document.rework_quantity), "unit": document.uom, "item": document.item,
        "batch": document.lot, "final": document.is_output,
    }  # fmt: skip


def render_scrap(document: documents.ScrapConfirmation) -> dict[str, Any]:
    """Return scrapped pieces with their reasons."""
    return {
        "step": document.operation, "report": str(document.report_id), "unit": document.uom, "item": document.item,
        "batch": document.lot, "final": document.is_output,
        "lines": [
            {"quantity": _number(line.quantity), "reason": line.reason, "text": line.reason_name}
            for line in document.lines
        ],
    }  # fmt: skip


def render_consumption(document: documents.MaterialConsumption) -> dict[str, Any]:
    """Return a component that was issued or came back."""
    return {
        "step": document.operation, "movement": str(document.movement_id), "item": document.item,
        "batch": document.lot, "quantity": _number(document.quantity), "unit": document.uom,
        "report": str(document.report_id or ""),
    }  # fmt: skip


def render_labor(document: documents.LaborTime) -> dict[str, Any]:
    """Return minutes of a person."""
    return {
        "step": document.operation, "segment": str(document.segment_id), "people": document.crew_size,
        **_span(document),
    }  # fmt: skip


def render_machine(document: documents.MachineTime) -> dict[str, Any]:
    """Return minutes of a work unit."""
    return {
        "step": document.operation, "interval": str(document.interval_id), "work_center": document.work_center,
        **_span(document),
    }  # fmt: skip


def render_completion(document: documents.OrderCompletion) -> dict[str, Any]:
    """Return the end of an order."""
    return {
        "good": _number(document.good_quantity), "scrap": _number(document.scrap_quantity), "unit": document.uom,
        "item": document.item,
    }  # fmt: skip


def render_cost(document: documents.OrderCost) -> dict[str, Any]:
    """Return one version of what an order cost."""
    amounts = {name: _number(getattr(document, name)) for name in documents.COST_AMOUNTS}
    return {"version": document.version, "currency": document.currency, **amounts}


def _span(document: documents.LaborTime | documents.MachineTime) -> dict[str, str]:
    return {
        "activity": document.activity, "minutes": _number(document.minutes),
        "from": document.started_at.isoformat(), "to": document.ended_at.isoformat(),
    }  # fmt: skip


def _maybe(value: Decimal | None) -> str:
    return "" if value is None else _number(value)


def _number(value: Decimal) -> str:
    return format(value, "f")


_WORDS = ("status", "costs", "holds")
_LEDGER_STATES = {"STARTED": "RUNNING", "FINISHED": "COMPLETED", "CLOSED": "COMPLETED", "CANCELLED": "CANCELLED"}


def ledger(order: Row, bookings: Sequence[Row]) -> Ledger:
    """Return what is booked on an order, summed."""
    good: dict[str, Decimal] = defaultdict(Decimal)
    consumed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    labor: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    machine: dict[str, Decimal] = defaultdict(Decimal)
    scrap, latest = Decimal(0), 0
    cost: dict[str, Decimal] = {}
    for booking in bookings:
        body = booking["body"]
        match booking["kind"]:
            case "yields" if body["final"]:
                good[body["batch"]] += Decimal(body["good"])
            case "scraps":
                scrap += sum((Decimal(line["quantity"]) for line in body["lines"]), Decimal(0))
            case "issues":
                consumed[body["item"], body["batch"]] += Decimal(body["quantity"])
            case "labor":
                labor[body["step"], body["by"]] += Decimal(body["minutes"])
            case "machine-times":
                machine[body["step"]] += Decimal(body["minutes"])
            case "costs" if body["version"] >= latest:
                latest, cost = body["version"], {name: Decimal(body[name]) for name in documents.COST_AMOUNTS}
    return Ledger(
        work_order=order["order_no"],
        state=_LEDGER_STATES.get(order["state"], "OPEN"),
        good=dict(good),
        scrap=scrap,
        consumed=dict(consumed),
        labor=dict(labor),
        machine=dict(machine),
        cost=cost,
        references=[each["document"] for each in bookings if each["kind"] not in _WORDS],
        bookings=tuple(f"{each['document']} {each['kind']} {each['reference']}" for each in bookings),
    )
