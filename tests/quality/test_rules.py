"""What a gauge says, what is in tolerance, and what is due when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.rules import (
    GaugeUnreadable,
    Measured,
    Tolerance,
    due_after_stops,
    due_by_count,
    due_by_time,
    left_over,
    parse_gauge,
)
from tests.factories import NOW

D = Decimal


def at(minutes):
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12.03", "12.03", ""),
        ("12,03", "12.03", ""),
        ("  -0,5 mm\r\n", "-0.5", "mm"),
        ("+.125", "0.125", ""),
        ("12.03mm", "12.03", "mm"),
        ("0.473 in", "0.473", "in"),
        ("01A+00012.345", "12.345", ""),
        ("01A-00000.002", "-0.002", ""),
        ("ST,GS,+0012.30  g", "12.30", "g"),
        ("ST,+00123.45 kg", "123.45", "kg"),
        ("N 12.34 g", "12.34", "g"),
        ("4.2 µm", "4.2", "µm"),
        ("99.5 %", "99.5", "%"),
        ("0", "0", ""),
    ],
)
def test_gauges_and_people_write_numbers_in_their_ways(text, value, unit):
    assert parse_gauge(text) == Measured(D(value), unit)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", ".", "abc", "12.3.4", "1.234,56", "1,234.56", "12 03", "1e5", "NaN", "inf", "0x10", "--5", "5-",
        "12.1234567", "1234567890123", "１２", "12\x00", "12;DROP", "12.03 mm 12.04 mm", "01A+12,3,4", "P1007X",
        "1" * 61, "٣", "+", "US", "½",
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_in_words(text):
    with pytest.raises(GaugeUnreadable) as refusal:
        parse_gauge(text)
    assert str(refusal.value)


@pytest.mark.parametrize(("text", "words"), [("US,GS,+0012.3 g", "not at rest"), ("OL,+9999 g", "overloaded")])
def test_a_scale_that_is_not_ready_says_so(text, words):
    with pytest.raises(GaugeUnreadable, match=words):
        parse_gauge(text)


@given(st.decimals(min_value=-10_000, max_value=10_000, places=4, allow_nan=False), st.sampled_from(".,"))
def test_any_number_is_read_back_exactly(value, sign):
    text = f"{value:f}".replace(".", sign)
    assert parse_gauge(text).value == value


@given(st.text(max_size=70))
def test_no_text_at_all_breaks_the_reader(text):
    try:
        assert parse_gauge(text).value.is_finite()
    except GaugeUnreadable:
        pass


def test_a_value_on_the_limit_is_good():
    tolerance = Tolerance(D(12), D("12.05"))
    assert [tolerance.allows(D(v)) for v in ("11.999999", "12", "12.05", "12.050001")] == [False, True, True, False]
    assert (tolerance.excess(D("12.08")), tolerance.excess(D("11.9")), tolerance.excess(D(12))) == (
        D("0.03"), D("-0.1"), D(0),
    )  # fmt: skip


def test_a_limit_may_be_open_on_one_side():
    assert Tolerance(upper=D(5)).allows(D(-1000)) and not Tolerance(upper=D(5)).allows(D(6))
    assert Tolerance(lower=D(5)).allows(D(1000)) and not Tolerance(lower=D(5)).allows(D(4))
    assert Tolerance().allows(D(0))


def test_every_fifty_pieces_there_is_a_check_at_the_report_that_reached_them():
    reports = [(at(1), D(30)), (at(2), D(30)), (at(3), D(120))]
    found = due_by_count(reports, every=D(50))
    assert [(one.key, one.due_at) for one in found] == [("count-1", at(2)), ("count-2", at(3)), ("count-3", at(3))]


def test_pieces_that_were_taken_back_take_their_check_back():
    reports = [(at(1), D(50)), (at(2), D(-1)), (at(3), D(1))]
    assert due_by_count(reports[:2], every=D(50)) == []
    assert [one.due_at for one in due_by_count(reports, every=D(50))] == [at(3)]


@given(st.lists(st.integers(-50, 50), max_size=30), st.integers(1, 40))
def test_there_are_as_many_checks_as_multiples_that_the_total_has_reached(changes, every):
    reports = [(at(n), D(change)) for n, change in enumerate(changes)]
    assert len(due_by_count(reports, every=D(every))) == max(sum(changes) // every, 0)


def test_time_passes_for_checks_only_while_it_runs():
    runs = [(at(0), at(25)), (at(100), at(110)), (at(200), None)]
    found = due_by_time(runs, every=D(30), now=at(230))
    assert [(one.key, one.due_at) for one in found] == [("time-1", at(105)), ("time-2", at(225))]
    assert due_by_time(runs, every=D(30), now=at(201)) == found[:1]


def test_only_a_long_stop_asks_for_a_check():
    runs = [("a", at(0), at(10)), ("b", at(14), at(20)), ("c", at(80), None)]
    assert [(one.key, one.due_at) for one in due_after_stops(runs, shortest=D(15))] == [("stop-c", at(80))]


def test_what_is_left_is_exact():
    assert left_over(quantity=D("0.3"), disposed=[D("0.1"), D("0.1"), D("0.1")]) == 0
