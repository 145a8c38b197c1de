"""Calls and handovers: raised once, answered once, escalated once, and taken over by somebody."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection

from mes.andon import queries, services, tasks
from mes.andon.events import CallAnswered, CallEscalated, CallRaised, HandoverAccepted, ShiftHandedOver
from mes.andon.models import Call, EscalationStep, Handover
from mes.andon.services.calls import CallOpen, CallOver, CallUnknown, KindUnknown, OutcomeMissing
from mes.andon.services.handover import HandoverAcceptedBefore, HandoverUnknown, NoteTooLong
from mes.core import bus
from tests.factories import NOW, make_operation, make_person, make_work_center

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(monkeypatch):
    events = []
    kinds = (CallRaised, CallAnswered, CallEscalated, ShiftHandedOver, HandoverAccepted)
    monkeypatch.setattr(bus, "_subscribers", {**bus._subscribers, **{kind: [events.append] for kind in kinds}})
    return events


@pytest.fixture
def center():
    return make_work_center(code="MILL")


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def call(center, kind="MATERIAL", minutes=0, **given):
    return services.raise_call(
        call_id=given.pop("call_id", None) or uuid4(), work_center_id=center.pk, kind=kind,
        person=given.pop("person", None), occurred_at=at(minutes), now=at(minutes), **given,
    )  # fmt: skip


def test_a_call_goes_from_raised_to_acknowledged_to_resolved(center, said):
    raised = call(center, person=make_person(number="7"), note="No more bolts")
    services.acknowledge_call(call_id=raised.pk, by="lead", now=at(2))
    services.resolve_call(call_id=raised.pk, by="lead", now=at(9), outcome=" Two boxes brought ")
    raised.refresh_from_db()
    assert (raised.status, raised.outcome, raised.acknowledged_by) == ("RESOLVED", "Two boxes brought", "lead")
    assert [type(event).__name__ for event in said] == ["CallRaised", "CallAnswered", "CallAnswered"]
    assert (said[0].person, said[0].note, said[0].subject) == ("7", "No more bolts", "center/MILL")
    assert [event.status for event in said[1:]] == ["ACKNOWLEDGED", "RESOLVED"]


def test_the_same_call_again_is_the_first_one(center, said):
    key = uuid4()
    assert call(center, call_id=key).pk == call(center, call_id=key, minutes=5).pk
    assert len(said) == Call.objects.count() == 1


def test_calling_somebody_who_is_called_says_since_when_and_who_comes(center):
    first = call(center)
    with pytest.raises(CallOpen, match="Material was called 08:00. Nobody has answered yet."):
        call(center, minutes=3)
    services.acknowledge_call(call_id=first.pk, by="lead", now=at(4))
    with pytest.raises(CallOpen, match="lead comes"):
        call(center, minutes=5)
    call(center, kind="QUALITY", minutes=5)


def test_after_it_is_resolved_one_can_call_again(center):
    services.resolve_call(call_id=call(center).pk, by="lead", now=at(1), outcome="done")
    call(center, minutes=2)
    assert len(queries.calls_at(work_center_id=center.pk)) == 1


def test_acknowledging_twice_is_once_and_what_is_over_is_over(center, said):
    raised = call(center)
    for _ in range(2):
        services.acknowledge_call(call_id=raised.pk, by="lead", now=at(1))
    assert len(said) == 2
    services.resolve_call(call_id=raised.pk, by="lead", now=at(2), outcome="done")
    with pytest.raises(CallOver, match="was resolved .* by lead"):
        services.acknowledge_call(call_id=raised.pk, by="other", now=at(3))
    with pytest.raises(CallOver):
        services.resolve_call(call_id=raised.pk, by="other", now=at(3), outcome="again")


def test_refusals(center):
    raised = call(center)
    with pytest.raises(KindUnknown, match="Choose one of"):
        call(center, kind="PIZZA")
    with pytest.raises(OutcomeMissing, match="what was done"):
        services.resolve_call(call_id=raised.pk, by="lead", now=at(1), outcome="  ")
    with pytest.raises(CallUnknown):
        services.acknowledge_call(call_id=uuid4(), by="lead", now=at(1))


def test_a_call_that_nobody_answers_is_escalated_once_per_step(center, said):
    for tier, minutes, who in ((2, 5, "Shift lead"), (3, 20, "Plant manager")):
        EscalationStep.objects.create(site=center.site, kind="MATERIAL", tier=tier, after_minutes=minutes, tells=who)
    raised = call(center)
    call(center, kind="QUALITY")
    assert services.escalate_calls(now=at(4)) == []
    assert [step.tells for _, step in services.escalate_calls(now=at(6))] == ["Shift lead"]
    assert services.escalate_calls(now=at(7)) == []
    assert [step.tells for _, step in services.escalate_calls(now=at(30))] == ["Plant manager"]
    assert [(event.tier, event.told) for event in said if isinstance(event, CallEscalated)] == [
        (2, "Shift lead"), (3, "Plant manager"),
    ]  # fmt: skip
    raised.refresh_from_db()
    assert raised.tier == 3


def test_an_acknowledged_call_is_not_escalated(center):
    EscalationStep.objects.create(site=center.site, kind="MATERIAL", tier=2, after_minutes=5, tells="Shift lead")
    services.acknowledge_call(call_id=call(center).pk, by="lead", now=at(1))
    assert services.escalate_calls(now=at(60)) == []


def test_who_is_named_by_a_step_gets_a_mail(center):
    EscalationStep.objects.create(
        site=center.site, kind="MATERIAL", tier=2, after_minutes=5, tells="Shift lead", email="lead@plant.example"
    )
    call(center, note="No more bolts")
    tasks.escalate()
    [letter] = mail.outbox
    assert letter.to == ["lead@plant.example"] and "MILL: Material" in letter.subject and "No more bolts" in letter.body
    tasks.escalate()
    assert len(mail.outbox) == 1


def test_a_handover_carries_what_is_open(center, said):
    job = make_operation()
    job.work_center, job.started_at, job.good_quantity = center, NOW, 3
    job.save()
    call(center)
    anna = make_person(name="Anna")
    handover = services.hand_over(
        handover_id=uuid4(), work_center_id=center.pk, person=anna, occurred_at=at(5), now=at(5), note="Tool 4 is dull"
    )
    assert any("3 of" in point for point in handover.points) and any("Material" in point for point in handover.points)
    assert [event.note for event in said if isinstance(event, ShiftHandedOver)] == ["Tool 4 is dull"]


def hand_over(center, person, minutes=0, **given):
    return services.hand_over(
        handover_id=given.pop("handover_id", None) or uuid4(), work_center_id=center.pk, person=person,
        occurred_at=at(minutes), now=at(minutes), **given,
    )  # fmt: skip


def accept(handover, person, minutes=10):
    return services.accept_handover(handover_id=handover.pk, person=person, occurred_at=at(minutes), now=at(minutes))


def test_a_clock_that_was_never_set_calls_nobody_and_hands_nothing_over_in_1970(center):
    unset, anna = {"occurred_at": NOW.replace(year=1970), "now": NOW}, make_person(name="Anna")
    mine = {"work_center_id": center.pk, "person": anna}
    called = [services.raise_call(call_id=uuid4(), kind=kind, **mine, **unset) for kind in ("MATERIAL", "MAINTENANCE")]
    handed = services.hand_over(handover_id=uuid4(), **mine, **unset)
    taken = services.accept_handover(handover_id=handed.pk, person=make_person(name="Bob"), **unset)
    assert {one.raised_at for one in called} | {handed.handed_over_at, taken.accepted_at} == {NOW}


def test_who_takes_over_takes_over_everything_that_was_left(center, said):
    anna, bob = make_person(name="Anna"), make_person(name="Bob")
    earlier, later = hand_over(center, anna), hand_over(center, anna, minutes=3)
    assert queries.waiting_handover(work_center_id=center.pk) == later
    accept(later, bob)
    earlier.refresh_from_db()
    assert earlier.accepted_by == bob
    assert queries.waiting_handover(work_center_id=center.pk) is None
    assert accept(later, bob).accepted_by == bob
    assert sum(isinstance(event, HandoverAccepted) for event in said) == 2
    with pytest.raises(HandoverAcceptedBefore, match="Bob .* took over"):
        accept(later, anna, minutes=20)


def test_a_handover_twice_is_once_and_refusals(center):
    anna, key = make_person(), uuid4()
    hand_over(center, anna, handover_id=key)
    hand_over(center, anna, handover_id=key, minutes=1)
    assert Handover.objects.count() == 1
    with pytest.raises(NoteTooLong):
        hand_over(center, anna, note="x" * 4001)
    with pytest.raises(HandoverUnknown):
        services.accept_handover(handover_id=uuid4(), person=anna, occurred_at=at(1), now=at(1))


@pytest.mark.django_db(transaction=True)
def test_two_who_call_at_once_make_one_call():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer: nothing to race")
    center, told = make_work_center(), []

    def one():
        try:
            told.append(call(center).pk)
        except CallOpen as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("call_open") == 3 and Call.objects.count() == 1
