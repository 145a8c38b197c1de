"""What happens to material. ``subject`` is the work order's number, or ``lot/<item>/<number>`` where no order is meant."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class MaterialConsumed(Event):
    """A component was issued to an order (positive) or came back (negative), by hand or by backflush.

    ``report_id`` names the production report it belongs to, if any; ``report_quantity`` is that report's good and
    scrapped pieces together, ``report_is_output`` whether it was made at the order's last operation.
    """

    movement_id: UUID
    operation: str
    item: str
    lot: str
    quantity: Decimal
    uom: str
    person: str = ""
    report_id: UUID | None = None
    report_quantity: Decimal = Decimal(0)
    report_is_output: bool = False
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class HoldChanged(Event):
    """A hold was placed (``status`` ``PLACED``) or lifted (``LIFTED``) on an ``ORDER``, an ``OPERATION``, a ``LOT`` or a
    ``SERIAL`` number (a lot of an item of which each piece has a number of its own).

    ``hold_id`` is the same in both; ``note`` is the hold's own, or why it was lifted. ``operation`` is set for an
    operation, ``item`` and ``lot`` for a lot or serial number. Several holds may be open at once: each says its own end.
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
    source: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class LotTransferred(Event):
    """Some of a lot was moved into another lot of the same item: a split, or a merge."""

    item: str
    lot: str
    to_lot: str
    quantity: Decimal
    uom: str
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class LotShipped(Event):
    """Some of a lot left the plant; ``reference`` says to whom or on which delivery."""

    item: str
    lot: str
    quantity: Decimal
    uom: str
    reference: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class LotScrapped(Event):
    """Some of a lot was thrown away for a reason (the code of a SCRAP reason)."""

    item: str
    lot: str
    quantity: Decimal
    uom: str
    reason: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelsPrinted(Event):
    """Labels of a lot were printed; ``again``: there were some before, and ``reason`` says why others were needed."""

    print_id: UUID
    item: str
    lot: str
    copies: int
    again: bool
    reason: str = ""
    by: str = ""
    each: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class LineStockMoved(Event):
    """Material was brought from the store to a place of the line (``REPLENISH``, positive) or back (``TO_STORE``, negative).

    ``reverses`` names the movement that was a mistake; the quantity has the opposite sign then.
    """

    movement_id: UUID
    movement: str
    place: str
    work_center: str
    item: str
    lot: str
    quantity: Decimal
    uom: str
    person: str = ""
    reverses: UUID | None = None
