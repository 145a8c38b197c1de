"""Workers that vanish in the middle."""

from datetime import timedelta
from uuid import uuid4

import pytest

from erp_bridge.engine import decisions
from erp_bridge.engine.leases import Lease
from erp_bridge.models import Attempt, OutboundMessage, Stream
from tests.erp_bridge.engine.plant import (
    MINUTE,
    Counts,
    Memory,
    connect,
    counted,
    say,
    state,
    sweep,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_counts")]


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
