"""The shape in which work orders arrive, whoever sends them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mes.masterdata.records import BomLineRecord, RoutingStepRecord


@dataclass(frozen=True, kw_only=True)
class WorkOrderRecord:
    """An order to make ``order_quantity`` of an item.

    ``status`` is what the ERP wants of it: ``PLANNED`` (known, not to be started), ``RELEASED``, ``CANCELLED`` or
    ``CLOSED``. ``components`` and ``steps`` are the order's own bill and routing (quantities for the whole order;
    steps as in a routing); None means: take the item's own. ``version`` orders changes of the same order (any text
    that sorts, such as a time stamp); an older one than what is stored is ignored.
    """

    site: str
    number: str
    item: str
    order_quantity: Decimal
    uom: str
    status: str = "RELEASED"
    external_id: str = ""
    version: str = ""
    due_at: datetime | None = None
    planned_start_at: datetime | None = None
    priority: int = 50
    bom: str = ""
    routing: str = ""
    components: tuple[BomLineRecord, ...] | None = None
    steps: tuple[RoutingStepRecord, ...] | None = None
    over_delivery_percent: Decimal | None = None
    under_delivery_percent: Decimal | None = None
    reference: str = ""
