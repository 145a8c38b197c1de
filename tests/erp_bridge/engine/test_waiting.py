"""What waits, for what, and what does not wait with it."""

from datetime import timedelta

import pytest

from erp_bridge.engine import circuit, decisions
from erp_bridge.models import Circuit, Connection, FlowState, Stream
from erp_bridge.sdk import errors
from tests.erp_bridge.engine.plant import (
    MINUTE,
    connect,
    counted,
    finished,
    say,
    state,
    sweep,
    tell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_counts")]


def test_an_order_without_a_counterpart_waits_without_attempts_until_it_is_linked(erp, now, linked):
    connect()
    message, *_ = say(1, subject="MANUAL-1")
    sweep()
    assert (state(message), message.attempts, message.waits_for) == ("PENDING", 0, "work_order:MANUAL-1")
    assert sweep() == 0
    linked("MANUAL-1", "ERP-9")
    sweep()
    assert state(message) == "DONE"
    assert erp.booked()[0].erp_work_order == "ERP-9"


def test_news_of_a_link_that_was_lost_costs_a_quarter_of_an_hour(erp, now, linked):
    connect()
    message, *_ = say(1, subject="MANUAL-1")
    sweep()
    linked("MANUAL-1", "ERP-9", tell_it=False)
    assert sweep() == 0
    now.forward(15 * MINUTE)
    sweep()
    assert state(message) == "DONE"


def test_a_completion_waits_for_what_was_said_earlier_and_makes_it_due(erp, now):
    connect()
    tell(counted(1))
    tell(finished())
    sweep()
    assert [type(each).__name__ for each in erp.booked()] == ["Count", "Count", "Finish"]


def test_a_refused_count_holds_the_completion_until_a_person_has_decided(erp):
    connect()
    count, *_ = say(1)
    end = tell(finished())[0]
    erp.script = [errors.Rejected("closed")]
    sweep()
    assert (state(count), state(end)) == ("DEAD", "PENDING")
    assert Stream.objects.get().blocked
    assert sweep() == 0
    decisions.retry(message_id=count.pk, by=None)
    sweep()
    assert (state(count), state(end)) == ("DONE", "DONE")


def test_one_stream_that_fails_does_not_hold_the_others(erp, now):
    connect()
    stuck, *_ = say(1, subject="A")
    erp.script = [errors.Busy("A is locked by a user")]
    sweep()
    others = [say(1, subject=f"B{number}")[0] for number in range(5)]
    sweep()
    assert state(stuck) == "PENDING"
    assert {state(each) for each in others} == {"DONE"}


def test_records_that_are_not_ready_wait_a_minute_and_nothing_else_waits_with_them(erp, now):
    connect()
    stuck = [say(1, subject=f"A{number}")[0] for number in range(8)]
    behind, *_ = say(2, subject="A0")
    erp.script = [errors.NotReady("in draft", code="STATE.draft", retry_after=60)] * 8
    assert sweep() == 8
    assert {(state(each), each.outcome, each.due_at - now()) for each in stuck} == {("PENDING", "NOT_READY", MINUTE)}
    assert not Circuit.objects.filter(failures__gt=0).exists()
    other, *_ = say(1, subject="B")
    assert sweep() == 1
    assert (state(other), state(behind)) == ("DONE", "PENDING")
    now.forward(MINUTE)
    sweep()
    assert {state(each) for each in [*stuck, behind]} == {"DONE"}
    assert [each.pieces for each in erp.booked() if each.work_order == "A0"] == [1, 2]


def test_the_circuit_opens_after_failures_of_several_streams_and_one_call_closes_it(erp, now):
    connection = connect()
    for number in range(8):
        say(1, subject=f"WO{number}")
    erp.down = True
    assert sweep() == 5
    assert Circuit.objects.get().state == "OPEN"
    assert circuit.usable(now()) == ([], [])
    now.forward(timedelta(seconds=29))
    assert sweep() == 0
    now.forward(timedelta(seconds=1))
    assert sweep() == 1, "one call tries"
    assert Circuit.objects.get().open_until == now() + timedelta(seconds=60)
    erp.down = False
    now.forward(MINUTE)
    sweep()
    assert Circuit.objects.get().state == "CLOSED"
    now.forward(10 * MINUTE)
    sweep()
    assert len(erp.booked()) == 8
    assert not Connection.objects.get(pk=connection.pk).paused


def test_one_order_that_the_erp_chokes_on_does_not_open_the_circuit(erp, now):
    connect()
    say(1)
    erp.script = [errors.NotSent("x")] * 20
    for _ in range(20):
        sweep()
        now.forward(10 * MINUTE)
    assert Circuit.objects.get().state == "CLOSED"


def test_only_one_worker_makes_the_trial_call(erp, now):
    connection = connect()
    Circuit.objects.create(connection=connection, state="OPEN", open_until=now())
    assert circuit.win_trial(connection.pk, now())
    assert circuit.win_trial(connection.pk, now()) is None


def test_idle_streams_that_own_due_messages_are_found_by_the_sweep(erp):
    connect()
    message, *_ = say(1)
    Stream.objects.update(due_at=None)
    sweep()
    assert state(message) == "DONE"


def test_a_stream_that_a_person_holds_waits(erp):
    connect()
    message, *_ = say(1)
    decisions.hold(stream_id=message.stream_id, held=True)
    assert sweep() == 0
    decisions.hold(stream_id=message.stream_id, held=False)
    assert sweep() == 1


def test_by_hand_means_that_a_person_sends_it(erp):
    connect()
    FlowState.objects.filter(flow="counts").update(cadence="by_hand")
    message, *_ = say(1)
    assert sweep() == 0
    decisions.retry(message_id=message.pk, by=None)
    assert sweep() == 1
    assert state(message) == "DONE"
