"""When a call has waited too long, and how late that is, as plain functions of plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

IN_TIME, LATE, CRITICAL = "IN_TIME", "LATE", "CRITICAL"
USUAL_LIMITS = (5, 15)
"""Minutes after which a call is late, and critical, at a site that has no steps for its kind."""


@dataclass(frozen=True)
class Step:
    """After so many minutes without an acknowledgement ``tells`` is told; ``tier`` 2 is the first step up."""

    tier: int
    after_minutes: int
    tells: str


def tier_of(
    *, raised_at: datetime, acknowledged_at: datetime | None, steps: Sequence[Step], now: datetime
) -> Step | None:
    """Return the highest step that a call has reached, or None; an acknowledgement stops the climb."""
    until = acknowledged_at or now
    reached = [step for step in steps if until - raised_at >= timedelta(minutes=step.after_minutes)]
    return max(reached, key=lambda step: step.tier, default=None)


def next_step(
    *, raised_at: datetime, acknowledged_at: datetime | None, steps: Sequence[Step], now: datetime
) -> Step | None:
    """Return the step that a call climbs to next if nobody acknowledges it, or None."""
    if acknowledged_at:
        return None
    waiting = [step for step in steps if now - raised_at < timedelta(minutes=step.after_minutes)]
    return min(waiting, key=lambda step: step.after_minutes, default=None)


def standing(*, raised_at: datetime, acknowledged_at: datetime | None, steps: Sequence[Step], now: datetime) -> str:
    """Return whether a call was or is answered ``IN_TIME``, ``LATE`` (a step is reached) or ``CRITICAL`` (the last one is).

    A single step counts again as the last one at twice its minutes.
    """
    limits = sorted(step.after_minutes for step in steps) or list(USUAL_LIMITS)
    if len(limits) == 1:
        limits.append(2 * limits[0])
    waited = (acknowledged_at or now) - raised_at
    reached = sum(waited >= timedelta(minutes=limit) for limit in limits)
    return IN_TIME if not reached else CRITICAL if reached == len(limits) else LATE
