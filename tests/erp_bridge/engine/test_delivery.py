"""What becomes of a message, answer by answer."""

from datetime import timedelta

import pytest
from django.db import connection as database

from erp_bridge.engine import decisions
from erp_bridge.models import Attempt, OutboundMessage, Stream
from erp_bridge.sdk import errors
from mes.core.errors import InvalidInput
from tests.erp_bridge.engine.plant import (
    MINUTE,
    BlindMemory,
    Counts,
    KeyedMemory,
    connect,
    counted,
    say,
    state,
    sweep,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_counts")]


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
