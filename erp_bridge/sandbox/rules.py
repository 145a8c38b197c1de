"""What this ERP accepts: the fields of each booking, and the business rules with their codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any


class Refusal(Exception):
    """A booking or request that this ERP does not accept."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


OPEN = ("RELEASED", "STARTED")
ENDED = ("FINISHED", "CANCELLED", "CLOSED")
MASTER_KINDS = ("units", "items", "boms", "routings", "work-centers", "employees", "cost-rates")
"""Kinds of master data, as they stand in addresses."""
ORDERS = "production-orders"

_HEAD = {"reference": "text", "order": "text", "at": "time", "by": "text?"}
_STEP = {"step": "text"}
_SPAN = {"activity": "text", "minutes": "number", "from": "time", "to": "time"}
BOOKINGS: dict[str, dict[str, str]] = {
    "status": {**_HEAD, "state": "text", "reason": "text?"},
    "holds": {
        **_HEAD, "order": "text?", "hold": "text", "target": "text", "state": "text", "step": "text?", "item": "text?",
        "batch": "text?", "reason": "text?", "text": "text?",
    },
    "inspections": {
        **_HEAD, **_STEP, "item": "text", "plan": "text", "check": "text", "occasion": "text", "verdict": "text",
        "count": "integer", "text": "text?", "values": "values",
    },
    "nonconformances": {
        **_HEAD, "order": "text?", "step": "text?", "notice": "text", "state": "text", "item": "text", "batch": "text?",
        "quantity": "number", "open": "number", "unit": "text", "reason": "text", "decision": "text?",
        "decided": "number", "text": "text?",
    },
    "yields": {
        **_HEAD, **_STEP, "report": "text", "good": "number", "rework": "number",
        "unit": "text", "item": "text", "batch": "text?", "final": "flag",
    },
    "scraps": {
        **_HEAD, **_STEP, "report": "text", "unit": "text", "item": "text", "batch": "text?", "final": "flag",
        "lines": "lines",
    },
    "issues": {
        **_HEAD, **_STEP, "movement": "text", "item": "text", "batch": "text?",
        "quantity": "number", "unit": "text", "report": "text?",
    },
    "labor": {**_HEAD, **_STEP, "segment": "text", "people": "integer", **_SPAN},
    "machine-times": {**_HEAD, **_STEP, "interval": "text", "work_center": "text", **_SPAN},
    "downtimes": {
        **_HEAD, "order": "text?", "downtime": "text", "replaces": "text?", "revision": "integer", "work_center": "text",
        "machine": "text", "minutes": "number", "from": "time", "to": "time", "reason": "text", "text": "text?",
    },
    "completions": {**_HEAD, "good": "number", "scrap": "number", "unit": "text", "item": "text"},
    "costs": {
        **_HEAD, "version": "integer", "currency": "text", "planned_total": "number", "material": "number",
        "labor": "number", "machine": "number", "scrap": "number", "rework": "number", "total": "number",
    },
}  # fmt: skip
"""The fields of every kind of booking. ``?`` marks text that may be empty; every field must be there."""

FLOOR_STATES = ("RELEASED", "RUNNING", "CANCELLED")
HOLD_STATES = ("PLACED", "LIFTED")
QUALITY = ("holds", "inspections", "nonconformances")
"""Bookings that move nothing: whoever makes them may sit at a desk and be no employee, and the order may have ended."""
_VALUE = {"feature", "piece", "value", "unit", "lower", "upper", "passed"}


@dataclass(frozen=True)
class Known:
    """The rows of this ERP that a booking speaks of; None where there is no such row."""

    order: Mapping[str, Any] | None
    item: Mapping[str, Any] | None = None
    person: Mapping[str, Any] | None = None
    work_center: Mapping[str, Any] | None = None
    good: Decimal = Decimal(0)
    """Good pieces booked so far at the step."""
    scrap: Decimal = Decimal(0)


def check_shape(kind: str, body: Any) -> dict[str, Any]:
    """Return the body if it has exactly the fields of its kind, each of the right type.

    :raises Refusal: 400, naming the field.
    """
    if not isinstance(body, dict):
        raise Refusal(400, "BODY_INVALID", "The body must be a JSON object.")
    wanted = BOOKINGS[kind]
    for name in body:
        if name not in wanted:
            raise Refusal(400, "FIELD_UNKNOWN", f"There is no field {name!r} in {kind}.", name)
    for name, form in wanted.items():
        if name not in body:
            raise Refusal(400, "FIELD_MISSING", f"The field {name!r} is missing.", name)
        _check_value(name, form, body[name])
    return body


def _check_value(name: str, form: str, value: Any) -> None:
    if form in ("text", "text?"):
        if not isinstance(value, str) or (form == "text" and not value.strip()) or "\x00" in value or len(value) > 200:
            raise Refusal(400, "FIELD_INVALID", f"{name!r} must be text of at most 200 characters.", name)
    elif form == "number":
        number(name, value)
    elif form == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal(400, "FIELD_INVALID", f"{name!r} must be a whole number.", name)
    elif form == "flag":
        if not isinstance(value, bool):
            raise Refusal(400, "FIELD_INVALID", f"{name!r} must be true or false.", name)
    elif form == "time":
        _check_time(name, value)
    elif form == "lines":
        if not isinstance(value, list) or not value:
            raise Refusal(400, "FIELD_INVALID", "There must be at least one line.", name)
        for line in value:
            if not isinstance(line, dict) or set(line) != {"quantity", "reason", "text"}:
                raise Refusal(400, "FIELD_INVALID", "A line has quantity, reason and text.", name)
            number("quantity", line["quantity"])
    elif form == "values" and (
        not isinstance(value, list) or any(not isinstance(each, dict) or set(each) != _VALUE for each in value)
    ):
        raise Refusal(400, "FIELD_INVALID", f"Each of {name!r} has {', '.join(sorted(_VALUE))}.", name)


def number(name: str, value: Any) -> Decimal:
    """Return a quantity that was sent as text.

    :raises Refusal: it is not a finite decimal number in text.
    """
    try:
        found = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= Decimal("1e12"):
        raise Refusal(400, "FIELD_INVALID", f"{name!r} must be a number written as text.", name)
    return found


def _check_time(name: str, value: Any) -> None:
    try:
        zone = datetime.fromisoformat(value).tzinfo if isinstance(value, str) else None
    except ValueError:
        zone = None
    if zone is None:
        raise Refusal(400, "FIELD_INVALID", f"{name!r} must be a time with its offset from UTC.", name)


def check_business(kind: str, body: Mapping[str, Any], known: Known) -> str:
    """Return a note for people ("" mostly) if the booking is acceptable as things stand.

    :raises Refusal: with the code of the rule that it breaks.
    """
    order = known.order
    if kind == "downtimes":
        return _check_downtime(body, known)
    if kind in QUALITY:
        _check_quality(kind, body)
        if not body["order"]:
            return ""
    if order is None:
        raise Refusal(404, "ORDER_UNKNOWN", f"There is no production order {body['order']}.", "order")
    if order.get("locked_by"):
        raise Refusal(423, "ORDER_LOCKED", f"Order {body['order']} is being edited by {order['locked_by']}.", "order")
    if kind in QUALITY:
        return ""
    if body["by"] and known.person is None:
        raise Refusal(422, "PERSON_UNKNOWN", f"There is no employee {body['by']}.", "by")
    if kind == "status":
        return _check_status(body, order)
    if kind == "costs":
        return ""
    _check_open(order)
    if "step" in body and body["step"] not in {step["step"] for step in order["steps"]}:
        raise Refusal(422, "STEP_UNKNOWN", f"Order {order['order_no']} has no step {body['step']}.", "step")
    if "item" in body:
        _check_item(kind, body, known.item)
    if kind == "machine-times" and known.work_center is None:
        raise Refusal(422, "WORK_CENTER_UNKNOWN", f"There is no work center {body['work_center']}.", "work_center")
    if kind in ("yields", "scraps"):
        _check_quantity(kind, body, order, known)
    if kind == "completions":
        return _check_completion(body, known)
    return ""


def _check_downtime(body: Mapping[str, Any], known: Known) -> str:
    """A stop belongs to a work center and to no order; whoever explained it may sit at a desk and be no employee."""
    if known.work_center is None:
        raise Refusal(422, "WORK_CENTER_UNKNOWN", f"There is no work center {body['work_center']}.", "work_center")
    if Decimal(body["minutes"]) < 0:
        raise Refusal(422, "TOTAL_NEGATIVE", "A stop is not shorter than nothing.", "minutes")
    return "takes the place of an earlier one" if body["replaces"] else ""


def _check_quality(kind: str, body: Mapping[str, Any]) -> None:
    if kind == "holds" and body["state"] not in HOLD_STATES:
        raise Refusal(422, "STATE_UNKNOWN", f"{body['state']} is none of {', '.join(HOLD_STATES)}.", "state")
    if not body["order"] and not (body["item"] and body["batch"]):
        raise Refusal(422, "BATCH_MISSING", "Say which order, or which batch of which item.", "batch")


def _check_status(body: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    if body["state"] not in FLOOR_STATES:
        raise Refusal(422, "STATE_UNKNOWN", f"{body['state']} is none of {', '.join(FLOOR_STATES)}.", "state")
    return "the order had ended here already" if order["state"] in ENDED else ""


def _check_open(order: Mapping[str, Any]) -> None:
    if order["state"] in ENDED:
        raise Refusal(409, "ORDER_CLOSED", f"Order {order['order_no']} is {order['state']}: no more bookings.", "order")
    if order["state"] not in OPEN:
        raise Refusal(409, "ORDER_NOT_RELEASED", f"Order {order['order_no']} is {order['state']}.", "order")


def _check_item(kind: str, body: Mapping[str, Any], item: Mapping[str, Any] | None) -> None:
    if item is None:
        raise Refusal(422, "ITEM_UNKNOWN", f"There is no item {body['item']}.", "item")
    if item.get("blocked"):
        raise Refusal(422, "ITEM_BLOCKED", f"Item {body['item']} is blocked.", "item")
    units = {item.get("unit"), *(each["unit"] for each in item.get("alternative_units", ()))}
    if body["unit"] not in units:
        raise Refusal(422, "UNIT_UNKNOWN", f"Item {body['item']} is not counted in {body['unit']}.", "unit")
    named = kind == "issues" or (kind == "yields" and body["final"])
    if item.get("batch_managed") and named and not body["batch"]:
        raise Refusal(422, "BATCH_MISSING", f"Item {body['item']} is managed in batches: say which.", "batch")


def _check_quantity(kind: str, body: Mapping[str, Any], order: Mapping[str, Any], known: Known) -> None:
    if kind == "scraps":
        if known.scrap + sum(Decimal(line["quantity"]) for line in body["lines"]) < 0:
            raise Refusal(422, "TOTAL_NEGATIVE", "More scrap would be taken back than was booked.", "lines")
        return
    total = known.good + Decimal(body["good"])
    if total < 0:
        raise Refusal(422, "TOTAL_NEGATIVE", "More pieces would be taken back than were booked.", "good")
    ceiling = Decimal(order["quantity"]) * (1 + Decimal(order.get("over_percent") or "0") / 100)
    if total > ceiling and Decimal(body["good"]) > 0:
        raise Refusal(
            422, "OVER_TOLERANCE", f"{total} of {order['quantity']} would be more than the tolerance allows.", "good"
        )


def _check_completion(body: Mapping[str, Any], known: Known) -> str:
    if known.good != Decimal(body["good"]):
        return f"{body['good']} reported as finished, {known.good} booked"
    return ""


def explode(bom: Mapping[str, Any] | None, quantity: Decimal) -> list[dict[str, Any]]:
    """Return the components of an order of ``quantity``, by the item's bill of materials."""
    if bom is None:
        return []
    share = quantity / Decimal(bom["batch_size"])
    return [
        {**line, "quantity": format((Decimal(line["quantity"]) * share).quantize(Decimal("0.000001")).normalize(), "f")}
        for line in bom["components"]
    ]
