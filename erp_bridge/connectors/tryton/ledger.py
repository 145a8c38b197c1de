"""Everything that Tryton has booked for one production, read back in our words."""

from collections import defaultdict
from decimal import Decimal

from erp_bridge.connectors.tryton import codec, order
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.order import Order
from erp_bridge.sdk.connector import Ledger

STATES = {"done": "COMPLETED", "cancelled": "CANCELLED", "running": "RUNNING"}


def read(client: Client, erp_work_order: str) -> Ledger:
    """Return the ledger of a production; quantities in the default unit of each item.

    It runs as soon as anything is booked on it: Tryton itself calls it waiting until all material is posted.
    """
    found = order.load(client, erp_work_order)
    good, scrap, consumed = _pieces(found)
    labor, lines = _labor(client, found)
    machine: dict[str, Decimal] = defaultdict(Decimal)
    bookings = [*_told_moves(found), *lines]
    for work in found.works:
        for cycle in work.cycles:
            if cycle.state == "done" and cycle.duration:
                machine[work.number] += codec.minutes(cycle.duration)
                bookings.append(f"production.work.cycle,{cycle.id}: operation {work.number}, {cycle.duration}")
    return Ledger(
        work_order=found.number,
        state=STATES.get(found.state, "RUNNING" if bookings else "OPEN"),
        good=good,
        scrap=scrap,
        consumed=consumed,
        labor=labor,
        machine=dict(machine),
        cost=found.cost,
        bookings=bookings,
    )


def _pieces(found: Order) -> tuple[dict[str, Decimal], Decimal, dict[tuple[str, str], Decimal]]:
    good: dict[str, Decimal] = defaultdict(Decimal)
    consumed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    scrap = Decimal(0)
    for move in (move for move in found.outputs if move.state == "done"):
        if move.is_scrap:
            scrap += move.internal
        elif move.product == found.product:
            good[move.lot] += move.internal
        else:
            consumed[move.item, move.lot] -= move.internal
    for move in (move for move in found.inputs if move.state == "done"):
        consumed[move.item, move.lot] += move.internal
    return dict(good), scrap, {key: quantity for key, quantity in consumed.items() if quantity}


def _told_moves(found: Order) -> list[str]:
    told = []
    for verb, moves in (("in", found.inputs), ("out", found.outputs)):
        for move in sorted(moves, key=lambda move: move.id):
            if move.state in ("done", "cancelled"):
                what = "scrap" if move.is_scrap else verb
                told.append(f"stock.move,{move.id}: {what} {move.internal} {move.item} {move.lot} {move.state}")
    return told


def _labor(client: Client, found: Order) -> tuple[dict[tuple[str, str], Decimal], list[str]]:
    numbers = {work.timesheet_work: work.number for work in found.works if work.timesheet_work}
    if not numbers:
        return {}, []
    fields = ["work", "duration", "date", "employee.party.code"]
    labor: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    told = []
    for row in client.read("timesheet.line", [["work", "in", list(numbers)]], fields):
        person = row["employee."]["party."]["code"] or ""
        minutes = codec.minutes(row["duration"])
        if minutes:
            labor[numbers[row["work"]], person] += minutes
        told.append(f"timesheet.line,{row['id']}: operation {numbers[row['work']]}, {person}, {row['duration']}")
    return dict(labor), told
