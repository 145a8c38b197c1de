"""What is due, what a gauge has said, and whether it is in tolerance; plain values, no database."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mes.core.errors import Words

ZERO = Decimal(0)


class GaugeUnreadable(ValueError):
    """What arrived is no value of a gauge; the text says what was read and what would be understood."""


@dataclass(frozen=True)
class Measured:
    """A number as a gauge sent it, and the unit it named, or ""."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True)
class Tolerance:
    """The limits of a characteristic; None where there is none on that side. Both limits themselves are good."""

    lower: Decimal | None = None
    upper: Decimal | None = None

    def allows(self, value: Decimal) -> bool:
        """Return whether the value, exactly as it was read, lies within the limits."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)

    def excess(self, value: Decimal) -> Decimal:
        """Return by how much the value is above the upper limit (positive) or below the lower (negative); 0 within."""
        if self.upper is not None and value > self.upper:
            return value - self.upper
        if self.lower is not None and value < self.lower:
            return value - self.lower
        return ZERO


_GAUGE = re.compile(
    r"""
    (?:(?P<status>ST|US|OL),\s*(?:(?:GS|NT|TR),\s*)?)?        # a scale: stable, unstable, overload; gross, net, tare
    (?:[0-9]{2}[A-Z](?=[+-])|[A-Z]{1,2}\s+(?=[+-]?[0-9.,]))?  # a caliper's channel (01A), or the letter of a measure
    (?P<sign>[+-]?)\s*
    (?P<number>[0-9]{1,12}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})\s*
    (?P<unit>[^\W0-9_]{0,8}|%|"|°C?)
    """,
    re.VERBOSE,
)


def parse_gauge(text: str) -> Measured:
    """Return what a gauge (or a person) has typed: ``12,03``, ``01A+00012.345``, ``ST,GS,+0012.3 g``.

    The last of point and comma is the decimal sign, and there may be only one of them.

    :raises GaugeUnreadable: it is no single finite number, or a scale says that it was not at rest.
    """
    found = _GAUGE.fullmatch(text.strip())
    if found is None or len(text) > 60:
        raise GaugeUnreadable(
            Words("“%(text)s” is not a value. Enter a number such as 12.03.", {"text": text.strip()[:40]})
        )
    if found["status"] == "US":
        raise GaugeUnreadable(Words("The scale was not at rest. Wait until it is, and send the value again."))
    if found["status"] == "OL":
        raise GaugeUnreadable(Words("The scale was overloaded. Take something off, and send the value again."))
    value = Decimal(found["number"].replace(",", "."))
    if -value.as_tuple().exponent > 6:  # type: ignore[operator]  # finite, so a number
        raise GaugeUnreadable(
            Words("“%(text)s” has more than 6 decimals. Set the gauge to fewer.", {"text": text.strip()[:40]})
        )
    return Measured(-value if found["sign"] == "-" else value, found["unit"])


@dataclass(frozen=True)
class Occurrence:
    """One time at which a check is due: ``key`` tells it from the check's others for ever."""

    key: str
    due_at: datetime


def due_by_count(reports: Sequence[tuple[datetime, Decimal]], *, every: Decimal) -> list[Occurrence]:
    """Return an occurrence for each multiple of ``every`` good pieces, at the report that reached it.

    ``reports`` are (when, good pieces) in the order in which they were recorded; reversals are negative, and an
    occurrence whose pieces were taken back is not due any more.
    """
    total, reached = ZERO, 0
    moments: list[datetime] = []
    for at, good in reports:
        total += good
        reached = max(int(total // every), 0)
        moments = [*moments[:reached], *[at] * (reached - len(moments))]
    return [Occurrence(f"count-{number}", at) for number, at in enumerate(moments, start=1)]


def due_by_time(runs: Sequence[tuple[datetime, datetime | None]], *, every: Decimal, now: datetime) -> list[Occurrence]:
    """Return an occurrence for each ``every`` minutes of running; while nothing runs no time passes.

    ``runs`` are (start, end or None) in their order.
    """
    step = timedelta(seconds=float(every * 60))
    if step <= timedelta(0):
        return []
    found: list[Occurrence] = []
    ran = timedelta(0)
    for started, ended in runs:
        until = max(ended or now, started)
        while ran + (until - started) >= step * (len(found) + 1):
            found.append(Occurrence(f"time-{len(found) + 1}", started + step * (len(found) + 1) - ran))
        ran += until - started
    return found


def due_after_stops(runs: Sequence[tuple[str, datetime, datetime | None]], *, shortest: Decimal) -> list[Occurrence]:
    """Return an occurrence for each time that running began again after at least ``shortest`` minutes of rest.

    ``runs`` are (id, start, end or None) in their order.
    """
    found = []
    for (_, _, ended), (key, started, _) in zip(runs, runs[1:], strict=False):
        if ended is not None and started - ended >= timedelta(seconds=float(shortest * 60)):
            found.append(Occurrence(f"stop-{key}", started))
    return found


def due_by_shift(
    runs: Sequence[tuple[datetime, datetime | None]], *, shifts: Sequence[tuple[datetime, datetime]], now: datetime
) -> list[Occurrence]:
    """Return an occurrence for each shift in which it ran, due when it first ran there.

    ``runs`` are (start, end or None), ``shifts`` (start, end), each in their order.
    """
    found = []
    for begins, ends in shifts:
        ran = [max(start, begins) for start, end in runs if start < ends and (end or now) > begins]
        if ran and min(ran) <= now:
            found.append(Occurrence(f"shift-{begins.astimezone(UTC):%Y%m%d-%H%M}", min(ran)))
    return found


def left_over(*, quantity: Decimal, disposed: Sequence[Decimal]) -> Decimal:
    """Return what of a nonconformance nobody has decided about yet."""
    return quantity - sum(disposed, ZERO)
