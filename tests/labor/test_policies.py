"""How a person's time is divided under each policy of a site, and that a change leaves alone what was booked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labor import queries, services
from labor.models import LaborSegment
from mes.core.shares import EQUAL, STANDARD, seconds_of
from mes.execution.models import Operation
from mes.masterdata import services as masterdata
from mes.masterdata.services import SplitPolicyInvalid
from tests.factories import NOW, make_operation, make_person, make_site
from tests.mes.execution.helpers import at, report

pytestmark = pytest.mark.django_db
POLICIES = ["EQUAL", "STANDARD", "QUANTITY", "MACHINE"]


def divide_by(policy, moment=NOW - timedelta(days=1)):
    return masterdata.set_split_policy(site=make_site(), policy=policy, valid_from=moment, by="boss", now=moment)


def when(minutes):
    return {"occurred_at": at(minutes), "now": at(minutes)}


@pytest.fixture
def worker():
    return make_person()


def two_jobs(worker, *, planned=(1, 1)):
    """Let the worker be on two operations from the start on, planned for so many minutes a piece."""
    operations = [make_operation() for _ in planned]
    for operation, minutes in zip(operations, planned, strict=True):
        Operation.objects.filter(pk=operation.pk).update(planned_run_time_per_unit=minutes)
        services.clock_on(person=worker, operation_id=operation.pk, **when(0))
    return operations


def booked(operation):
    return LaborSegment.objects.get(operation=operation, reverses=None, reversed_by=None).minutes


def test_by_planned_time_the_job_that_is_planned_longer_gets_more(worker):
    divide_by("STANDARD")
    short, long = two_jobs(worker, planned=(1, 3))
    services.clock_out(person=worker, **when(60))
    assert (booked(short), booked(long)) == (15, 45)


def test_a_plan_that_changes_later_changes_nothing_that_had_begun(worker):
    divide_by("STANDARD")
    short, long = two_jobs(worker, planned=(1, 3))
    Operation.objects.filter(pk=long.pk).update(planned_run_time_per_unit=99)
    services.clock_out(person=worker, **when(60))
    assert (booked(short), booked(long)) == (15, 45)


def test_by_pieces_the_job_that_made_more_meanwhile_gets_more(worker):
    divide_by("QUANTITY")
    few, many = two_jobs(worker)
    report(few.work_order, few.number, good=1, when=at(30))
    report(many.work_order, many.number, good=4, scrap={}, when=at(30))
    services.clock_off(person=worker, operation_id=few.pk, **when(60))
    services.clock_out(person=worker, **when(70))
    assert (booked(few), booked(many)) == (12, 58)


def test_pieces_that_arrive_late_divide_nothing_that_was_booked_anew(worker):
    divide_by("QUANTITY")
    few, many = two_jobs(worker)
    report(many.work_order, many.number, good=4, when=at(30))
    services.clock_off(person=worker, operation_id=few.pk, **when(60))
    report(few.work_order, few.number, good=50, when=at(65), claimed=at(30))
    services.clock_out(person=worker, **when(70))
    assert (booked(few), booked(many)) == (0, 70)


def test_with_machine_time_only_all_of_it_stays_with_presence(worker):
    divide_by("MACHINE")
    two_jobs(worker)
    services.clock_out(person=worker, **when(60))
    told = queries.day_of(person=worker, day=NOW.date(), now=at(60))
    assert (told.present, told.worked, told.unaccounted) == (60, 0, 60)


def test_a_policy_holds_from_its_moment_on_within_the_same_stretch(worker):
    divide_by("EQUAL")
    divide_by("STANDARD", at(20))
    short, long = two_jobs(worker, planned=(1, 3))
    services.clock_out(person=worker, **when(60))
    assert (booked(short), booked(long)) == (10 + 10, 10 + 30)


def test_what_was_booked_stays_when_another_policy_follows_and_something_is_corrected(worker):
    first, second = two_jobs(worker, planned=(1, 3))
    services.clock_out(person=worker, **when(60))
    divide_by("STANDARD", at(90))
    segment = LaborSegment.objects.get(operation=first)
    services.correct_labor(segment_id=segment.pk, started_at=at(0), ended_at=at(40), by="lead", now=at(120))
    assert (booked(first), booked(second)) == (20, 40)


def test_a_policy_cannot_begin_in_the_past_or_twice_at_once():
    divide_by("STANDARD", at(10))
    with pytest.raises(SplitPolicyInvalid):
        divide_by("EQUAL", at(10))
    for policy, moment in (("EQUAL", at(5)), ("FAIR", at(20))):
        with pytest.raises(SplitPolicyInvalid):
            masterdata.set_split_policy(site=make_site(), policy=policy, valid_from=moment, by="boss", now=at(6))


def test_every_figure_can_show_how_it_was_computed(worker):
    divide_by("STANDARD")
    short, _long = two_jobs(worker, planned=(1, 3))
    third = make_operation()
    Operation.objects.filter(pk=third.pk).update(planned_run_time_per_unit=0)
    services.clock_on(person=worker, operation_id=third.pk, **when(40))
    services.clock_out(person=worker, **when(70))
    segment = LaborSegment.objects.get(operation=short)
    stretches = queries.how_divided(segment)
    told = [(one.basis, one.policy, sorted(part.seconds for part in one.parts)) for one in stretches]
    assert told == [(STANDARD, STANDARD, [600, 1800]), (EQUAL, STANDARD, [600, 600, 600])]
    assert seconds_of(stretches)[segment.pk] == round(segment.minutes * 60)


taps = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "break"]), st.integers(1, 97), st.integers(0, 4)), min_size=1, max_size=10
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(taps, st.sampled_from(POLICIES), st.data())
def test_on_however_many_jobs_nobody_works_longer_than_they_are_present(taps, policy, data):
    worker, site = make_person(), make_site()
    site.split_policies.all().delete()
    divide_by(policy)
    jobs = {name: make_operation() for name in "abc"}
    clock, paused = NOW, False
    services.clock_in(person=worker, occurred_at=clock, now=clock)
    for name, seconds, good in taps:
        clock += timedelta(seconds=seconds)
        moment = {"person": worker, "occurred_at": clock, "now": clock}
        running = {one.operation_id for one in queries.running_of(person_id=worker.pk)}
        if name == "break":
            (services.end_break if paused else services.start_break)(**moment)
            paused = not paused
        elif jobs[name].pk in running:
            if good:
                report(jobs[name].work_order, jobs[name].number, good=good, when=clock)
            services.clock_off(operation_id=jobs[name].pk, **moment)
        else:
            services.clock_on(operation_id=jobs[name].pk, **moment)
            paused = False
    services.clock_out(person=worker, occurred_at=clock, now=clock)
    told = queries.day_of(person=worker, day=NOW.date(), now=clock)
    assert told.worked <= told.present + Decimal("0.00001")
    everything = LaborSegment.objects.filter(person=worker, minutes__isnull=False)
    assert sum(round(one.minutes * 60) for one in everything) <= round(told.present * 60)
    closed = [one for one in everything.filter(reverses=None, reversed_by=None) if one.minutes]
    if closed:
        corrected = data.draw(st.sampled_from(closed))
        half = corrected.started_at + (corrected.ended_at - corrected.started_at) / 2
        services.correct_labor(
            segment_id=corrected.pk, started_at=corrected.started_at, ended_at=half, by="lead", now=clock
        )
        told = queries.day_of(person=worker, day=NOW.date(), now=clock)
        assert told.worked <= told.present + Decimal("0.00001")
