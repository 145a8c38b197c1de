"""Figures from what terminals and calendars say: a known shift, its corrections, nights in which clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.equipment.models import PlannedStop
from mes.equipment.queries.planned import site_calendar
from mes.equipment.rules.calendar import ShiftPattern, clip, merge, seconds, shift_windows, subtract
from mes.execution.models import ProductionReport
from mes.performance.queries.pareto import pareto
from mes.performance.queries.shifts import production_day, shifts_of_site
from mes.performance.rules import figures as rules
from tests.factories import make_site, make_work_center
from tests.mes.equipment.helpers import explain, make_stop_reason, run, stop, unit_of
from tests.mes.execution.helpers import complete, pause, report, reverse, start
from tests.mes.performance.helpers import at, make_shift, vorne_shift

MONDAY = date(2026, 3, 2)
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def of(unit, *, now=EVENING, first=MONDAY, last=MONDAY):
    return shifts_of_site(unit.site, first=first, last=last, now=now, units=[unit])


def shown(found):
    return [str(round(one.percent, 2)) for one in (found.availability, found.performance, found.quality, found.oee)]


@pytest.mark.django_db
def test_the_vorne_shift_from_a_terminals_taps():
    (shift,) = of(vorne_shift()).shifts
    assert (shift.sums.planned, shift.sums.run, shift.sums.stopped) == (420 * 60, 373 * 60, 47 * 60)
    assert (shift.sums.produced, shift.sums.good) == (19_271, 18_848)
    assert shown(shift.figures) == ["88.81", "86.11", "97.80", "74.79"]
    assert shift.sums.ideal.quantize(Decimal("1e-12")) == (Decimal(19_271) / 60).quantize(Decimal("1e-12"))
    assert shift.figures.coverage.value == 1


@pytest.mark.django_db
def test_a_report_that_was_taken_back_does_not_count():
    unit = vorne_shift()
    reverse(ProductionReport.objects.order_by("occurred_at").last(), when=at(600))
    (shift,) = of(unit).shifts
    assert (shift.sums.produced, shift.sums.good) == (10_023, 10_000)


@pytest.mark.django_db
def test_pieces_out_of_rework_were_not_good_the_first_time():
    unit = vorne_shift()
    order = ProductionReport.objects.first().work_order
    report(order, "10", rework=100, when=at(470))
    report(order, "10", good=100, from_rework=True, when=at(475))
    (shift,) = of(unit).shifts
    assert (shift.sums.produced, shift.sums.good) == (19_371, 18_848)


@pytest.mark.django_db
def test_a_shift_that_goes_on_counts_until_now():
    (shift,) = of(vorne_shift(), now=at(60)).shifts
    assert (shift.sums.planned, shift.sums.run) == (3600, 3600) and shift.is_running


@pytest.mark.django_db
def test_a_planned_stop_takes_time_out_of_the_plan_and_wins_over_a_stop():
    unit = vorne_shift()
    PlannedStop.objects.create(site=unit.site, work_unit=unit, starts_at=at(200), ends_at=at(230))
    (shift,) = of(unit).shifts
    assert (shift.sums.planned, shift.sums.stopped, shift.sums.run) == (390 * 60, 17 * 60, 373 * 60)


@pytest.mark.django_db
def test_a_stop_that_is_explained_as_planned_is_not_planned_time():
    from mes.equipment.models import StopReason  # noqa: PLC0415

    unit = vorne_shift()
    StopReason.objects.create(reason=make_stop_reason("MEETING", site=unit.site), loss="PLANNED")
    explain(unit, at(210), "MEETING", now=EVENING)
    (shift,) = of(unit).shifts
    assert (shift.sums.planned, shift.sums.stopped) == (373 * 60, 0)
    assert shown(shift.figures)[0] == "100.00"


@pytest.mark.django_db
def test_a_stop_without_a_reason_lowers_what_is_known_and_leads_the_pareto():
    unit = vorne_shift()
    stop(unit, when=at(360))
    run(unit, when=at(381))
    seen = of(unit)
    assert seen.shifts[0].figures.coverage.value == Decimal(399) / 420
    table = pareto(seen.shifts)
    assert [(row.code, row.minutes, row.count, row.by_shift) for row in table.rows] == [
        ("", 21, 1, (21,)),
        ("TOOL", 47, 1, (47,)),
    ]
    assert [row.cumulative for row in table.rows] == [Decimal(21) / 68, 1]
    assert (table.minutes, table.count, table.shifts, table.vital_few) == (68, 2, ["EARLY"], 1)


@pytest.mark.django_db
def test_a_stop_over_two_shifts_is_cut_between_them_and_counts_once():
    unit = vorne_shift()
    make_shift(unit.site, code="LATE", starts_at=time(14), ends_at=time(22))
    stop(unit, when=at(450), reason="TOOL")
    run(unit, when=at(510))
    seen = of(unit, now=datetime(2026, 3, 2, 23, tzinfo=UTC))
    assert [shift.sums.stopped for shift in seen.shifts] == [77 * 60, 30 * 60]
    (row,) = pareto(seen.shifts).rows
    assert (row.minutes, row.count, row.by_shift) == (107, 2, (77, 30))


@pytest.mark.django_db
def test_micro_stops_are_running_time_and_are_listed_on_request():
    unit = vorne_shift()
    stop(unit, when=at(360))
    run(unit, when=at(361))
    seen = of(unit)
    assert (seen.shifts[0].sums.run, seen.shifts[0].sums.micro) == (373 * 60, 60)
    assert shown(seen.shifts[0].figures)[0] == "88.81"
    assert [row.code for row in pareto(seen.shifts, with_micro=True).rows] == ["TOOL", "MICRO"]


@pytest.mark.django_db
def test_without_shifts_there_is_no_value_and_without_a_report_no_data():
    center = make_work_center()
    unit = center.work_units.get()
    assert of(unit).shifts == [] and of(unit).whole.oee.why == rules.NOT_PLANNED
    make_shift(unit.site)
    (shift,) = of(unit).shifts
    assert shift.sums.no_data == shift.sums.planned == 480 * 60
    assert (shift.figures.coverage.value, shift.figures.oee.value, shift.figures.oee.why) == (0, None, rules.NOT_KNOWN)


@pytest.mark.django_db
def test_what_runs_outside_planned_time_is_flagged():
    unit = vorne_shift()
    (shift,) = of(unit).shifts
    assert shift.sums.unplanned_run == 60 * 60
    assert shift.figures.warnings == (rules.RAN_UNPLANNED,)


@pytest.mark.django_db
def test_pieces_reported_in_no_shift_are_named():
    unit = vorne_shift()
    order = ProductionReport.objects.first().work_order
    make_shift(unit.site, code="LATE", starts_at=time(16), ends_at=time(22))
    report(order, "10", good=5, when=at(500))
    assert [(one.job, one.produced) for one in of(unit).outside] == [(f"{order.number}/10", 5)]


@pytest.mark.django_db
def test_a_night_shift_belongs_to_the_day_on_which_it_began():
    site = make_site(time_zone="Europe/Berlin")
    site.time_zone = "Europe/Berlin"
    site.save()
    make_shift(site, code="NIGHT", starts_at=time(22), ends_at=time(6), breaks=[(time(2), time(2, 30))])
    (window,) = site_calendar(site, first=MONDAY, last=MONDAY).windows
    assert (window.start, window.end) == (datetime(2026, 3, 2, 21, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC))
    assert window.breaks == ((datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),)
    assert production_day(site, datetime(2026, 3, 3, 3, tzinfo=UTC)) == MONDAY


NIGHT = ShiftPattern("N", "Night", time(22), time(6), frozenset(range(7)))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 1), 8)])
def test_a_night_in_which_clocks_change_is_not_eight_hours_long(day, hours):
    (window,) = shift_windows([NIGHT], zone=BERLIN, first=day, last=day)
    assert window.end - window.start == timedelta(hours=hours)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_shifts_that_meet_at_a_time_that_is_doubled_or_missing_leave_no_gap(day):
    patterns = [
        ShiftPattern("A", "A", time(0), time(2, 30), frozenset(range(7))),
        ShiftPattern("B", "B", time(2, 30), time(0), frozenset(range(7))),
    ]
    first, second = shift_windows(patterns, zone=BERLIN, first=day, last=day)
    assert first.end == second.start
    assert seconds([(first.start, first.end), (second.start, second.end)]) in (23 * 3600, 25 * 3600)


def test_the_zone_that_changes_by_half_an_hour_is_right_too():
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    (window,) = shift_windows([NIGHT], zone=lord_howe, first=date(2026, 4, 4), last=date(2026, 4, 4))
    assert window.end - window.start == timedelta(hours=8, minutes=30)


@pytest.mark.django_db
def test_the_shift_of_a_night_that_is_an_hour_longer_has_that_hour_planned():
    site = make_site()
    site.time_zone = "Europe/Berlin"
    site.save()
    make_shift(site, code="NIGHT", starts_at=time(22), ends_at=time(6))
    unit = make_work_center(site=site).work_units.get()
    (shift,) = of(unit, first=date(2026, 10, 24), last=date(2026, 10, 24), now=datetime(2026, 11, 1, tzinfo=UTC)).shifts
    assert shift.sums.planned == 9 * 3600


def test_overlapping_shifts_count_no_minute_twice():
    patterns = [
        ShiftPattern("EARLY", "Early", time(6), time(14), frozenset({0})),
        ShiftPattern("DAY", "Day", time(7), time(16), frozenset({0}), breaks=((time(12), time(15)),)),
        ShiftPattern("SHORT", "Short", time(8), time(9), frozenset({0})),
    ]
    windows = shift_windows(patterns, zone=ZoneInfo("UTC"), first=MONDAY, last=MONDAY)
    assert [(window.code, window.start.hour, window.end.hour) for window in windows] == [
        ("EARLY", 6, 14),
        ("DAY", 14, 16),
    ]
    assert windows[1].breaks == ((at(480), at(540)),)


spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 30)).map(lambda one: (at(one[0]), at(one[0] + one[1]))), max_size=6
)


@given(spans, spans)
def test_what_is_left_and_what_was_taken_is_the_whole(given_spans, taken):
    left = subtract(given_spans, taken)
    whole = merge(given_spans)
    removed = [piece for span in whole for piece in clip(merge(taken), *span)]
    assert seconds(left) + seconds(removed) == seconds(whole)
    assert merge([*left, *removed]) == whole


@pytest.mark.django_db
def test_several_jobs_have_each_their_own_ideal_time():
    unit = vorne_shift()
    order = ProductionReport.objects.first().work_order
    complete(order, "10", when=at(480))
    from tests.factories import make_work_order  # noqa: PLC0415

    other = make_work_order(operations=1, site=order.site)
    other.operations.update(work_center=unit.work_center)
    start(other, "10", when=at(480))
    report(other, "10", good=30, when=at(500))
    pause(other, "10", when=at(540))
    make_shift(unit.site, code="LATE", starts_at=time(14), ends_at=time(22))
    late = of(unit, now=at(600)).shifts[1]
    assert late.sums.ideal == 30 and unit_of(other) == unit
    assert late.sums.run == 3600 and late.sums.unexplained == 3600
