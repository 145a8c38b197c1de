"""Good and reworked pieces go up as they are reported."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import ProductionConfirmation
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import ProductionReported


class ProductionFlow(Push):
    """Produced quantities, operation by operation."""

    key = "production"
    label = "Production"
    event = ProductionReported
    document = ProductionConfirmation
    cadence = every(seconds=10)

    def translate(self, event: ProductionReported, links: Links) -> ProductionConfirmation | None:
        """Return the confirmation, or None for a report of scrap only."""
        if event.good_quantity == 0 and event.rework_quantity == 0:
            return None
        return ProductionConfirmation(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            operation=event.operation,
            report_id=event.report_id,
            good_quantity=event.good_quantity,
            rework_quantity=event.rework_quantity,
            uom=event.uom,
            item=event.item,
            lot=event.lot,
            is_output=event.is_output,
        )
