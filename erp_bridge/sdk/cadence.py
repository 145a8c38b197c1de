"""How often a flow runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class BadCadence(ValueError):
    """A cadence that was typed in cannot be understood."""


@dataclass(frozen=True)
class Cadence:
    """When a flow is next due. Exactly one of the kinds: ``immediate``, ``every``, ``daily``, ``shift_end``, ``by_hand``."""

    kind: str
    seconds: int = 0
    at: time | None = None

    def after(self, moment: datetime, *, zone: str = "UTC", shift_ends: tuple[time, ...] = ()) -> datetime | None:
        """Return the first due moment after ``moment``, or None when only a person starts it.

        ``zone`` is the site's time zone, in which daily times and ``shift_ends`` are meant. Seconds are counted on a
        fixed grid, so that what many facts wait for is due at one moment and can be sent together.
        """
        if self.kind == "immediate":
            return moment
        if self.kind == "by_hand":
            return None
        if self.kind == "every":
            passed = (moment - _EPOCH).total_seconds() // self.seconds
            return _EPOCH + timedelta(seconds=(passed + 1) * self.seconds)
        times = (self.at,) if self.kind == "daily" and self.at else shift_ends
        return _next_local(moment, times, ZoneInfo(zone)) if times else None

    def __str__(self) -> str:
        if self.kind == "every":
            return f"every {self.seconds}"
        if self.kind == "daily" and self.at:
            return f"daily {self.at:%H:%M}"
        return self.kind


def _next_local(moment: datetime, times: tuple[time, ...], zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    candidates = [
        datetime.combine(local.date() + timedelta(days=day), at, tzinfo=zone).astimezone(UTC)
        for day in (0, 1)
        for at in times
    ]
    return min(candidate for candidate in candidates if candidate > moment)


immediate = Cadence("immediate")
by_hand = Cadence("by_hand")
at_shift_end = Cadence("shift_end")


def every(*, seconds: int = 0, minutes: int = 0, hours: int = 0) -> Cadence:
    """Return the cadence of one run per so many seconds."""
    return Cadence("every", seconds=seconds + 60 * minutes + 3600 * hours)


def daily(at: str) -> Cadence:
    """Return the cadence of one run a day, at ``HH:MM`` in plant time."""
    return Cadence("daily", at=time.fromisoformat(at))


def parse(text: str) -> Cadence:
    """Return the cadence that ``str()`` of it would print: ``every 30``, ``daily 02:00``, ``shift_end``, ...

    :raises BadCadence: saying which forms are understood.
    """
    words = text.split()
    try:
        match words:
            case ["immediate" | "by_hand" | "shift_end" as kind]:
                return Cadence(kind)
            case ["every", seconds] if int(seconds) > 0:
                return every(seconds=int(seconds))
            case ["daily", at]:
                return daily(at)
    except ValueError:
        pass
    raise BadCadence(f"{text!r} is no cadence. Use: immediate, every 30, daily 02:00, shift_end, by_hand.")
