"""A message is written with the fact it tells, once, in the order of the facts, whatever the database."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from erp_bridge.engine import outbox, wiring
from erp_bridge.models import FlowState, OutboundMessage, Stream
from tests.erp_bridge.engine.plant import NOON, connect, counted, finished, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("erp", "now")]


def test_an_event_becomes_one_message_per_flow_and_connection():
    connect(name="one")
    connect(name="two")
    messages = tell(counted(5))
    assert [(each.connection.name, each.flow, each.seq) for each in messages] == [
        ("one", "counts", 1), ("one", "slow", 2), ("two", "counts", 1), ("two", "slow", 2),
    ]  # fmt: skip
    assert messages[0].event["pieces"] == "5"
    assert len({each.key for each in messages}) == 4


def test_the_same_event_twice_is_one_message():
    connect()
    event = counted()
    tell(event)
    assert len(tell(event)) == 2


def test_places_in_a_stream_follow_the_facts_and_streams_know_nothing_of_each_other():
    connect()
    tell(counted(subject="A"))
    tell(counted(subject="B"))
    assert [each.seq for each in tell(finished(subject="A"))] == [3]
    assert [each.seq for each in tell(finished(subject="B"))] == [3]
    assert Stream.objects.count() == 2


def test_another_site_hears_nothing():
    connect(site="ELSEWHERE")
    assert tell(counted()) == []


def test_a_flow_that_is_switched_off_and_a_connection_that_is_disabled_record_nothing():
    connection = connect()
    FlowState.objects.filter(connection=connection, flow="slow").update(enabled=False)
    wiring.forget()
    assert [each.flow for each in tell(counted())] == ["counts"]
    connection.enabled = False
    connection.save()
    wiring.forget()
    assert tell(counted()) == []


def test_a_paused_connection_goes_on_recording():
    connect(paused=True)
    assert len(tell(counted())) == 2


def test_the_cadence_decides_when_a_message_is_due_and_a_connection_may_overrule_it():
    connection = connect()
    assert {each.flow: each.due_at for each in tell(counted())} == {
        "counts": NOON, "slow": NOON + timedelta(minutes=5),
    }  # fmt: skip
    FlowState.objects.filter(connection=connection, flow="counts").update(cadence="by_hand")
    FlowState.objects.filter(connection=connection, flow="slow").update(cadence="every 30")
    wiring.forget()
    assert {each.flow: each.due_at for each in tell(counted(subject="WO2"))} == {
        "counts": None, "slow": NOON + timedelta(seconds=30),
    }  # fmt: skip
    assert Stream.objects.get(key="WO2").due_at == NOON + timedelta(seconds=30)


def test_a_stream_is_due_with_its_earliest_message():
    connection = connect()
    FlowState.objects.filter(connection=connection, flow="counts").update(cadence="by_hand")
    wiring.forget()
    tell(counted())
    assert Stream.objects.get().due_at == NOON + timedelta(minutes=5)
    tell(finished())
    assert Stream.objects.get().due_at == NOON


def test_a_reversal_is_strict_because_it_must_not_pass_what_it_reverses():
    connect()
    event = counted(-5, reverses=counted().event_id)
    assert all(each.strict for each in tell(event))


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_is_rolled_back_leaves_no_message():
    connect()
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.enqueue(counted())
        raise RuntimeError
    assert not OutboundMessage.objects.exists()
    assert not Stream.objects.exists()


def test_the_database_refuses_to_change_what_a_message_says():
    connect()
    message = tell(counted(5))[0]
    with pytest.raises(DatabaseError, match="immutable|never changes"), transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk).update(event={"pieces": "6"})
    OutboundMessage.objects.filter(pk=message.pk).update(detail="may change")


def test_the_key_is_made_of_the_fact():
    event = counted()
    known = {"site": "MAIN", "connection": "erp", "flow": "counts", "event_id": event.event_id}
    assert outbox.key_of(**known) == outbox.key_of(**known)
    assert len(outbox.key_of(**known)) == 32
    assert outbox.key_of(**known | {"flow": "slow"}) != outbox.key_of(**known)
