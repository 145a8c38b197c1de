"""Components that were issued to an order, or came back, go up as they move: the ERP promises stock by what is left."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import MaterialConsumption
from erp_bridge.sdk.flow import Links, Push
from mes.material.events import MaterialConsumed


class ConsumptionFlow(Push):
    """Material consumption by item and lot."""

    key = "consumption"
    label = "Material consumption"
    event = MaterialConsumed
    document = MaterialConsumption
    cadence = immediate
    urgent = True

    def translate(self, event: MaterialConsumed, links: Links) -> MaterialConsumption | None:
        """Return the movement, or None for one of nothing (a backflush that rounded to zero)."""
        if event.quantity == 0:
            return None
        return MaterialConsumption(
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
            report_id=event.report_id,
            report_quantity=event.report_quantity,
            report_is_output=event.report_is_output,
        )
