"""Move material; execution calls these with the order's lock held."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mes.masterdata.models import Item, Person, Site
from mes.material.models import Lot, MaterialMovement


def receive_lot(
    *,
    movement_id: UUID,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    expires_at: datetime | None = None,
) -> Lot:
    """Take a quantity of an item into stock under a lot number, making the lot if it is new."""
    raise NotImplementedError


def issue_material(
    *,
    movement_id: UUID,
    site: Site,
    work_order: str,
    operation: str,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    component_id: int | None = None,
) -> MaterialMovement:
    """Issue material to an order by hand; quantity in the item's unit.

    :raises LotUnknown, LotWrongItem, LotBlocked, LotShort: as named.
    """
    raise NotImplementedError
