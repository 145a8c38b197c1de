"""What happens to work orders and operations. ``subject`` is always the work order's number."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class WorkOrderStatusChanged(Event):
    """An order was released, started, held, freed, completed, closed or cancelled.

    ``status`` is ``RELEASED``, ``RUNNING``, ``COMPLETED``, ``CLOSED``, ``CANCELLED``, ``HELD`` or ``UNHELD``.
    """

    item: str
    status: str
    reason: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkOrderLinked(Event):
    """An order that was made by hand here now has its counterpart in an ERP."""

    system: str
    external_id: str


@dataclass(frozen=True, kw_only=True)
class OperationStarted(Event):
    """Someone started (or resumed) work; ``activity`` is ``SETUP`` or ``RUN``.

    ``approved_by`` is the supervisor who let it start before the operation it follows has passed anything on.
    ``crew_size`` people who are not named work on it; None: as many as before.
    """

    operation: str
    work_center: str
    work_unit: str
    activity: str
    person: str
    approved_by: str = ""
    crew_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class OperationStopped(Event):
    """Work stopped: paused, or for good (``completed``); ``approved_by`` is the supervisor who let it end short."""

    operation: str
    work_center: str
    work_unit: str
    completed: bool
    person: str
    approved_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ScrapQuantity:
    """So many pieces scrapped for a reason."""

    quantity: Decimal
    reason: str
    reason_name: str


@dataclass(frozen=True, kw_only=True)
class ProductionReported(Event):
    """Pieces were reported; the negative of an earlier report where it reverses one.

    ``is_output``: the operation is the order's last, so the good pieces are finished product. Quantities are in ``uom``.
    """

    report_id: UUID
    operation: str
    work_center: str
    work_unit: str
    item: str
    uom: str
    good_quantity: Decimal
    rework_quantity: Decimal
    scrap_quantity: Decimal
    scrap: tuple[ScrapQuantity, ...] = ()
    lot: str = ""
    is_output: bool = False
    person: str = ""
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class MachineTimeRecorded(Event):
    """A work unit was occupied by an operation from ``started_at`` to ``ended_at``; ``activity`` SETUP or RUN."""

    interval_id: UUID
    operation: str
    work_center: str
    work_unit: str
    activity: str
    started_at: datetime
    ended_at: datetime
    minutes: Decimal
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkOrderCompleted(Event):
    """Nothing more will be produced against the order."""

    item: str
    uom: str
    order_quantity: Decimal
    good_quantity: Decimal
    scrap_quantity: Decimal
    rework_quantity: Decimal
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class ByproductReported(Event):
    """The order (``subject``) yielded something besides its product; negative where ``reverses`` names what was a mistake."""

    movement_id: UUID
    operation: str
    item: str
    lot: str
    quantity: Decimal
    uom: str
    person: str = ""
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class CounterRead(Event):
    """Somebody read a machine's counter: ``counted`` pieces since the reading before, of which ``good_quantity`` were reported."""

    operation: str
    work_unit: str
    value: Decimal
    counted: Decimal
    good_quantity: Decimal
