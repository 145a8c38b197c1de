"""What happens to work units. ``subject`` is always ``unit/<code of the work unit>``."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class WorkUnitStateChanged(Event):
    """A work unit is in another state now: ``RUNNING``, ``SETUP``, ``STOPPED`` or ``IDLE``, since ``occurred_at``."""

    work_center: str
    work_unit: str
    state: str
    work_order: str = ""
    operation: str = ""


@dataclass(frozen=True, kw_only=True)
class StopEntered(Event):
    """A person said that a unit stood still (``STOP``), ran again (``RUN``) or stood still for another reason (``CUT``)
    from ``occurred_at``; or took such an entry back (``reverses``)."""

    entry_id: UUID
    work_unit: str
    entry: str
    person: str = ""
    by: str = ""
    reverses: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class StopExplained(Event):
    """A person gave the reason why a unit stood still at ``occurred_at``."""

    explanation_id: UUID
    work_unit: str
    reason: str
    reason_name: str
    note: str = ""
    person: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class DowntimeRecorded(Event):
    """A stop has ended and has its reason; with ``replaces`` it takes the place of an earlier record of the same stop.

    No ``minutes``: there was no such stop. ``loss`` is what the reason counts as (see ``StopReason.Loss``).
    """

    downtime_id: UUID
    work_center: str
    work_unit: str
    started_at: datetime
    ended_at: datetime
    minutes: Decimal
    reason: str
    reason_name: str
    loss: str
    revision: int = 1
    replaces: UUID | None = None
    note: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class MaintenanceRequestChanged(Event):
    """Maintenance of a work unit was requested, acknowledged or done (``status``)."""

    request_id: UUID
    work_center: str
    work_unit: str
    status: str
    reason: str = ""
    note: str = ""
    person: str = ""
    by: str = ""
