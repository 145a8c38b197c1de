"""The shape of a fact that others may want to hear of."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened: named in the past tense, frozen, complete in itself.

    ``subject`` names what the event is about (a work order number), and is the stream in which order is kept.
    ``occurred_at`` is when it happened as claimed; the journal and the outbox add when it was recorded.
    ``version`` rises when a field changes meaning or goes away; an added field with a default does not raise it.
    """

    version: ClassVar[int] = 1
    about_a_person: ClassVar[bool] = False
    """Whether ``subject`` may be somebody's personnel number."""

    event_id: UUID
    site: str
    subject: str
    occurred_at: datetime

    @classmethod
    def kind(cls) -> str:
        """Return the name under which events of this class are stored, e.g. ``ProductionReported``."""
        return cls.__name__
