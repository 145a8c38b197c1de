"""Calling maintenance: the call and the request are one thing, whoever begins it and whoever ends it."""

from uuid import uuid4

import pytest

from mes.andon import queries, services
from mes.andon.models import Call
from mes.andon.services.calls import CallOver, UnitUnknown
from mes.equipment import services as equipment
from mes.equipment.models import MaintenanceRequest, StopReason
from mes.equipment.services.maintenance import AlreadyRequested
from mes.masterdata.models import WorkUnit
from tests.factories import make_person, make_work_center
from tests.mes.equipment.helpers import make_stop_reason, stop
from tests.mes.execution.helpers import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    """The only machine of its work center."""
    center = make_work_center(code="MILL")
    WorkUnit.objects.filter(work_center=center).delete()
    return WorkUnit.objects.create(site=center.site, work_center=center, code="MILL-1", name="Mill 1")


def call(unit, minutes=0, **given):
    return services.raise_call(
        call_id=uuid4(), work_center_id=unit.work_center_id, kind="MAINTENANCE", person=make_person(name="Anna"),
        occurred_at=at(minutes), now=at(minutes), **given,
    )  # fmt: skip


def both(one):
    return Call.objects.get(pk=one.pk), MaintenanceRequest.objects.get(pk=one.pk)


def test_a_call_is_a_request_and_answering_it_answers_the_request(unit):
    raised = call(unit, note="It smokes")
    assert both(raised)[1].note == "It smokes" and raised.place == "MILL-1"
    services.acknowledge_call(call_id=raised.pk, by="max", now=at(3))
    services.arrive_at_call(call_id=raised.pk, by="max", now=at(5))
    assert [one.status for one in both(raised)] == ["ARRIVED", "ACKNOWLEDGED"]
    services.resolve_call(call_id=raised.pk, by="max", now=at(9), outcome="Belt replaced")
    told, request = both(raised)
    assert (told.status, request.status) == ("RESOLVED", "DONE")
    assert told.outcome == request.outcome == "Belt replaced" and request.done_by == told.resolved_by == "max"
    with pytest.raises(CallOver):
        services.acknowledge_call(call_id=raised.pk, by="max", now=at(10))


def test_a_stop_that_calls_maintenance_calls_on_the_board_and_answering_the_request_answers_the_call(unit):
    StopReason.objects.create(reason=make_stop_reason("HYDR", site=unit.site), loss="FAILURE", calls_maintenance=True)
    stop(unit, when=at(0), reason="HYDR")
    [told] = queries.calls_at(work_center_id=unit.work_center_id)
    assert (told.kind, told.place, told.note) == ("MAINTENANCE", "MILL-1", "Hydr")
    equipment.acknowledge_maintenance(request_id=told.pk, by="max", now=at(2))
    assert both(told)[0].acknowledged_by == "max"
    equipment.finish_maintenance(request_id=told.pk, by="max", now=at(8), outcome="Hose changed")
    assert both(told)[0].status == "RESOLVED"
    assert queries.calls_at(work_center_id=unit.work_center_id) == []


def test_being_there_says_that_one_came(unit):
    raised = call(unit)
    services.arrive_at_call(call_id=raised.pk, by="max", now=at(4))
    told, request = both(raised)
    assert told.acknowledged_at == told.arrived_at == request.acknowledged_at == at(4)


def test_a_machine_is_called_to_once_and_two_machines_twice(unit):
    other = WorkUnit.objects.create(site=unit.site, work_center=unit.work_center, code="MILL-2", name="Mill 2")
    call(unit, work_unit="MILL-1")
    with pytest.raises(AlreadyRequested):
        call(unit, minutes=1, work_unit="MILL-1")
    call(unit, minutes=2, work_unit=other.code)
    assert [one.place for one in queries.calls_at(work_center_id=unit.work_center_id)] == ["MILL-1", "MILL-2"]


def test_where_several_machines_could_be_meant_the_work_center_calls(unit):
    WorkUnit.objects.create(site=unit.site, work_center=unit.work_center, code="MILL-2", name="Mill 2")
    assert call(unit).place == "MILL" and not MaintenanceRequest.objects.exists()
    with pytest.raises(UnitUnknown, match="MILL-9"):
        call(unit, work_unit="MILL-9")


def test_how_long_calls_waited_is_told_by_kind(unit):
    raised = call(unit)
    services.acknowledge_call(call_id=raised.pk, by="max", now=at(6))
    services.resolve_call(call_id=raised.pk, by="max", now=at(20), outcome="Done")
    [times] = queries.answer_times(sites=[unit.site.code], since=at(-1))
    assert (times.kind, times.calls, times.late, times.response, times.resolution) == ("MAINTENANCE", 1, 1, 6, 20)
