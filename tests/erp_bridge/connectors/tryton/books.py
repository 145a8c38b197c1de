"""Tryton's books as its own administrator reads them, record by record, and what our messages say should stand there."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from erp_bridge.models import OutboundMessage
from mes.execution.models import WorkOrder
from tests.erp_bridge.plant import describe
from tests.erp_bridge.tryton import Rpc

Booked = dict[str, tuple[Any, ...]]
_KEY = re.compile(r"\(Lineside (\w+)\)")
WORDS = ("ir.note,", "production,")
"""Records that hold no quantity and no time."""


def in_tryton(planner: Rpc, production: str) -> Booked:
    """Return every posted move, finished cycle and timesheet line of a production by its reference."""
    number = int(production)
    return dict([*_moves(planner, number), *_times(planner, number)])


def _moves(planner: Rpc, production: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    fields = ("quantity", "product.code", "lot.number", "from_location.type", "to_location.type")
    for row in planner.read("stock.move", [["production", "=", production], ["state", "=", "done"]], *fields):
        way = row["from_location."]["type"], row["to_location."]["type"]
        what = row["product."]["code"], (row["lot."] or {}).get("number") or ""
        yield f"stock.move,{row['id']}", (*way, *what, Decimal(str(row["quantity"])))


def _times(planner: Rpc, production: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    works = planner.read("production.work", [["production", "=", production]], "sequence", "timesheet_work")
    cycles = planner.read(
        "production.work.cycle", [["work.production", "=", production], ["state", "=", "done"]], "work", "duration"
    )
    numbers = {work["id"]: str(work["sequence"]) for work in works}
    for row in cycles:
        if row["duration"]:
            yield f"production.work.cycle,{row['id']}", ("cycle", numbers[row["work"]], _minutes(row["duration"]))
    numbers = {work["timesheet_work"]: str(work["sequence"]) for work in works}
    fields = ("work", "duration", "description", "employee.party.code")
    lines: dict[str, tuple[Any, ...]] = {}
    for row in sorted(
        planner.read("timesheet.line", [["work", "in", list(numbers)]], *fields), key=lambda row: row["id"]
    ):
        # Time across midnight is two lines under one key.
        [key] = _KEY.findall(row["description"])
        first, earlier = lines.get(key, (f"timesheet.line,{row['id']}", Decimal(0)))[:2]
        who = row["employee."]["party."]["code"], numbers[row["work"]]
        lines[key] = (first, earlier + _minutes(row["duration"]), *who)
    yield from ((first, ("labor", number, person, minutes)) for first, minutes, person, number in lines.values())


def _minutes(duration: Any) -> Decimal:
    return Decimal(str(duration.total_seconds())) / 60


def told(order: WorkOrder) -> Booked:
    """Return what the messages of an order say that they have booked, by the references that they were given."""
    found: Booked = {}
    for message in _done(order):
        if not message.reference.startswith(WORDS):
            assert message.reference not in found, f"two messages claim {message.reference}"
            found[message.reference] = _content(message.flow, message.event)
    return found


def _done(order: WorkOrder) -> list[OutboundMessage]:
    mine = OutboundMessage.objects.filter(stream__key=order.number, state="DONE").exclude(reference="")
    return list(mine.order_by("seq"))


def _content(flow: str, event: dict[str, Any]) -> tuple[Any, ...]:
    match flow:
        case "consumption":
            quantity = Decimal(event["quantity"])
            way = ("storage", "production") if quantity > 0 else ("production", "storage")
            return (*way, event["item"], event["lot"], abs(quantity))
        case "production":
            return ("production", "storage", event["item"], event["lot"], Decimal(event["good_quantity"]))
        case "scrap":
            scrapped = sum(Decimal(line["quantity"]) for line in event["scrap"])
            return ("production", "lost_found", event["item"], "", scrapped)
        case "machine_time":
            return ("cycle", event["operation"], Decimal(event["minutes"]))
        case "labor_time":
            return ("labor", event["operation"], event["person"], Decimal(event["minutes"]))
    raise AssertionError(f"{flow} books no record")


def assert_exactly_once(planner: Rpc, order: WorkOrder, *, state: str = "done") -> None:
    """Every record of the production is one message's, with its content, and every message's is there; in their order."""
    assert not OutboundMessage.objects.filter(stream__key=order.number).exclude(state="DONE").exists(), describe()
    production = order.external_ids["tryton"]
    stands, said = in_tryton(planner, production), told(order)
    assert stands == said
    assert len(said) >= 5, "a comparison of little says little"
    [row] = planner.read("production", [["id", "=", int(production)]], "state")
    assert row["state"] == state
    for flow in {message.flow for message in _done(order)}:
        mine = [message.reference.split(",") for message in _done(order) if message.flow == flow]
        for model in {model for model, _ in mine}:
            numbers = [int(number) for kind, number in mine if kind == model]
            assert numbers == sorted(numbers), f"{flow} was booked out of order"
