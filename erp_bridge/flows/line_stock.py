"""What is brought from the store to the line and back goes up to ERPs that keep locations for both."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import LineStockTransfer
from erp_bridge.sdk.flow import Links, Push
from mes.material.events import LineStockMoved


class LineStockFlow(Push):
    """Transfers between store and line; they belong to no order."""

    key = "line_stock"
    label = "Line-side stock"
    event = LineStockMoved
    document = LineStockTransfer
    cadence = immediate

    def translate(self, event: LineStockMoved, links: Links) -> LineStockTransfer:
        """Return the transfer: positive from the store to the place, negative back."""
        return LineStockTransfer(
            site=event.site,
            work_order="",
            erp_work_order="",
            occurred_at=event.occurred_at,
            person=event.person,
            movement_id=event.movement_id,
            place=event.place,
            work_center=event.work_center,
            item=event.item,
            lot=event.lot,
            quantity=event.quantity,
            uom=event.uom,
            reverses=event.reverses,
        )
