"""Holds on orders, operations, lots and serial numbers go up at once: an ERP that plans or ships what is held does harm."""

from erp_bridge.sdk.cadence import immediate
from erp_bridge.sdk.documents import HoldNotice
from erp_bridge.sdk.flow import Links, Push
from mes.material.events import HoldChanged


class HoldsFlow(Push):
    """Holds as they are placed and lifted."""

    key = "holds"
    label = "Holds"
    event = HoldChanged
    document = HoldNotice
    cadence = immediate
    urgent = True

    def translate(self, event: HoldChanged, links: Links) -> HoldNotice:
        """Return the notice; a lot or a piece stands for itself and needs no order."""
        of_order = event.target not in ("LOT", "SERIAL")
        return HoldNotice(
            site=event.site,
            work_order=event.subject if of_order else "",
            erp_work_order=links.work_order(event.subject) if of_order else "",
            occurred_at=event.occurred_at,
            person=event.person,
            hold_id=event.hold_id,
            target=event.target,
            status=event.status,
            operation=event.operation,
            item=event.item,
            lot=event.lot,
            reason=event.reason,
            reason_name=event.reason_name,
            note=event.note,
        )
