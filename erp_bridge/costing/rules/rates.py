"""Which rate holds on which day, and how a stretch of time is cut where it changes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

ITEM, PERSON, WORK_CENTER = "ITEM", "PERSON", "WORK_CENTER"
UNIT, HOUR, CYCLE = "UNIT", "HOUR", "CYCLE"
ANYONE = ""
"""The key of the personal rate that holds for everybody who has none of their own (so that pay need not be shown)."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So much money per unit, hour or cycle, from a day on until the next rate of the same kind and key."""

    kind: str
    key: str
    valid_from: date
    amount: Decimal
    per: str
    currency: str


class RateBook:
    """All rates of a site, asked by day."""

    def __init__(self, rates: Iterable[Rate], *, zone: str = "UTC") -> None:
        """``zone`` is the site's time zone: rates change at its midnight."""
        self.zone = ZoneInfo(zone)
        self._rates: dict[tuple[str, str], list[Rate]] = defaultdict(list)
        for rate in sorted(rates, key=lambda rate: rate.valid_from, reverse=True):
            self._rates[rate.kind, rate.key].append(rate)

    def on(self, kind: str, key: str, day: date) -> Rate | None:
        """Return the rate that holds on the day, or None; a person without one has the rate of ``ANYONE``.

        Before the first known rate, that one holds: an ERP without history tells its rates from the day of reading.
        """
        keys = (key, ANYONE) if kind == PERSON else (key,)
        known = [self._rates.get((kind, one), []) for one in keys]
        held = [rate for rates in known for rate in rates if rate.valid_from <= day]
        return held[0] if held else next((rates[-1] for rates in known if rates), None)

    def at(self, kind: str, key: str, moment: datetime) -> Rate | None:
        """Return the rate that holds at the moment."""
        return self.on(kind, key, self.day_of(moment))

    def day_of(self, moment: datetime) -> date:
        """Return the site's calendar day of the moment."""
        return moment.astimezone(self.zone).date()

    def mean_of_people(self, day: date) -> tuple[Decimal, int, str] | None:
        """Return the plain mean of the personal rates that hold on the day, of how many, and their currency."""
        found = [self.on(PERSON, key, day) for kind, key in self._rates if kind == PERSON and key != ANYONE]
        rates = [rate for rate in found if rate is not None]
        if not rates:
            return None
        mean = sum((rate.amount for rate in rates), Decimal(0)) / len(rates)
        return mean.quantize(Decimal("0.000001")), len(rates), rates[0].currency

    def cut(
        self, kind: str, key: str, *, started_at: datetime, ended_at: datetime, seconds: int
    ) -> list[tuple[date, Rate | None, int]]:
        """Return ``seconds`` of work done between two instants as (first day, rate, seconds), one for each rate that held.

        A share that is smaller than its interval (parallel jobs) is spread evenly over it. The parts add up to
        ``seconds``; negative seconds (a reversal) are cut exactly as the positive ones that they cancel.
        """
        sign = -1 if seconds < 0 else 1
        length = round((ended_at - started_at).total_seconds())
        bounds = self._midnights(started_at, ended_at)
        parts: list[tuple[date, Rate | None, int]] = []
        used = 0
        for start, end in zip(bounds, bounds[1:], strict=False):
            passed = round((end - started_at).total_seconds())
            due = abs(seconds) * passed // length if length and end != ended_at else abs(seconds)
            day = self.day_of(start)
            rate = self.on(kind, key, day)
            if parts and parts[-1][1] == rate:
                parts[-1] = (parts[-1][0], rate, parts[-1][2] + sign * (due - used))
            else:
                parts.append((day, rate, sign * (due - used)))
            used = due
        return [part for part in parts if part[2]]

    def _midnights(self, started_at: datetime, ended_at: datetime) -> list[datetime]:
        """Return the start, the site's midnights between, and the end; at least two instants."""
        bounds = [started_at]
        day = self.day_of(started_at) + timedelta(days=1)
        while (midnight := datetime.combine(day, time(), tzinfo=self.zone)) < ended_at:
            bounds.append(midnight)
            day += timedelta(days=1)
        return [*bounds, ended_at]


def amount_of(rate: Rate | None, *, quantity: Decimal) -> Fraction:
    """Return what a quantity costs: units or cycles by a rate per unit or cycle, minutes by a rate per hour.

    Without a rate it is nothing; the caller lists what had none.
    """
    if rate is None:
        return Fraction(0)
    return price_of(rate.amount, rate.per, quantity=Fraction(quantity))


def price_of(amount: Decimal, per: str, *, quantity: Fraction) -> Fraction:
    """Return the exact product of a quantity (units, cycles, or minutes where ``per`` is HOUR) and a rate."""
    return quantity * Fraction(amount) / (60 if per == HOUR else 1)
