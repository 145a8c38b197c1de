"""What orders cost goes up once it has changed, after everything it was computed from."""

from collections.abc import Iterable
from datetime import datetime

from erp_bridge.costing import queries, services
from erp_bridge.costing.events import OrderCostRolledUp
from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import OrderCost
from erp_bridge.sdk.flow import Links, Push


class OrderCostFlow(Push):
    """The cost of each order that moved; every revision replaces the one before."""

    key = "order_cost"
    label = "Order cost"
    event = OrderCostRolledUp
    document = OrderCost
    cadence = every(minutes=15)
    after = ("production", "consumption", "scrap", "labor_time", "machine_time", "order_completion")

    def collect(self, *, since: datetime, until: datetime) -> Iterable[OrderCostRolledUp]:
        """Yield the roll-up of every order that was booked on, completed or repriced in the period."""
        for site, number in queries.orders_to_roll_up(since=since, until=until):
            event = services.roll_up_cost(site=site, work_order=number, now=until)
            if event is not None:
                yield event

    def translate(self, event: OrderCostRolledUp, links: Links) -> OrderCost:
        """Return the cost as the ERP is told it: the very figures of the roll-up."""
        return OrderCost(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            version=event.revision,
            currency=event.currency,
            planned_total=event.planned_total,
            material=event.material,
            labor=event.labor,
            machine=event.machine,
            scrap=event.scrap,
            rework=event.rework,
            total=event.total,
        )
