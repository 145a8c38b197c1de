"""Quantities convert exactly, and never across dimensions by accident."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.masterdata.rules import DimensionMismatch, QuantityPrecision, Unit, check_precision, convert, rounded

KG = Unit("kg", "mass", Fraction(1), 3)
G = Unit("g", "mass", Fraction(1000), 0)
LB = Unit("lb", "mass", Fraction(100000000, 45359237), 3)
PCS = Unit("pcs", "count", Fraction(1), 0)


def test_a_pound_is_exactly_its_share_of_a_kilogram():
    assert convert(Decimal(1), source=LB, target=KG) == Fraction(45359237, 100000000)


def test_grams_become_kilograms():
    assert convert(Decimal(2500), source=G, target=KG) == Fraction(5, 2)


@given(st.decimals(min_value=0, max_value=10**9, places=6), st.sampled_from([KG, G, LB]), st.sampled_from([KG, G, LB]))
def test_there_and_back_is_the_same_quantity(quantity, here, there):
    out = convert(quantity, source=here, target=there)
    assert out / there.per_base * here.per_base == Fraction(quantity)


def test_mass_becomes_pieces_only_by_the_item_s_own_factor():
    with pytest.raises(DimensionMismatch, match="kg cannot be turned into pcs"):
        convert(Decimal(1), source=KG, target=PCS)
    assert convert(Decimal(3), source=KG, target=PCS, factors={"kg": Fraction(4)}) == 12


def test_halves_round_away_from_zero():
    assert rounded(Fraction(5, 2), decimals=0) == 3
    assert rounded(Fraction(1, 3), decimals=6) == Decimal("0.333333")


def test_too_many_places_are_refused_with_the_number_allowed():
    check_precision(Decimal("1.20"), decimals=2, unit="kg", field="good_quantity")
    with pytest.raises(QuantityPrecision, match="at most 2 decimals"):
        check_precision(Decimal("1.2345"), decimals=2, unit="kg", field="good_quantity")
    with pytest.raises(QuantityPrecision, match="whole numbers only"):
        check_precision(Decimal("1.5"), decimals=0, unit="pcs", field="good_quantity")
