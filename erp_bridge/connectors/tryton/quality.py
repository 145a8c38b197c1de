"""Holds and nonconformances become notes: on the production, or on the lot. Tryton has no state that stops either."""

from erp_bridge.connectors.tryton import bookings, catalog, notes
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.notes import Note
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import HoldNotice, NonconformanceNotice
from erp_bridge.sdk.errors import Busy

Notice = HoldNotice | NonconformanceNotice


def book_notice(job: bookings.Job, document: Notice) -> Ack:
    """Tell the planner on the production."""
    return bookings.told_by_note(job, f"{_sentence(document)} Work order {document.work_order}.")


def book_lot(client: Client, document: Notice, key: str) -> Ack:
    """Tell it on the lot itself, to whoever uses it.

    :raises erp_bridge.sdk.errors.Busy: Tryton has no such lot yet: it comes with the first pieces that are booked.
    """
    found = find_lot(client, document, key)
    if found is not None:
        return found
    lot = _lot(client, document)
    if lot is None:
        raise Busy(f"Tryton has no lot {document.lot} of {document.item} yet.", code="UNKNOWN_LOT")
    written = notes.write(client, f"stock.lot,{lot}", _sentence(document), Note(0, key))
    return Ack(f"ir.note,{written.id}", note="written as a note on the lot")


def find_lot(client: Client, document: Notice, key: str) -> Ack | None:
    """Return the note under this key, if it stands on the lot."""
    lot = _lot(client, document)
    told = notes.of_key(notes.read(client, f"stock.lot,{lot}"), key) if lot is not None else []
    return Ack(f"ir.note,{told[0].id}", note="found") if told else None


def _lot(client: Client, document: Notice) -> int | None:
    return catalog.lot(client, catalog.product(client, document.item), document.lot)


def _sentence(document: Notice) -> str:
    return _of_hold(document) if isinstance(document, HoldNotice) else _of_nonconformance(document)


def _of_hold(document: HoldNotice) -> str:
    what = {
        "ORDER": "The order is",
        "OPERATION": f"Operation {document.operation} is",
        "LOT": f"Lot {document.lot} is",
        "SERIAL": f"Serial number {document.lot} is",
    }.get(document.target, f"{document.target} is")
    why = document.note or document.reason_name or document.reason or "no reason given"
    if document.status == "LIFTED":
        return f"A hold is lifted: {what[:1].lower()}{what[1:]} free as far as that one goes. {document.note}".strip()
    return f"{what} ON HOLD at the floor: {why}."


def _of_nonconformance(document: NonconformanceNotice) -> str:
    where = f"operation {document.operation}" if document.operation else f"lot {document.lot}"
    name = f"Nonconformance {document.nonconformance}"
    if document.status == "OPENED":
        return (
            f"{name}: {document.quantity} {document.uom} of {where}, {document.reason_name or document.reason}. "
            f"{document.note}"
        ).strip()
    way = document.disposition.replace("_", " ").lower()
    return (
        f"{name}: {document.disposed_quantity} {document.uom} of {where} decided as {way}, "
        f"{document.open_quantity} {document.uom} open. {document.note}"
    ).strip()
