"""What a terminal says of a job before anybody taps: what it waits for, where there is room, how long it is set up."""

import pytest
from django.template.loader import render_to_string

from mes.masterdata.models import WorkUnit
from mes.terminal.panels import Place, panels
from tests.factories import make_work_order
from tests.mes.execution.helpers import at, pause, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return make_work_order()


@pytest.fixture
def other(order):
    """Another order at the same work center."""
    second = make_work_order(number="WO-2")
    center = order.operations.get(position=1).work_center
    second.operations.filter(position=1).update(work_center=center)
    return second


def told(key, order, minutes):
    operation = order.operations.get(position=1)
    place = Place(work_center=operation.work_center, job=str(operation.pk), now=at(minutes))
    panel = panels[key]
    context = panel.context(place)
    return context, render_to_string(panel.template, context)


def test_a_setup_that_runs_counts_from_when_it_would_have_begun_had_nobody_broken_it_off(order):
    start(order, "10", when=at(0), activity="SETUP")
    pause(order, "10", when=at(4))
    assert told("job", order, 5)[0]["setting_up_since"] is None
    start(order, "10", when=at(30), activity="SETUP")
    assert told("job", order, 31)[0]["setting_up_since"] == at(26)


def test_whoever_chooses_a_machine_sees_what_is_on_it(order, other):
    first = order.operations.get(position=1)
    WorkUnit.objects.create(site=order.site, work_center=first.work_center, code="Z-9")
    start(order, "10", work_unit="Z-9")
    units = {unit.code: [one.order.number for one in jobs] for unit, jobs in told("pad", other, 5)[0]["work_units"]}
    assert units.pop("Z-9") == [order.number]
    assert set(map(tuple, units.values())) == {()}


def test_the_bar_does_not_say_that_nothing_runs_where_another_job_does(order, other):
    assert "No job running" in told("bar", other, 5)[1]
    start(order, "10")
    said = told("bar", other, 5)[1]
    assert "No job running" not in said and "Ready" in said
