"""OEE's definitions: a shift that everybody knows, an identity that always holds, and the cases without a value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.equipment.rules.calendar import subtract
from mes.performance.rules import figures as rules
from mes.performance.rules.figures import Sums, figures, total, waterfall
from mes.performance.rules.timeline import Held, segments, sums_of

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
VORNE = Sums(
    planned=420 * 60, run=373 * 60, stopped=47 * 60, ideal=Decimal(19_271) / 60, good_ideal=Decimal(18_848) / 60,
    produced=Decimal(19_271), good=Decimal(18_848),
)  # fmt: skip


def at(minutes):
    return BEGIN + timedelta(minutes=minutes)


def test_the_vorne_shift():
    found = figures(VORNE)
    shown = [round(one.percent, 2) for one in (found.availability, found.performance, found.quality, found.oee)]
    assert [str(one) for one in shown] == ["88.81", "86.11", "97.80", "74.79"]
    assert found.coverage.value == 1 and not found.warnings


seconds = st.integers(0, 86_400)
share = st.decimals(0, 1, places=4)
minutes = st.decimals(0, 3000, places=6)


@st.composite
def any_sums(draw):
    run, setup, stopped, idle, no_data = (draw(seconds) for _ in range(5))
    ideal = draw(minutes)
    return Sums(
        planned=run + setup + stopped + idle + no_data, run=run, setup=setup, stopped=stopped, idle=idle, no_data=no_data,
        micro=int(run * draw(share)), unexplained=int(stopped * draw(share)), ideal=ideal, good_ideal=ideal * draw(share),
    )  # fmt: skip


@given(any_sums())
def test_the_product_of_the_factors_is_ideal_time_of_good_pieces_by_planned_time(sums):
    found = figures(sums)
    if found.oee.value is not None:
        assert found.oee.value == sums.good_ideal / (Decimal(sums.planned) / 60)
    if None in (found.availability.value, found.performance.value, found.quality.value):
        return
    product = found.availability.value * found.performance.value * found.quality.value
    assert abs(product - found.oee.value) < Decimal("1e-20")


@given(any_sums())
def test_the_losses_and_the_productive_time_are_the_planned_time(sums):
    assert abs(sum(loss.minutes for loss in waterfall(sums)) - rules.minutes(sums.planned)) < Decimal("1e-18")


@given(st.lists(any_sums(), max_size=5))
def test_rolled_up_figures_come_from_sums_and_never_from_percentages(several):
    whole, found = total(several), figures(total(several))
    counted = [one for one in several if one.no_data < one.planned]
    assert whole.planned == sum(one.planned for one in counted)
    if found.availability.value is not None:
        assert found.availability.value == rules.minutes(sum(one.run for one in counted)) / rules.minutes(whole.planned)


def test_two_shifts_of_unequal_length_are_not_averaged():
    short, long = Sums(planned=60, run=60), Sums(planned=540, run=0)
    assert figures(total([short, long])).availability.value == Decimal("0.1")


def test_nothing_planned_has_no_value_and_takes_no_part():
    found = figures(Sums(unplanned_run=600, ideal=Decimal(5), good_ideal=Decimal(5)))
    assert found.oee.value is None is found.availability.value is found.coverage.value
    assert found.oee.why == rules.NOT_PLANNED and found.warnings == (rules.RAN_UNPLANNED,)
    assert total([Sums(ideal=Decimal(5)), Sums(planned=60, run=60)]).ideal == 0


def test_a_unit_of_which_nothing_is_known_lowers_only_how_much_is_known():
    whole = figures(total([VORNE, Sums(planned=420 * 60, no_data=420 * 60)]))
    assert whole.oee.value == figures(VORNE).oee.value and whole.coverage.value == Decimal("0.5")


def test_what_did_not_run_is_zero_and_the_other_factors_have_no_value():
    found = figures(Sums(planned=3600, stopped=3600))
    assert (found.availability.value, found.oee.value) == (0, 0)
    assert found.performance.value is None is found.quality.value and found.quality.why == rules.NOT_RUN


def test_what_ran_and_made_nothing_has_no_quality():
    found = figures(Sums(planned=3600, run=3600))
    assert (found.performance.value, found.oee.value, found.quality.value) == (0, 0, None)
    assert found.quality.why == rules.NOTHING_MADE


def test_performance_over_one_is_shown_and_flagged():
    found = figures(Sums(planned=3600, run=3600, ideal=Decimal(90), good_ideal=Decimal(90)))
    assert found.performance.value == Decimal("1.5") and found.warnings == (rules.OVER_HUNDRED,)


def test_without_a_planned_run_time_nothing_is_guessed():
    sums = Sums(planned=3600, run=3600, produced=Decimal(5), without_ideal=frozenset({"WO-1/10"}))
    found = figures(sums)
    assert found.availability.value == 1 and found.performance.value is None is found.oee.value
    assert found.performance.why == rules.NO_IDEAL_TIME
    assert figures(total([sums, VORNE])).oee.value == figures(VORNE).oee.value
    beside = figures(total([sums, Sums(planned=3600, run=60)]))
    assert beside.oee.why == rules.NO_IDEAL_TIME and beside.availability.value == Decimal(3660) / 7200


def test_pieces_without_running_time_are_not_hidden():
    found = figures(Sums(planned=3600, setup=3600, ideal=Decimal(5), good_ideal=Decimal(5)))
    assert found.oee.value is None and found.oee.why == rules.MADE_WITHOUT_RUNNING


def test_a_shift_is_cut_along_its_plan_and_every_second_is_somewhere():
    cut = segments(
        start=at(0),
        end=at(480),
        planned=[(at(0), at(240)), (at(270), at(480))],
        held=[
            Held(at(10), at(30), "SETUP"),
            Held(at(30), at(100), "RUNNING"),
            Held(at(100), at(101), "STOPPED", is_micro=True),
            Held(at(101), at(230), "RUNNING"),
            Held(at(230), at(280), "STOPPED", loss="FAILURE"),
            Held(at(280), at(300), "STOPPED"),
            Held(at(300), at(330), "STOPPED", loss="PLANNED"),
            Held(at(330), at(400), "IDLE"),
            Held(at(400), at(500), "RUNNING"),
        ],
    )
    assert [one.end for one in cut[:-1]] == [one.start for one in cut[1:]]
    sums = sums_of(cut)
    assert sums == Sums(
        planned=420 * 60, run=280 * 60, micro=60, setup=20 * 60, stopped=40 * 60, unexplained=20 * 60, idle=70 * 60,
        no_data=10 * 60,
    )  # fmt: skip
    assert figures(sums).coverage.value == Decimal(390) / 420


states = st.sampled_from(["RUNNING", "SETUP", "STOPPED", "IDLE"])
points = st.lists(st.tuples(st.integers(-60, 500), states, st.sampled_from(["", "FAILURE", "PLANNED"])), max_size=10)


@given(points, st.lists(st.tuples(st.integers(0, 480), st.integers(1, 60)), max_size=3))
def test_segments_have_no_gap_no_overlap_and_add_up(raw, breaks):
    raw = sorted({minute: (minute, state, loss) for minute, state, loss in raw}.values())
    ends = [minute for minute, *_ in raw[1:]] + [600]
    held = [Held(at(m), at(e), state, loss) for (m, state, loss), e in zip(raw, ends, strict=False)]
    planned = subtract([(at(0), at(480))], [(at(m), at(m + length)) for m, length in breaks])
    cut = segments(start=at(0), end=at(480), planned=planned, held=held)
    assert (cut[0].start, cut[-1].end) == (at(0), at(480))
    assert [one.end for one in cut[:-1]] == [one.start for one in cut[1:]]
    sums = sums_of(cut)
    assert sums.planned == sums.run + sums.setup + sums.stopped + sums.idle + sums.no_data


@pytest.mark.parametrize("threshold_loss", [True, False])
def test_moving_the_threshold_of_micro_stops_moves_loss_but_not_oee(threshold_loss):
    stop = Held(at(60), at(70), "STOPPED", is_micro=threshold_loss, loss="" if threshold_loss else "FAILURE")
    cut = segments(
        start=at(0),
        end=at(480),
        planned=[(at(0), at(480))],
        held=[Held(at(0), at(60), "RUNNING"), stop, Held(at(70), at(480), "RUNNING")],
    )
    found = figures(sums_of(cut) + Sums(ideal=Decimal(300), good_ideal=Decimal(290)))
    assert found.oee.value == Decimal(290) / 480
    assert found.availability.value == (1 if threshold_loss else Decimal(470) / 480)


@pytest.mark.parametrize(
    ("stored", "meant"),
    [("0.016667", Decimal(1) / 60), ("0.8", Decimal("0.8")), ("0.006667", Decimal("0.4") / 60), ("0.016670", None)],
)
def test_a_run_time_is_what_was_meant_before_it_was_rounded(stored, meant):
    assert rules.exact_run_time(Decimal(stored)) == (Decimal(stored) if meant is None else meant)
