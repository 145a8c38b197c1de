"""What people's time went into. ``subject`` is the work order's number, or ``person/<number>`` for indirect time."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class LaborTimeRecorded(Event):
    """A closed segment of one person's time; ``minutes`` is that person's share, already split between parallel jobs.

    ``activity`` is ``SETUP``, ``RUN`` or ``INDIRECT``; negative minutes reverse an earlier segment. ``person`` "" is a
    crew of ``crew_size`` people who are not named, whose minutes these are together; at a site in privacy mode it is a
    pseudonym.
    """

    segment_id: UUID
    person: str
    operation: str
    activity: str
    started_at: datetime
    ended_at: datetime
    minutes: Decimal
    reason: str = ""
    reverses: UUID | None = None
    crew_size: int = 1


@dataclass(frozen=True, kw_only=True)
class LaborDayApproved(Event):
    """A supervisor vouched for what was recorded so far of a person's day (a date in the site's time zone).

    ``person`` "" are the day's crews that are not named; at a site in privacy mode it is a pseudonym.
    """

    person: str
    day: date
    minutes: Decimal
    approved_by: str


@dataclass(frozen=True, kw_only=True)
class PersonDayOpened(Event):
    """At a site in privacy mode a supervisor looked at one person's day, and said why; ``person`` is a pseudonym."""

    person: str
    day: date
    opened_by: str
    why: str


@dataclass(frozen=True)
class Forgotten:
    """In how many places of a kind of fact (the name of its model) persons were forgotten."""

    fact: str
    places: int


@dataclass(frozen=True, kw_only=True)
class PersonsForgotten(Event):
    """Persons were taken out of facts that were older than a moment; what was made, used and worked is what it was."""

    before: datetime
    facts: tuple[Forgotten, ...]
