"""Nonconformances go up as they are found and as they are decided about."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import NonconformanceNotice
from erp_bridge.sdk.flow import Links, Push
from quality.events import NonconformanceChanged


class NonconformancesFlow(Push):
    """Nonconformances and their dispositions."""

    key = "nonconformances"
    label = "Nonconformances"
    event = NonconformanceChanged
    document = NonconformanceNotice
    cadence = immediate

    def translate(self, event: NonconformanceChanged, links: Links) -> NonconformanceNotice:
        """Return the notice; one of a lot alone stands for itself and needs no order."""
        of_order = bool(event.operation)
        return NonconformanceNotice(
            site=event.site,
            work_order=event.subject if of_order else "",
            erp_work_order=links.work_order(event.subject) if of_order else "",
            occurred_at=event.occurred_at,
            person=event.person,
            nonconformance=event.nonconformance,
            nonconformance_id=event.nonconformance_id,
            status=event.status,
            item=event.item,
            operation=event.operation,
            lot=event.lot,
            quantity=event.quantity,
            open_quantity=event.open_quantity,
            uom=event.uom,
            reason=event.reason,
            reason_name=event.reason_name,
            disposition=event.disposition,
            disposed_quantity=event.disposed_quantity,
            note=event.note,
        )
