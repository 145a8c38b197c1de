"""By-products go up to ERPs that take more than one output of an order."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import ByproductOutput
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import ByproductReported


class ByproductsFlow(Push):
    """What an order yielded besides its product, by item and lot."""

    key = "byproducts"
    label = "By-products"
    event = ByproductReported
    document = ByproductOutput
    cadence = immediate

    def translate(self, event: ByproductReported, links: Links) -> ByproductOutput:
        """Return the output; a negative one takes an earlier one back."""
        return ByproductOutput(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            operation=event.operation,
            movement_id=event.movement_id,
            item=event.item,
            lot=event.lot,
            quantity=event.quantity,
            uom=event.uom,
            reverses=event.reverses,
        )
