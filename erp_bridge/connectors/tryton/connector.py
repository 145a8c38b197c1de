"""The Tryton connector: its two tables and its methods."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar, TypeGuard

from erp_bridge.connectors.tryton import bookings, closing, ledger, masters, notes, quality, rates, times
from erp_bridge.connectors.tryton.bookings import Job
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.masters import Reader, Source
from erp_bridge.connectors.tryton.orders_down import WORK_ORDERS
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.sdk.connector import Ack, Connector, Ledger, Page, Read, Recall, Setting, Write
from erp_bridge.sdk.documents import (
    Document,
    HoldNotice,
    LaborTime,
    MachineTime,
    MaterialConsumption,
    NonconformanceNotice,
    OrderCompletion,
    OrderCost,
    OrderStatus,
    ProductionConfirmation,
    ScrapConfirmation,
)
from mes.execution.records import WorkOrderRecord

_SOURCES: dict[type, Source] = {**masters.SOURCES, WorkOrderRecord: WORK_ORDERS}


class TrytonConnector(Connector):
    """Tryton 8.2 with the modules production, production_work, production_work_timesheet and stock_lot."""

    key = "tryton"
    label = "Tryton 8.2"
    recall = Recall.LOOKUP
    # Short, as a booking is a guarded write: of a late call and the same message sent again only one can succeed.
    settle = timedelta(seconds=5)
    settings_form = (
        Setting("url", "Address", help="such as https://erp.example.com"),
        Setting("database", "Database"),
        Setting("user", "User", help="a user of its own, in the groups that docs/connectors/tryton.md names"),
        Setting("password", "Password", secret=True),
        Setting(
            "warnings",
            "Warnings at completion",
            required=False,
            default="accept",
            help="accept: go on when Tryton warns of a quantity outside its tolerance; refuse: let a person decide",
        ),
        Setting(
            "shortage",
            "Material that Tryton does not have",
            required=False,
            default="book",
            help="book: the stock in Tryton goes below zero; wait: try again until it is there",
        ),
        Setting(
            "crew_employee",
            "Employee for crews",
            required=False,
            help="party code of the employee on whose timesheet the time of people without names stands",
        ),
    )
    reads: ClassVar[dict[type, Read]] = {
        **{record: Read(source.model, source.parse) for record, source in _SOURCES.items()},
        CostRateRecord: Read("cost prices of employees, work centers and products"),
    }
    writes: ClassVar[dict[type[Document], Write]] = {
        OrderStatus: Write("effective start date, cancellation, notes", closing.book_status),
        HoldNotice: Write("a note on the production or the lot", quality.book_notice),
        NonconformanceNotice: Write("a note on the production or the lot", quality.book_notice),
        ProductionConfirmation: Write(
            "stock.move out of the production; a note for other operations", bookings.book_production
        ),
        ScrapConfirmation: Write("stock.move to the waste location", bookings.book_scrap),
        MaterialConsumption: Write("stock.move into the production", bookings.book_consumption),
        MachineTime: Write("production.work.cycle", times.book_machine_time),
        LaborTime: Write("timesheet.line", times.book_labor),
        OrderCompletion: Write("production run and done", closing.book_completion),
        OrderCost: Write("a note on the production", closing.book_cost),
    }

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._client = Client(settings, self.exchanges)

    def close(self) -> None:
        """Let go of the line to Tryton; its session stays for the next instance."""
        self._client.close()

    def fetch(self, record: type, *, cursor: str) -> Iterator[Page]:
        """Yield pages of what changed since the cursor, a moment of Tryton's own clock."""
        reader = Reader(self._client, str(self.settings.get("site", "")))
        return rates.fetch(reader) if record is CostRateRecord else masters.fetch(reader, _SOURCES[record], cursor)

    def fetch_keys(self, record: type) -> Iterator[str]:
        """Yield the key of every active row; of orders, of every open one."""
        reader = Reader(self._client, str(self.settings.get("site", "")))
        return rates.keys(reader) if record is CostRateRecord else masters.keys(reader, _SOURCES[record])

    def send(self, document: Document, *, key: str) -> Ack:
        """Book the document; one that broke off under this key is taken up where it stands."""
        book: Callable[[Job, Any], Ack] | None = self.writes[type(document)].render
        assert book is not None
        with self._client.one_message():
            if _is_of_lot(document):
                return quality.book_lot(self._client, document, key)
            return book(bookings.job(self._client, document, key, self.settings), document)

    def find(self, document: Document, *, key: str) -> Ack | None:
        """Return the booking under this key if all of it stands; None where sending it again is safe."""
        with self._client.one_message():
            if _is_of_lot(document):
                return quality.find_lot(self._client, document, key)
            return _booked(bookings.job(self._client, document, key, self.settings), document)

    def check(self) -> str:
        """Return a sentence about the version, the company and the user."""
        rows = self._client.read("company.company", [["id", "=", self._client.company]], ["party.name", "timezone"])
        version = self._client.read("ir.module", [["name", "=", "production"]], ["version", "state"])
        if not version:
            return "Tryton answers, and this user may not see its modules."
        return f"Tryton {version[0]['version']}, company {rows[0]['party.']['name']}, plant time {rows[0]['timezone']}."

    def read_ledger(self, erp_work_order: str) -> Ledger:
        """Return what Tryton has booked on a production."""
        return ledger.read(self._client, erp_work_order)


def _is_of_lot(document: Document) -> TypeGuard[quality.Notice]:
    return isinstance(document, HoldNotice | NonconformanceNotice) and not document.erp_work_order


def _booked(job: Job, document: Document) -> Ack | None:
    """Return the acknowledgement of a booking that stands complete."""
    if isinstance(document, LaborTime):
        lines = times.lines_of(job)
        return Ack(f"timesheet.line,{lines[0]['id']}", note="found") if lines else None
    if isinstance(document, OrderCompletion):
        return Ack(f"production,{job.order.id}", note="found") if job.order.state == "done" else None
    if isinstance(document, MachineTime):
        cycles = times.own_cycles(job)
        is_done = bool(cycles) and all(cycle.state == "done" for cycle in cycles)
        return Ack(f"production.work.cycle,{cycles[-1].id}", note="found") if is_done else None
    told = notes.of_key(job.notes, job.key)
    if not told:
        return None
    if not _moves_stock(document):
        return Ack(f"ir.note,{told[0].id}", note="found")
    taken_back = {note.cancels for note in told if note.cancels}
    cancelled = [move for move in job.order.moves if move.id in taken_back]
    if any(move.state != "cancelled" for move in cancelled):
        return None
    moves = [*cancelled, *job.own_moves()]
    return Ack(f"stock.move,{moves[-1].id}", note="found") if bookings.is_booked(moves) else None


def _moves_stock(document: Document) -> bool:
    if isinstance(document, ProductionConfirmation):
        return document.is_output and bool(document.good_quantity)
    return isinstance(document, ScrapConfirmation | MaterialConsumption)
