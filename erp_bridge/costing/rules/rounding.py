"""Exact amounts to cents, once, so that what is shown adds up and what is posted is what is shown."""

from collections.abc import Hashable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from typing import TypeVar

CENT = Decimal("0.01")
Key = TypeVar("Key", bound=Hashable)


def to_cents(amount: Fraction) -> int:
    """Return whole cents, a half away from zero."""
    scaled = amount * 100
    return floor(scaled + Fraction(1, 2)) if scaled >= 0 else -floor(-scaled + Fraction(1, 2))


def money(cents: int) -> Decimal:
    """Return cents as an amount with two places."""
    return Decimal(cents) * CENT


def cents(amount: Decimal) -> int:
    """Return an amount as whole cents, a half away from zero."""
    return int((amount * 100).to_integral_value(rounding=ROUND_HALF_UP))


def share_out(total: int, parts: Sequence[Fraction]) -> list[int]:
    """Return the parts in whole cents such that they add up to ``total`` cents (largest remainder, earlier first).

    ``total`` may differ from the sum of the parts by a cent or so, because it was rounded elsewhere.
    """
    if not parts:
        return []
    floors = [floor(part * 100) for part in parts]
    left = total - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda index: (floors[index] - parts[index] * 100, index))
    if left < 0:
        by_remainder.reverse()
    # A part that is exactly nothing stays nothing as long as another can take the cent.
    by_remainder = [index for index in by_remainder if parts[index]] or by_remainder
    for step in range(abs(left)):
        floors[by_remainder[step % len(by_remainder)]] += 1 if left > 0 else -1
    return floors


def round_cells(cells: Mapping[tuple[Key, str], Fraction]) -> dict[tuple[Key, str], Decimal]:
    """Return amounts by (row, column) in cents: the grand total rounded once, the columns to it, the cells to those."""
    columns = list(dict.fromkeys(column for _, column in cells))
    of_column = {column: sum((a for (_, c), a in cells.items() if c == column), Fraction(0)) for column in columns}
    total = to_cents(sum(of_column.values(), Fraction(0)))
    rounded: dict[tuple[Key, str], Decimal] = {}
    for column, column_cents in zip(columns, share_out(total, list(of_column.values())), strict=True):
        keys = [key for key in cells if key[1] == column]
        for key, cell_cents in zip(keys, share_out(column_cents, [cells[key] for key in keys]), strict=True):
            rounded[key] = money(cell_cents)
    return rounded
