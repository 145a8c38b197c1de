"""Tells the ERP at once that an order was released, started or cancelled on the floor."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import OrderStatus
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import WorkOrderStatusChanged

# Completion is a flow of its own: told at once, it would close the order before its quantities are booked. So are
# holds, which also concern single operations and lots.
_TOLD = {"RELEASED", "RUNNING", "CANCELLED"}


class OrderStatusFlow(Push):
    """Order status, as it changes."""

    key = "order_status"
    label = "Order status"
    event = WorkOrderStatusChanged
    document = OrderStatus
    cadence = immediate
    urgent = True

    def translate(self, event: WorkOrderStatusChanged, links: Links) -> OrderStatus | None:
        """Return the new status, or None for states that another flow reports."""
        if event.status not in _TOLD:
            return None
        return OrderStatus(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            status=event.status,
            reason=event.reason,
        )
