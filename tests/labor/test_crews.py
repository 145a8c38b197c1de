"""Crews without names: how many they are, what their time comes to, and what supervisors put right."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from labor import queries, services
from labor.events import LaborDayApproved, LaborTimeRecorded
from labor.models import LaborSegment
from labor.services.approving import DayNotSettled
from labor.services.crews import CrewNotAtWork, CrewSizeInvalid
from mes.journal.models import JournalEntry
from tests.factories import make_person, make_work_order
from tests.mes.execution.helpers import at, complete, pause, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return make_work_order(operations=1)


def first(order):
    return order.operations.get()


def size(order, n, minutes):
    moment = at(minutes)
    return services.set_crew_size(operation_id=first(order).pk, size=n, occurred_at=moment, now=moment)


def booked(order):
    crews = queries.labor_of(work_order_id=order.pk).filter(person=None)
    return [(one.activity, one.crew_size, one.minutes) for one in crews.order_by("recorded_at", "started_at")]


def test_a_crew_of_four_for_ten_minutes_is_forty_minutes_of_nobody_in_particular(order):
    start(order, "10", crew_size=4)
    complete(order, "10", when=at(10))
    assert booked(order) == [("RUN", 4, 40)]
    told = JournalEntry.objects.get(kind=LaborTimeRecorded.kind()).data
    assert (told["person"], told["crew_size"], Decimal(told["minutes"])) == ("", 4, 40)


def test_who_is_named_is_counted_beside_the_crew(order):
    start(order, "10", crew_size=2, person=make_person())
    complete(order, "10", when=at(10))
    assert sum(one.minutes for one in queries.labor_of(work_order_id=order.pk)) == 30


def test_a_change_of_size_books_what_was_and_the_same_size_again_changes_nothing(order):
    start(order, "10", crew_size=3)
    assert size(order, 3, 5).started_at == at(0)
    size(order, 1, 10)
    size(order, 0, 20)
    complete(order, "10", when=at(30))
    assert booked(order) == [("RUN", 3, 30), ("RUN", 1, 10)]


def test_setup_and_run_are_told_apart_and_a_pause_sends_nobody_home(order):
    start(order, "10", activity="SETUP", crew_size=2)
    start(order, "10", when=at(10))
    pause(order, "10", when=at(20))
    start(order, "10", when=at(30))
    pause(order, "10", when=at(40))
    start(order, "10", when=at(60 * 24))
    complete(order, "10", when=at(60 * 24 + 10))
    assert booked(order) == [("SETUP", 2, 20), ("RUN", 2, 20), ("RUN", 2, 20)]


def test_one_more_and_one_fewer_count_from_what_is_there(order):
    start(order, "10")
    pk = first(order).pk
    for minute, by in ((0, 1), (0, 1), (10, -1)):
        services.change_crew_size(operation_id=pk, by=by, occurred_at=at(minute), now=at(minute))
    assert queries.crew_of(operation_id=pk).crew_size == 1
    with pytest.raises(CrewSizeInvalid):
        services.change_crew_size(operation_id=pk, by=-2, occurred_at=at(11), now=at(11))


def test_nobody_works_on_what_does_not_run_and_no_crew_is_smaller_than_nobody(order):
    with pytest.raises(CrewNotAtWork):
        size(order, 1, 0)
    start(order, "10")
    for n in (-1, 100):
        with pytest.raises(CrewSizeInvalid):
            size(order, n, 1)


def test_a_forgotten_crew_waits_for_a_supervisor_and_is_booked_with_the_end_they_set(order):
    start(order, "10", crew_size=2)
    pause(order, "10", when=at(60 * 15))
    crew = LaborSegment.objects.get(person=None)
    assert crew.awaits_end
    with pytest.raises(DayNotSettled):
        services.approve_crews(site=order.site, day=at(0).date(), by="lead", now=at(60 * 16))
    services.set_labor_end(segment_id=crew.pk, ended_at=at(60), by="lead", now=at(60 * 16))
    assert booked(order) == [("RUN", 2, 120)]


def test_a_crews_time_is_corrected_and_taken_back_like_a_persons(order):
    start(order, "10", crew_size=2)
    pause(order, "10", when=at(30))
    crew = LaborSegment.objects.get(person=None)
    again = services.correct_labor(segment_id=crew.pk, started_at=at(0), ended_at=at(20), by="lead", now=at(60))
    services.reverse_labor(segment_id=again.pk, by="lead", now=at(61))
    assert sorted(minutes for _activity, _size, minutes in booked(order)) == [-60, -40, 40, 60]


def test_a_supervisor_vouches_for_the_crews_of_a_day_together(order):
    start(order, "10", crew_size=2)
    pause(order, "10", when=at(30))
    later = timezone.now() + timedelta(minutes=1)  # the stop was recorded by the clock on the wall
    crew = LaborSegment.objects.get(person=None)
    assert not queries.is_approved(segment_id=crew.pk)
    approval = services.approve_crews(site=order.site, day=at(0).date(), by="lead", now=later)
    assert (approval.person, approval.minutes) == (None, 60)
    assert queries.is_approved(segment_id=crew.pk)
    assert services.approve_crews(site=order.site, day=at(0).date(), by="lead", now=later) == approval
    assert JournalEntry.objects.filter(kind=LaborDayApproved.kind()).count() == 1
