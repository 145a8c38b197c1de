"""Everything that Tryton has booked for one production, read back in our words."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from erp_bridge.connectors.tryton import codec, notes, order, times
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.order import Order
from erp_bridge.sdk.connector import Ledger

STATES = {"done": "COMPLETED", "cancelled": "CANCELLED", "running": "RUNNING"}
_IN, _OUT, _WASTE = ("storage", "production"), ("production", "storage"), ("production", "lost_found")


def read(client: Client, erp_work_order: str) -> Ledger:
    """Return the ledger of a production; quantities in the default unit of each item.

    It runs as soon as anything is booked on it: Tryton itself calls it waiting until all material is posted.
    """
    found = order.load(client, erp_work_order)
    pieces = _pieces(found)
    labor, lines, told_lines = _labor(client, found)
    machine: dict[str, Decimal] = defaultdict(Decimal)
    cycles = []
    bookings = [*_told_moves(found), *told_lines]
    for work in found.works:
        for cycle in work.cycles:
            if cycle.state == "done" and cycle.duration:
                machine[work.number] += codec.minutes(cycle.duration)
                cycles.append(f"production.work.cycle,{cycle.id}")
                bookings.append(f"production.work.cycle,{cycle.id}: operation {work.number}, {cycle.duration}")
    moves = [f"stock.move,{move.id}" for move in found.moves if move.ours and move.state in ("done", "cancelled")]
    completed = [f"production,{found.id}"] if found.state == "done" else []
    return Ledger(
        work_order=found.number,
        state=STATES.get(found.state, "RUNNING" if bookings else "OPEN"),
        good=dict(pieces.good),
        scrap=pieces.scrap,
        consumed={key: quantity for key, quantity in pieces.consumed.items() if quantity},
        labor=labor,
        machine=dict(machine),
        cost=notes.posted_cost(client, found.id),
        own_valuation=found.cost,
        references=[*moves, *cycles, *lines, *completed],
        strange=pieces.strange,
        bookings=bookings,
    )


@dataclass
class _Pieces:
    good: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    scrap: Decimal = Decimal(0)
    consumed: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    strange: list[str] = field(default_factory=list)


def _pieces(found: Order) -> _Pieces:
    """Return what the posted moves mean, by where each leads from and to."""
    pieces = _Pieces()
    for move in (move for move in found.moves if move.state == "done"):
        match move.way, move.product == found.product:
            case (way, True) if way == _OUT:
                pieces.good[move.lot] += move.internal
            case (way, True) if way == _WASTE:
                pieces.scrap += move.internal
            case (way, False) if way == _IN:
                pieces.consumed[move.item, move.lot] += move.internal
            case (way, False) if way == _OUT:
                pieces.consumed[move.item, move.lot] -= move.internal
            case _:
                pieces.strange.append(f"stock.move,{move.id}: {move.internal} {move.item} {' to '.join(move.way)}")
    return pieces


def _told_moves(found: Order) -> list[str]:
    told = []
    for verb, moves in (("in", found.inputs), ("out", found.outputs)):
        for move in sorted(moves, key=lambda move: move.id):
            if move.state in ("done", "cancelled"):
                what = "scrap" if move.is_scrap else verb
                told.append(f"stock.move,{move.id}: {what} {move.internal} {move.item} {move.lot} {move.state}")
    return told


def _labor(client: Client, found: Order) -> tuple[dict[tuple[str, str], Decimal], list[str], list[str]]:
    """Return the minutes by operation and person, the references of our lines, and every line in words."""
    numbers = {work.timesheet_work: work.number for work in found.works if work.timesheet_work}
    if not numbers:
        return {}, [], []
    fields = ["work", "duration", "date", "description", "employee.party.code"]
    labor: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    first_of: dict[str, str] = {}
    told = []
    rows = client.read("timesheet.line", [["work", "in", list(numbers)]], fields, order=[["id", "ASC"]])
    for row in rows:
        person = row["employee."]["party."]["code"] or ""
        minutes = codec.minutes(row["duration"])
        if minutes:
            labor[numbers[row["work"]], person] += minutes
        key = times.key_of(row["description"] or "")
        if key:
            first_of.setdefault(key, f"timesheet.line,{row['id']}")
        told.append(f"timesheet.line,{row['id']}: operation {numbers[row['work']]}, {person}, {row['duration']}")
    return dict(labor), list(first_of.values()), told
