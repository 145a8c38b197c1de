"""Stops of work units go up once they have ended and people have said why; what turns out otherwise replaces it."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import Downtime
from erp_bridge.sdk.flow import Links, Push
from mes.equipment.events import DowntimeRecorded


class DowntimeFlow(Push):
    """Downtime by reason; it belongs to a work unit, not to an order."""

    key = "downtime"
    label = "Downtime"
    event = DowntimeRecorded
    document = Downtime
    cadence = every(minutes=1)

    def translate(self, event: DowntimeRecorded, links: Links) -> Downtime:
        """Return the stop; one without minutes takes back what was told before."""
        return Downtime(
            site=event.site,
            work_order="",
            erp_work_order="",
            occurred_at=event.occurred_at,
            person=event.person,
            downtime_id=event.downtime_id,
            work_center=event.work_center,
            work_unit=event.work_unit,
            started_at=event.started_at,
            ended_at=event.ended_at,
            minutes=event.minutes,
            reason=event.reason,
            reason_name=event.reason_name,
            loss=event.loss,
            revision=event.revision,
            replaces=event.replaces,
            note=event.note,
        )
