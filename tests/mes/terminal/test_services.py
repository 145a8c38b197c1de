"""A tap is booked once, whatever the network does, and a refusal is kept where the office sees it."""

import uuid
from datetime import timedelta

import pytest

from mes.core.errors import DomainError, InvalidInput
from mes.terminal.models import TerminalEntry
from mes.terminal.queries import refused_taps
from mes.terminal.services import EntryMismatch, accept_entry, settle_entry
from tests.factories import NOW, make_person, make_work_center

pytestmark = pytest.mark.django_db


def tap(work, **given):
    center = given.pop("work_center", None) or make_work_center()
    values = {
        "entry_id": uuid.uuid4(), "work_center": center, "action": "pause", "payload": {"operation": 1},
        "person": make_person(site=center.site), "occurred_at": NOW, "now": NOW, "work": work,
    }  # fmt: skip
    return accept_entry(**values | given)


def refuse():
    raise DomainError("The order is on hold. Ask a supervisor.")


def test_a_tap_that_comes_twice_is_done_once():
    done, given = [], {"entry_id": uuid.uuid4(), "work_center": make_work_center()}
    first = tap(lambda: done.append(1) or "saved", **given)
    second = tap(lambda: done.append(1) or "other", **given)
    assert (len(done), first.repeated, second.repeated, second.said) == (1, False, True, "saved")


def test_a_used_id_with_other_contents_is_refused_and_the_first_stays():
    given = {"entry_id": uuid.uuid4(), "work_center": make_work_center()}
    tap(lambda: "saved", **given)
    with pytest.raises(EntryMismatch):
        tap(lambda: "saved", payload={"operation": 2}, **given)
    assert TerminalEntry.objects.get().state == "SAVED"


def test_a_refusal_is_kept_and_listed_for_the_office():
    center = make_work_center()
    with pytest.raises(DomainError):
        tap(refuse, work_center=center)
    listed = refused_taps(sites=[center.site.code], now=NOW)
    assert [one.how for one in listed] == ["The order is on hold. Ask a supervisor."]


def test_what_the_refused_work_wrote_is_rolled_back():
    center = make_work_center()

    def half():
        make_person(site=center.site, number="half-way")
        refuse()

    with pytest.raises(DomainError):
        tap(half, work_center=center)
    assert not center.site.people.filter(number="half-way").exists()


def test_the_same_tap_goes_through_once_the_reason_is_mended():
    given = {"entry_id": uuid.uuid4(), "work_center": make_work_center()}
    with pytest.raises(DomainError):
        tap(refuse, **given)
    assert tap(lambda: "saved", **given).said == "saved"
    assert refused_taps(sites=[given["work_center"].site.code], now=NOW) == []


def test_a_settled_refusal_leaves_the_list():
    center, key = make_work_center(), uuid.uuid4()
    with pytest.raises(DomainError):
        tap(refuse, entry_id=key, work_center=center)
    settle_entry(entry_id=key, by="lead")
    assert refused_taps(sites=[center.site.code], now=NOW) == []


def test_a_tap_of_last_quarter_is_not_booked():
    with pytest.raises(InvalidInput):
        tap(lambda: "saved", occurred_at=NOW - timedelta(days=90))
