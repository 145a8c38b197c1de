"""Minutes that work units were occupied by operations go up."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.documents import MachineTime
from erp_bridge.sdk.flow import Links, Push
from mes.execution.events import MachineTimeRecorded


class MachineTimeFlow(Push):
    """Machine time on orders."""

    key = "machine_time"
    label = "Machine time"
    event = MachineTimeRecorded
    document = MachineTime
    cadence = every(minutes=1)

    def translate(self, event: MachineTimeRecorded, links: Links) -> MachineTime | None:
        """Return the interval, or None for an empty one."""
        if event.minutes == 0:
            return None
        return MachineTime(
            site=event.site,
            work_order=event.subject,
            erp_work_order=links.work_order(event.subject),
            occurred_at=event.occurred_at,
            person=event.person,
            operation=event.operation,
            interval_id=event.interval_id,
            work_center=event.work_center,
            activity=event.activity,
            minutes=event.minutes,
            started_at=event.started_at,
            ended_at=event.ended_at,
        )
