"""A unit's states follow from jobs and entries, without gaps or overlaps, in whatever order they became known."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.core.errors import DomainError
from mes.equipment import services
from mes.equipment.events import DowntimeRecorded, StopExplained, WorkUnitStateChanged
from mes.equipment.models import DowntimeRecord, StateChange, StopEntry
from mes.equipment.rules import states
from mes.equipment.rules.states import Change, Entry, Occupation, derive
from mes.equipment.services.states import _occupations
from mes.execution import services as execution
from tests.factories import NOW, make_work_order
from tests.mes.equipment.helpers import LATER, explain, make_stop_reason, run, seen, shape, stop, unit_of
from tests.mes.execution.helpers import at, complete, pause, start

pytestmark = pytest.mark.django_db


def test_jobs_drive_the_states_of_their_unit():
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10", activity="SETUP")
    start(order, "10", when=at(15))
    pause(order, "10", when=at(30))
    start(order, "10", when=at(42))
    complete(order, "10", when=at(60))

    assert shape(unit) == [("SETUP", 0), ("RUNNING", 15), ("STOPPED", 30), ("RUNNING", 42), ("IDLE", 60)]


def test_before_the_first_change_nothing_is_known():
    assert seen(unit_of(make_work_order())) == []


def test_a_stop_lasts_until_a_person_says_that_it_runs_again_and_the_job_stays():
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    stop(unit, when=at(10))
    run(unit, when=at(25))

    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("RUNNING", 25)]
    assert order.operations.get(number="10").status == "RUNNING"


def test_the_next_job_ends_a_stop():
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    stop(unit, when=at(10))
    pause(order, "10", when=at(20))
    start(order, "10", when=at(40))

    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("RUNNING", 40)]


def test_a_job_that_goes_on_at_another_unit_frees_the_first():
    order = make_work_order()
    first = unit_of(order)
    second = first.work_center.work_units.create(site=first.site, code="SECOND")
    start(order, "10", work_unit=first.code)
    pause(order, "10", when=at(10))
    start(order, "10", when=at(20), work_unit="SECOND")

    assert shape(first) == [("RUNNING", 0), ("STOPPED", 10), ("IDLE", 20)]
    assert shape(second) == [("RUNNING", 20)]


def test_a_job_that_moves_without_a_pause_moves_at_that_moment():
    order = make_work_order()
    first = unit_of(order)
    second = first.work_center.work_units.create(site=first.site, code="SECOND")
    start(order, "10", activity="SETUP", work_unit=first.code)
    start(order, "10", work_unit="SECOND")

    assert shape(first) == [("IDLE", 0)]
    assert shape(second) == [("RUNNING", 0)]


def test_two_jobs_on_one_unit_are_running_once():
    first, second = make_work_order(operations=1), make_work_order(operations=1)
    unit = unit_of(first)
    operation = second.operations.get()
    operation.work_center = unit.work_center
    operation.save()
    start(first, "10")
    start(second, "10", when=at(5))
    complete(second, "10", when=at(20))
    complete(first, "10", when=at(30))

    assert shape(unit) == [("RUNNING", 0), ("IDLE", 30)]


def test_an_order_that_is_completed_at_the_desk_ends_its_pauses():
    order = make_work_order(operations=1, under_delivery_percent=100)
    start(order, "10")
    pause(order, "10", when=at(10))
    execution.complete_work_order(work_order_id=order.pk, by="planner", now=at(45))

    assert shape(unit_of(order)) == [("RUNNING", 0), ("STOPPED", 10), ("IDLE", 45)]


def test_late_news_takes_its_place_between_what_is_known():
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    stop(unit, when=at(30))
    services.report_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, occurred_at=at(10), now=at(40))
    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10)]
    services.end_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, occurred_at=at(20), now=at(41))

    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("RUNNING", 20), ("STOPPED", 30)]


def test_the_database_refuses_a_second_change_at_one_moment():
    unit = unit_of(make_work_order())
    row = {"site": unit.site, "work_unit": unit, "started_at": NOW, "recorded_at": NOW}
    StateChange.objects.create(state="RUNNING", **row)
    with pytest.raises(IntegrityError, match="(?i)unique"), transaction.atomic():
        StateChange.objects.create(state="STOPPED", **row)


def test_the_database_refuses_an_unknown_state():
    unit = unit_of(make_work_order())
    with pytest.raises(IntegrityError), transaction.atomic():
        StateChange.objects.create(site=unit.site, work_unit=unit, started_at=NOW, recorded_at=NOW, state="BROKEN")


def test_only_a_present_state_is_told(published):
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    pause(order, "10", when=at(10))
    told = [event for event in published if isinstance(event, WorkUnitStateChanged)]
    assert [(event.state, event.subject) for event in told] == [
        ("RUNNING", f"unit/{unit.code}"),
        ("STOPPED", f"unit/{unit.code}"),
    ]
    assert told[0].work_order == order.number and told[0].operation == "10"


def test_a_stop_is_told_once_it_has_ended_and_is_explained(published):
    make_stop_reason()
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    stop(unit, when=at(10), reason="TOOL")
    assert not [event for event in published if isinstance(event, DowntimeRecorded)]
    run(unit, when=at(25))

    (told,) = [event for event in published if isinstance(event, DowntimeRecorded)]
    assert (told.minutes, told.reason, told.revision, told.loss) == (15, "TOOL", 1, "OTHER")
    assert [event.reason for event in published if isinstance(event, StopExplained)] == ["TOOL"]


def test_what_was_told_is_replaced_when_it_turns_out_otherwise(published):
    make_stop_reason()
    make_stop_reason("WAIT")
    order = make_work_order()
    unit = unit_of(order)
    start(order, "10")
    stop(unit, when=at(10), reason="TOOL")
    run(unit, when=at(25))
    explain(unit, at(12), "WAIT")
    entry = StopEntry.objects.get(kind="STOP")
    services.take_back_entry(reversal_id=uuid.uuid4(), entry_id=entry.pk, person=None, now=LATER)

    told = [event for event in published if isinstance(event, DowntimeRecorded)]
    assert [(one.revision, one.reason, one.minutes) for one in told] == [
        (1, "TOOL", 15),
        (2, "WAIT", 15),
        (3, "WAIT", 0),
    ]
    assert [one.replaces for one in told] == [None, told[0].downtime_id, told[1].downtime_id]
    assert DowntimeRecord.objects.filter(replaced_by=None).count() == 1
    assert shape(unit) == [("RUNNING", 0)]


jobs = st.lists(
    st.tuples(st.sampled_from(["SETUP", "RUN"]), st.integers(0, 500), st.integers(0, 60), st.integers(0, 60)),
    max_size=8,
)
said = st.lists(st.tuples(st.sampled_from(["STOP", "RUN", "CUT"]), st.integers(0, 600)), max_size=8)


@given(jobs, said, st.integers(0, 600), st.randoms())
def test_what_is_derived_piece_by_piece_is_what_is_derived_at_once(raw_jobs, raw_said, since, shuffled):
    occupations = [
        Occupation(n, activity, at(begin), at(begin + length), at(begin + length + paused))
        for n, (activity, begin, length, paused) in enumerate(raw_jobs)
    ]
    entries = [Entry(kind, at(minute)) for kind, minute in raw_said]
    whole = derive(occupations, entries)
    shuffled.shuffle(occupations)
    shuffled.shuffle(entries)
    assert derive(occupations, entries) == whole
    assert [one.at for one in whole] == sorted({one.at for one in whole})

    before = [one for one in whole if one.at < at(since)]
    rest = derive(occupations, entries, since=at(since), before=before[-1] if before else None)
    assert [*before, *rest] == whole


def test_a_stop_outranks_a_running_job_which_outranks_a_setup_and_a_pause():
    assert derive(
        [
            Occupation(1, "RUN", at(0), at(10), None),
            Occupation(2, "SETUP", at(20), at(40), at(40)),
            Occupation(3, "RUN", at(30), None),
        ],
        [Entry("STOP", at(50)), Entry("RUN", at(55))],
    ) == [
        Change(at(0), states.RUNNING, 1),
        Change(at(10), states.STOPPED),
        Change(at(20), states.SETUP, 2),
        Change(at(30), states.RUNNING, 3),
        Change(at(50), states.STOPPED),
        Change(at(55), states.RUNNING, 3),
    ]


TAPS = ("start", "setup", "pause", "complete", "stop", "run", "cut", "explain", "take back")


@settings(max_examples=40)
@given(taps=st.lists(st.tuples(st.sampled_from(TAPS), st.integers(0, 1), st.integers(0, 90)), max_size=14))
@pytest.mark.django_db
def test_any_interleaving_leaves_no_gap_no_overlap_and_what_would_be_derived_anew(taps):
    """Two jobs on one unit; ``late`` is how many minutes ago something is said to have happened."""
    with transaction.atomic():
        make_stop_reason("ANY" + uuid.uuid4().hex[:8])
        orders = [make_work_order(operations=1), make_work_order(operations=1)]
        unit = unit_of(orders[0])
        operation = orders[1].operations.get()
        operation.work_center = unit.work_center
        operation.save()
        for minute, (tap, which, late) in enumerate(taps):
            now = at(10 * minute)
            with_refusals(tap, orders[which], unit, claimed=now - timedelta(minutes=late), now=now)
            compare_with_derived_anew(unit)
        transaction.set_rollback(True)


def with_refusals(tap, order, unit, *, claimed, now):
    pk = order.operations.get().pk
    who = {"person": None, "now": now}
    by_unit = {"entry_id": uuid.uuid4(), "work_unit_id": unit.pk}
    reason = unit.site.reasons.filter(kind="STOP").last().code
    entry = StopEntry.objects.filter(work_unit=unit).order_by("recorded_at", "pk").first()
    deeds = {
        "start": lambda: execution.start_operation(operation_id=pk, occurred_at=claimed, **who),
        "setup": lambda: execution.start_operation(operation_id=pk, occurred_at=claimed, activity="SETUP", **who),
        "pause": lambda: execution.pause_operation(operation_id=pk, occurred_at=claimed, **who),
        "complete": lambda: execution.complete_operation(operation_id=pk, occurred_at=claimed, **who),
        "stop": lambda: services.report_stop(occurred_at=claimed, **by_unit, **who),
        "run": lambda: services.end_stop(occurred_at=claimed, **by_unit, **who),
        "cut": lambda: services.split_stop(at=claimed, **by_unit, **who),
        "explain": lambda: services.explain_stops(
            explanation_id=uuid.uuid4(), stops=[(unit.pk, claimed)], reason=reason, **who
        ),
        "take back": lambda: entry and services.take_back_entry(reversal_id=uuid.uuid4(), entry_id=entry.pk, **who),
    }
    try:
        with transaction.atomic():
            deeds[tap]()
    except DomainError:
        pass  # what is refused must have changed nothing; the comparison sees to that


def compare_with_derived_anew(unit):
    seen(unit)
    effective = StopEntry.objects.filter(work_unit=unit, reverses=None, reversed_by=None)
    anew = derive(_occupations(unit, at(-100_000)), [Entry(one.kind, one.at) for one in effective])
    kept = [Change(one.started_at, one.state, one.operation_id) for one in StateChange.objects.filter(work_unit=unit)]
    assert sorted(kept, key=lambda one: one.at) == anew
    current = DowntimeRecord.objects.filter(work_unit=unit, replaced_by=None).exclude(minutes=0)
    told = {(one.started_at, one.ended_at, one.reason.code) for one in current.select_related("reason")}
    assert told == {
        (one.start, one.end, one.reason.code)
        for one in seen(unit)
        if one.state == states.STOPPED and one.end and one.reason
    }
