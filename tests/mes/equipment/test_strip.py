"""The shift so far as a terminal draws it: small, the same at every question, and no missing reason lost."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from mes.equipment.queries.stops import unexplained
from mes.equipment.queries.strip import strip_of
from mes.masterdata.models import Shift, WorkUnit
from mes.terminal.panels import Place, panels
from tests.factories import NOW, make_work_order
from tests.mes.equipment.helpers import make_stop_reason, run, stop
from tests.mes.execution.helpers import at, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    order = make_work_order()
    make_stop_reason("TOOL", site=order.site, name="Tool")
    start(order, "10", when=NOW)
    return WorkUnit.objects.select_related("site", "work_center").get(
        work_center=order.operations.get(position=1).work_center
    )


def drawn(unit, minutes):
    now = at(minutes)
    waiting = {stop.interval.key for stop in unexplained([unit], now=now)}
    return strip_of([unit], waiting=waiting, now=now)


def test_without_a_shift_it_is_the_last_eight_hours(unit):
    found = drawn(unit, 60)
    assert found.name == "" and found.end - found.start == timedelta(hours=8)
    assert found.start < NOW < at(60) < found.end


def test_with_a_shift_it_is_the_whole_shift(unit):
    Shift.objects.create(site=unit.site, code="D", name="Day", starts_at=time(0), ends_at=time(0), weekdays="0123456")
    found = drawn(unit, 60)
    assert found.name == "Day" and found.end - found.start == timedelta(days=1)


def test_a_missing_reason_is_marked_and_a_given_one_is_not(unit):
    stop(unit, when=at(10))
    run(unit, when=at(20))
    stop(unit, when=at(30), reason="TOOL")
    run(unit, when=at(40))
    line = drawn(unit, 60).lines[0]
    assert [mark.kind for mark in line.marks] == ["run", "unexplained", "run", "stopped", "run"]
    assert [mark.grows for mark in line.marks] == [False, False, False, False, True]
    assert len(line.missing) == 1


def test_it_is_the_same_until_something_happens(unit):
    stop(unit, when=at(10))
    before, after = drawn(unit, 16), drawn(unit, 17)
    assert before == after and before.lines[0].open_mark.kind == "unexplained"


def test_hundreds_of_micro_stops_are_drawn_in_less_than_five_kilobytes(unit):
    for minute in range(1, 200):
        stop(unit, when=at(minute))
        run(unit, when=at(minute) + timedelta(seconds=5))
    line = drawn(unit, 210).lines[0]
    assert line.marks[0].kind == "run" and sum((mark.width for mark in line.marks), Decimal(0)) > 0
    assert sum(len(path) for _, path in line.shapes) < 2_000


def test_the_panel_draws_numbers_that_a_drawing_understands_in_every_language(unit, settings):
    stop(unit, when=timezone.now() - timedelta(minutes=10))
    place = Place(work_center=unit.work_center, job="", now=timezone.now())
    context = panels["strip"].context(place)
    assert all("," not in mark.at + mark.across for line in context["strip"].lines for mark in line.marks)
