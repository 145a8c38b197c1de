"""Stops are recorded at once and explained later; what was said stays, and what counts can be mended."""

import uuid
from datetime import time, timedelta

import pytest

from mes.equipment import services
from mes.equipment.models import MaintenanceRequest, ShiftBreak, StopEntry, StopExplanation, StopPolicy, StopReason
from mes.equipment.queries.stops import reason_tree, unexplained, usual_reasons
from mes.equipment.services import maintenance, stops
from mes.masterdata.models import Shift
from tests.factories import NOW, make_person, make_work_order
from tests.mes.equipment.helpers import explain, make_stop_reason, run, seen, shape, stop, unit_of
from tests.mes.execution.helpers import at, pause, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    make_stop_reason("TOOL")
    make_stop_reason("WAIT")
    order = make_work_order()
    start(order, "10")
    return order


@pytest.fixture
def unit(order):
    return unit_of(order)


def waiting(unit, now):
    return [(NOW + (one.interval.start - NOW)) for one in unexplained([unit], now=now)]


def test_a_stop_needs_a_reason_until_it_has_one(unit):
    stop(unit, when=at(10))
    run(unit, when=at(20))
    assert waiting(unit, at(30)) == [at(10)]
    explain(unit, at(15), "TOOL")
    assert waiting(unit, at(30)) == []
    assert [one.reason.code for one in seen(unit) if one.reason] == ["TOOL"]


def test_a_micro_stop_needs_no_reason_and_the_threshold_is_the_units(unit):
    stop(unit, when=at(10))
    run(unit, when=at(10) + timedelta(seconds=90))
    assert waiting(unit, at(30)) == []
    StopPolicy.objects.filter(work_unit=unit).update(micro_stop_seconds=60)
    assert waiting(unit, at(30)) == [at(10)]


def test_a_paused_job_is_a_stop_that_needs_a_reason(order, unit):
    pause(order, "10", when=at(10))
    assert waiting(unit, at(11)) == []
    assert waiting(unit, at(13)) == [at(10)]


def test_nothing_needs_a_reason_while_nothing_is_planned(order, unit):
    shift = Shift.objects.create(site=unit.site, code="EARLY", name="Early", starts_at=time(6), ends_at=time(9))
    ShiftBreak.objects.create(shift=shift, starts_at=time(8, 10), ends_at=time(8, 20))
    stop(unit, when=at(11))
    assert waiting(unit, at(19)) == []
    assert waiting(unit, at(21)) == [at(11)]
    run(unit, when=at(18))
    assert waiting(unit, at(30)) == []


def test_the_last_explanation_counts_and_the_first_stays(unit):
    stop(unit, when=at(10), reason="TOOL")
    explain(unit, at(11), "WAIT", now=at(12))
    assert [one.reason.code for one in seen(unit) if one.reason] == ["WAIT"]
    assert StopExplanation.objects.count() == 2


def test_a_reason_that_is_given_while_it_stands_still_explains_that_stop(unit):
    stop(unit, when=at(10))
    stop(unit, when=at(14), reason="TOOL")
    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10)]
    assert seen(unit)[-1].reason.code == "TOOL"
    with pytest.raises(stops.AlreadyStopped, match="08:10"):
        stop(unit, when=at(15))


def test_what_is_sent_twice_is_entered_once(unit):
    entry_id = uuid.uuid4()
    for _ in range(2):
        stop(unit, when=at(10), reason="TOOL", entry_id=entry_id)
    assert StopEntry.objects.count() == 1 == StopExplanation.objects.count()
    other = unit_of(make_work_order())
    with pytest.raises(stops.StopIdReused):
        stop(other, when=at(10), entry_id=entry_id)


def test_an_unknown_reason_is_refused_and_nothing_is_entered(unit):
    from django.db import transaction  # noqa: PLC0415

    with pytest.raises(stops.StopReasonUnknown, match="NOPE"), transaction.atomic():
        stop(unit, when=at(10), reason="NOPE")
    assert not StopEntry.objects.exists()


def test_a_stop_is_cut_in_two_and_each_part_has_its_reason(unit):
    stop(unit, when=at(10), reason="TOOL")
    run(unit, when=at(40))
    services.split_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, at=at(25), person=None, now=at(50), reason="WAIT")

    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("STOPPED", 25), ("RUNNING", 40)]
    assert [one.reason.code for one in seen(unit) if one.reason] == ["TOOL", "WAIT"]


def test_the_parts_are_joined_again_with_the_reason_of_the_first(unit):
    stop(unit, when=at(10), reason="TOOL")
    run(unit, when=at(40))
    services.split_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, at=at(25), person=None, now=at(50), reason="WAIT")
    services.join_stops(entry_id=uuid.uuid4(), work_unit_id=unit.pk, at=at(25), person=None, now=at(55))

    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("RUNNING", 40)]
    assert [one.reason.code for one in seen(unit) if one.reason] == ["TOOL"]
    with pytest.raises(stops.NotCut):
        services.join_stops(entry_id=uuid.uuid4(), work_unit_id=unit.pk, at=at(40), person=None, now=at(56))


@pytest.mark.parametrize("minute", [5, 10, 40, 45, 61])
def test_a_cut_lies_inside_its_stop(unit, minute):
    stop(unit, when=at(10))
    run(unit, when=at(40))
    with pytest.raises(stops.StopTimeInvalid):
        services.split_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, at=at(minute), person=None, now=at(60))


def test_a_stop_that_nobody_entered_is_recorded_later(unit):
    record = {"work_unit_id": unit.pk, "person": None, "now": at(60)}
    services.record_stop(entry_id=uuid.uuid4(), started_at=at(10), ended_at=at(20), reason="TOOL", by="lead", **record)
    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10), ("RUNNING", 20)]
    for begin, end, refusal in (
        (15, 30, stops.StopsOverlap),
        (30, 30, stops.StopTimeInvalid),
        (50, 70, stops.StopTimeInvalid),
    ):
        with pytest.raises(refusal):
            services.record_stop(entry_id=uuid.uuid4(), started_at=at(begin), ended_at=at(end), **record)


def test_a_recorded_stop_cannot_run_over_the_start_of_a_job(order, unit):
    pause(order, "10", when=at(5))
    start(order, "10", when=at(6))
    run_over = {"started_at": at(2), "ended_at": at(4)}
    services.record_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, now=at(60), **run_over)
    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 2), ("RUNNING", 4), ("STOPPED", 5), ("RUNNING", 6)]
    with pytest.raises(stops.StopsOverlap):
        services.record_stop(
            entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, now=at(60), started_at=at(4), ended_at=at(8)
        )


def test_several_stops_are_explained_at_once_or_none(unit):
    for minute in (10, 30):
        stop(unit, when=at(minute))
        run(unit, when=at(minute + 10))
    given = {"reason": "TOOL", "person": None, "now": at(60)}
    with pytest.raises(stops.StopUnknown):
        from django.db import transaction  # noqa: PLC0415

        with transaction.atomic():
            services.explain_stops(explanation_id=uuid.uuid4(), stops=[(unit.pk, at(10)), (unit.pk, at(25))], **given)
    assert not StopExplanation.objects.exists()
    services.explain_stops(explanation_id=uuid.uuid4(), stops=[(unit.pk, at(10)), (unit.pk, at(30))], **given)
    assert waiting(unit, at(60)) == []


def test_running_again_what_does_not_stand_still_is_refused(order, unit):
    with pytest.raises(stops.NotStopped, match="does not stand still"):
        run(unit, when=at(5))
    pause(order, "10", when=at(10))
    with pytest.raises(stops.NotStopped, match="paused"):
        run(unit, when=at(15))


def test_the_reasons_a_unit_had_most_come_first(unit):
    for minute in (10, 20):
        stop(unit, when=at(minute), reason="WAIT")
        run(unit, when=at(minute + 5))
    assert [one.code for one in usual_reasons(work_unit=unit, now=at(60))] == ["WAIT", "TOOL"]


def test_reasons_stand_under_their_group_and_count_as_it_does(unit):
    machine = make_stop_reason("MACHINE")
    make_stop_reason("SPINDLE", parent=machine)
    StopReason.objects.create(reason=machine, loss="FAILURE")
    (group,) = [one for one in reason_tree(unit.site) if one.reason == machine]
    assert [one.code for one in group.children] == ["SPINDLE"]
    stop(unit, when=at(10), reason="SPINDLE")
    assert seen(unit)[-1].loss == "FAILURE"


def test_maintenance_is_called_seen_and_done_once_each(unit):
    anna = make_person(site=unit.site)
    called = services.request_maintenance(
        request_id=uuid.uuid4(), work_unit_id=unit.pk, person=anna, now=at(10), note="It squeaks"
    )
    with pytest.raises(maintenance.AlreadyRequested, match="08:10"):
        services.request_maintenance(request_id=uuid.uuid4(), work_unit_id=unit.pk, person=anna, now=at(11))
    services.acknowledge_maintenance(request_id=called.pk, by="max", now=at(12))
    with pytest.raises(maintenance.NothingSaid):
        services.finish_maintenance(request_id=called.pk, by="max", now=at(30), outcome=" ")
    done = services.finish_maintenance(request_id=called.pk, by="max", now=at(30), outcome="Greased")
    assert (done.status, done.acknowledged_at, done.done_by) == ("DONE", at(12), "max")
    with pytest.raises(maintenance.WrongStep):
        services.acknowledge_maintenance(request_id=called.pk, by="max", now=at(31))
    services.request_maintenance(request_id=uuid.uuid4(), work_unit_id=unit.pk, person=anna, now=at(40))


def test_a_reason_can_call_maintenance_by_itself_once(unit):
    StopReason.objects.create(reason=make_stop_reason("BROKEN"), loss="FAILURE", calls_maintenance=True)
    stop(unit, when=at(10), reason="BROKEN")
    explain(unit, at(10), "BROKEN", now=at(12))
    (request,) = MaintenanceRequest.objects.all()
    assert (request.reason.code, request.stop_started_at) == ("BROKEN", at(10))


def test_however_long_a_job_is_paused_its_stop_can_be_cut_and_each_part_explained(order, unit):
    pause(order, "10", when=at(10))
    weeks = at(10 + 40 * 24 * 60)
    for minute, reason in ((0, "TOOL"), (60, "WAIT")):
        cut = weeks + timedelta(minutes=minute)
        services.split_stop(
            entry_id=uuid.uuid4(),
            work_unit_id=unit.pk,
            at=cut,
            person=None,
            now=weeks + timedelta(hours=2),
            reason=reason,
        )

    late = weeks + timedelta(days=1)
    assert [(one.state, one.reason and one.reason.code) for one in seen(unit, now=late)] == [
        ("RUNNING", None), ("STOPPED", None), ("STOPPED", "TOOL"), ("STOPPED", "WAIT"),
    ]  # fmt: skip
