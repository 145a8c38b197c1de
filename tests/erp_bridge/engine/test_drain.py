"""What one worker does about one stream, and what it leaves when it is stopped in between."""

import contextlib
import time
from datetime import timedelta

import pytest
from django.db import connection as database

from erp_bridge.engine import decisions, points, wiring, worker
from erp_bridge.models import Attempt, FlowState, OutboundMessage, Stream
from erp_bridge.sdk import errors
from tests.erp_bridge.engine.plant import BlindMemory, Counts, KeyedMemory, Memory, connect, counted, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


class Killed(BaseException):
    """The worker is gone between one instruction and the next."""


@pytest.fixture
def at():
    """Return a function that has something done when a point is reached for the nth time."""

    def listen(point, nth, act):
        seen = []

        def listener(name):
            seen.append(name)
            if name == point and seen.count(point) == nth:
                act()

        points.listen(listener)

    yield listen
    points.listen(None)


def say(*pieces, connector=Memory):
    """Enqueue one message per number for one order, in the flow ``counts`` only; return them."""
    connect(connector.key)
    FlowState.objects.filter(flow="slow").update(enabled=False)
    wiring.forget()
    return [tell(counted(each))[0] for each in pieces]


def states():
    return list(OutboundMessage.objects.order_by("seq").values_list("state", flat=True))


def kill():
    raise Killed


@pytest.mark.parametrize(("connector", "transactions"), [(Memory, 1), (KeyedMemory, 1), (BlindMemory, 2)])
def test_an_answer_shares_its_transaction_with_the_next_intent_where_the_erp_can_be_asked(
    erp, at, connector, transactions
):
    say(1, 2, connector=connector)
    begun, counts = [], []

    def note(execute, sql, *rest):
        begun.extend([1] if sql.startswith("SAVEPOINT") else [])
        return execute(sql, *rest)

    points.listen(lambda name: counts.append((name, len(begun))))
    with database.execute_wrapper(note):
        worker.sweep(budget=600)
    points.listen(None)
    answered = next(count for name, count in counts if name == "after answer")
    _, intended = (count for name, count in counts if name == "after intent")
    assert intended - answered == transactions
    assert states() == ["DONE", "DONE"]


@pytest.mark.parametrize("connector", [Memory, KeyedMemory])
def test_a_worker_that_dies_behind_a_shared_note_leaves_one_booked_and_one_in_doubt(erp, at, now, connector):
    say(1, 2, 3, connector=connector)
    at("after intent", 2, kill)
    with pytest.raises(Killed):
        worker.sweep(budget=600)
    points.listen(None)
    second = OutboundMessage.objects.get(seq=2)
    assert states() == ["DONE", "SENDING", "PENDING"]
    assert (Stream.objects.get().busy_with, second.attempts) == (second.pk, 1)
    now.forward(timedelta(minutes=5))
    worker.sweep(budget=600)
    second.refresh_from_db()
    assert (second.state, second.outcome, second.crashes) == ("DOUBT", "DIED", 1)
    for _ in range(3):
        now.forward(timedelta(minutes=5))
        worker.sweep(budget=600)
    assert states() == ["DONE"] * 3
    assert [each.pieces for each in erp.booked()] == [1, 2, 3]


def test_a_worker_that_dies_before_a_shared_note_has_begun_nothing_new(erp, at, now):
    say(1, 2)
    at("before done commit", 1, kill)
    with pytest.raises(Killed):
        worker.sweep(budget=600)
    assert states() == ["SENDING", "PENDING"]
    assert Attempt.objects.count() == 0


def test_what_a_person_takes_away_before_it_is_begun_is_not_sent(erp, at):
    messages = say(1, 2, 3)
    at(
        "before done commit",
        1,
        lambda: decisions.dismiss(message_id=messages[1].pk, by=None, reason="counted twice"),
    )
    worker.sweep(budget=600)
    assert states() == ["DONE", "DISCARDED", "DONE"]
    assert [each.pieces for each in erp.booked()] == [1, 3]
    assert Stream.objects.get().lease_token is None


def test_after_a_refusal_the_next_is_begun_with_its_note_too(erp, at):
    say(1, 2)
    erp.script = [errors.Rejected("closed")]
    seen = []
    at("after intent", 2, lambda: seen.extend(states()))
    worker.sweep(budget=600)
    assert seen == ["DEAD", "SENDING"]
    assert states() == ["DEAD", "DONE"]


def test_what_cannot_be_put_into_words_is_not_begun_but_judged(erp):
    connect()
    FlowState.objects.filter(flow="slow").update(enabled=False)
    wiring.forget()
    for each in (counted(1), counted(2, person="bug"), counted(0), counted(4)):
        tell(each)
    worker.sweep(budget=600)
    assert states() == ["DEAD" if number == 1 else "DONE" for number in range(4)]
    assert [each.pieces for each in erp.booked()] == [1, 4]
    assert OutboundMessage.objects.get(seq=2).attempts == 0


@pytest.mark.parametrize("connector", [Memory, KeyedMemory])
def test_one_that_kills_whoever_puts_it_into_words_is_set_aside_and_not_its_neighbors(erp, now, monkeypatch, connector):
    erp.honors_keys = connector is KeyedMemory
    messages = say(1, 2, 3, connector=connector)
    translate = Counts.translate
    monkeypatch.setattr(
        Counts, "translate", lambda self, event, links: kill() if event.pieces == 2 else translate(self, event, links)
    )
    for _ in range(12):
        with contextlib.suppress(Killed):
            worker.sweep(budget=600)
        now.forward(timedelta(minutes=10))
    assert states() == ["DONE", "DEAD", "DONE"]
    assert [each.pieces for each in erp.booked()] == [1, 3]
    messages[1].refresh_from_db()
    assert (messages[1].outcome, messages[1].crashes) == ("POISON", 3)


@pytest.mark.parametrize(("limit", "made"), [({"calls_allowed": 2}, 2), ({"deadline": 0.0}, 1)])
def test_a_worker_that_must_stop_begins_nothing_more_and_gives_the_stream_back(erp, limit, made):
    stream_id = say(1, 2, 3)[0].stream_id
    bench = worker.Bench()
    try:
        calls = worker.drain(stream_id, bench, **{"deadline": time.monotonic() + 600} | limit)
    finally:
        bench.close()
    assert calls == made
    assert states() == ["DONE"] * made + ["PENDING"] * (3 - made)
    stream = Stream.objects.get()
    assert (stream.lease_token, stream.busy_with) == (None, None)
    assert stream.due_at is not None
