"""Exact conversion of quantities between units."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from mes.core.errors import InvalidInput, Words


class DimensionMismatch(InvalidInput):
    """Two units do not measure the same thing, and the item says nothing about it."""

    code = "uom_mismatch"


class QuantityPrecision(InvalidInput):
    """A quantity has more places than its unit allows."""

    code = "qty_precision"


@dataclass(frozen=True)
class Unit:
    """A unit as plain values: ``per_base`` of them make one base unit of the dimension."""

    code: str
    dimension: str
    per_base: Fraction
    decimals: int


def convert(
    quantity: Decimal, *, source: Unit, target: Unit, factors: Mapping[str, Fraction] | None = None
) -> Fraction:
    """Return ``quantity`` of ``source`` in ``target``, exactly.

    ``factors`` holds, per unit code, how many ``target`` one of that unit is for the item in question; they count
    before the general factors, and let mass become pieces. Factors as in NIST SP 811, through one base unit.

    :raises DimensionMismatch: the units measure different things and no factor of the item bridges them.
    """
    exact = Fraction(quantity)
    if source.code == target.code:
        return exact
    factors = factors or {}
    if source.code in factors:
        return exact * factors[source.code]
    if source.dimension == target.dimension:
        return exact / source.per_base * target.per_base
    raise DimensionMismatch(
        Words(
            "%(source)s cannot be turned into %(target)s: they measure different things. "
            "Enter the quantity in another unit, or give the item a factor for it.",
            {"source": source.code, "target": target.code},
        ),
        field="uom",
    )


def rounded(quantity: Fraction, *, decimals: int) -> Decimal:
    """Return the exact quantity as a decimal with so many places, halves away from zero."""
    with localcontext() as context:
        context.prec = 60
        value = Decimal(quantity.numerator) / Decimal(quantity.denominator)
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def check_precision(quantity: Decimal, *, decimals: int, unit: str, field: str) -> None:
    """Refuse a quantity with more places than its unit has.

    :raises QuantityPrecision: naming how many places there may be.
    """
    if quantity != quantity.quantize(Decimal(1).scaleb(-decimals)):
        facts = {"quantity": f"{quantity.normalize():f}", "unit": unit, "n": decimals}
        whole = Words("%(quantity)s %(unit)s is too exact: %(unit)s takes whole numbers only.", facts)
        parts = Words("%(quantity)s %(unit)s is too exact: %(unit)s takes at most %(n)s decimals.", facts)
        raise QuantityPrecision(parts if decimals else whole, field=field)


PSEUDONYM = "P~"
"""How every pseudonym begins, so that it is told from a personnel number."""


def pseudonym(*, key: bytes, site: str, number: str) -> str:
    """Return the same name for a person of a site every time, from which nobody without the key finds the number."""
    digest = hmac.new(key, f"{site}\x00{number}".encode(), hashlib.sha256).digest()
    return PSEUDONYM + base64.b32encode(digest[:10]).decode().lower()
