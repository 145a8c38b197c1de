"""What quality finds and decides. ``subject`` is the work order's number, or ``lot/<item>/<number>`` for a lot alone."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class MeasuredValue:
    """One value of a sample as it counts: measured (``value`` in ``uom``) or judged (``value`` is None)."""

    characteristic: str
    name: str
    piece: int
    value: Decimal | None
    uom: str
    lower: Decimal | None
    upper: Decimal | None
    passed: bool
    attempts: int = 1
    """How often it was measured; the value is the last one."""
    text: str = ""
    """What was written or chosen, where that is the answer."""


@dataclass(frozen=True, kw_only=True)
class ReadingTaken(Event):
    """Someone read a gauge or looked at a piece. ``remeasures`` names the reading that this one repeats."""

    reading_id: UUID
    operation: str
    check: str
    occurrence: str
    characteristic: str
    piece: int
    value: Decimal | None
    uom: str
    passed: bool
    gauge: str = ""
    text: str = ""
    person: str = ""
    remeasures: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class InspectionCompleted(Event):
    """A sample has all its values and is judged: ``PASSED``, ``FAILED``, or ``RELEASED`` by a person all the same.

    ``number`` counts the judgments of one sample; the last one stands, and ``replaces`` names the one before.
    """

    result_id: UUID
    operation: str
    work_center: str
    item: str
    plan: str
    revision: int
    check: str
    occurrence: str
    verdict: str
    number: int
    values: tuple[MeasuredValue, ...]
    note: str = ""
    person: str = ""
    replaces: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NonconformanceChanged(Event):
    """Pieces that are not as they should be were found (``OPENED``), or some of them were decided about (``DISPOSED``).

    ``disposition`` is SCRAP, REWORK, USE_AS_IS or RETURN, ``disposed_quantity`` how many went that way now, and
    ``open_quantity`` what is left to decide about: at zero it is closed.
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
    person: str = ""
