"""What an order has cost: facts priced line by line, added up by operation, and followed through the routing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from erp_bridge.costing.rules.rates import CYCLE, HOUR, ITEM, PERSON, WORK_CENTER, Rate, RateBook, amount_of
from mes.core.durations import minutes_to_seconds, seconds_to_minutes

MATERIAL, LABOR, MACHINE = "MATERIAL", "LABOR", "MACHINE"
ELEMENTS = (MATERIAL, LABOR, MACHINE)
SETUP, RUN = "SETUP", "RUN"


@dataclass(frozen=True, kw_only=True)
class MaterialFact:
    """A component issued to an operation (positive) or returned (negative), in the item's own unit."""

    operation: str
    item: str
    quantity: Decimal
    uom: str
    at: datetime
    lot: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class TimeFact:
    """A person's share or a work unit's occupation: ``key`` is the personnel number or the work center's code.

    ``minutes`` may be less than the interval (parallel jobs) and is negative where it reverses an earlier fact.
    """

    operation: str
    key: str
    activity: str
    started_at: datetime
    ended_at: datetime
    minutes: Decimal
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class PieceFact:
    """Pieces reported at an operation of a work center; negative where a report was reversed."""

    operation: str
    work_center: str
    at: datetime
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)
    reference: str = ""

    @property
    def passes(self) -> Decimal:
        """How often the operation was done: each piece once for each time that it was reported."""
        return self.good + self.scrap + self.rework


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """Everything that happened on an order; ``operations`` are its operation numbers in routing order."""

    operations: Sequence[str]
    material: Sequence[MaterialFact] = ()
    labor: Sequence[TimeFact] = ()
    machine: Sequence[TimeFact] = ()
    pieces: Sequence[PieceFact] = ()


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One fact (or the part of it under one rate) with its price: ``quantity`` in ``unit`` times ``rate`` = ``amount``."""

    operation: str
    element: str
    activity: str
    key: str
    day: date
    quantity: Decimal
    unit: str
    rate: Rate | None
    amount: Fraction
    reference: str = ""
    lot: str = ""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What was reported at an operation, net of reversals."""

    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class OperationCost:
    """The cost of one operation, and what became of it.

    ``own`` is spent at this operation; ``carried_in`` came with the pieces from the one before. Together they are
    ``rework`` (passes that had to be repeated), ``scrap`` (gone with scrapped pieces), ``passed_on`` (with the good
    pieces, less what the next operation has not taken yet) and ``in_work`` (still here or waiting for the next).
    """

    operation: str
    own: Fraction
    carried_in: Fraction
    rework: Fraction
    scrap: Fraction
    passed_on: Fraction
    in_work: Fraction
    pieces: Pieces


@dataclass(frozen=True, kw_only=True)
class Actual:
    """The actual cost of an order. ``scrap``, ``rework``, ``in_work`` and ``good`` are what ``total`` went into."""

    cells: Mapping[tuple[str, str], Fraction]
    """(operation, element) to amount; an order without a routing has the one operation ""."""
    total: Fraction
    operations: Sequence[OperationCost]
    lines: Sequence[CostLine]
    unpriced: Sequence[CostLine] = field(default=())
    """Lines without a rate: the total is not complete while there is one."""

    @property
    def scrap(self) -> Fraction:
        return sum((operation.scrap for operation in self.operations), Fraction(0))

    @property
    def rework(self) -> Fraction:
        return sum((operation.rework for operation in self.operations), Fraction(0))

    @property
    def in_work(self) -> Fraction:
        return sum((operation.in_work for operation in self.operations), Fraction(0))

    @property
    def good(self) -> Fraction:
        return self.operations[-1].passed_on if self.operations else Fraction(0)


def price(facts: OrderFacts, rates: RateBook) -> list[CostLine]:
    """Return every fact with its rate: material at the day it moved, time at the days on which it was worked.

    A work center whose rate is per cycle costs its rate for each pass that was reported, whatever the time it took.
    """
    lines = [_material_line(fact, rates) for fact in facts.material]
    for fact in facts.labor:
        lines += _time_lines(fact, LABOR, PERSON, rates)
    for fact in facts.machine:
        lines += [line for line in _time_lines(fact, MACHINE, WORK_CENTER, rates) if not _is_per_cycle(line)]
    for report in facts.pieces:
        lines += _cycle_lines(report, rates)
    order = {number: index for index, number in enumerate(facts.operations)}
    first = facts.operations[0] if facts.operations else ""
    placed = [line if line.operation in order else replace(line, operation=first) for line in lines]
    return sorted(
        placed, key=lambda line: (order.get(line.operation, 0), ELEMENTS.index(line.element), line.day, line.reference)
    )


def roll_up(facts: OrderFacts, rates: RateBook) -> Actual:
    """Return the actual cost of the order so far, by operation and element, with every line it is made of."""
    lines = price(facts, rates)
    cells = {(operation, element): Fraction(0) for operation in facts.operations for element in ELEMENTS}
    for line in lines:
        cells[line.operation, line.element] += line.amount
    run_conversion = {
        operation: sum(
            (
                line.amount
                for line in lines
                if line.operation == operation and line.element != MATERIAL and line.activity != SETUP
            ),
            Fraction(0),
        )
        for operation in facts.operations
    }
    own = {operation: sum((cells[operation, e] for e in ELEMENTS), Fraction(0)) for operation in facts.operations}
    return Actual(
        cells=cells,
        total=sum(cells.values(), Fraction(0)),
        operations=follow(facts.operations, own=own, run_conversion=run_conversion, pieces=net_pieces(facts)),
        lines=lines,
        unpriced=[line for line in lines if line.rate is None and line.quantity],
    )


def net_pieces(facts: OrderFacts) -> dict[str, Pieces]:
    """Return what was reported by operation, reversals taken off."""
    sums = {operation: [Decimal(0)] * 3 for operation in facts.operations}
    for fact in facts.pieces:
        if fact.operation in sums:
            good, scrap, rework = sums[fact.operation]
            sums[fact.operation] = [good + fact.good, scrap + fact.scrap, rework + fact.rework]
    return {op: Pieces(good=good, scrap=scrap, rework=rework) for op, (good, scrap, rework) in sums.items()}


def follow(
    operations: Sequence[str],
    *,
    own: Mapping[str, Fraction],
    run_conversion: Mapping[str, Fraction],
    pieces: Mapping[str, Pieces],
) -> list[OperationCost]:
    """Follow the money through the routing and return, for each operation, what it went into.

    Scrapped pieces take with them their share of all that was spent up to and including the operation (domain 3.3).
    Of the run cost (labor and machine) of an operation, the passes that ended in rework are set apart before that:
    they are an extra cost of the order and no cost of a scrapped piece. An operation at which nothing was reported
    hands its cost to the next one that reports; what no operation has taken yet is in work. Nothing is added or lost:
    rework + scrap + in work + what the last operation passed on is the total.
    """
    left = {number: Fraction(pieces[number].good + pieces[number].scrap) for number in operations}
    last = max((index for index, number in enumerate(operations) if left[number] > 0), default=-1)
    result: list[OperationCost] = []
    carried, counted = Fraction(0), Fraction(0)
    uncounted = Fraction(0)
    for index, number in enumerate(operations):
        rework = _repeated(run_conversion[number], left[number], pieces[number])
        if left[number] <= 0:
            spent, came_in = own[number] - rework, Fraction(0)
            waiting, scrap, passed_on = (
                (Fraction(0), Fraction(0), spent) if index < last else (spent, Fraction(0), Fraction(0))
            )
            uncounted += passed_on
        else:
            came_in = carried + uncounted
            taken = carried * min(left[number], counted) / counted if counted else carried
            waiting = carried - taken
            spent = taken + uncounted + own[number] - rework
            scrap = spent * Fraction(pieces[number].scrap) / left[number]
            passed_on = spent - scrap
            carried, counted, uncounted = passed_on, Fraction(pieces[number].good), Fraction(0)
            if index == last and index < len(operations) - 1:
                waiting, passed_on = waiting + passed_on, Fraction(0)
        result.append(
            OperationCost(
                operation=number,
                own=own[number],
                carried_in=came_in,
                rework=rework,
                scrap=scrap,
                passed_on=passed_on,
                in_work=waiting,
                pieces=pieces[number],
            )
        )
    return result


def _repeated(run_conversion: Fraction, left: Fraction, reported: Pieces) -> Fraction:
    """Return the run cost of the passes that ended in rework."""
    rework = max(Fraction(reported.rework), Fraction(0))
    passes = max(left, Fraction(0)) + rework
    return run_conversion * rework / passes if passes else Fraction(0)


def _material_line(fact: MaterialFact, rates: RateBook) -> CostLine:
    rate = rates.at(ITEM, fact.item, fact.at)
    return CostLine(
        operation=fact.operation,
        element=MATERIAL,
        activity="",
        key=fact.item,
        day=rates.day_of(fact.at),
        quantity=fact.quantity,
        unit=fact.uom,
        rate=rate,
        amount=amount_of(rate, quantity=fact.quantity),
        reference=fact.reference,
        lot=fact.lot,
    )


def _time_lines(fact: TimeFact, element: str, kind: str, rates: RateBook) -> list[CostLine]:
    parts = rates.cut(
        kind, fact.key,
        started_at=fact.started_at, ended_at=fact.ended_at, seconds=minutes_to_seconds(fact.minutes),
    )  # fmt: skip
    return [
        CostLine(
            operation=fact.operation,
            element=element,
            activity=fact.activity,
            key=fact.key,
            day=day,
            quantity=seconds_to_minutes(seconds),
            unit="min",
            rate=rate,
            # From the seconds: minutes with six places would already be rounded.
            amount=Fraction(0) if rate is None else Fraction(rate.amount) * seconds / 3600,
            reference=fact.reference,
        )
        for day, rate, seconds in parts
    ]


def _is_per_cycle(line: CostLine) -> bool:
    return line.rate is not None and line.rate.per == CYCLE


def _cycle_lines(report: PieceFact, rates: RateBook) -> list[CostLine]:
    rate = rates.at(WORK_CENTER, report.work_center, report.at)
    if rate is None or rate.per == HOUR or not report.passes:
        return []
    return [
        CostLine(
            operation=report.operation,
            element=MACHINE,
            activity=RUN,
            key=report.work_center,
            day=rates.day_of(report.at),
            quantity=report.passes,
            unit="cycles",
            rate=rate,
            amount=amount_of(rate, quantity=report.passes),
            reference=report.reference,
        )
    ]
