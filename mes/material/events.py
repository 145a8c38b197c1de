"""What happens to material. ``subject`` is the work order's number."""

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
