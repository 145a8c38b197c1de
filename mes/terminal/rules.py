"""When something at a terminal happened, by whose clock, and whether it is too old to be booked without asking."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

CLOCK_TOLERANCE = timedelta(seconds=30)
"""How far a device's clock may be off before anybody is told."""

OLDEST_ENTRY = timedelta(days=45)
"""How long a terminal may have been without network and still be believed."""

CLOCKS = (datetime(1969, 12, 31, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))
"""From the day before a clock that was never set begins."""

REF_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that nobody mixes up when reading them aloud (Crockford's base 32)."""


@dataclass(frozen=True)
class Reading:
    """When it happened by the server's clock, what was added to the device's clock for it, and what to think of that."""

    at: datetime
    offset: timedelta | None
    flag: str
    """"" | ``clock_ahead`` | ``clock_behind`` | ``clock_changed`` (since the entry) | ``clock_unknown`` (until it came)."""


def read_clock(*, claimed: datetime, offset: timedelta | None, sent_at: datetime | None, now: datetime) -> Reading:
    """Return when an entry happened.

    ``claimed`` is the device's clock plus ``offset``, the server's lead over it as last seen before the entry; None means
    that the device had not seen the server's clock. ``sent_at`` is the device's own clock when it sent the entry. What
    would lie in the future happened now.
    """
    lead = now - sent_at if sent_at else None
    flag = ""
    if offset is None and lead is not None:
        claimed, offset = claimed + lead, lead
        flag = "clock_unknown" if abs(lead) > CLOCK_TOLERANCE else ""
    elif offset is not None:
        if abs(offset) > CLOCK_TOLERANCE:
            flag = "clock_ahead" if offset < timedelta(0) else "clock_behind"
        if lead is not None and abs(lead - offset) > 2 * CLOCK_TOLERANCE:
            flag = "clock_changed"
    return Reading(min(claimed, now), offset, flag)


def is_on_a_clock(moment: datetime) -> bool:
    """Return whether a device's clock could show it, however wrong it is: days near the ends of time cannot be reckoned with."""
    return CLOCKS[0] <= moment <= CLOCKS[1]


def needs_confirmation(*, occurred_at: datetime, now: datetime, after: timedelta) -> bool:
    """Return whether an entry is so old that a person should say that it is still right. ``after`` of zero: never."""
    return bool(after) and now - occurred_at > after


def hidden_signs(payload: dict[str, Any]) -> dict[str, str]:
    """Return, byte by byte in hex, the texts of a payload that hold signs which cannot be seen, by their name."""
    return {
        name: text.encode("utf-8", "surrogatepass").hex(" ")
        for name, text in payload.items()
        if isinstance(text, str) and not text.isprintable()
    }


def short_ref(entry_id: UUID) -> str:
    """Return four signs by which people name an entry; what two entries share them is told apart by its time."""
    bits = entry_id.int >> 108
    return "".join(REF_SIGNS[bits >> shift & 31] for shift in (15, 10, 5, 0))
