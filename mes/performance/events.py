"""What is decided about losses."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class LossActionChanged(Event):
    """Something is to be done about a loss (``OPEN``), or was (``DONE``)."""

    action_id: UUID
    status: str
    what: str
    reason: str
    work_unit: str = ""
    due_on: date
    owned_by: str = ""
    by: str = ""
    outcome: str = ""
