"""A small pretend business for the engine's tests: events, flows, and an ERP kept in memory that can be told to fail."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

from erp_bridge.engine import outbox, registry, wiring, worker
from erp_bridge.models import Connection, FlowState, OutboundMessage
from erp_bridge.sdk import cadence, errors
from erp_bridge.sdk.connector import Ack, Connector, Page, Read, Recall, Setting, Write
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.flow import Pull, Push
from mes.core.event import Event

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Counted(Event):
    """Pieces were counted."""

    pieces: Decimal
    reverses: UUID | None = None
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """Nothing more comes."""

    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Count(Document):
    pieces: Decimal


@dataclass(frozen=True, kw_only=True)
class Finish(Document):
    pass


@dataclass(frozen=True, kw_only=True)
class Part:
    """A record that comes down."""

    number: str
    name: str
    made_of: str = ""


def _facts(event: Event, links: Any) -> dict[str, Any]:
    return {
        "site": event.site,
        "work_order": event.subject,
        "erp_work_order": links.work_order(event.subject) if event.subject.startswith("MANUAL") else event.subject,
        "occurred_at": event.occurred_at,
    }


class Counts(Push):
    key = "counts"
    label = "Counts"
    cadence = cadence.immediate
    event = Counted
    document = Count
    urgent = True

    def translate(self, event: Counted, links: Any) -> Count | None:
        if event.pieces == 0:
            return None
        if event.person == "bug":
            raise KeyError("nobody thought of this")
        return Count(**_facts(event, links), pieces=event.pieces, person=event.person)


class Slow(Counts):
    """The same event by another flow, collected for a while."""

    key = "slow"
    label = "Slow counts"
    cadence = cadence.every(minutes=5)
    urgent = False


class Finishes(Push):
    key = "finishes"
    label = "Finishes"
    cadence = cadence.immediate
    event = Finished
    document = Finish
    after = ("counts", "slow")
    strict = True

    def translate(self, event: Finished, links: Any) -> Finish:
        return Finish(**_facts(event, links))


class Parts(Pull):
    key = "parts"
    label = "Parts"
    cadence = cadence.every(minutes=15)
    record = Part


@dataclass
class MemoryErp:
    """What the pretend ERP has booked, and how it is to behave. ``script`` is consumed one word per send."""

    ledger: list[tuple[str, str, Document]] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)
    find_script: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    down: bool = False
    honors_keys: bool = False

    def book(self, document: Document, key: str) -> Ack:
        if self.honors_keys:
            for number, known, _ in self.ledger:
                if known == key:
                    return Ack(number)
        self.ledger.append((f"B{len(self.ledger) + 1}", key, document))
        return Ack(self.ledger[-1][0])

    def booked(self, work_order: str = "") -> list[Document]:
        return [document for _, _, document in self.ledger if not work_order or document.work_order == work_order]


ERP = MemoryErp()


class Memory(Connector):
    """``script`` words: an exception (nothing booked), or ``lost`` (booked, but the answer never came)."""

    key = "memory"
    label = "Memory"
    recall = Recall.LOOKUP
    settle = timedelta(seconds=60)
    settings_form = (
        Setting("url", "Address", default="http://127.0.0.1:1"),
        Setting("password", "Password", secret=True, required=False),
    )
    reads: ClassVar = {Part: Read("parts")}
    writes: ClassVar = {Count: Write("counts"), Finish: Write("finishes")}

    def send(self, document: Document, *, key: str) -> Ack:
        ERP.calls.append("send")
        self.exchanges.append({"request": "POST /bookings", "sent": key})
        if ERP.down:
            raise errors.NotSent("No connection")
        word = ERP.script.pop(0) if ERP.script else None
        if isinstance(word, BaseException):
            raise word
        ack = ERP.book(document, key)
        if word == "lost":
            raise errors.OutcomeUnknown("No answer in time")
        return ack

    def find(self, document: Document, *, key: str) -> Ack | None:
        ERP.calls.append("find")
        if ERP.down:
            raise errors.NotSent("No connection")
        word = ERP.find_script.pop(0) if ERP.find_script else None
        if isinstance(word, BaseException):
            raise word
        return next((Ack(number) for number, known, _ in ERP.ledger if known == key), None)

    def fetch(self, record: type, *, cursor: str) -> Iterator[Page]:
        for page in ERP.pages:
            if isinstance(page, BaseException):
                raise page
            if page.cursor >= cursor:
                yield page

    def fetch_keys(self, record: type) -> Iterator[str]:
        yield from ERP.keys

    def check(self) -> str:
        if ERP.down:
            raise errors.NotSent("No connection")
        return "Memory 1.0, company Test"


class KeyedMemory(Memory):
    key = "memory_keyed"
    recall = Recall.KEY


class BlindMemory(Memory):
    key = "memory_blind"
    recall = Recall.NONE


@contextlib.contextmanager
def plugged(*entries: type) -> Iterator[None]:
    """Have these flows and connectors known for a while, and no other flows."""
    kept = {each: dict(each._entries) for each in (registry.flows, registry.connectors)}
    registry.flows._entries.clear()
    try:
        for entry in entries:
            (registry.connectors if issubclass(entry, Connector) else registry.flows).add(entry)
        registry._pushes.clear()
        yield
    finally:
        for each, entries_before in kept.items():
            each._entries.clear()
            each._entries.update(entries_before)
        registry._pushes.clear()
        wiring.forget()


def connect(connector: str = "memory", name: str = "erp", site: str = "MAIN", **fields: Any) -> Connection:
    """Return a connection with all its flows enrolled."""
    connection = Connection.objects.create(
        name=name, site=site, connector=connector, settings={"url": "http://127.0.0.1:1"}, **fields
    )
    wiring.enroll(connection)
    FlowState.objects.filter(connection=connection).update(due_at=None)
    return connection


def counted(pieces: int | str = 1, subject: str = "WO1", site: str = "MAIN", **fields: Any) -> Counted:
    return Counted(
        **{"event_id": uuid4(), "site": site, "subject": subject, "occurred_at": NOON, "pieces": Decimal(pieces)}
        | fields
    )


def finished(subject: str = "WO1", site: str = "MAIN", **fields: Any) -> Finished:
    return Finished(**{"event_id": uuid4(), "site": site, "subject": subject, "occurred_at": NOON} | fields)


def tell(event: Event) -> list[OutboundMessage]:
    """Enqueue the event as the bus would, and return its messages."""
    outbox.enqueue(event)
    return list(OutboundMessage.objects.filter(event_id=event.event_id).order_by("connection", "seq"))


def say(*pieces, subject="WO1", **fields):
    """Enqueue one message per number in the flow ``counts``; return them."""
    FlowState.objects.filter(flow="slow").update(enabled=False)
    wiring.forget()
    return [tell(counted(each, subject, **fields))[0] for each in pieces]


def sweep():
    """Do what is due; return how many streams had work."""
    return worker.sweep(budget=600)


def state(message):
    """Return the message's state as it is stored."""
    message.refresh_from_db()
    return message.state
