"""What is done by right of a PIN. ``subject`` is what it was about: an entry's id, or a personnel number."""

from dataclasses import dataclass

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class StepUpGranted(Event):
    """A person allowed something with their PIN; ``person`` is their personnel number."""

    about_a_person = True

    person: str
    right: str


@dataclass(frozen=True, kw_only=True)
class BadgeRefused(Event):
    """Somebody held up a badge at ``place`` (a work center) that counts no more; ``subject`` is whose it was."""

    about_a_person = True

    place: str
    why: str = "badge_revoked"


@dataclass(frozen=True, kw_only=True)
class PinUnlocked(Event):
    """A PIN that was mistyped too often may be tried again; ``subject`` is whose."""

    about_a_person = True

    by: str
