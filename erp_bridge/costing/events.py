"""What becomes known about the cost of orders. ``subject`` is the work order's number."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class OrderCostRolledUp(Event):
    """The cost of an order so far, rounded to the cent: ``material`` + ``labor`` + ``machine`` = ``total``.

    ``scrap`` and ``rework`` are contained in the total. ``event_id`` is made of the content and the ``revision``:
    rolling up again what has not changed is the same event. ``replaces`` names the revision before.
    """

    revision: int
    currency: str
    planned_total: Decimal
    material: Decimal
    labor: Decimal
    machine: Decimal
    scrap: Decimal
    rework: Decimal
    total: Decimal
    replaces: UUID | None = None
