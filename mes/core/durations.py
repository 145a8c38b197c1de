"""Minutes as exact decimals, whole seconds at heart."""

from datetime import datetime, timedelta
from decimal import Decimal

SIXTY = Decimal(60)
_MICRO = Decimal("0.000001")


def minutes_between(start: datetime, end: datetime) -> Decimal:
    """Return the minutes from ``start`` to ``end``, to the whole second."""
    return seconds_to_minutes(round((end - start).total_seconds()))


def seconds_to_minutes(seconds: int) -> Decimal:
    """Return whole seconds as minutes with six places."""
    return (Decimal(seconds) / SIXTY).quantize(_MICRO)


def minutes_to_seconds(minutes: Decimal) -> int:
    """Return minutes as whole seconds: the inverse of :func:`seconds_to_minutes`."""
    return int((minutes * SIXTY).to_integral_value())


def as_timedelta(minutes: Decimal) -> timedelta:
    """Return minutes as a timedelta of whole seconds."""
    return timedelta(seconds=minutes_to_seconds(minutes))
