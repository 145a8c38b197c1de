"""Scrapped pieces go up with their reasons, one booking for each report."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import ScrapConfirmation, ScrapLine
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import ProductionReported


class ScrapFlow(Push):
    """Scrapped quantities by reason."""

    key = "scrap"
    label = "Scrap"
    event = ProductionReported
    document = ScrapConfirmation
    cadence = every(seconds=10)

    def translate(self, event: ProductionReported, links: Links) -> ScrapConfirmation | None:
        """Return the scrap of the report, or None when it has none."""
        lines = tuple(
            ScrapLine(quantity=scrap.quantity, reason=scrap.reason, reason_name=scrap.reason_name)
            for scrap in event.scrap
            if scrap.quantity != 0
        )
        if not lines:
            return None
        return ScrapConfirmation(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            operation=event.operation,
            report_id=event.report_id,
            uom=event.uom,
            item=event.item,
            is_output=event.is_output,
            lines=lines,
            lot=event.lot,
        )
