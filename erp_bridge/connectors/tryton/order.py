"""One production as it stands in Tryton: its moves, its works and their cycles, and the guarded write to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from erp_bridge.connectors.tryton.client import Client
from erp_bridge.sdk.errors import Rejected

_MOVE = (
    "id state quantity internal_quantity product product.code unit lot.number from_location from_location.type "
    "to_location to_location.type effective_date create_uid"
).split()
_WORK = "id sequence state operation.name work_center work_center.name timesheet_work".split()
_CYCLE = "id state duration create_uid".split()
_FIELDS = [
    *"number state reference quantity cost product product.code unit location company company.currency".split(),
    *"company.timezone warehouse warehouse.storage_location warehouse.production_picking_location".split(),
    *"warehouse.production_output_location warehouse.waste_locations effective_start_date _timestamp".split(),
    *(f"inputs.{name}" for name in _MOVE),
    *(f"outputs.{name}" for name in _MOVE),
    *(f"works.{name}" for name in _WORK),
    *(f"works.cycles.{name}" for name in _CYCLE),
]


@dataclass(frozen=True)
class Move:
    """A stock move into or out of the production; ``quantity`` in its own unit, ``internal`` in the product's."""

    id: int
    state: str
    quantity: Decimal
    internal: Decimal
    product: int
    item: str
    unit: int
    lot: str
    way: tuple[str, str]
    """The types of the places that it leads from and to: ``storage``, ``production``, ``lost_found`` ..."""
    ours: bool

    @property
    def is_scrap(self) -> bool:
        return self.way[1] == "lost_found"


@dataclass(frozen=True)
class Cycle:
    """One cycle of a work."""

    id: int
    state: str
    duration: timedelta | None
    ours: bool


@dataclass(frozen=True)
class Work:
    """An operation of the production; ``number`` is the operation number that we use."""

    id: int
    number: str
    name: str
    work_center: str
    state: str
    timesheet_work: int | None
    cycles: tuple[Cycle, ...]


@dataclass(frozen=True)
class Order:
    """A production; ``stamp`` changes with each change of its row."""

    id: int
    number: str
    state: str
    stamp: str
    reference: str
    quantity: Decimal
    cost: Decimal
    product: int
    item: str
    unit: int
    company: int
    currency: int
    zone: ZoneInfo
    floor: int
    store: int
    output_place: int
    scrap_place: int | None
    started_on: Any
    inputs: tuple[Move, ...]
    outputs: tuple[Move, ...]
    works: tuple[Work, ...]

    @property
    def moves(self) -> tuple[Move, ...]:
        return self.inputs + self.outputs

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        return tuple(cycle for work in self.works for cycle in work.cycles)

    def day(self, moment: datetime) -> Any:
        """Return the date of a moment in the company's time zone, the day on which Tryton books it."""
        return moment.astimezone(self.zone).date()

    def work(self, operation: str) -> Work:
        """Return the work of an operation.

        :raises erp_bridge.sdk.errors.Rejected: the production has no such operation.
        """
        for work in self.works:
            if work.number == operation:
                return work
        known = ", ".join(work.number for work in self.works) or "none"
        raise Rejected(
            f"Production {self.number} has no operation {operation} in Tryton (it has {known}).",
            code="UNKNOWN_OPERATION",
        )


def step_numbers(sequences: Sequence[int | None]) -> list[str]:
    """Return our operation numbers for steps in their order: Tryton's sequence where it tells them apart, else 10, 20 ..."""
    if None not in sequences and len(set(sequences)) == len(sequences):
        return [str(sequence) for sequence in sequences]
    return [str((place + 1) * 10) for place in range(len(sequences))]


def in_sequence(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return steps or works in the order in which Tryton shows them."""
    return sorted(rows, key=lambda row: (row["sequence"] is None, row["sequence"] or 0, row["id"]))


def load(client: Client, erp_work_order: str) -> Order:
    """Return the production that an ERP work order number of ours (its id) means.

    :raises erp_bridge.sdk.errors.Rejected: Tryton has none.
    """
    if not erp_work_order.isdigit():
        raise Rejected(f"{erp_work_order!r} is not the id of a production in Tryton.", code="UNKNOWN_ORDER")
    rows = client.read("production", [["id", "=", int(erp_work_order)]], _FIELDS)
    if not rows:
        raise Rejected(f"Tryton has no production with the id {erp_work_order}.", code="UNKNOWN_ORDER")
    return _order(rows[0], client.user_id)


def guarded_write(client: Client, order: Order, values: Mapping[str, Any]) -> None:
    """Write to the production, with all that hangs on it, only if it is as we read it.

    A call that we gave up on and that is still under way carries an older stamp: of the two only one can succeed.

    :raises erp_bridge.sdk.errors.Busy: someone, or such a call, came first.
    """
    stamp = {f"production,{order.id}": order.stamp}
    client.call("model.production.write", [order.id], dict(values), context={"_timestamp": stamp})


def _order(row: dict[str, Any], user: int) -> Order:
    place, company = row["warehouse."], row["company."]
    works = in_sequence(row["works."])
    numbers = step_numbers([work["sequence"] for work in works])
    return Order(
        id=row["id"],
        number=row["number"] or "",
        state=row["state"],
        stamp=row["_timestamp"],
        reference=row["reference"] or "",
        quantity=Decimal(str(row["quantity"] or 0)),
        cost=Decimal(str(row["cost"] or 0)),
        product=row["product"],
        item=row["product."]["code"] or "",
        unit=row["unit"],
        company=row["company"],
        currency=company["currency"],
        zone=ZoneInfo(company["timezone"] or "UTC"),
        floor=row["location"],
        store=place["production_picking_location"] or place["storage_location"],
        output_place=place["production_output_location"] or place["storage_location"],
        scrap_place=next(iter(place["waste_locations"]), None),
        started_on=row["effective_start_date"],
        inputs=tuple(_move(each, user) for each in row["inputs."]),
        outputs=tuple(_move(each, user) for each in row["outputs."]),
        works=tuple(_work(each, number, user) for each, number in zip(works, numbers, strict=True)),
    )


def _move(row: dict[str, Any], user: int) -> Move:
    return Move(
        id=row["id"],
        state=row["state"],
        quantity=Decimal(str(row["quantity"])),
        internal=Decimal(str(row["internal_quantity"])),
        product=row["product"],
        item=row["product."]["code"] or "",
        unit=row["unit"],
        lot=(row["lot."] or {}).get("number") or "",
        way=(row["from_location."]["type"], row["to_location."]["type"]),
        ours=row["create_uid"] == user,
    )


def _work(row: dict[str, Any], number: str, user: int) -> Work:
    cycles = (Cycle(each["id"], each["state"], each["duration"], each["create_uid"] == user) for each in row["cycles."])
    return Work(
        id=row["id"],
        number=number,
        name=row["operation."]["name"],
        work_center=(row["work_center."] or {}).get("name") or "",
        state=row["state"],
        timesheet_work=row["timesheet_work"],
        cycles=tuple(sorted(cycles, key=lambda cycle: cycle.id)),
    )
