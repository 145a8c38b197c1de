"""The supervisor's day: what it shows, and every way of putting it right."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse

from labor import services
from labor.models import AttendanceSegment, DayApproval, LaborSegment
from mes.access.models import Membership
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
def sign_in(client):
    def _sign_in(role="SUPERVISOR", site=None):
        user = User.objects.create_user("lead", password="x")
        Membership.objects.create(user=user, site=site or make_site(), role=role)
        client.force_login(user)
        return client

    return _sign_in


@pytest.fixture
def worked():
    """Anna worked an hour on an operation and went home."""
    anna, operation = make_person(name="Anna"), make_operation()
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=at(0), now=at(0))
    services.clock_off(person=anna, operation_id=operation.pk, occurred_at=at(60), now=at(60))
    services.clock_out(person=anna, occurred_at=at(70), now=at(70))
    return LaborSegment.objects.get()


def address(site, day=DAY):
    return reverse("labor:day", args=[site.code, day])


def decide(client, site, **given):
    return client.post(reverse("labor:decide", args=[site.code, DAY]), given, follow=True)


def clock(moment, site):
    return moment.astimezone(ZoneInfo(site.time_zone)).strftime("%H:%M")


def words(page):
    return [str(message) for message in page.context["messages"]]


def test_labor_opens_today_at_the_own_site(sign_in):
    site = make_site()
    page = sign_in().get(reverse("labor:today"), follow=True)
    assert page.redirect_chain == [(address(site), 302)]
    assert "Nobody clocked anything on this day." in page.content.decode()


def test_a_day_shows_who_worked_on_what_and_how_long(sign_in, worked):
    page = sign_in().get(address(worked.site)).content.decode()
    assert "Anna" in page and str(worked.operation) in page and "1 h 00" in page and "Not approved" in page


def test_who_may_not_see_people_s_time_is_told_so(sign_in, worked):
    client = sign_in("PLANNER")
    assert client.get(address(worked.site)).status_code == 404
    page = client.get(reverse("labor:today"))
    assert page.status_code == 403 and "It needs the right “labor:read”" in page.content.decode()


def test_another_site_s_people_are_not_found(sign_in, worked):
    client = sign_in(site=make_site(code="P2", name="Other"))
    assert client.get(address(worked.site)).status_code == 404
    assert client.post(reverse("labor:decide", args=["P1", DAY]), {"what": "approve"}).status_code == 404


def test_who_only_looks_changes_nothing(sign_in, worked):
    page = decide(sign_in("CONTROLLER"), worked.site, what="approve", person=worked.person.number)
    [said] = words(page)
    assert "needs the right “labor:correct”" in said and "the role Supervisor" in said
    assert not DayApproval.objects.exists()


def test_a_day_is_approved(sign_in, worked):
    page = decide(sign_in(), worked.site, what="approve", person=worked.person.number)
    assert words(page) == ["The day is approved."] and "Approved" in page.content.decode()
    assert DayApproval.objects.get().approved_by == "lead"


def test_a_time_is_corrected_and_both_stay(sign_in, worked):
    given = {"started_at": clock(at(0), worked.site), "ended_at": clock(at(45), worked.site), "note": "left early"}
    page = decide(sign_in(), worked.site, what="correct-labor", id=worked.pk, **given)
    assert words(page) == ["The time is corrected."]
    assert sorted(one.minutes for one in LaborSegment.objects.all()) == [-60, 45, 60]
    assert "left early" in page.content.decode()


def test_a_time_that_was_not_touched_keeps_its_seconds(sign_in):
    anna, operation = make_person(name="Anna"), make_operation()
    begin, end = at(0) + timedelta(seconds=17), at(60) + timedelta(seconds=41)
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=begin, now=begin)
    segment = services.clock_off(person=anna, operation_id=operation.pk, occurred_at=end, now=end)
    given = {"started_at": clock(begin, anna.site), "ended_at": clock(at(50), anna.site)}
    decide(sign_in(), anna.site, what="correct-labor", id=segment.pk, **given)
    renewed = LaborSegment.objects.get(reverses=None, reversed_by=None)
    assert (renewed.started_at, renewed.ended_at) == (begin, at(50))


def test_a_time_is_taken_back(sign_in, worked):
    page = decide(sign_in(), worked.site, what="take-back", id=worked.pk, note="wrong person")
    assert words(page) == ["The time is taken back."]
    assert sorted(one.minutes for one in LaborSegment.objects.all()) == [-60, 60]


def test_an_attendance_is_corrected(sign_in, worked):
    shift = AttendanceSegment.objects.get()
    given = {"started_at": clock(at(0), worked.site), "ended_at": clock(at(30), worked.site)}
    decide(sign_in(), worked.site, what="correct-attendance", id=shift.pk, **given)
    assert sum(one.minutes for one in LaborSegment.objects.all()) == 30


def test_work_that_nobody_clocked_is_added(sign_in, worked):
    given = {"operation": worked.operation_id, "activity": "SETUP", "note": "forgot"}
    times = {"started_at": clock(at(60), worked.site), "ended_at": clock(at(70), worked.site)}
    page = decide(sign_in(), worked.site, what="add", person=worked.person.number, **given, **times)
    assert words(page) == ["The time is added."]
    assert LaborSegment.objects.get(activity="SETUP").minutes == 10


def test_a_forgotten_end_is_set_and_an_end_before_the_start_is_the_next_day(sign_in):
    anna, operation = make_person(name="Anna"), make_operation()
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=at(-60), now=at(-60))
    services.clock_out(person=anna, occurred_at=at(12 * 60 + 30), now=at(12 * 60 + 30))
    segment = LaborSegment.objects.get()
    client = sign_in()
    assert "An end is missing" in client.get(address(anna.site)).content.decode()
    decide(
        client,
        anna.site,
        what="end-attendance",
        id=AttendanceSegment.objects.get().pk,
        ended_at=clock(at(300), anna.site),
    )
    segment.refresh_from_db()
    assert segment.minutes == 360


@pytest.mark.parametrize("entered", ["", "25:00", "noon", "\x00", "12:00:00"])
def test_what_is_no_time_is_refused_in_words(sign_in, worked, entered):
    page = decide(sign_in(), worked.site, what="correct-labor", id=worked.pk, started_at=entered, ended_at="09:00")
    assert words(page) == ["Enter a time as hours and minutes, such as 14:30."]


@pytest.mark.parametrize(
    "given",
    [
        {"what": "erase"},
        {"what": "take-back", "id": "1"},
        {"what": "take-back", "id": "00000000-0000-0000-0000-000000000000"},
        {"what": "approve", "person": "nobody\x00"},
    ],
)
def test_what_is_not_there_is_not_found(sign_in, worked, given):
    assert decide(sign_in(), worked.site, **given).status_code == 404


@pytest.mark.parametrize("given", [{"operation": "x"}, {"operation": "9" * 40}, {"operation": ""}])
def test_an_operation_that_is_none_is_refused_in_words(sign_in, worked, given):
    times = {"started_at": "00:10", "ended_at": "00:20", "activity": "RUN"}
    page = decide(sign_in(), worked.site, what="add", person=worked.person.number, **given, **times)
    assert words(page) == ["There is no such operation at this person's site."]


def test_a_day_that_is_none_is_not_found(sign_in, worked):
    assert sign_in().get("/labor/P1/2026-02-30/").status_code == 404


def test_a_share_leads_to_how_it_was_computed(sign_in, worked):
    client = sign_in()
    address_of = reverse("labor:shares", args=[worked.site.code, DAY, worked.pk])
    assert address_of in client.get(address(worked.site)).content.decode()
    told = client.get(address_of)
    assert (told.context["sum"], told.context["booked"]) == (60, 60)
    assert [parts[0][1].seconds for _stretch, _basis, parts, _seconds in told.context["rows"]] == [3600]


def test_crews_of_the_day_are_vouched_for_together(sign_in):
    operation = make_operation()
    services.set_crew_size(operation_id=operation.pk, size=3, occurred_at=at(0), now=at(0))
    services.set_crew_size(operation_id=operation.pk, size=0, occurred_at=at(10), now=at(10))
    client, site = sign_in(), operation.work_order.site
    assert client.get(address(site)).context["crew_minutes"] == 30
    assert words(decide(client, site, what="approve-crews")) == ["The crews’ day is approved."]
    assert DayApproval.objects.get().minutes == 30
