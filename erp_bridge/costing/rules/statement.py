"""The cost of an order in cents: what a controller reads and what an ERP is told, one and the same figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from erp_bridge.costing.rules.rollup import ELEMENTS, LABOR, MACHINE, MATERIAL, Actual
from erp_bridge.costing.rules.rounding import cents, money, round_cells, share_out
from erp_bridge.costing.rules.variances import VOLUME, Comparison, Variance

ROUNDING = "ROUNDING"
ZERO = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class VarianceFigure:
    """A variance in cents, with how it was computed."""

    operation: str
    element: str
    kind: str
    key: str
    amount: Decimal
    how: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Planned, target and actual in cents; ``variances`` lead from planned to actual and add up to the difference."""

    planned: Decimal
    target: Decimal
    actual: Decimal
    variances: Sequence[VarianceFigure] = ()

    @property
    def variance(self) -> Decimal:
        """Actual minus target: positive is unfavorable."""
        return self.actual - self.target

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(
            planned=self.planned + other.planned,
            target=self.target + other.target,
            actual=self.actual + other.actual,
            variances=[*self.variances, *other.variances],
        )


NOTHING = Figure(planned=ZERO, target=ZERO, actual=ZERO)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The cost of an order. ``good`` + ``scrap`` + ``rework`` + ``in_work`` is the actual total."""

    operations: Sequence[str]
    cells: Mapping[tuple[str, str], Figure]
    good: Decimal
    scrap: Decimal
    rework: Decimal
    in_work: Decimal

    @property
    def total(self) -> Figure:
        return sum(self.cells.values(), NOTHING)

    def element(self, element: str) -> Figure:
        """Return the figures of one element over all operations."""
        return sum((figure for (_, e), figure in self.cells.items() if e == element), NOTHING)

    def operation(self, operation: str) -> Figure:
        """Return the figures of one operation over all elements."""
        return sum((figure for (o, _), figure in self.cells.items() if o == operation), NOTHING)

    def posting(self) -> dict[str, Decimal]:
        """Return the amounts that go to an ERP."""
        return {
            "planned_total": self.total.planned,
            "material": self.element(MATERIAL).actual,
            "labor": self.element(LABOR).actual,
            "machine": self.element(MACHINE).actual,
            "scrap": self.scrap,
            "rework": self.rework,
            "total": self.total.actual,
        }


def state(actual: Actual, comparison: Comparison) -> Statement:
    """Round the exact cost of an order to cents, once, such that every total is the sum of what stands above it."""
    planned, target = round_cells(comparison.planned), round_cells(comparison.target)
    spent = round_cells(actual.cells)
    cells = {}
    for cell in actual.cells:
        found = [one for one in comparison.variances if (one.operation, one.element) == cell]
        volume = [one for one in found if one.kind == VOLUME]
        other = [one for one in found if one.kind != VOLUME]
        cells[cell] = Figure(
            planned=planned[cell],
            target=target[cell],
            actual=spent[cell],
            variances=[
                *_in_cents(volume, cell, target[cell] - planned[cell]),
                *_in_cents(other, cell, spent[cell] - target[cell]),
            ],
        )
    total = cents(sum(spent.values(), ZERO))
    good, scrap, rework, in_work = share_out(total, [actual.good, actual.scrap, actual.rework, actual.in_work])
    return Statement(
        operations=[operation.operation for operation in actual.operations],
        cells=cells,
        good=money(good),
        scrap=money(scrap),
        rework=money(rework),
        in_work=money(in_work),
    )


def _in_cents(variances: Sequence[Variance], cell: tuple[str, str], difference: Decimal) -> list[VarianceFigure]:
    """Return the variances in cents so that they add up to the difference of the rounded figures."""
    if not variances:
        if not difference:
            return []
        how = "a cent that rounding moved here, so that the totals add up"
        return [
            _figure(
                Variance(operation=cell[0], element=cell[1], kind=ROUNDING, key="", amount=Fraction(0), how=how),
                difference,
            )
        ]
    shares = share_out(cents(difference), [one.amount for one in variances])
    return [_figure(one, money(share)) for one, share in zip(variances, shares, strict=True)]


def _figure(variance: Variance, amount: Decimal) -> VarianceFigure:
    return VarianceFigure(
        operation=variance.operation,
        element=variance.element,
        kind=variance.kind,
        key=variance.key,
        amount=amount,
        how=variance.how,
    )


__all__ = ["ELEMENTS", "Figure", "Statement", "VarianceFigure", "state"]
