"""What a person may decide about a message."""

from decimal import Decimal

import pytest

from erp_bridge.engine import decisions
from erp_bridge.sdk import errors
from mes.core.errors import InvalidInput
from tests.erp_bridge.engine.plant import connect, say, state, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_counts")]


@pytest.fixture
def refused(erp):
    connect()
    message, *_ = say(5)
    erp.script = [errors.Rejected("over delivery", code="X")]
    sweep()
    return message


def test_a_refused_message_is_sent_again_under_its_own_key(refused, erp, admin_user):
    decisions.retry(message_id=refused.pk, by=admin_user, reason="order reopened")
    sweep()
    assert state(refused) == "DONE"
    assert erp.ledger[0][1] == refused.key
    decision = refused.decisions.get()
    assert (decision.what, decision.decided_by, decision.reason) == ("RETRY", admin_user, "order reopened")


def test_asking_twice_is_asking_once(refused, erp):
    decisions.retry(message_id=refused.pk, by=None)
    decisions.retry(message_id=refused.pk, by=None)
    sweep()
    assert len(erp.booked()) == 1
    with pytest.raises(decisions.MovedOn):
        decisions.retry(message_id=refused.pk, by=None)


def test_dismissing_needs_a_reason_and_is_for_good(refused):
    with pytest.raises(InvalidInput, match="why"):
        decisions.dismiss(message_id=refused.pk, by=None, reason=" ")
    decisions.dismiss(message_id=refused.pk, by=None, reason="booked by hand")
    assert state(refused) == "DISCARDED"
    with pytest.raises(decisions.MovedOn):
        decisions.retry(message_id=refused.pk, by=None)


def test_a_corrected_copy_is_a_new_fact_and_the_original_is_kept(refused, erp):
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
def test_a_copy_that_makes_no_sense_is_refused_in_words(refused, change, words):
    with pytest.raises(InvalidInput, match=words):
        decisions.correct(message_id=refused.pk, event=refused.event | change, by=None, reason="typo")


def test_many_at_once_says_how_many_had_moved_on(refused):
    assert decisions.retry_all(messages=[refused.pk], by=None) == (1, 0)
    sweep()
    assert decisions.retry_all(messages=[refused.pk], by=None) == (0, 1)


def test_what_is_in_doubt_cannot_be_dismissed(erp):
    connect()
    message, *_ = say(1)
    erp.script = ["lost"]
    sweep()
    with pytest.raises(decisions.MovedOn):
        decisions.dismiss(message_id=message.pk, by=None, reason="x")
