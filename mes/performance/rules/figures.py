"""OEE and its factors from sums of time: the one place where the definitions stand.

The model is that of planned production time (Vorne, TPM; the loss-time model of ISO 22400-2 annex B): breaks and planned stops
lie outside planned time, setup and stops lower availability, micro-stops are inside running time and lower performance.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal

SIXTY = Decimal(60)
ZERO = Decimal(0)
HUNDRED = Decimal(100)
ROUNDING = Decimal("0.0000005")

NOT_PLANNED = "not_planned"
NOT_KNOWN = "not_known"
NOT_RUN = "not_run"
NOTHING_MADE = "nothing_made"
NO_IDEAL_TIME = "no_ideal_time"
MADE_WITHOUT_RUNNING = "made_without_running"
OVER_HUNDRED = "over_hundred"
RAN_UNPLANNED = "ran_unplanned"


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What is added up before anything is divided. Times of the machine are whole seconds, ideal times are minutes.

    ``planned`` is all planned production time and consists of ``run`` (which includes ``micro``), ``setup``, ``stopped``
    (which includes ``unexplained``), ``idle`` and ``no_data``. ``ideal`` is planned run time per unit times pieces produced,
    ``good_ideal`` the same of the pieces that were good the first time; both over all products. ``unplanned_run`` is running
    outside planned time; ``unknown`` is planned time of units of which nothing was known all shift, beside ``planned``.
    """

    planned: int = 0
    unknown: int = 0
    run: int = 0
    micro: int = 0
    setup: int = 0
    stopped: int = 0
    unexplained: int = 0
    idle: int = 0
    no_data: int = 0
    unplanned_run: int = 0
    ideal: Decimal = ZERO
    good_ideal: Decimal = ZERO
    produced: Decimal = ZERO
    good: Decimal = ZERO
    without_ideal: frozenset[str] = field(default_factory=frozenset)
    """Jobs with pieces but without a planned run time, as people name them."""

    def __add__(self, other: "Sums") -> "Sums":
        added = {
            each.name: getattr(self, each.name) | getattr(other, each.name)
            if each.name == "without_ideal"
            else getattr(self, each.name) + getattr(other, each.name)
            for each in fields(self)
        }
        return Sums(**added)


def total(sums: Iterable[Sums]) -> Sums:
    """Return the sums of several units or shifts.

    What had no planned time is left out. A unit of which nothing is known all shift counts only in how much is known, and
    what was made without a planned run time is left out where the rest can be computed: what is missing in one place must
    neither be guessed nor take the others' figures away. Others that made nothing are no rest to compute: they would say
    zero for all.
    """
    counted = [one for one in sums if one.planned]
    known = [one for one in counted if one.no_data < one.planned]
    computable = [one for one in known if not one.without_ideal]
    if not any(one.produced for one in computable):
        computable = []
    whole = Sums(unknown=sum(one.planned for one in counted if one.no_data == one.planned))
    for one in computable or known:
        whole += one
    return whole


@dataclass(frozen=True)
class Figure:
    """A share of one, or None with ``why`` there is none; the numbers from which it was computed, in minutes."""

    value: Decimal | None
    numerator: Decimal = ZERO
    denominator: Decimal = ZERO
    why: str = ""

    @property
    def percent(self) -> Decimal | None:
        return None if self.value is None else self.value * HUNDRED


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Availability, performance, quality and OEE, how much of the planned time is known, and what is odd about them."""

    availability: Figure
    performance: Figure
    quality: Figure
    oee: Figure
    coverage: Figure
    warnings: tuple[str, ...] = ()


def figures(sums: Sums) -> Figures:
    """Return the figures of these sums.

    Availability = run / planned; performance = ideal / run; quality = good ideal / ideal (weighted by time, so that the
    product of the three is OEE); OEE = good ideal / planned; coverage = planned time with a known state, and a known
    reason where the unit stood still. Nothing is capped: performance over one is shown and flagged. Without planned time,
    or where nothing is known of it, there is no value; without running availability and OEE are zero and the others have
    no value.
    """
    planned, run, asked = minutes(sums.planned), minutes(sums.run), minutes(sums.planned + sums.unknown)
    known = minutes(sums.planned - sums.no_data - sums.unexplained)
    coverage = _share(known, asked) if asked else Figure(None, why=NOT_PLANNED)
    if sums.no_data == sums.planned:
        none = Figure(None, why=NOT_KNOWN if asked else NOT_PLANNED)
        return Figures(
            availability=none,
            performance=none,
            quality=none,
            oee=none,
            coverage=coverage,
            warnings=_oddities(sums, none),
        )
    availability = _share(run, planned)
    if sums.without_ideal:
        performance = quality = oee = Figure(None, why=NO_IDEAL_TIME)
    elif not sums.run:
        why = MADE_WITHOUT_RUNNING if sums.ideal else NOT_RUN
        performance = quality = Figure(None, why=why)
        oee = Figure(None, why=why) if sums.ideal else _share(ZERO, planned)
    else:
        performance = _share(sums.ideal, run)
        quality = _share(sums.good_ideal, sums.ideal) if sums.ideal else Figure(None, why=NOTHING_MADE)
        oee = _share(sums.good_ideal, planned)
    return Figures(
        availability=availability,
        performance=performance,
        quality=quality,
        oee=oee,
        coverage=coverage,
        warnings=_oddities(sums, performance),
    )


def minutes(seconds: int) -> Decimal:
    """Return seconds as minutes, as exactly as a decimal can."""
    return Decimal(seconds) / SIXTY


def exact_run_time(stored: Decimal) -> Decimal:
    """Return a run time per unit as it was meant: minutes are stored with six places, which thirds do not survive.

    What is a whole number of milliseconds but for that rounding is taken as such: 0.016667 min is one second.
    """
    milliseconds = (stored * 60_000).to_integral_value()
    meant = milliseconds / 60_000
    return meant if abs(meant - stored) <= ROUNDING else stored


def _share(numerator: Decimal, denominator: Decimal) -> Figure:
    return Figure(numerator / denominator, numerator, denominator)


def _oddities(sums: Sums, performance: Figure) -> tuple[str, ...]:
    found = []
    if performance.value is not None and performance.value > 1:
        found.append(OVER_HUNDRED)
    if sums.unplanned_run:
        found.append(RAN_UNPLANNED)
    if sums.without_ideal:
        found.append(NO_IDEAL_TIME)
    return tuple(found)


@dataclass(frozen=True)
class Loss:
    """One step of the waterfall from planned time down to fully productive time, in minutes."""

    key: str
    minutes: Decimal


def waterfall(sums: Sums) -> list[Loss]:
    """Return the losses that lead from planned time to the ideal time of good pieces; with it they add up to planned time.

    The step of reduced speed is what running time is left unexplained by micro-stops and ideal times; it is negative where
    performance is over one.
    """
    known = (
        ("stopped", minutes(sums.stopped)),
        ("setup", minutes(sums.setup)),
        ("idle", minutes(sums.idle)),
        ("no_data", minutes(sums.no_data)),
        ("micro", minutes(sums.micro)),
        (
            "speed",
            minutes(sums.planned - sums.stopped - sums.setup - sums.idle - sums.no_data - sums.micro) - sums.ideal,
        ),
        ("rejects", sums.ideal - sums.good_ideal),
        ("productive", sums.good_ideal),
    )
    return [Loss(key, amount) for key, amount in known]
