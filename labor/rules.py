"""When a timer was forgotten."""

from datetime import datetime, timedelta


def is_forgotten(*, started_at: datetime, ended_at: datetime, limit: timedelta) -> bool:
    """Return whether a timer that ran this long was most likely forgotten, so that a person has to set its end."""
    return ended_at - started_at > limit
