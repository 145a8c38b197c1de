"""What the shop floor may do, as plain functions of plain values."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

HARMLESS = ("due_at", "planned_start_at", "priority", "reference")
"""What an ERP may change on a running order without asking: nobody has to do anything differently."""

WEIGHTY = (
    "item", "uom", "order_quantity", "bom", "routing", "over_delivery_percent", "under_delivery_percent", "definition",
)  # fmt: skip
"""What changes the work itself."""

OVER = frozenset({"COMPLETED", "CLOSED", "CANCELLED"})
REPORTABLE = frozenset({"SETUP", "RUNNING", "PAUSED"})

HUNDRED = Decimal(100)


def ceiling(*, order_quantity: Decimal, over_delivery_percent: Decimal) -> Decimal:
    """Return how many good pieces an order may yield without anybody's leave."""
    return order_quantity * (1 + over_delivery_percent / HUNDRED)


def floor(*, order_quantity: Decimal, under_delivery_percent: Decimal) -> Decimal:
    """Return how few good pieces still make an order complete."""
    return max(order_quantity * (1 - under_delivery_percent / HUNDRED), Decimal(0))


def available(*, previous_good: Decimal | None, booked: Decimal, order_ceiling: Decimal, good: Decimal) -> Decimal:
    """Return how many pieces can still be booked at an operation.

    At the first operation (``previous_good`` is None) what the order may still yield; at a later one what the
    previous operation passed on, less what was already booked here as good, scrap or rework.
    """
    if previous_good is None:
        return max(order_ceiling - good, Decimal(0))
    return max(previous_good - booked, Decimal(0))


def backflush_due(
    *, required: Decimal, order_quantity: Decimal, processed: Decimal, posted: Decimal, decimals: int
) -> Decimal:
    """Return what is to be posted now: the rounded requirement of all pieces so far, less what was posted.

    Rounding each report by itself would drift; so the sum is rounded, halves up. Never negative: what a reversal
    left over is used up by the next report.
    """
    cumulative = (required * processed / order_quantity).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return max(cumulative - posted, Decimal(0))


def shown(quantity: Decimal) -> str:
    """Return a quantity as people write it: no trailing zeros, no exponent."""
    return f"{quantity.normalize():f}"


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return ``{field: [ours, theirs]}`` for what differs; both hold plain JSON values under the same names."""
    return {name: [ours[name], theirs[name]] for name in theirs if ours[name] != theirs[name]}


def is_stale(*, stored: str, arriving: str) -> bool:
    """Return whether a version is older than the stored one; without a version on both sides nothing is stale."""
    return bool(stored and arriving) and arriving < stored
