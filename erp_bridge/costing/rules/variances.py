"""What an order should have cost, for what was ordered and for what came out, and why it cost something else.

Sign: actual minus standard, so a positive variance is unfavorable (domain 3.2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from erp_bridge.costing.rules.rates import price_of
from erp_bridge.costing.rules.rollup import MATERIAL, SETUP, Actual, CostLine, Pieces

VOLUME, SCRAP, REWORK, PRICE, RATE = "VOLUME", "SCRAP", "REWORK", "PRICE", "RATE"
USAGE, EFFICIENCY, SETUP_TIME = "USAGE", "EFFICIENCY", "SETUP_TIME"
KINDS = (VOLUME, SCRAP, REWORK, PRICE, RATE, USAGE, EFFICIENCY, SETUP_TIME)


@dataclass(frozen=True, kw_only=True)
class PlanLine:
    """One planned input of an operation: ``quantity`` in ``unit`` (``min``, ``cycles`` or the item's) for the order.

    Setup is there once per order; all else is in proportion to the pieces. ``rate`` None: there was none at release.
    """

    operation: str
    element: str
    activity: str
    key: str
    quantity: Decimal
    unit: str
    rate: Decimal | None
    per: str
    basis: str = ""

    @property
    def is_fixed(self) -> bool:
        return self.activity == SETUP

    def amount(self, quantity: Fraction) -> Fraction:
        """Return the planned price of a quantity."""
        return Fraction(0) if self.rate is None else price_of(self.rate, self.per, quantity=quantity)


@dataclass(frozen=True, kw_only=True)
class Variance:
    """Why a part of the order cost more (positive) or less than planned: ``amount`` and how it was computed."""

    operation: str
    element: str
    kind: str
    key: str
    amount: Fraction
    how: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Planned, target and variances by (operation, element); planned + all variances = actual, exactly."""

    planned: Mapping[tuple[str, str], Fraction]
    target: Mapping[tuple[str, str], Fraction]
    variances: Sequence[Variance]


def flexed_pieces(
    operations: Sequence[str], pieces: Mapping[str, Pieces], *, is_completed: bool
) -> dict[str, Fraction]:
    """Return, for each operation, the good pieces that its standard is allowed for.

    Of a completed order that is the good quantity of the last operation: what was scrapped on the way earns no
    allowance (domain 3.3). While the order runs it is what the operation has passed on and no later one has scrapped.
    """
    output = Fraction(pieces[operations[-1]].good) if operations else Fraction(0)
    flexed: dict[str, Fraction] = {}
    scrapped_later = Fraction(0)
    for number in reversed(operations):
        alive = max(Fraction(pieces[number].good) - scrapped_later, output)
        flexed[number] = output if is_completed else alive
        scrapped_later += Fraction(pieces[number].scrap)
    return flexed


def compare(
    plan: Iterable[PlanLine],
    actual: Actual,
    *,
    order_quantity: Decimal,
    is_completed: bool,
) -> Comparison:
    """Return what the order should have cost and the variances that lead from there to what it cost."""
    operations = [operation.operation for operation in actual.operations]
    pieces = {operation.operation: operation.pieces for operation in actual.operations}
    flexed = flexed_pieces(operations, pieces, is_completed=is_completed)
    planned = dict.fromkeys(actual.cells, Fraction(0))
    target = dict.fromkeys(actual.cells, Fraction(0))
    variances: list[Variance] = []
    unplanned = _grouped(actual.lines)
    for line in plan:
        cell = (line.operation, line.element)
        if cell not in planned:
            continue
        count = _Counts(
            order_quantity=Fraction(order_quantity), flexed=flexed[line.operation], pieces=pieces[line.operation]
        )
        at_target = line.amount(count.allowed(line, count.flexed))
        planned[cell] += line.amount(Fraction(line.quantity))
        target[cell] += at_target
        variances += _split(line, unplanned.pop(_group(line), []), count)
    for (operation, element, activity, key), lines in unplanned.items():
        variances.append(_not_planned(operation, element, activity, key, lines))
    return Comparison(planned=planned, target=target, variances=[v for v in variances if v.amount])


@dataclass(frozen=True)
class _Counts:
    order_quantity: Fraction
    flexed: Fraction
    pieces: Pieces

    def allowed(self, line: PlanLine, pieces: Fraction) -> Fraction:
        """Return the standard quantity of an input for so many pieces."""
        if line.is_fixed:
            return Fraction(line.quantity)
        return Fraction(line.quantity) * pieces / self.order_quantity if self.order_quantity else Fraction(0)

    @property
    def lost(self) -> Fraction:
        """Pieces that went through the operation and earn no allowance: scrapped here or later, or not accounted for."""
        reported = Fraction(self.pieces.good + self.pieces.scrap)
        return reported - self.flexed if reported else Fraction(0)

    @property
    def repeated(self) -> Fraction:
        return Fraction(self.pieces.rework)


def _split(line: PlanLine, lines: list[CostLine], count: _Counts) -> list[Variance]:
    """Split actual minus planned of one input; the parts add up to the difference exactly, by construction."""
    actual = sum((one.amount for one in lines), Fraction(0))
    used = sum((Fraction(one.quantity) for one in lines), Fraction(0))
    if line.unit == "min":
        used = Fraction(sum(round(one.quantity * 60) for one in lines), 60)
    planned, target = Fraction(line.quantity), count.allowed(line, count.flexed)
    found = []

    def add(kind: str, amount: Fraction, how: str) -> None:
        found.append(
            Variance(operation=line.operation, element=line.element, kind=kind, key=line.key, amount=amount, how=how)
        )

    per = f"{_number(line.rate)} per {line.per.lower()}" if line.rate is not None else "no rate"
    add(VOLUME, line.amount(target - planned), f"({_number(target)} - {_number(planned)}) {line.unit} x {per}")
    mixed = any(one.unit != line.unit for one in lines)
    if line.rate is None or mixed:
        # Nothing to measure a price or a quantity by: the difference is one figure.
        why = "planned and charged in different units" if mixed else "no rate at release to split by"
        add(_usage(line), actual - line.amount(target), f"actual - target, not split: {why}")
        return found
    lost = count.allowed(line, count.flexed + count.lost) - target
    repeated = Fraction(0) if line.element == MATERIAL else count.allowed(line, count.flexed + count.repeated) - target
    add(
        SCRAP,
        line.amount(lost),
        f"pieces without good output: {_number(count.lost)}, that is {_number(lost)} {line.unit} x {per}",
    )
    add(
        REWORK,
        line.amount(repeated),
        f"passes repeated: {_number(count.repeated)}, that is {_number(repeated)} {line.unit} x {per}",
    )
    standard = target + lost + repeated
    add(
        _usage(line),
        line.amount(used - standard),
        f"({_number(used)} used - {_number(standard)} standard for the pieces processed) {line.unit} x {per}",
    )
    kind = PRICE if line.element == MATERIAL else RATE
    add(kind, actual - line.amount(used), f"actual - {_number(used)} {line.unit} x {per}")
    return found


def _not_planned(operation: str, element: str, activity: str, key: str, lines: list[CostLine]) -> Variance:
    amount = sum((line.amount for line in lines), Fraction(0))
    quantity = sum((line.quantity for line in lines), Decimal(0))
    kind = USAGE if element == MATERIAL else SETUP_TIME if activity == SETUP else EFFICIENCY
    how = f"not planned: {_number(quantity)} {lines[0].unit} at actual rates"
    return Variance(operation=operation, element=element, kind=kind, key=key, amount=amount, how=how)


def _usage(line: PlanLine) -> str:
    return USAGE if line.element == MATERIAL else SETUP_TIME if line.is_fixed else EFFICIENCY


def _group(line: PlanLine) -> tuple[str, str, str, str]:
    """Return what actual lines are compared with a planned one by: the item, or the activity whoever did it where."""
    return line.operation, line.element, line.activity, line.key if line.element == MATERIAL else ""


def _grouped(lines: Iterable[CostLine]) -> dict[tuple[str, str, str, str], list[CostLine]]:
    groups: dict[tuple[str, str, str, str], list[CostLine]] = {}
    for line in lines:
        key = line.key if line.element == MATERIAL else ""
        groups.setdefault((line.operation, line.element, line.activity, key), []).append(line)
    return groups


def _number(value: Fraction | Decimal | None) -> str:
    """Return a number for people: up to four places, without zeros that say nothing."""
    if value is None:
        return "-"
    rounded = Decimal(round(Fraction(value) * 10000)) / 10000
    text = f"{rounded:,.4f}".rstrip("0").rstrip(".")
    return text.replace("-0", "0") if text == "-0" else text
