"""What becomes of a message, answer by answer."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection as database

from erp_bridge.engine import circuit, decisions, delivery, wiring, worker
from erp_bridge.engine.leases import Lease
from erp_bridge.models import Attempt, Circuit, Connection, FlowState, OutboundMessage, Stream
from erp_bridge.sdk import errors
from mes.core.errors import InvalidInput
from tests.erp_bridge.engine.plant import BlindMemory, Counts, KeyedMemory, Memory, connect, counted, finished, tell

pytestmark = [pytest.mark.django_db]

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def only_counts(erp, now, monkeypatch):
    """One flow per event is enough here; pauses are as long as they may be."""
    monkeypatch.setattr(delivery.random, "uniform", lambda low, high: high)


def say(*pieces, subject="WO1", **fields):
    """Enqueue one message per number in the flow ``counts``; return them."""
    FlowState.objects.filter(flow="slow").update(enabled=False)
    wiring.forget()
    return [tell(counted(each, subject, **fields))[0] for each in pieces]


def sweep():
    return worker.sweep(budget=600)


def state(message):
    message.refresh_from_db()
    return message.state


def test_what_is_due_is_sent_in_order_and_acknowledged_with_the_erps_number(erp):
    connect()
    messages = say(1, 2, 3)
    assert sweep() == 3
    assert [each.pieces for each in erp.booked()] == [1, 2, 3]
    assert [(state(each), each.reference) for each in messages] == [("DONE", "B1"), ("DONE", "B2"), ("DONE", "B3")]
    stream = Stream.objects.get()
    assert (stream.due_at, stream.lease_token, stream.busy_with) == (None, None, None)


def test_each_attempt_is_recorded_with_what_was_said(erp):
    connect()
    message, *_ = say(1)
    sweep()
    attempt = Attempt.objects.get()
    assert (attempt.what, attempt.outcome, attempt.state_after, attempt.number) == ("SEND", "ACK", "DONE", 1)
    assert message.key in attempt.exchanges


def test_a_call_that_never_left_is_tried_again_later(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [errors.NotSent("refused")]
    sweep()
    assert state(message) == "PENDING"
    assert message.due_at == now() + timedelta(seconds=2)
    assert sweep() == 0
    now.forward(timedelta(seconds=2))
    sweep()
    assert state(message) == "DONE"
    assert len(erp.booked()) == 1


def test_a_busy_erp_is_asked_again_when_it_says(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [errors.Busy("closing", retry_after=600)] + [errors.Busy("closing", retry_after=1e9)]
    sweep()
    assert (state(message), message.due_at) == ("PENDING", now() + 10 * MINUTE)
    now.forward(10 * MINUTE)
    sweep()
    assert (state(message), message.due_at) == ("PENDING", now() + timedelta(hours=1))


def test_a_refusal_is_a_dead_letter_at_once_with_the_erps_words_and_others_go_on(erp):
    connect()
    first, second = say(1, 2)
    erp.script = [errors.Rejected("Order 1 is closed", code="M7-041")]
    sweep()
    assert (state(first), first.code, first.detail) == ("DEAD", "M7-041", "Order 1 is closed")
    assert state(second) == "DONE"
    assert sweep() == 0


def test_an_answer_that_never_came_is_in_doubt_until_the_erp_has_settled_then_looked_for(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = ["lost"]
    sweep()
    assert (state(message), message.outcome, message.due_at) == ("DOUBT", "AMBIGUOUS", now() + MINUTE)
    assert erp.calls == ["send"]
    now.forward(MINUTE)
    sweep()
    assert (state(message), message.outcome, message.reference) == ("DONE", "FOUND", "B1")
    assert erp.calls == ["send", "find"]


def test_what_is_not_found_twice_is_sent_again(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [errors.OutcomeUnknown("reset")]
    sweep()
    now.forward(MINUTE)
    sweep()
    assert (state(message), message.absent) == ("DOUBT", 1)
    assert erp.calls == ["send", "find"]
    now.forward(timedelta(seconds=5))
    sweep()
    assert state(message) == "DONE"
    assert erp.calls == ["send", "find", "find", "send"]
    assert len(erp.booked()) == 1


def test_a_booking_that_shows_up_between_the_two_looks_is_found(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [errors.OutcomeUnknown("reset")]
    sweep()
    now.forward(MINUTE)
    sweep()
    erp.book(Counts().translate(counted(1), None), message.key)
    now.forward(timedelta(seconds=5))
    sweep()
    assert (state(message), message.outcome) == ("DONE", "FOUND")


def test_a_look_up_that_fails_says_nothing(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = ["lost"]
    erp.find_script = [errors.NotSent("refused"), errors.Busy("later"), errors.OutcomeUnknown("reset"), KeyError("x")]
    sweep()
    for _ in range(4):
        now.forward(10 * MINUTE)
        sweep()
        assert (state(message), message.outcome) == ("DOUBT", "AMBIGUOUS")
    now.forward(10 * MINUTE)
    sweep()
    assert state(message) == "DONE"
    assert len(erp.booked()) == 1


def test_under_a_key_the_erp_honors_the_same_key_is_sent_again(erp, now):
    connect(KeyedMemory.key)
    erp.honors_keys = True
    message, *_ = say(1)
    erp.script = ["lost", errors.NotSent("refused")]
    sweep()
    assert state(message) == "DOUBT"
    now.forward(MINUTE)
    sweep()
    assert state(message) == "DOUBT", "what was in doubt stays so when the second call never left"
    now.forward(MINUTE)
    sweep()
    assert (state(message), message.reference) == ("DONE", "B1")
    assert erp.calls == ["send", "send", "send"]
    assert len(erp.booked()) == 1


def test_a_key_that_the_erp_may_have_forgotten_is_looked_for_instead(erp, now):
    connect(KeyedMemory.key)
    message, *_ = say(1)
    erp.script = ["lost"]
    sweep()
    now.forward(KeyedMemory.key_window)
    sweep()
    assert state(message) == "DONE"
    assert erp.calls == ["send", "find"]


def test_an_erp_that_can_neither_be_asked_nor_told_again_is_for_a_person(erp, now):
    connect(BlindMemory.key)
    first, second = say(1, 2)
    erp.script = ["lost"]
    sweep()
    now.forward(MINUTE)
    sweep()
    assert (state(first), state(second)) == ("REVIEW", "PENDING")
    with pytest.raises(InvalidInput, match="number"):
        decisions.settle(message_id=first.pk, posted=True, by=None, reason="seen in the ERP")
    decisions.settle(message_id=first.pk, posted=True, by=None, reason="seen in the ERP", reference="B1")
    sweep()
    assert (state(first), state(second)) == ("DONE", "DONE")
    assert len(erp.booked()) == 2


def test_not_posted_says_the_person_and_it_is_sent_once_more(erp, now):
    connect(BlindMemory.key)
    message, *_ = say(1)
    erp.script = [errors.OutcomeUnknown("reset")]
    sweep()
    now.forward(MINUTE)
    sweep()
    decisions.settle(message_id=message.pk, posted=False, by=None, reason="not there")
    sweep()
    assert state(message) == "DONE"
    assert len(erp.booked()) == 1


def test_a_success_that_looks_like_an_error_is_looked_up(erp):
    connect()
    message, *_ = say(1)
    erp.book(Counts().translate(counted(1), None), message.key)
    erp.script = [errors.AlreadyBooked("processed before", code="E1")]
    sweep()
    assert (state(message), message.reference) == ("DONE", "B1")
    assert erp.calls == ["send", "find"]


def test_already_booked_but_nowhere_to_be_found_is_for_a_person(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [errors.AlreadyBooked("processed before")]
    sweep()
    now.forward(timedelta(seconds=5))
    sweep()
    assert (state(message), message.outcome) == ("REVIEW", "ALREADY")


def test_an_erp_without_a_search_is_believed_when_it_says_already(erp):
    connect(BlindMemory.key)
    message, *_ = say(1)
    erp.script = [errors.AlreadyBooked("processed before", reference="B77")]
    sweep()
    assert (state(message), message.reference) == ("DONE", "B77")


def test_wrong_credentials_pause_the_connection_and_leave_the_message_alone(erp):
    connection = connect()
    first, second = say(1, 2)
    erp.script = [errors.Misconfigured("401: wrong password")]
    sweep()
    connection.refresh_from_db()
    assert connection.paused
    assert "401" in connection.paused_reason
    assert (state(first), state(second)) == ("PENDING", "PENDING")
    assert sweep() == 0
    assert connection.history.first().paused


def test_our_own_fault_before_the_call_is_a_dead_letter(erp):
    connect()
    message, *_ = say(1, person="bug")
    sweep()
    assert (state(message), message.outcome) == ("DEAD", "BUG")
    assert "nobody thought of this" in message.detail
    assert erp.calls == []


def test_our_own_fault_after_bytes_left_is_in_doubt_and_ends_when_it_is_surely_not_there(erp, now):
    connect()
    message, *_ = say(1)
    erp.script = [KeyError("number")]
    sweep()
    assert (state(message), message.outcome) == ("DOUBT", "BUG")
    now.forward(MINUTE)
    sweep()
    now.forward(timedelta(seconds=5))
    sweep()
    assert (state(message), message.outcome) == ("DEAD", "BUG")


def test_an_event_of_no_interest_is_done_without_a_call(erp):
    connect()
    message, *_ = say(0)
    assert sweep() == 0
    assert (state(message), message.outcome) == ("DONE", "NOTHING")


def test_an_event_that_was_changed_in_the_database_is_never_sent(erp):
    connect()
    message, *_ = say(1)
    with database.cursor() as cursor:
        on = " ON erp_bridge_outboundmessage" if database.vendor == "postgresql" else ""
        if on:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP TRIGGER bridge_message_is_immutable{on}")
    OutboundMessage.objects.filter(pk=message.pk).update(event=message.event | {"pieces": "1000"})
    sweep()
    assert (state(message), message.outcome) == ("DEAD", "BUG")
    assert "checksum" in message.detail


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


def test_a_worker_that_vanished_while_sending_leaves_a_doubt_never_a_second_send(erp, now):
    connect()
    message, *_ = say(1)
    erp.book(Counts().translate(counted(1), None), message.key)
    vanish_while_sending(message, now)
    sweep()
    assert (state(message), message.outcome, message.crashes) == ("DOUBT", "DIED", 1)
    assert erp.calls == []
    now.forward(MINUTE)
    sweep()
    assert (state(message), message.outcome) == ("DONE", "FOUND")


def test_a_message_that_kills_its_workers_is_set_aside_and_looked_for_before_it_is_sent_again(erp, now):
    connect()
    poison, healthy = say(1, 2)
    for _ in range(3):
        vanish_while_sending(poison, now)
        sweep()
    assert (state(poison), poison.outcome) == ("DEAD", "POISON")
    assert state(healthy) == "DONE"
    decisions.retry(message_id=poison.pk, by=None)
    assert state(poison) == "DOUBT"
    sweep()
    now.forward(timedelta(seconds=5))
    sweep()
    assert state(poison) == "DONE"
    assert erp.calls[-3:] == ["find", "find", "send"]


def test_a_message_that_kills_its_worker_before_it_is_sent_is_found_out_too(erp, now):
    connect()
    poison, healthy = say(1, 2)
    for _ in range(3):
        assert Lease.claim(poison.stream_id)
        now.forward(10 * MINUTE)
    sweep()
    assert (state(poison), poison.crashes) == ("DONE", 1), "one owner that vanished is seen by the next"
    Stream.objects.update(due_at=now())
    say(3)
    assert state(healthy) == "DONE"


def vanish_while_sending(message, now):
    """Leave the message as a worker does that is killed between its note and the answer."""
    OutboundMessage.objects.filter(pk=message.pk).update(
        state="SENDING", attempts=message.attempts + 1, sent_at=now(), first_sent_at=now(), doubt_since=None
    )
    Stream.objects.filter(pk=message.stream_id).update(
        lease_token=uuid4(), lease_until=now() + 2 * MINUTE, busy_with=message.pk, due_at=now()
    )
    now.forward(10 * MINUTE)


def test_a_worker_that_lost_its_lease_writes_nothing(erp, now):
    connect()
    message, *_ = say(1)

    def stolen(document, *, key):
        now.forward(10 * MINUTE)
        assert Lease.claim(message.stream_id)
        return erp.book(document, key)

    original, Memory.send = Memory.send, lambda self, document, *, key: stolen(document, key=key)
    try:
        sweep()
    finally:
        Memory.send = original
    assert (state(message), message.reference) == ("SENDING", "")
    assert Attempt.objects.count() == 0
    now.forward(10 * MINUTE)
    sweep()
    now.forward(MINUTE)
    sweep()
    assert (state(message), message.outcome) == ("DONE", "FOUND")
    assert len(erp.booked()) == 1


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


class TestDecisions:
    @pytest.fixture
    def refused(self, erp):
        connect()
        message, *_ = say(5)
        erp.script = [errors.Rejected("over delivery", code="X")]
        sweep()
        return message

    def test_a_refused_message_is_sent_again_under_its_own_key(self, refused, erp, admin_user):
        decisions.retry(message_id=refused.pk, by=admin_user, reason="order reopened")
        sweep()
        assert state(refused) == "DONE"
        assert erp.ledger[0][1] == refused.key
        decision = refused.decisions.get()
        assert (decision.what, decision.decided_by, decision.reason) == ("RETRY", admin_user, "order reopened")

    def test_asking_twice_is_asking_once(self, refused, erp):
        decisions.retry(message_id=refused.pk, by=None)
        decisions.retry(message_id=refused.pk, by=None)
        sweep()
        assert len(erp.booked()) == 1
        with pytest.raises(decisions.MovedOn):
            decisions.retry(message_id=refused.pk, by=None)

    def test_dismissing_needs_a_reason_and_is_for_good(self, refused):
        with pytest.raises(InvalidInput, match="why"):
            decisions.dismiss(message_id=refused.pk, by=None, reason=" ")
        decisions.dismiss(message_id=refused.pk, by=None, reason="booked by hand")
        assert state(refused) == "DISCARDED"
        with pytest.raises(decisions.MovedOn):
            decisions.retry(message_id=refused.pk, by=None)

    def test_a_corrected_copy_is_a_new_fact_and_the_original_is_kept(self, refused, erp):
        copy = decisions.correct(message_id=refused.pk, event=refused.event | {"pieces": "4"}, by=None, reason="typo")
        sweep()
        assert (state(refused), state(copy)) == ("SUPERSEDED", "DONE")
        assert copy.supersedes_id == refused.pk
        assert copy.key != refused.key
        assert refused.event["pieces"] == "5"
        assert [each.pieces for each in erp.booked()] == [Decimal(4)]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"pieces": "many"}, "pieces"),
            ({"colour": "red"}, "no field colour"),
            ({"subject": "WO2"}, "stays as it was"),
            ({}, "says the same"),
        ],
    )
    def test_a_copy_that_makes_no_sense_is_refused_in_words(self, refused, change, words):
        with pytest.raises(InvalidInput, match=words):
            decisions.correct(message_id=refused.pk, event=refused.event | change, by=None, reason="typo")

    def test_many_at_once_says_how_many_had_moved_on(self, refused):
        assert decisions.retry_all(messages=[refused.pk], by=None) == (1, 0)
        sweep()
        assert decisions.retry_all(messages=[refused.pk], by=None) == (0, 1)

    def test_what_is_in_doubt_cannot_be_dismissed(self, erp):
        connect()
        message, *_ = say(1)
        erp.script = ["lost"]
        sweep()
        with pytest.raises(decisions.MovedOn):
            decisions.dismiss(message_id=message.pk, by=None, reason="x")
