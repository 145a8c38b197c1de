"""Minutes that people worked on operations go up, person by person."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import LaborTime
from erp_bridge.sdk.flow import Links, Push
from labor.events import LaborTimeRecorded


class LaborTimeFlow(Push):
    """Labor time on orders; indirect time stays here."""

    key = "labor_time"
    label = "Labor time"
    event = LaborTimeRecorded
    document = LaborTime
    cadence = every(minutes=1)

    def translate(self, event: LaborTimeRecorded, links: Links) -> LaborTime | None:
        """Return the segment, or None for indirect time, which belongs to no order, and for empty segments."""
        if event.activity == "INDIRECT" or event.minutes == 0:
            return None
        return LaborTime(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            operation=event.operation,
            segment_id=event.segment_id,
            activity=event.activity,
            minutes=event.minutes,
            started_at=event.started_at,
            ended_at=event.ended_at,
        )
