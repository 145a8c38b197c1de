"""Starting, pausing and finishing work."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mes.core.errors import DomainError
from mes.execution import gates, services
from mes.execution.events import (
    MachineTimeRecorded,
    OperationStarted,
    OperationStopped,
    WorkOrderCompleted,
    WorkOrderStatusChanged,
)
from mes.execution.models import MachineInterval, Operation
from mes.execution.services.completion import UnderDelivery
from mes.execution.services.floor import AlreadyStarted, NotStarted, OperationCompleted, OutOfSequence
from mes.execution.services.locking import OperationUnknown, WorkOrderHeld, WorkOrderNotReleased
from mes.execution.services.machine import WorkUnitUnknown
from mes.material.events import HoldChanged
from tests.factories import NOW, make_person, make_reason, make_work_order
from tests.mes.execution.helpers import at, complete, pause, report, start

pytestmark = pytest.mark.django_db


def test_the_first_start_lets_the_order_run_and_occupies_the_work_unit(published):
    order = make_work_order()
    operation = start(order, "10", person=make_person(number="7"))
    order.refresh_from_db()
    assert (order.status, operation.status, order.started_at) == ("RUNNING", "RUNNING", NOW)
    assert operation.work_unit.code == operation.work_center.code
    told = [event for event in published if type(event).__module__ == "mes.execution.events"]
    assert [type(event).__name__ for event in told] == ["WorkOrderStatusChanged", "OperationStarted"]
    assert told[1].person == "7"


def test_setup_then_run_keeps_the_two_times_apart(published):
    order = make_work_order()
    start(order, "10", activity="SETUP")
    start(order, "10", when=at(12))
    operation = pause(order, "10", when=at(42))
    assert (operation.actual_setup_time, operation.actual_run_time) == (12, 30)
    times = [(e.activity, e.minutes) for e in published if isinstance(e, MachineTimeRecorded)]
    assert times == [("SETUP", Decimal(12)), ("RUN", Decimal(30))]


def test_a_second_start_is_told_who_started_when_and_where():
    order = make_work_order(operations=1)
    operation = start(order, "10", person=make_person(name="A. Kim"))
    with pytest.raises(AlreadyStarted) as refusal:
        start(order, "10", when=at(5))
    assert refusal.value.detail == f"Started 08:00 by A. Kim on {operation.work_unit.code}."


def test_run_waits_for_pieces_of_the_operation_before_but_setup_may_begin():
    order = make_work_order()
    with pytest.raises(OutOfSequence, match="10 Step 1 is not finished"):
        start(order, "20")
    assert start(order, "20", activity="SETUP").status == "SETUP"


def test_the_next_operation_may_start_as_soon_as_one_piece_has_come():
    order = make_work_order()
    start(order, "10")
    report(order, "10", good=1)
    assert start(order, "20").status == "RUNNING"


def test_a_pause_and_a_resume_are_two_intervals():
    order = make_work_order()
    start(order, "10")
    pause(order, "10", when=at(10))
    start(order, "10", when=at(20))
    operation = complete(order, "10", when=at(25))
    assert operation.actual_run_time == 15
    assert MachineInterval.objects.filter(operation=operation).count() == 2


def test_a_pause_without_a_start_is_refused():
    with pytest.raises(NotStarted):
        pause(make_work_order(), "10")


def test_a_finished_operation_stays_finished():
    order = make_work_order()
    start(order, "10")
    report(order, "10", good=100)
    complete(order, "10")
    for again in (start, complete):
        with pytest.raises(OperationCompleted):
            again(order, "10")


def test_an_operation_cannot_be_finished_before_an_earlier_one():
    order = make_work_order()
    start(order, "10")
    report(order, "10", good=5)
    start(order, "20")
    with pytest.raises(OutOfSequence, match="10 Step 1 is not finished"):
        complete(order, "20")


def test_a_supervisor_can_let_an_operation_go_first_and_the_event_says_who(published):
    order, boss = make_work_order(), make_person()
    with pytest.raises(OutOfSequence, match="Supervisor can allow"):
        start(order, "20")
    start(order, "20", approved_by=boss)
    assert [e.approved_by for e in published if isinstance(e, OperationStarted)] == [boss.number]
    report(order, "20", good=5, approved_by=boss)
    complete(order, "20", approved_by=boss)
    order.refresh_from_db()
    assert order.status == "COMPLETED"


def test_finishing_what_was_never_started_is_refused():
    with pytest.raises(NotStarted):
        complete(make_work_order(), "10")


def test_the_last_operation_completes_the_order_and_the_completion_is_said_last(published):
    order = make_work_order(operations=1)
    start(order, "10")
    report(order, "10", good=100)
    complete(order, "10", when=at(60))
    order.refresh_from_db()
    assert order.status == "COMPLETED"
    assert isinstance(published[-1], WorkOrderCompleted)
    assert published[-1].good_quantity == 100
    assert [e.completed for e in published if isinstance(e, OperationStopped)] == [True]


def test_the_order_stays_open_where_the_site_completes_by_hand():
    order = make_work_order(operations=1)
    order.site.completes_with_last_operation = False
    order.site.save()
    start(order, "10")
    report(order, "10", good=100)
    complete(order, "10")
    order.refresh_from_db()
    assert order.status == "RUNNING"


def test_too_few_good_pieces_need_a_supervisor():
    order = make_work_order(operations=1, under_delivery_percent=Decimal(10))
    start(order, "10")
    report(order, "10", good=89)
    with pytest.raises(UnderDelivery, match="at least 90"):
        complete(order, "10")
    assert Operation.objects.get(work_order=order).status == "RUNNING"
    complete(order, "10", approved_by=make_person())
    order.refresh_from_db()
    assert order.status == "COMPLETED"


def test_a_planned_order_is_not_for_the_floor():
    with pytest.raises(WorkOrderNotReleased):
        start(make_work_order(status="PLANNED"), "10")


def test_a_held_order_does_not_start_until_every_hold_is_lifted(published):
    order = make_work_order()
    first = services.hold_work_order(work_order_id=order.pk, by="qa", now=NOW, note="Check the drawing")
    second = services.hold_work_order(work_order_id=order.pk, by="qa", now=NOW)
    with pytest.raises(WorkOrderHeld):
        start(order, "10")
    services.release_hold(hold_id=first.pk, by="qa", now=NOW)
    with pytest.raises(WorkOrderHeld):
        start(order, "10")
    services.release_hold(hold_id=second.pk, by="qa", now=NOW)
    start(order, "10")
    said = [e.status for e in published if isinstance(e, WorkOrderStatusChanged)]
    assert said == ["HELD", "HELD", "UNHELD", "RUNNING"]


def test_a_held_operation_stands_still_and_the_others_go_on(published):
    order = make_work_order()
    start(order, "10")
    report(order, "10", good=5)
    hold = services.hold_work_order(work_order_id=order.pk, operation="20", by="qa", now=at(1), note="Wrong torque")
    with pytest.raises(WorkOrderHeld, match="/20 is on hold: Wrong torque"):
        start(order, "20", when=at(2))
    report(order, "10", good=5, when=at(2))
    with pytest.raises(WorkOrderHeld):
        services.complete_work_order(work_order_id=_paused(order).pk, by="planner", now=at(3))
    order.refresh_from_db()
    assert not order.held
    services.release_hold(hold_id=hold.pk, by="qa", now=at(4))
    start(order, "20", when=at(5))
    told = [(e.target, e.status, e.operation) for e in published if isinstance(e, HoldChanged)]
    assert told == [("OPERATION", "PLACED", "20"), ("OPERATION", "LIFTED", "20")]


def _paused(order):
    pause(order, "10", when=at(3))
    return order


def test_a_hold_on_an_operation_that_the_order_has_not_is_refused():
    with pytest.raises(OperationUnknown):
        services.hold_work_order(work_order_id=make_work_order().pk, operation="99", by="qa", now=NOW)


def test_a_held_order_takes_what_was_made_before_and_what_is_bad_but_nothing_new():
    order = make_work_order()
    start(order, "10")
    services.hold_work_order(work_order_id=order.pk, by="qa", now=at(10), note="Bore too wide")
    with pytest.raises(WorkOrderHeld, match="Bore too wide"):
        report(order, "10", good=5, when=at(11))
    report(order, "10", scrap={make_reason(site=order.site, code="BORE").code: 2}, when=at(11))
    report(order, "10", rework=1, when=at(11))
    report(order, "10", good=5, when=at(11), claimed=at(9))
    assert Operation.objects.get(work_order=order, number="10").good_quantity == 5


def test_a_gate_from_above_can_forbid_a_start(monkeypatch):
    def veto(operation, person):
        raise DomainError("First article is missing.")

    monkeypatch.setattr(gates, "_start_gates", [veto])
    with pytest.raises(DomainError, match="First article"):
        start(make_work_order(), "10")


def test_a_machine_of_another_work_center_is_refused():
    with pytest.raises(WorkUnitUnknown, match="no work unit LATHE"):
        start(make_work_order(), "10", work_unit="LATHE")


def test_a_clock_that_cannot_be_right_is_not_believed():
    order = make_work_order()
    operation = start(order, "10", when=NOW, claimed=NOW + timedelta(hours=3))
    assert operation.started_at == NOW
