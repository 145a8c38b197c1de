"""Minutes that people worked on operations go up, person by person."""

from datetime import date

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import LaborTime
from erp_bridge.sdk.flow import Approval, Links, Push
from labor import queries
from labor.events import LaborDayApproved, LaborTimeRecorded


def _wanted(event: LaborTimeRecorded) -> str:
    if queries.is_approved(segment_id=event.segment_id):
        return ""
    return _day_of(event.person, queries.local_day(site=event.site, moment=event.started_at))


def _day_of(person: str, day: date) -> str:
    return f"labor/{person}/{day.isoformat()}"


class LaborTimeFlow(Push):
    """Labor time on orders; indirect time stays here."""

    key = "labor_time"
    label = "Labor time"
    event = LaborTimeRecorded
    document = LaborTime
    cadence = every(minutes=1)
    approval = Approval(
        event=LaborDayApproved,
        wanted=_wanted,
        given=lambda event: _day_of(event.person, event.day),
        missing="A supervisor has not approved this person's day yet.",
    )

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
            crew_size=event.crew_size,
        )
