"""When a call has waited too long, as plain functions of plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


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
