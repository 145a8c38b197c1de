"""How each document is booked on a production, step by step, so that a booking that broke off can be taken up again."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from erp_bridge.connectors.tryton import catalog, notes, order
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.notes import Note
from erp_bridge.connectors.tryton.order import Move, Order
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import Document, MaterialConsumption, ProductionConfirmation, ScrapConfirmation
from erp_bridge.sdk.errors import NotReady, OutcomeUnknown, Rejected

OPEN_STATES = ("waiting", "assigned", "running")
PLANNING_STATES = ("request", "draft")


@dataclass
class Job:
    """One message on its way into one production. Only this message writes to it now, so its notes are read once."""

    client: Client
    key: str
    order: Order
    options: Mapping[str, Any]
    _notes: list[Note] | None = None

    @property
    def notes(self) -> list[Note]:
        """Our notes on the production, oldest first."""
        if self._notes is None:
            self._notes = notes.read(self.client, f"production,{self.order.id}")
        return self._notes

    def reloaded(self) -> "Job":
        """Read the production again, and return the job with it."""
        self.order = order.load(self.client, str(self.order.id))
        return self

    def own_moves(self) -> list[Move]:
        """Return the moves that were made under this key."""
        ours = {move.id: move for move in self.order.moves if move.ours}
        return [ours[each] for each in notes.window(self.notes, self.key, list(ours), "moves")]

    def announced(self, sentence: str, *, cancels: int = 0) -> "Job":
        """Write the note that says what comes now, unless it stands there and nothing came after it."""
        if not notes.is_open(self.notes, self.key):
            last_move = max((move.id for move in self.order.moves), default=0)
            last_cycle = max((cycle.id for cycle in self.order.cycles), default=0)
            note = Note(0, self.key, last_move, last_cycle, cancels)
            self.notes.append(notes.write(self.client, f"production,{self.order.id}", sentence, note))
        return self


def job(client: Client, document: Document, key: str, options: Mapping[str, Any]) -> Job:
    """Return the message with its production as it stands now."""
    return Job(client, key, order.load(client, document.erp_work_order), options)


def require_open(order_: Order) -> None:
    """Return when Tryton still takes bookings on the production.

    :raises erp_bridge.sdk.errors.NotReady: its planner has it in draft: what is booked waits until it is released (again).
    :raises erp_bridge.sdk.errors.Rejected: it is done or cancelled.
    """
    if order_.state in PLANNING_STATES:
        raise NotReady(
            f"Production {order_.number} is in {order_.state} in Tryton: its planner is changing it. "
            "What was booked here goes up once it is waiting again.",
            code=f"STATE.{order_.state}",
            retry_after=60,
        )
    if order_.state not in OPEN_STATES:
        raise Rejected(
            f"Production {order_.number} is {order_.state} in Tryton and takes no bookings.",
            code=f"STATE.{order_.state}",
        )


def told_by_note(job_: Job, sentence: str) -> Ack:
    """Book what Tryton has no field for as a note that its users read on the production."""
    written = notes.of_key(job_.notes, job_.key) or notes.of_key(job_.announced(sentence).notes, job_.key)
    return Ack(f"ir.note,{written[0].id}", note="written as a note on the production")


# --- pieces that were made ------------------------------------------------------------------------------------------


def book_production(job_: Job, document: ProductionConfirmation) -> Ack:
    """Receive good pieces of the last operation into stock at once; pieces of other operations become a note."""
    if not document.is_output or not document.good_quantity:
        return told_by_note(
            job_,
            f"Operation {document.operation}: {document.good_quantity} {document.uom} good, "
            f"{document.rework_quantity} {document.uom} reworked, work order {document.work_order}.",
        )
    if document.good_quantity < 0:
        return _take_back(job_, -document.good_quantity, document.item, document.uom, document.lot, scrap=False)
    sentence = f"{document.good_quantity} {document.uom} good" + (f", lot {document.lot}" if document.lot else "")
    return _put_out(
        job_, document, document.good_quantity, document.lot, f"{sentence}, work order {document.work_order}."
    )


def book_scrap(job_: Job, document: ScrapConfirmation) -> Ack:
    """Move scrapped pieces from the production to the warehouse's place for waste."""
    if document.quantity < 0:
        return _take_back(job_, -document.quantity, document.item, document.uom, "", scrap=True)
    reasons = ", ".join(f"{line.quantity} {line.reason_name or line.reason}" for line in document.lines)
    sentence = f"{document.quantity} {document.uom} scrapped at operation {document.operation}: {reasons}."
    return _put_out(job_, document, document.quantity, "", sentence)


def _put_out(
    job_: Job, document: ProductionConfirmation | ScrapConfirmation, quantity: Decimal, lot: str, sentence: str
) -> Ack:
    if not job_.own_moves():
        require_open(job_.order)
        values = _output(job_, document, quantity, lot)
        job_ = job_.announced(sentence)
        planned = _less_planned(job_.order.outputs, values)
        order.guarded_write(job_.client, job_.order, {"outputs": [["create", [values]], *planned]})
        job_ = job_.reloaded()
    return _done(job_)


def _output(
    job_: Job, document: ProductionConfirmation | ScrapConfirmation, quantity: Decimal, lot: str
) -> dict[str, Any]:
    product, unit = catalog.product(job_.client, document.item), catalog.unit(job_.client, document.uom)
    values: dict[str, Any] = {
        "product": product.id,
        "quantity": float(unit.rounded(quantity)),
        "unit": unit.id,
        "company": job_.order.company,
        "from_location": job_.order.floor,
        "effective_date": job_.order.day(document.occurred_at),
    }
    if isinstance(document, ScrapConfirmation):
        return values | {"to_location": _scrap_place(job_.order)}
    # What a piece costs is known when the order is complete; Tryton corrects the price then.
    price = {"unit_price": product.cost, "currency": job_.order.currency}
    made = {"lot": catalog.made_lot(job_.client, product, lot)} if lot else {}
    return values | price | made | {"to_location": job_.order.output_place}


def _scrap_place(order_: Order) -> int:
    if order_.scrap_place is None:
        raise Rejected(
            "The warehouse has no waste location in Tryton: give it one for scrap.", code="NO_WASTE_LOCATION"
        )
    return order_.scrap_place


def _take_back(job_: Job, quantity: Decimal, item: str, uom: str, lot: str, *, scrap: bool) -> Ack:
    """Cancel a received or scrapped move; what it held beyond the reversed quantity is booked anew."""
    open_note = next((note for note in reversed(notes.of_key(job_.notes, job_.key)) if note.cancels), None)
    if open_note is None:
        require_open(job_.order)
        unit = catalog.unit(job_.client, uom)
        move = _reversible(job_.order, unit.rounded(quantity), item, lot, scrap=scrap)
        job_ = job_.announced(f"{quantity} {uom} taken back, as reported by mistake.", cancels=move.id)
        open_note = job_.notes[-1]
    move = next(each for each in job_.order.outputs if each.id == open_note.cancels)
    rest = move.quantity - quantity
    if rest > 0 and not job_.own_moves():
        _book_rest(job_, move, rest)
        job_ = job_.reloaded()
    if move.state == "done":
        job_.client.call("model.stock.move.cancel", [move.id])
    if rest > 0:
        return _done(job_)
    return Ack(f"stock.move,{move.id}", note="the move is cancelled")


def _reversible(order_: Order, quantity: Decimal, item: str, lot: str, *, scrap: bool) -> Move:
    """Return the newest move of exactly this quantity, else the newest that is larger."""
    fitting = [
        move
        for move in sorted(order_.outputs, key=lambda move: -move.id)
        if move.state == "done" and move.item == item and move.lot == lot and move.is_scrap == scrap
    ]
    exact = next((move for move in fitting if move.quantity == quantity), None)
    larger = exact or next((move for move in fitting if move.quantity > quantity), None)
    if larger is None:
        raise Rejected(
            f"Production {order_.number} has no booking of {quantity} in Tryton to take back.",
            code="NOTHING_TO_REVERSE",
        )
    return larger


def _book_rest(job_: Job, move: Move, rest: Decimal) -> None:
    fields = [
        "product",
        "unit",
        "company",
        "from_location",
        "to_location",
        "effective_date",
        "unit_price",
        "currency",
        "lot",
    ]
    [values] = job_.client.read("stock.move", [["id", "=", move.id]], fields)
    values.pop("id")
    order.guarded_write(job_.client, job_.order, {"outputs": [["create", [values | {"quantity": float(rest)}]]]})


# --- material -------------------------------------------------------------------------------------------------------


def book_consumption(job_: Job, document: MaterialConsumption) -> Ack:
    """Post what was issued to the order, or what came back from it, with its lot."""
    if document.quantity < 0:
        return _return_material(job_, document)
    if not job_.own_moves():
        require_open(job_.order)
        values = _material(job_, document, document.quantity)
        if not values["quantity"]:
            return told_by_note(
                job_, f"{document.quantity} {document.uom} {document.item} used: too little for Tryton's unit."
            )
        if job_.options.get("shortage") == "wait":
            product = catalog.product(job_.client, document.item)
            catalog.require_stock(job_.client, job_.order.store, product, values.get("lot"), document.quantity)
        job_ = job_.announced(_material_sentence(document, "issued"))
        job_ = _waiting(job_)
        values |= {"from_location": job_.order.store, "to_location": job_.order.floor}
        planned = _less_planned(job_.order.inputs, values)
        order.guarded_write(job_.client, job_.order, {"inputs": [["create", [values]], *planned]})
        job_ = job_.reloaded()
    if any(move.state == "draft" for move in job_.own_moves()):
        job_ = _waiting(job_)
        # Assigning is by production; what is only planned is freed again right after.
        job_.client.call("model.production.assign_force", [job_.order.id])
        ack = _done(job_)
        job_.client.call("model.production.wait", [job_.order.id])
        return ack
    ack = _done(job_)
    _waiting(job_)
    return ack


def _return_material(job_: Job, document: MaterialConsumption) -> Ack:
    """Send material back to the store as an output of the production, which Tryton prices as it went in."""
    if not job_.own_moves():
        require_open(job_.order)
        values = _material(job_, document, -document.quantity)
        product = catalog.product(job_.client, document.item)
        values |= {"from_location": job_.order.floor, "to_location": job_.order.store}
        values |= {"unit_price": product.cost, "currency": job_.order.currency}
        job_ = job_.announced(_material_sentence(document, "returned"))
        order.guarded_write(job_.client, job_.order, {"outputs": [["create", [values]]]})
        job_ = job_.reloaded()
    return _done(job_)


def _material(job_: Job, document: MaterialConsumption, quantity: Decimal) -> dict[str, Any]:
    product, unit = catalog.product(job_.client, document.item), catalog.unit(job_.client, document.uom)
    lot = {"lot": catalog.known_lot(job_.client, product, document.lot)} if document.lot else {}
    return lot | {
        "product": product.id,
        "quantity": float(unit.rounded(quantity)),
        "unit": unit.id,
        "company": job_.order.company,
        "effective_date": job_.order.day(document.occurred_at),
    }


def _material_sentence(document: MaterialConsumption, verb: str) -> str:
    lot = f", lot {document.lot}" if document.lot else ""
    return f"{abs(document.quantity)} {document.uom} {document.item}{lot} {verb}, work order {document.work_order}."


def _waiting(job_: Job) -> Job:
    """Put the production into the state in which its inputs can be written; what is posted stays posted."""
    if job_.order.state == "waiting":
        return job_
    job_.client.call("model.production.wait", [job_.order.id])
    return job_.reloaded()


def _less_planned(moves: tuple[Move, ...], booked: Mapping[str, Any]) -> list[Any]:
    """Return the writes that take what is booked now off what is still planned of the product in the same unit."""
    writes: list[Any] = []
    rest = Decimal(str(booked["quantity"]))
    for move in moves:
        is_planned = move.state == "draft" and not move.ours
        if is_planned and move.product == booked["product"] and move.unit == booked["unit"] and rest > 0:
            taken = min(move.quantity, rest)
            rest -= taken
            left = move.quantity - taken
            writes.append(["write", [move.id], {"quantity": float(left)}] if left else ["delete", [move.id]])
    return writes


def is_booked(moves: list[Move]) -> bool:
    """Return whether a booking stands; one that was taken back later was booked all the same."""
    return bool(moves) and all(move.state in ("done", "cancelled") for move in moves)


def _done(job_: Job) -> Ack:
    """Post the moves of this key that are not posted yet, and read back that they are.

    :raises erp_bridge.sdk.errors.Rejected: Tryton refuses; nothing of the booking is left behind.
    :raises erp_bridge.sdk.errors.OutcomeUnknown: they are not posted, and Tryton gave no reason.
    """
    moves = job_.own_moves()
    unposted = [move.id for move in moves if move.state in ("draft", "assigned")]
    if unposted:
        try:
            job_.client.call("model.stock.move.do", unposted)
        except Rejected:
            _waiting(job_.reloaded())
            job_.client.call("model.stock.move.delete", unposted)
            raise
        rows = job_.client.read("stock.move", [["id", "in", unposted]], ["state"])
        posted = len(rows) == len(unposted) and all(row["state"] == "done" for row in rows)
    else:
        posted = is_booked(moves)
    if not posted:
        raise OutcomeUnknown("Tryton took the booking and does not show it as done.", code="NOT_DONE")
    return Ack(f"stock.move,{moves[-1].id}")
