"""The transition table, move by move."""

import pytest
from django.db import IntegrityError, transaction

from erp_bridge.engine import states
from erp_bridge.engine.states import MOVES, State
from erp_bridge.models import OutboundMessage
from tests.erp_bridge.engine.plant import NOON, connect, counted, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("erp", "now")]

ALLOWED = {
    ("PENDING", "SENDING"), ("PENDING", "DONE"), ("PENDING", "DEAD"), ("PENDING", "DISCARDED"),
    ("SENDING", "DONE"), ("SENDING", "DOUBT"), ("SENDING", "PENDING"), ("SENDING", "DEAD"),
    ("DOUBT", "DONE"), ("DOUBT", "PENDING"), ("DOUBT", "SENDING"), ("DOUBT", "REVIEW"), ("DOUBT", "DEAD"),
    ("REVIEW", "DONE"), ("REVIEW", "PENDING"), ("REVIEW", "DISCARDED"),
    ("DEAD", "PENDING"), ("DEAD", "DOUBT"), ("DEAD", "SUPERSEDED"), ("DEAD", "DISCARDED"),
}  # fmt: skip


def fields_of(state):
    return {
        "SENDING": {"attempts": 1, "sent_at": NOON},
        "DOUBT": {"doubt_since": NOON},
        "REVIEW": {"doubt_since": NOON},
        **dict.fromkeys(("DONE", "SUPERSEDED", "DISCARDED"), {"done_at": NOON}),
    }.get(state, {})


@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("after", State.values)
def test_every_pair_of_states(before, after):
    connect()
    message = tell(counted())[0]
    OutboundMessage.objects.filter(pk=message.pk).update(state=before, **fields_of(before))
    message.refresh_from_db()
    if (before, after) in ALLOWED:
        assert states.move(message, after, now=NOON, **fields_of(after))
        message.refresh_from_db()
        assert message.state == after
    else:
        with pytest.raises(states.ForbiddenMove):
            states.move(message, after, now=NOON)


def test_settled_states_lead_nowhere():
    assert {"DONE", "SUPERSEDED", "DISCARDED"} == states.SETTLED
    assert set(MOVES) == set(State.values)


def test_of_two_who_move_a_message_one_wins():
    connect()
    message = tell(counted())[0]
    stale = OutboundMessage.objects.get(pk=message.pk)
    assert states.move(message, State.SENDING, now=NOON, attempts=1, sent_at=NOON)
    assert not states.move(stale, State.DISCARDED, now=NOON)
    message.refresh_from_db()
    assert message.state == State.SENDING


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "LOST"}, "a_message_is_in_a_known_state|a_message_is_done_when_it_says_when"),
        ({"state": "DONE"}, "a_message_is_done_when_it_says_when"),
        ({"done_at": NOON}, "a_message_is_done_when_it_says_when"),
        ({"state": "SENDING"}, "what_is_being_sent_was_noted_before"),
        ({"state": "DOUBT"}, "what_is_in_doubt_says_since_when"),
    ],
)
def test_the_database_refuses_states_that_make_no_sense(fields, constraint):
    connect()
    message = tell(counted())[0]
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk).update(**fields)
