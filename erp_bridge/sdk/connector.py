"""What an ERP connector is: two tables and three methods."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from erp_bridge.sdk.documents import Document


class Recall(StrEnum):
    """What this ERP offers to find out whether it has booked a message of ours."""

    KEY = "KEY"
    """It honors our key: the same key again books nothing more (for ``key_window``)."""
    LOOKUP = "LOOKUP"
    """It can be searched by our reference."""
    NONE = "NONE"
    """Neither: what is in doubt, a person decides."""


@dataclass(frozen=True)
class Ack:
    """The ERP has it. ``reference`` is the ERP's own number for the booking; ``note`` is for people."""

    reference: str
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """A row that could not be read, set aside with its reason so that the rest of the page can go on."""

    external_id: str
    reason: str
    raw: str = ""


@dataclass(frozen=True)
class Page:
    """Rows since the cursor, and the cursor behind them. Cursors compare with >=: the last row may come twice."""

    records: Sequence[Any]
    cursor: str
    refused: Sequence[Refused] = ()


@dataclass(frozen=True)
class Read:
    """How one kind of record is read. What is in it besides the words is the connector's own business."""

    what: str
    parse: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """How one kind of document is booked: ``what`` in the ERP's words, for people; the rest is the connector's."""

    what: str
    render: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """One thing a person fills in to connect: address, database, company ..."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    help: str = ""


class Connector:
    """An ERP, spoken to in documents and records. Subclass, fill the tables, write the three methods.

    One instance serves one drain or one pull, in one thread. It holds no state that matters: everything it needs to
    know tomorrow is in the ERP or in our database.
    """

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    recall: ClassVar[Recall] = Recall.LOOKUP
    key_window: ClassVar[timedelta] = timedelta(hours=6)
    settle: ClassVar[timedelta] = timedelta(seconds=60)
    """How long a call that we gave up on may still commit in this ERP: no look-up before that."""
    settings_form: ClassVar[Sequence[Setting]] = ()
    reads: ClassVar[dict[type, Read]] = {}
    writes: ClassVar[dict[type[Document], Write]] = {}

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """``settings`` holds the values of ``settings_form``, secrets included."""
        self.settings = settings
        self.exchanges: list[dict[str, Any]] = []
        """What was said and answered, redacted; the transport appends, the engine keeps it with the attempt."""

    def fetch(self, record: type, *, cursor: str) -> Iterator[Page]:
        """Yield pages of records changed since the cursor ("" = everything).

        :raises erp_bridge.sdk.errors.CallFailed: named for what happens next.
        """
        raise NotImplementedError

    def fetch_keys(self, record: type) -> Iterator[str]:
        """Yield the key (item number, order number ...) of every active row, for the nightly comparison."""
        raise NotImplementedError

    def send(self, document: Document, *, key: str) -> Ack:
        """Book the document, with ``key`` written where :meth:`find` will find it; return when it *is* booked.

        :raises erp_bridge.sdk.errors.CallFailed: named for what happens next.
        """
        raise NotImplementedError

    def find(self, document: Document, *, key: str) -> Ack | None:
        """Return the acknowledgement of an earlier send under this key, or None if the ERP has no such booking.

        :raises erp_bridge.sdk.errors.CallFailed: the look-up itself failed, which says nothing about the booking.
        """
        raise NotImplementedError

    def check(self) -> str:
        """Return one sentence about the connection (version, company ...), or raise as above."""
        raise NotImplementedError

    def read_ledger(self, erp_work_order: str) -> "Ledger":
        """Return everything the ERP has booked for one order, for the tie-out.

        :raises erp_bridge.sdk.errors.CallFailed: as above.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Ledger:
    """What an ERP has booked for one work order, in our words; sums are Decimal, minutes are minutes.

    ``consumed`` maps (item, lot or "") to quantity net of returns; ``labor`` maps (operation, person) to minutes;
    ``machine`` maps operation to minutes. ``state`` is ``OPEN``, ``RUNNING``, ``COMPLETED`` or ``CANCELLED``.
    ``bookings`` lists the ERP's own documents, one short line each, for people.
    """

    work_order: str
    state: str
    good: Mapping[str, Any]
    """Lot or "" to good quantity received or about to be."""
    scrap: Any
    consumed: Mapping[tuple[str, str], Any]
    labor: Mapping[tuple[str, str], Any]
    machine: Mapping[str, Any]
    cost: Mapping[str, Any] = field(default_factory=dict)
    """What we told it last that the order cost, by the names in ``documents.COST_AMOUNTS``; empty: nothing yet."""
    own_valuation: Any = None
    """What the ERP itself makes of what was booked, by rules of its own; None: it does not value orders."""
    references: Collection[str] = ()
    """Each of its records of a quantity or a time, and the completion, as the acknowledgement of a message names it."""
    strange: Sequence[str] = ()
    """Bookings that are no part of the sums above: between places, or of items, that mean nothing to us."""
    bookings: Sequence[str] = ()
