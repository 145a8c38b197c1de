"""People come, work on one thing or several, and go; supervisors put right what was forgotten."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labor import queries, services
from labor.events import LaborTimeRecorded
from labor.models import AttendanceSegment, LaborSegment
from labor.services.clocking import NotClockedOn, NotHere, OperationNotRunning
from labor.services.correcting import AlreadyFinal, BadTimes
from labor.services.shares import PersonInactive
from mes.core import bus
from mes.core.errors import NotFound
from mes.execution.events import OperationStarted, OperationStopped
from tests.factories import NOW, make_operation, make_person, make_reason, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch):
    """The labor events that were published."""
    events: list[LaborTimeRecorded] = []
    subscribers = {**bus._subscribers}
    subscribers[LaborTimeRecorded] = [*bus._subscribers.get(LaborTimeRecorded, ()), events.append]
    monkeypatch.setattr(bus, "_subscribers", subscribers)
    return events


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)


def when(minutes: float) -> dict:
    return {"occurred_at": at(minutes), "now": at(minutes)}


def publish(event_type, operation, minutes: float, **fields):
    with transaction.atomic():
        bus.publish(
            event_type(
                event_id=make_id(),
                site="P1",
                subject=operation.work_order.number,
                occurred_at=at(minutes),
                operation=operation.number,
                work_center=operation.work_center.code,
                work_unit="",
                **fields,
            )  # fmt: skip
        )


def make_id():
    return uuid.uuid4()


def minutes(person) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in LaborSegment.objects.filter(person=person, ended_at__isnull=False):
        name = one.operation.work_order.number if one.operation else one.reason.code
        sums[name] = sums.get(name, Decimal(0)) + one.minutes
    return {name: total for name, total in sums.items() if total}


def test_a_clock_that_was_never_set_makes_nobody_come_in_1970():
    unset = NOW.replace(year=1970)
    person, operation = make_person(), make_operation(status="RUNNING")
    present = services.clock_in(person=person, occurred_at=unset, now=NOW)
    worked = services.clock_on(person=person, operation_id=operation.pk, occurred_at=unset, now=NOW)
    crew = services.set_crew_size(operation_id=operation.pk, size=2, occurred_at=unset, now=NOW)
    assert {present.started_at, worked.started_at, crew.started_at} == {NOW}
    services.clock_out(person=person, occurred_at=unset, now=at(60))
    worked.refresh_from_db()
    assert (worked.ended_at, worked.minutes) == (at(60), 60)


def test_whoever_starts_an_operation_works_on_it_until_it_stops(told):
    operation, person = make_operation(), make_person()
    publish(OperationStarted, operation, 0, activity="RUN", person=person.number)
    assert [one.person for one in queries.running_at(work_center_id=operation.work_center_id)] == [person]
    assert AttendanceSegment.objects.get(ended_at=None).person == person
    publish(OperationStopped, operation, 30, completed=False, person=person.number)
    (event,) = told
    assert (event.person, event.operation, event.activity, event.minutes) == (person.number, "10", "RUN", Decimal(30))
    assert event.subject == operation.work_order.number
    assert sum(one.minutes for one in queries.labor_of(work_order_id=operation.work_order_id)) == 30


def test_a_second_person_joins_and_the_stop_ends_both(told):
    operation, first, second = make_operation(), make_person(), make_person()
    publish(OperationStarted, operation, 0, activity="RUN", person=first.number)
    services.clock_on(person=second, operation_id=operation.pk, **when(10))
    publish(OperationStopped, operation, 30, completed=True, person=first.number)
    assert {event.person: event.minutes for event in told} == {first.number: Decimal(30), second.number: Decimal(20)}


def test_when_setup_becomes_run_everybody_on_the_operation_goes_along(told):
    operation, first, second = make_operation(status="SETUP"), make_person(), make_person()
    publish(OperationStarted, operation, 0, activity="SETUP", person=first.number)
    services.clock_on(person=second, operation_id=operation.pk, **when(5))
    publish(OperationStarted, operation, 15, activity="RUN", person=first.number)
    publish(OperationStopped, operation, 20, completed=True, person=first.number)
    assert {(event.person, event.activity): event.minutes for event in told} == {
        (first.number, "SETUP"): 15, (second.number, "SETUP"): 10, (first.number, "RUN"): 5, (second.number, "RUN"): 5,
    }  # fmt: skip


def test_one_person_on_two_jobs_is_shared_between_them_and_never_counted_twice(told):
    first, second, person = make_operation(), make_operation(), make_person()
    services.clock_on(person=person, operation_id=first.pk, **when(0))
    services.clock_on(person=person, operation_id=second.pk, **when(10))
    services.clock_off(person=person, operation_id=first.pk, **when(20))
    services.clock_out(person=person, **when(30))
    assert minutes(person) == {first.work_order.number: 15, second.work_order.number: 15}
    assert [event.minutes for event in told] == [15, 15], "nothing had to be put right afterwards"


def test_a_break_stops_all_work_and_its_end_resumes_it():
    operation, person = make_operation(), make_person()
    services.clock_on(person=person, operation_id=operation.pk, **when(0))
    services.start_break(person=person, **when(60))
    assert not queries.running_of(person_id=person.pk)
    services.end_break(person=person, **when(90))
    services.clock_out(person=person, **when(120))
    assert minutes(person) == {operation.work_order.number: 90}
    kinds = AttendanceSegment.objects.filter(person=person).order_by("started_at").values_list("kind", flat=True)
    assert list(kinds) == ["PRESENT", "BREAK", "PRESENT"]


def test_indirect_work_ends_work_on_orders_and_the_other_way_round(told):
    operation, person, reason = make_operation(), make_person(), make_reason(kind="INDIRECT", code="CLEAN")
    services.clock_on(person=person, operation_id=operation.pk, **when(0))
    services.start_indirect(person=person, reason="CLEAN", **when(10))
    services.clock_on(person=person, operation_id=operation.pk, **when(25))
    services.clock_out(person=person, **when(30))
    assert minutes(person) == {operation.work_order.number: 15, reason.code: 15}
    indirect = next(event for event in told if event.activity == "INDIRECT")
    assert (indirect.subject, indirect.operation, indirect.reason) == (f"person/{person.number}", "", "CLEAN")


def test_what_is_done_twice_is_done_once():
    operation, person = make_operation(), make_person()
    assert services.clock_in(person=person, **when(0)) == services.clock_in(person=person, **when(1))
    first = services.clock_on(person=person, operation_id=operation.pk, **when(2))
    assert services.clock_on(person=person, operation_id=operation.pk, **when(3)) == first


def test_a_forgotten_timer_is_flagged_and_books_nothing_until_a_supervisor_sets_its_end(told):
    operation, person = make_operation(), make_person()
    segment = services.clock_on(person=person, operation_id=operation.pk, **when(0))
    publish(OperationStopped, operation, 20 * 60, completed=True, person=person.number)
    segment.refresh_from_db()
    assert (segment.awaits_end, segment.claimed_ended_at, told) == (True, at(20 * 60), [])
    _, waiting = queries.to_settle(site_id=person.site_id, now=at(20 * 60))
    assert list(waiting) == [segment]
    services.set_labor_end(segment_id=segment.pk, ended_at=at(45), by="boss", now=at(20 * 60))
    assert [event.minutes for event in told] == [45]
    with pytest.raises(AlreadyFinal):
        services.set_labor_end(segment_id=segment.pk, ended_at=at(50), by="boss", now=at(20 * 60))


def test_who_forgot_to_clock_out_starts_today_anew_and_yesterday_waits_for_its_end(told):
    operation, person = make_operation(), make_person()
    services.clock_on(person=person, operation_id=operation.pk, **when(0))
    day = 24 * 60
    services.clock_on(person=person, operation_id=operation.pk, **when(day))
    services.clock_off(person=person, operation_id=operation.pk, **when(day + 30))
    assert [event.minutes for event in told] == [30]
    attendance, _ = queries.to_settle(site_id=person.site_id, now=at(day + 30))
    services.set_attendance_end(segment_id=attendance.get().pk, ended_at=at(400), by="boss", now=at(day + 30))
    assert [event.minutes for event in told] == [30, 400]


def test_two_stretches_on_one_operation_are_one_share_beside_other_work():
    long, other, person = make_operation(), make_operation(), make_person()
    forgotten = services.clock_on(person=person, operation_id=long.pk, **when(0))
    evening = 20 * 60
    services.clock_on(person=person, operation_id=long.pk, **when(evening))  # anew: nobody believes the first any more
    services.clock_on(person=person, operation_id=other.pk, **when(evening))
    services.clock_out(person=person, **when(evening + 60))
    late = evening + 60
    services.set_labor_end(segment_id=forgotten.pk, ended_at=at(late), by="boss", now=at(late + 5))
    assert minutes(person) == {long.work_order.number: evening + 30, other.work_order.number: 30}


def test_a_correction_takes_back_and_books_anew(told):
    operation, person = make_operation(), make_person()
    segment = services.clock_on(person=person, operation_id=operation.pk, **when(0))
    services.clock_out(person=person, **when(60))
    services.correct_labor(segment_id=segment.pk, started_at=at(0), ended_at=at(40), by="boss", now=at(90), note="tea")
    assert [event.minutes for event in told] == [60, -60, 40]
    assert told[1].reverses == segment.pk
    with pytest.raises(AlreadyFinal):
        services.reverse_labor(segment_id=segment.pk, by="boss", now=at(91))


def test_work_entered_late_shares_anew_what_was_booked_beside_it(told):
    first, second, person = make_operation(), make_operation(), make_person()
    services.clock_on(person=person, operation_id=first.pk, **when(0))
    services.clock_out(person=person, **when(60))
    services.add_labor(
        person=person, operation_id=second.pk, activity="RUN", started_at=at(30), ended_at=at(60), by="boss", now=at(99)
    )
    assert minutes(person) == {first.work_order.number: 45, second.work_order.number: 15}
    assert [event.minutes for event in told] == [60, 15, -60, 45]


def test_a_corrected_attendance_cuts_the_work_that_was_booked_in_it():
    operation, person = make_operation(), make_person()
    services.clock_on(person=person, operation_id=operation.pk, **when(0))
    attendance = services.clock_out(person=person, **when(60))
    services.correct_attendance(segment_id=attendance.pk, started_at=at(0), ended_at=at(50), by="boss", now=at(70))
    assert minutes(person) == {operation.work_order.number: 50}


def test_a_start_that_arrives_late_from_an_offline_terminal_begins_the_attendance_then():
    operation, person = make_operation(), make_person()
    services.clock_in(person=person, **when(20))
    services.clock_on(person=person, operation_id=operation.pk, occurred_at=at(0), now=at(25))
    services.clock_out(person=person, **when(60))
    assert minutes(person) == {operation.work_order.number: 60}


def test_refusals_say_what_is_wrong():
    operation, person = make_operation(status="PENDING"), make_person()
    with pytest.raises(NotHere):
        services.clock_out(person=person, **when(0))
    with pytest.raises(OperationNotRunning, match="Start it first"):
        services.clock_on(person=person, operation_id=operation.pk, **when(0))
    with pytest.raises(NotClockedOn):
        services.clock_off(person=person, operation_id=operation.pk, **when(0))
    with pytest.raises(PersonInactive):
        services.clock_in(person=make_person(active=False), **when(0))
    with pytest.raises(BadTimes):
        services.add_labor(
            person=person,
            operation_id=operation.pk,
            activity="RUN",
            started_at=at(5),
            ended_at=at(1),
            by="b",
            now=at(9),
        )
    elsewhere = make_person(site=make_site(code="P2"))
    with pytest.raises(NotFound):
        services.clock_on(person=elsewhere, operation_id=operation.pk, **when(0))


steps = st.lists(
    st.tuples(
        st.integers(1, 50), st.sampled_from(["on0", "on1", "on2", "off0", "off1", "off2", "break", "back", "out"])
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_a_person_does_in_a_day_booked_time_is_working_time_and_within_presence(day):
    with transaction.atomic():
        jobs, person, now = [make_operation() for _ in range(3)], make_person(), 0
        for wait, what in [*day, (1, "out")]:
            now += wait
            seconds = {"occurred_at": NOW + timedelta(seconds=now * 7), "now": NOW + timedelta(seconds=now * 7)}
            try:
                if what.startswith("on"):
                    services.clock_on(person=person, operation_id=jobs[int(what[2])].pk, **seconds)
                elif what.startswith("off"):
                    services.clock_off(person=person, operation_id=jobs[int(what[3])].pk, **seconds)
                else:
                    {"break": services.start_break, "back": services.end_break, "out": services.clock_out}[what](
                        person=person, **seconds
                    )
            except (NotHere, NotClockedOn):
                pass
        booked = sum((one.minutes for one in LaborSegment.objects.filter(person=person)), Decimal(0))
        present = AttendanceSegment.objects.filter(person=person, kind="PRESENT")
        presence = sum((one.ended_at - one.started_at for one in present), timedelta())
        working = {
            second
            for one in LaborSegment.objects.filter(person=person)
            for second in range(int((one.started_at - NOW).total_seconds()), int((one.ended_at - NOW).total_seconds()))
        }
        assert round(booked * 60) == len(working)
        assert booked * 60 <= Decimal(presence.total_seconds()) + Decimal("0.001")
        assert not LaborSegment.objects.filter(reverses__isnull=False).exists()
        transaction.set_rollback(True)
