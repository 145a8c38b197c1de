"""Numbering patterns: what they give, what the check character tells, what is refused and why."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.core.check_character import SIGNS
from mes.material import rules

FACTS = rules.facts_of(site="P1", item="PART-7", order="WO-1", day=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("{yy}{mm}{dd}-{n:3}", "260302-001"),
        ("{site}/{item}/{n}", "P1/PART-7/1"),
        ("{order}-{n:2}", "WO-1-01"),
        ("{yyyy}W{ww}D{jjj}.{n:4}", "2026W10D061.0001"),
        ("S{n:6}{check}", "S000001" + rules.check_character("S000001")),
    ],
)
def test_a_pattern_gives_its_number(pattern, first):
    assert rules.read_pattern(pattern).number(1, FACTS) == first


def test_the_counter_counts_within_everything_else_of_the_number():
    pattern = rules.read_pattern("{yy}{mm}{dd}-{n:3}{check}")
    tomorrow = rules.facts_of(site="P1", item="PART-7", order="WO-1", day=date(2026, 3, 3))
    assert pattern.scope(FACTS) == "260302-#" != pattern.scope(tomorrow)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{year}-{n}", r"\{year\} is no field"),
        ("{n}{n}", "once"),
        ("{n:0}", "1 to 12 digits"),
        ("{n:x}", "1 to 12 digits"),
        ("{yy:2}", "no field"),
        ("{check}{n}", "at the end"),
        ("{yy}{", "brace"),
        ("yy}", "brace"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_with_the_reason(pattern, words):
    with pytest.raises(rules.PatternWrong, match=words):
        rules.read_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "each"), [("LOT", "ORDER"), ("{yy}", "REPORT"), ("{order}", "PIECE"), ("{order}", "DAY")]
)
def test_a_pattern_under_which_two_would_share_a_number_is_refused(pattern, each):
    with pytest.raises(rules.PatternWrong):
        rules.check_pattern(pattern, each=each)


@pytest.mark.parametrize(("pattern", "each"), [("{order}", "ORDER"), ("{order}-{jjj}", "DAY"), ("{n}", "PIECE")])
def test_a_pattern_that_tells_them_apart_is_taken(pattern, each):
    rules.check_pattern(pattern, each=each)


def test_a_counter_without_digits_left_says_so():
    with pytest.raises(rules.NumbersUsedUp, match="up to 99 of this pattern"):
        rules.read_pattern("{n:2}").number(100, FACTS)


def test_a_number_that_no_label_can_hold_is_refused():
    with pytest.raises(rules.PatternWrong, match="longer than"):
        rules.read_pattern("x" * 60 + "{n:12}").number(1, FACTS)


def test_the_check_character_is_that_of_the_standard():
    # The example of the Global Release Identifier, which is checked by ISO/IEC 7064 MOD 37-36.
    assert rules.check_character("A12425GABC1234002") == "M"


CODE = st.text(SIGNS, min_size=2, max_size=20)


@given(CODE, st.data())
def test_one_wrong_character_is_told(code, data):
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(SIGNS))
    wrong = code[:place] + other + code[place + 1 :]
    assert (rules.check_character(wrong) == rules.check_character(code)) == (wrong == code)


@pytest.mark.parametrize("before", ["", "6G6", "LOT-2026-"])
def test_of_the_exchanges_of_two_neighbors_all_but_one_are_told(before):
    missed = [
        one + other
        for one, other in itertools.combinations(SIGNS, 2)
        if rules.check_character(before + one + other) == rules.check_character(before + other + one)
    ]
    assert len(missed) == 1
