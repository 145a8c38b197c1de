"""Tells the ERP that an order is finished, after everything that was booked on it."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import OrderCompletion
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import WorkOrderCompleted


class OrderCompletionFlow(Push):
    """Completion of orders. It waits for the quantities and times, and passes no dead letter of its order."""

    key = "order_completion"
    label = "Order completion"
    event = WorkOrderCompleted
    document = OrderCompletion
    cadence = every(seconds=15)
    after = ("production", "consumption", "scrap", "labor_time", "machine_time")
    strict = True

    def translate(self, event: WorkOrderCompleted, links: Links) -> OrderCompletion:
        """Return the completion with the order's totals."""
        return OrderCompletion(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            good_quantity=event.good_quantity,
            scrap_quantity=event.scrap_quantity,
            uom=event.uom,
            item=event.item,
        )
