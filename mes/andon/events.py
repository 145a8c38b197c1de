"""What people tell each other. ``subject`` is always ``center/<code of the work center>``."""

from dataclasses import dataclass
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class CallRaised(Event):
    """Somebody on the floor calls; ``call`` says whom (``MATERIAL``, ``QUALITY``, ``LEAD``, ``MAINTENANCE``)."""

    call_id: UUID
    work_center: str
    call: str
    note: str = ""
    person: str = ""
    work_unit: str = ""


@dataclass(frozen=True, kw_only=True)
class CallAnswered(Event):
    """Somebody comes (``ACKNOWLEDGED``), is there (``ARRIVED``), or the call is over (``RESOLVED``), with what was done."""

    call_id: UUID
    work_center: str
    call: str
    status: str
    by: str
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class CallEscalated(Event):
    """Nobody acknowledged a call in time, so ``tier`` was told: ``told`` names who."""

    call_id: UUID
    work_center: str
    call: str
    tier: int
    told: str


@dataclass(frozen=True, kw_only=True)
class ShiftHandedOver(Event):
    """Who leaves a work center told who comes what is open."""

    handover_id: UUID
    work_center: str
    person: str
    note: str
    points: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HandoverAccepted(Event):
    """Who came acknowledged every open point of a handover."""

    handover_id: UUID
    work_center: str
    person: str
