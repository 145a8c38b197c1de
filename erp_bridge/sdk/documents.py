"""What we say to an ERP: one frozen document for each kind of booking, in our words; connectors translate."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Document:
    """A booking for an ERP.

    ``work_order`` is our number; ``erp_work_order`` the number or id under which this ERP knows it (from the order's
    external ids). ``occurred_at`` is when it happened on the floor. ``person`` is the number of who did it, or ""; of a
    site in privacy mode it is a pseudonym.
    """

    site: str
    work_order: str
    erp_work_order: str
    occurred_at: datetime
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderStatus(Document):
    """A work order changed state: ``RELEASED``, ``RUNNING`` or ``CANCELLED``.

    That it is finished says :class:`OrderCompletion`, which waits for all that was booked on it; that it may not go on
    says :class:`HoldNotice`.
    """

    status: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldNotice(Document):
    """A hold was placed (``status`` ``PLACED``) or lifted (``LIFTED``) on an ``ORDER``, an ``OPERATION``, a ``LOT`` or a
    ``SERIAL`` number, which stands in ``lot`` too.

    For a lot or serial number ``work_order`` and ``erp_work_order`` are "". Several holds may be open on one thing: what ``hold_id``
    named is lifted by the same id, and the thing is free when all of them are. ``note`` says why.
    """

    hold_id: UUID
    target: str
    status: str
    operation: str = ""
    item: str = ""
    lot: str = ""
    reason: str = ""
    reason_name: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ByproductOutput(Document):
    """An order yielded something besides its product; negative: what ``reverses`` names was a mistake."""

    movement_id: UUID
    operation: str
    item: str
    lot: str
    quantity: Decimal
    uom: str
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class LineStockTransfer(Document):
    """Material was brought from the store to a ``place`` of a work center (positive) or back (negative).

    It belongs to no order: ``work_order`` and ``erp_work_order`` are "". What orders use of it is told as consumption.
    """

    movement_id: UUID
    place: str
    work_center: str
    item: str
    lot: str
    quantity: Decimal
    uom: str
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ProductionConfirmation(Document):
    """Good (and rework) pieces of one operation; negative where a report was reversed.

    ``is_output`` says that the operation is the last of its order, so that ``good_quantity`` is finished product.
    ``lot`` is the output lot, or "". ``report_id`` joins it with the consumption and scrap of the same report.
    """

    operation: str
    report_id: UUID
    good_quantity: Decimal
    rework_quantity: Decimal
    uom: str
    item: str
    lot: str
    is_output: bool


@dataclass(frozen=True, kw_only=True)
class ScrapLine:
    """So many pieces scrapped for one reason; negative where a report was reversed."""

    quantity: Decimal
    reason: str
    reason_name: str


@dataclass(frozen=True, kw_only=True)
class ScrapConfirmation(Document):
    """Pieces scrapped at an operation in one report, a line for each reason.

    ``is_output`` as in :class:`ProductionConfirmation`; ``lot`` is the output lot of the report, or "".
    """

    operation: str
    report_id: UUID
    uom: str
    item: str
    is_output: bool
    lines: tuple[ScrapLine, ...]
    lot: str = ""

    @property
    def quantity(self) -> Decimal:
        """All lines together."""
        return sum((line.quantity for line in self.lines), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class MaterialConsumption(Document):
    """A component that was issued to (positive) or came back from (negative) the order.

    ``report_id`` is set when the consumption belongs to a report (backflush); ``report_quantity`` is then the
    good + scrap quantity of that report.
    """

    operation: str
    movement_id: UUID
    item: str
    lot: str
    quantity: Decimal
    uom: str
    report_id: UUID | None = None
    report_quantity: Decimal = Decimal(0)
    report_is_output: bool = False


@dataclass(frozen=True, kw_only=True)
class LaborTime(Document):
    """Minutes one person worked on an operation (``activity`` SETUP or RUN); negative where it was reversed.

    ``person`` "" is a crew of ``crew_size`` people who are not named, whose minutes these are together.
    """

    operation: str
    segment_id: UUID
    activity: str
    minutes: Decimal
    started_at: datetime
    ended_at: datetime
    crew_size: int = 1


@dataclass(frozen=True, kw_only=True)
class MachineTime(Document):
    """Minutes a work unit was occupied by an operation (``activity`` SETUP or RUN)."""

    operation: str
    interval_id: UUID
    work_center: str
    activity: str
    minutes: Decimal
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class InspectedValue:
    """One value of a sample: measured (``value`` in ``uom``, between the limits that are set) or judged (None)."""

    characteristic: str
    name: str
    piece: int
    value: Decimal | None
    uom: str
    lower: Decimal | None
    upper: Decimal | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class InspectionOutcome(Document):
    """A sample was judged: ``PASSED``, ``FAILED``, or ``RELEASED`` all the same, for the reason in ``note``.

    A sample may be judged again: ``number`` counts that, and ``replaces`` names the result that this one replaces.
    """

    result_id: UUID
    operation: str
    item: str
    plan: str
    revision: int
    check: str
    occurrence: str
    verdict: str
    number: int
    values: tuple[InspectedValue, ...]
    note: str = ""
    replaces: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NonconformanceNotice(Document):
    """Pieces are not as they should be (``OPENED``), or some of them were decided about (``DISPOSED``).

    The bookings that a decision makes (scrap, rework, good pieces) go up by themselves. ``open_quantity`` is what is
    left to decide about. For a lot alone ``work_order`` and ``erp_work_order`` are "".
    """

    nonconformance: str
    nonconformance_id: UUID
    status: str
    item: str
    operation: str
    lot: str
    quantity: Decimal
    open_quantity: Decimal
    uom: str
    reason: str
    reason_name: str
    disposition: str = ""
    disposed_quantity: Decimal = Decimal(0)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Downtime(Document):
    """A work unit stood still for a reason; ``work_order`` and ``erp_work_order`` are "", it belongs to no order.

    With ``replaces`` (the ``downtime_id`` of an earlier document) it takes that one's place; with no ``minutes`` there was
    no such stop after all. ``loss`` is FAILURE, SETUP, WAITING, PLANNED or OTHER, and "" where there was none.
    """

    downtime_id: UUID
    work_center: str
    work_unit: str
    started_at: datetime
    ended_at: datetime
    minutes: Decimal
    reason: str
    reason_name: str
    loss: str = ""
    revision: int = 1
    replaces: UUID | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderCompletion(Document):
    """The order is finished on the floor: nothing more will be produced against it."""

    good_quantity: Decimal
    scrap_quantity: Decimal
    uom: str
    item: str


COST_AMOUNTS = ("planned_total", "material", "labor", "machine", "scrap", "rework", "total")
"""The amounts of an :class:`OrderCost`, by name."""


@dataclass(frozen=True, kw_only=True)
class OrderCost(Document):
    """What the order cost, in the site's currency, rounded to the cent; each version replaces the one before."""

    version: int
    currency: str
    planned_total: Decimal
    material: Decimal
    labor: Decimal
    machine: Decimal
    scrap: Decimal
    rework: Decimal
    total: Decimal
