"""A site in privacy mode: only sums of several people, pseudonyms, who looked is written down, and persons are forgotten."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labor import queries, services
from labor.events import LaborTimeRecorded, PersonDayOpened, PersonsForgotten
from labor.models import AttendanceSegment, DayApproval, LaborSegment
from labor.rules import OTHERS, Entry, GroupSum, shown_sums
from labor.services.correcting import PersonForgotten
from labor.services.privacy import WhyMissing
from mes.access.models import Membership
from mes.journal.models import JournalEntry
from mes.masterdata.models import PrivacyPolicy
from mes.masterdata.queries import pseudonym_of
from tests.api.callers import with_key
from tests.factories import NOW, make_operation, make_person, make_site

pytestmark = pytest.mark.django_db
DAY = NOW.date()


def at(minutes):
    return NOW + timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def evening():
    with time_machine.travel(at(13 * 60), tick=False):
        yield


@pytest.fixture
def private():
    return PrivacyPolicy.objects.create(site=make_site(), smallest_group=3)


def works(person, operation, start=0, minutes=60):
    """Let a person work on an operation from eight on, and go."""
    services.clock_on(person=person, operation_id=operation.pk, occurred_at=at(start), now=at(start))
    services.clock_off(person=person, operation_id=operation.pk, occurred_at=at(minutes), now=at(minutes))
    services.clock_out(person=person, occurred_at=at(minutes), now=at(minutes))


@pytest.fixture
def sign_in(client):
    def _sign_in(role="SUPERVISOR"):
        Membership.objects.create(user=User.objects.create_user("lead", password="x"), site=make_site(), role=role)
        client.force_login(User.objects.get())
        return client

    return _sign_in


def page_of(client):
    return client.get(reverse("labor:day", args=["P1", DAY]))


people = st.one_of(st.none(), st.integers(1, 6))
entries = st.lists(
    st.builds(
        Entry,
        group=st.sampled_from("ABCD"),
        person=people,
        people=st.integers(1, 4),
        minutes=st.integers(0, 99).map(Decimal),
    ),
    max_size=25,
)


@given(entries, st.integers(2, 5))
def test_no_sum_that_is_shown_is_of_fewer_people_than_the_site_asks_for(entries, smallest):
    for one in shown_sums(entries, smallest=smallest):
        assert one.minutes is None or one.people >= smallest
        if one.minutes is not None and one.group != OTHERS:
            assert one.minutes == sum(entry.minutes for entry in entries if entry.group == one.group)


@given(entries, st.integers(2, 5))
def test_what_is_left_out_cannot_be_had_from_the_sum_of_the_small_ones(entries, smallest):
    shown = shown_sums(entries, smallest=smallest)
    left_out = [one.group for one in shown if one.minutes is None]
    assert len(left_out) != 1 or OTHERS not in [one.group for one in shown]


def test_a_group_is_shown_when_it_is_large_enough_and_says_so_when_not(private):
    crowded, lonely = make_operation(), make_operation()
    for _ in range(3):
        works(make_person(), crowded)
    works(make_person(), lonely)
    shown = {one.group: one for one in queries.sums_by_work_center(site=private.site, day=DAY)}
    assert shown[crowded.work_center.code] == GroupSum(crowded.work_center.code, 3, Decimal(180))
    assert shown[lonely.work_center.code].minutes is None


def test_the_day_shows_nobody_but_who_left_something_without_an_end(private, sign_in):
    anna, ben, operation = make_person(name="Anna"), make_person(name="Ben"), make_operation()
    works(anna, operation)
    services.clock_on(person=ben, operation_id=operation.pk, occurred_at=at(0), now=at(0))
    services.clock_out(person=ben, occurred_at=at(770), now=at(770))
    told = page_of(sign_in()).content.decode()
    assert "Ben" in told and "Anna" not in told
    assert "Too few people to show" in told


def test_who_only_reads_sees_no_name_at_all(private, sign_in):
    ben = make_person(name="Ben")
    services.clock_on(person=ben, operation_id=make_operation().pk, occurred_at=at(0), now=at(0))
    services.clock_out(person=ben, occurred_at=at(770), now=at(770))
    assert "Ben" not in page_of(sign_in("OPERATOR")).content.decode()


def test_a_forgotten_end_is_set_in_privacy_mode_too(private, sign_in):
    ben = make_person(name="Ben")
    services.clock_on(person=ben, operation_id=make_operation().pk, occurred_at=at(0), now=at(0))
    services.clock_out(person=ben, occurred_at=at(770), now=at(770))
    client, segment = sign_in(), LaborSegment.objects.get()
    address = reverse("labor:decide", args=["P1", DAY])
    client.post(address, {"what": "end-labor", "id": segment.pk, "ended_at": "09:00"})
    attendance = AttendanceSegment.objects.get()
    client.post(address, {"what": "end-attendance", "id": attendance.pk, "ended_at": "09:00"})
    client.post(address, {"what": "approve-all"})
    segment.refresh_from_db()
    assert (segment.awaits_end, DayApproval.objects.get().minutes) == (False, segment.minutes)


def test_one_persons_times_are_opened_with_a_reason_which_is_written_down(private, sign_in):
    anna = make_person(name="Anna")
    works(anna, make_operation())
    client = sign_in()
    address = reverse("labor:person-day", args=["P1", DAY])
    opened = client.post(address, {"person": anna.number, "why": "She says she left at ten"})
    assert "Anna" in opened.content.decode()
    told = JournalEntry.objects.get(kind=PersonDayOpened.kind()).data
    assert (told["opened_by"], told["why"]) == ("lead", "She says she left at ten")
    assert anna.number not in told["person"]
    with pytest.raises(WhyMissing):
        services.open_person_day(person=anna, day=DAY, why=" ", by="lead", now=at(0))


def test_who_may_not_correct_opens_nobodys_times(private, sign_in):
    anna = make_person(name="Anna")
    client = sign_in("OPERATOR")
    told = client.post(reverse("labor:person-day", args=["P1", DAY]), {"person": anna.number, "why": "x"}, follow=True)
    assert "Anna" not in told.content.decode()
    assert not JournalEntry.objects.filter(kind=PersonDayOpened.kind()).exists()


def test_the_api_tells_sums_and_no_person(private):
    anna, operation = make_person(), make_operation()
    works(anna, operation)
    segment = LaborSegment.objects.get()
    client = with_key(private.site)
    assert client.send("GET", "/api/v1/labor/segments").json()["items"] == []
    assert client.send("GET", "/api/v1/labor/attendance").json()["items"] == []
    assert client.send("GET", f"/api/v1/labor/segments/{segment.pk}/shares").json()["code"] == "person_not_shown"
    told = client.send("GET", f"/api/v1/labor/sums?site=P1&day={DAY}").json()
    assert told == [{"site": "P1", "group": operation.work_center.code, "people": None, "minutes": None}]


def test_the_journal_and_what_others_hear_has_a_pseudonym_that_stays_the_same(private):
    anna, operation = make_person(), make_operation()
    works(anna, operation)
    works(anna, make_operation(), start=70, minutes=90)
    told = {entry.data["person"] for entry in JournalEntry.objects.filter(kind=LaborTimeRecorded.kind())}
    assert told == {pseudonym_of(site="P1", number=anna.number)}
    assert anna.number not in told.pop()


def test_another_key_or_site_is_another_pseudonym(settings):
    names = {
        pseudonym_of(site="P1", number="1"),
        pseudonym_of(site="P2", number="1"),
        pseudonym_of(site="P1", number="2"),
    }
    settings.LINESIDE_PSEUDONYM_KEY = "another"
    names.add(pseudonym_of(site="P1", number="1"))
    assert len(names) == 4
    assert pseudonym_of(site="P1", number=(one := names.pop())) == one


def test_persons_are_forgotten_after_the_retention_and_every_sum_stays(private, capsys):
    private.retention_days = 30
    private.save()
    anna, operation = make_person(), make_operation()
    works(anna, operation)
    services.approve_day(person=anna, day=DAY, by="lead", now=at(100))
    before = sum(one.minutes for one in queries.labor_of(work_order_id=operation.work_order_id))
    services.forget_persons(now=at(60 * 24 * 29))
    assert LaborSegment.objects.get().person == anna
    with time_machine.travel(at(60 * 24 * 32), tick=False):
        call_command("forget_persons")
        call_command("forget_persons")
    assert "labor.LaborSegment: 1" in capsys.readouterr().out
    segment = LaborSegment.objects.get()
    assert (segment.person, AttendanceSegment.objects.get().person, DayApproval.objects.get().person) == (None,) * 3
    assert sum(one.minutes for one in queries.labor_of(work_order_id=operation.work_order_id)) == before
    [said] = JournalEntry.objects.filter(kind=PersonsForgotten.kind())
    facts = {one["fact"]: one["places"] for one in said.data["facts"]}
    assert facts.items() >= {"labor.LaborSegment": 1, "labor.AttendanceSegment": 1, "labor.DayApproval": 1}.items()
    with pytest.raises(PersonForgotten):
        services.reverse_labor(segment_id=segment.pk, by="lead", now=at(60 * 24 * 33))


def test_a_site_without_a_policy_forgets_nobody():
    works(make_person(), make_operation())
    services.forget_persons(now=at(60 * 24 * 9999))
    assert LaborSegment.objects.get().person is not None


def test_what_waits_for_an_end_is_nobodys_only_when_it_has_one(private):
    private.retention_days = 1
    private.save()
    anna = make_person()
    services.clock_on(person=anna, operation_id=make_operation().pk, occurred_at=at(0), now=at(0))
    services.clock_out(person=anna, occurred_at=at(800), now=at(800))
    services.forget_persons(now=at(60 * 24 * 9))
    assert LaborSegment.objects.get().person == anna


def test_the_database_keeps_a_segment_somebodys_until_it_is_anonymized():
    works(make_person(), make_operation())
    with pytest.raises(IntegrityError), transaction.atomic():
        AttendanceSegment.objects.update(person=None)
