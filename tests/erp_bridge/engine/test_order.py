"""What goes next in a stream, decided on plain values."""

from datetime import timedelta

import pytest

from erp_bridge.engine.order import Hasten, Line, Rest, Take, plan
from tests.erp_bridge.engine.plant import NOON

LATER = NOON + timedelta(minutes=5)
AFTER = {"completion": ("quantity", "labor")}


def line(seq, flow="quantity", state="PENDING", due_at=NOON, **fields):
    return Line(pk=100 + seq, seq=seq, flow=flow, state=state, due_at=due_at, **fields)


def next_of(*lines):
    step = plan(lines, AFTER, NOON)
    return step.line.seq if isinstance(step, Take) else step


def test_nothing_to_do_is_rest():
    assert next_of() == Rest(None, blocked=False)


def test_the_lowest_place_goes_first():
    assert next_of(line(1), line(2)) == 1


@pytest.mark.parametrize("state", ["PENDING", "DOUBT"])
def test_within_a_flow_nothing_passes_what_waits_or_is_in_doubt(state):
    assert next_of(line(1, state=state, due_at=LATER), line(2)) == Rest(LATER, blocked=False)


def test_within_a_flow_nothing_passes_what_a_person_must_decide():
    assert next_of(line(1, state="REVIEW", due_at=None), line(2)) == Rest(None, blocked=True)


def test_a_refused_message_is_passed_by_others():
    assert next_of(line(1, state="DEAD", due_at=None), line(2)) == 2


def test_a_strict_message_waits_behind_any_refused_one_before_it():
    refused = line(1, state="DEAD", due_at=None)
    assert next_of(refused, line(2, flow="labor", strict=True)) == Rest(None, blocked=True)
    assert next_of(line(1, strict=True), line(2, state="DEAD", due_at=None)) == 1


def test_another_flow_does_not_wait():
    assert next_of(line(1, due_at=LATER), line(2, flow="labor")) == 2


def test_a_barrier_waits_for_earlier_messages_of_the_flows_it_names():
    assert next_of(line(1, state="DOUBT", due_at=LATER), line(2, flow="completion")) == Rest(LATER, blocked=False)
    assert next_of(line(1, flow="completion"), line(2, due_at=LATER)) == 1
    assert next_of(line(1, flow="status", due_at=LATER), line(2, flow="completion")) == 2


def test_a_barrier_waits_for_a_person_where_something_was_refused():
    assert next_of(line(1, state="DEAD", due_at=None), line(2, flow="completion")) == Rest(None, blocked=True)


def test_a_barrier_that_is_due_makes_due_what_only_waits_for_its_cadence():
    waiting = line(1, due_at=LATER)
    backing_off = line(2, flow="labor", due_at=LATER, attempts=1)
    assert next_of(waiting, backing_off, line(3, flow="completion")) == Hasten((waiting,))


def test_a_barrier_that_is_due_before_what_it_waits_for_is_looked_at_when_it_is_due():
    soon = NOON + timedelta(minutes=1)
    assert next_of(line(1, due_at=LATER), line(2, flow="completion", due_at=soon)) == Rest(soon, blocked=False)


def test_a_barrier_does_not_start_what_a_person_starts_by_hand():
    assert next_of(line(1, due_at=None), line(2, flow="completion")) == Rest(None, blocked=False)


def test_what_was_being_sent_when_its_worker_vanished_comes_up_at_once():
    assert next_of(line(1, state="SENDING", due_at=LATER, attempts=1), line(2)) == 1
