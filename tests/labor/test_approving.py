"""A supervisor vouches for a day as it stood, and what comes later needs another word."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from labor import queries, services
from labor.events import LaborDayApproved
from labor.models import DayApproval
from labor.services.approving import DayNotSettled
from mes.core import bus
from tests.factories import NOW, make_operation, make_person, make_site

pytestmark = pytest.mark.django_db
DAY = NOW.date()


@pytest.fixture
def said(monkeypatch):
    events = []
    subscribers = {**bus._subscribers, LaborDayApproved: [events.append]}
    monkeypatch.setattr(bus, "_subscribers", subscribers)
    return events


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def worked(person, operation, begin, end):
    services.clock_on(person=person, operation_id=operation.pk, occurred_at=at(begin), now=at(begin))
    return services.clock_off(person=person, operation_id=operation.pk, occurred_at=at(end), now=at(end))


def approve(person, minutes=600, by="lead"):
    return services.approve_day(person=person, day=DAY, by=by, now=at(minutes))


@pytest.fixture
def anna():
    return make_person(name="Anna")


def test_an_approved_day_says_how_much_and_by_whom(anna, said):
    worked(anna, make_operation(), 0, 90)
    approval = approve(anna)
    assert (approval.minutes, approval.approved_by) == (Decimal(90), "lead")
    assert [(event.person, event.day, event.minutes) for event in said] == [(anna.number, DAY, Decimal(90))]
    assert queries.day_of(person=anna, day=DAY).is_approved


def test_approving_twice_is_approving_once(anna, said):
    worked(anna, make_operation(), 0, 90)
    approve(anna)
    approve(anna, minutes=700)
    assert DayApproval.objects.count() == len(said) == 1


def test_nobody_vouches_for_a_timer_that_runs(anna):
    operation = make_operation()
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=at(0), now=at(0))
    with pytest.raises(DayNotSettled, match="Anna on .* is still running. Wait until it ends."):
        approve(anna, minutes=30)


def test_nobody_vouches_for_a_forgotten_timer(anna):
    operation = make_operation()
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=at(0), now=at(0))
    services.clock_out(person=anna, occurred_at=at(15 * 60), now=at(15 * 60))
    with pytest.raises(DayNotSettled, match="was never ended. Set its end first."):
        approve(anna, minutes=16 * 60)


def test_what_is_recorded_later_is_not_vouched_for_yet(anna):
    operation = make_operation()
    first = worked(anna, operation, 0, 60)
    approve(anna, minutes=100)
    later = worked(anna, operation, 120, 150)
    assert queries.is_approved(segment_id=first.pk)
    assert not queries.is_approved(segment_id=later.pk)
    told = queries.day_of(person=anna, day=DAY)
    assert told.approval is not None and not told.is_approved
    approve(anna, minutes=200)
    assert queries.is_approved(segment_id=later.pk)


def test_what_a_supervisor_corrects_is_vouched_for_by_that(anna):
    segment = worked(anna, make_operation(), 0, 60)
    approve(anna, minutes=100)
    renewed = services.correct_labor(segment_id=segment.pk, started_at=at(0), ended_at=at(45), by="lead", now=at(200))
    segment.refresh_from_db()
    assert queries.is_approved(segment_id=renewed.pk)
    assert queries.is_approved(segment_id=segment.reversed_by.pk)
    assert queries.day_of(person=anna, day=DAY).is_approved


def test_a_day_is_the_site_s_own_and_may_have_25_hours():
    berlin = make_site(code="B", time_zone="Europe/Berlin")
    begin, end = queries.day_bounds(site=berlin, day=NOW.date().replace(month=10, day=25))
    assert (end - begin) == timedelta(hours=24) and (end.timestamp() - begin.timestamp()) == 25 * 3600


def test_the_day_adds_up_presence_work_and_what_is_left(anna):
    operation = make_operation()
    services.clock_in(person=anna, occurred_at=at(0), now=at(0))
    worked(anna, operation, 10, 70)
    services.clock_out(person=anna, occurred_at=at(100), now=at(100))
    (told,) = queries.days(site=anna.site, day=DAY, now=at(200))
    assert (told.present, told.worked, told.unaccounted) == (Decimal(100), Decimal(60), Decimal(40))
    assert not told.waits and not told.is_open


def test_an_approval_that_fails_leaves_nothing(anna, monkeypatch):
    worked(anna, make_operation(), 0, 60)

    def refuse(event):
        raise RuntimeError

    monkeypatch.setattr(bus, "_subscribers", {LaborDayApproved: [refuse]})
    with pytest.raises(RuntimeError), transaction.atomic():
        approve(anna)
    assert not DayApproval.objects.exists()
