"""What happens to documents and photos. ``subject`` is ``document/<number>``, or ``center/<code>`` for a photo."""

from dataclasses import dataclass
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class RevisionReleased(Event):
    """A revision counts from now on; the one before, ``replaces``, does not any more."""

    document: str
    revision: str
    replaces: str
    digest: str
    by: str


@dataclass(frozen=True, kw_only=True)
class RevisionWithdrawn(Event):
    """A revision does not count any more, and none took its place."""

    document: str
    revision: str
    by: str


@dataclass(frozen=True, kw_only=True)
class DocumentRead(Event):
    """Somebody confirmed that they have read a revision, at ``operation`` of ``work_order`` or at none."""

    confirmation_id: UUID
    document: str
    revision: str
    person: str
    work_order: str
    operation: str


@dataclass(frozen=True, kw_only=True)
class PhotoTaken(Event):
    """A photo of something: ``about`` says of what kind, ``of`` is its id."""

    photo_id: UUID
    about: str
    of: UUID
    digest: str
    person: str
