"""Which clocks are believed: what happens is told by devices, programs and people whose clocks may be wrong."""

from datetime import datetime, timedelta

CLOCK_AHEAD = timedelta(minutes=2)
"""A clock further ahead is told of; one that is a little ahead is nothing to bother anybody with."""
CLOCK_BEHIND = timedelta(days=7)
"""What is claimed to be older is a clock that was never set more often than something that was never told."""


def effective_time(*, claimed: datetime, now: datetime) -> datetime:
    """Return when something counts as having happened: as claimed, but now where it would lie ahead or too far back."""
    return claimed if now - CLOCK_BEHIND <= claimed <= now else now
