"""A tap is booked once, whatever the network does; a refusal is kept with everything in it, and a supervisor decides."""

import uuid
from datetime import timedelta

import pytest

from mes.core.errors import DomainError
from mes.terminal.models import TerminalEntry
from mes.terminal.queries import refused_taps
from mes.terminal.rules import Reading
from mes.terminal.services import (
    Arrival,
    EntryDecided,
    EntryMismatch,
    EntryOld,
    EntryTooOld,
    NoteMissing,
    accept_entry,
    book_entry,
    dismiss_entry,
)
from tests.factories import NOW, make_person, make_work_center

pytestmark = pytest.mark.django_db
HALF_A_DAY = timedelta(hours=12)


def tap(work, *, at=NOW, **given):
    center = given.pop("work_center", None) or make_work_center()
    values = {
        "id": uuid.uuid4(), "work_center": center, "action": "pause", "payload": {"operation": 1},
        "person": make_person(site=center.site), "clock": Reading(at, None, ""),
    }  # fmt: skip
    return accept_entry(arrival=Arrival(**values | given), now=NOW, confirm_after=HALF_A_DAY, work=work)


def refuse():
    raise DomainError("The order is on hold. Ask a supervisor.")


def refused(**given):
    key = uuid.uuid4()
    with pytest.raises(DomainError):
        tap(refuse, id=key, **given)
    return key


def test_a_tap_that_comes_twice_is_done_once():
    done, given = [], {"id": uuid.uuid4(), "work_center": make_work_center()}
    first = tap(lambda: done.append(1) or "saved", **given)
    second = tap(lambda: done.append(1) or "other", **given)
    assert (len(done), first.repeated, second.repeated, second.said) == (1, False, True, "saved")


def test_a_used_id_with_other_contents_is_refused_and_the_first_stays():
    given = {"id": uuid.uuid4(), "work_center": make_work_center()}
    tap(lambda: "saved", **given)
    with pytest.raises(EntryMismatch):
        tap(lambda: "saved", payload={"operation": 2}, **given)
    assert TerminalEntry.objects.get().state == "SAVED"


def test_a_refusal_is_kept_and_listed_for_the_office():
    center = make_work_center()
    refused(work_center=center, label="+1 good")
    (listed,) = refused_taps(sites=[center.site.code], now=NOW)
    assert listed.how == "The order is on hold. Ask a supervisor." and "+1 good" in listed.what


def test_what_the_refused_work_wrote_is_rolled_back():
    center = make_work_center()

    def half():
        make_person(site=center.site, number="half-way")
        refuse()

    with pytest.raises(DomainError):
        tap(half, work_center=center)
    assert not center.site.people.filter(number="half-way").exists()


def test_the_same_tap_goes_through_once_the_reason_is_mended():
    given = {"id": uuid.uuid4(), "work_center": make_work_center()}
    with pytest.raises(DomainError):
        tap(refuse, **given)
    assert tap(lambda: "saved", **given).said == "saved"
    assert refused_taps(sites=[given["work_center"].site.code], now=NOW) == []


def test_a_dismissed_entry_leaves_the_list_and_is_never_booked_by_a_late_retry():
    center = make_work_center()
    key = refused(work_center=center)
    dismiss_entry(entry_id=key, by="lead", now=NOW, note="Reported twice")
    done = []
    late = tap(lambda: done.append(1) or "saved", id=key, work_center=center)
    assert (done, late.repeated, "Reported twice" in late.said) == ([], True, True)
    assert refused_taps(sites=[center.site.code], now=NOW) == []


def test_nothing_is_dismissed_without_a_reason():
    key = refused()
    with pytest.raises(NoteMissing):
        dismiss_entry(entry_id=key, by="lead", now=NOW, note="  ")
    assert TerminalEntry.objects.get(pk=key).state == "REFUSED"


def test_what_a_supervisor_books_otherwise_stands_beside_what_was_entered():
    center = make_work_center()
    key, other = refused(work_center=center), make_person(site=center.site, number="2")
    book_entry(
        entry_id=key,
        payload={"operation": 2},
        person=other,
        by="lead",
        now=NOW,
        note="Other job",
        work=lambda _: "saved",
    )
    entry = TerminalEntry.objects.get(pk=key)
    assert (entry.state, entry.payload, entry.booked_payload) == ("SAVED", {"operation": 1}, {"operation": 2})
    assert (entry.booked_person, entry.decided_by, entry.decision_note) == (other, "lead", "Other job")


def test_two_supervisors_cannot_decide_on_one_entry():
    key = refused()
    dismiss_entry(entry_id=key, by="lead", now=NOW, note="Reported twice")
    with pytest.raises(EntryDecided):
        book_entry(entry_id=key, payload={}, person=None, by="other", now=NOW, work=lambda _: "saved")


def test_an_old_tap_is_kept_and_asked_about_before_it_is_booked():
    given = {"id": uuid.uuid4(), "work_center": make_work_center(), "at": NOW - timedelta(hours=14)}
    done = []
    with pytest.raises(EntryOld, match="14 h"):
        tap(lambda: done.append(1) or "saved", **given)
    assert TerminalEntry.objects.get().state == "REFUSED" and not done
    assert tap(lambda: done.append(1) or "saved", confirmed=True, **given).said == "saved"
    assert TerminalEntry.objects.get().confirmed


def test_a_tap_of_last_quarter_is_kept_for_the_supervisor_and_not_booked():
    with pytest.raises(EntryTooOld):
        tap(lambda: "saved", at=NOW - timedelta(days=90), confirmed=True)
    assert TerminalEntry.objects.get().state == "REFUSED"
