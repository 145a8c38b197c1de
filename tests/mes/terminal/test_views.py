"""What the terminal's doors answer, to good and to bad input."""

import gzip
import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import DataError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.execution import services as floor_services
from mes.execution.models import ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import Shift
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import actions
from tests.factories import make_person, make_reason, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()


@pytest.fixture
def floor(client):
    """A device signed in at the work center of a released order's first operation, and a person with PIN and badge."""

    class Floor:
        order = make_work_order()
        operation = order.operations.get(position=1)
        center = operation.work_center
        person = make_person(site=order.site, number="1007", name="Anna")

        def url(self, name):
            return reverse(f"terminal:{name}", args=[self.center.code])

        def post(self, name, body):
            return self.raw(name, json.dumps(body))

        def raw(self, name, text):
            return client.post(self.url(name), text, content_type="application/json")

        def tap(self, action, **payload):
            return {
                "id": str(uuid.uuid4()), "action": action, "payload": {"operation": self.operation.pk} | payload,
                "occurred_at": timezone.now().isoformat(), "person": self.sign_on().json()["token"],
            }  # fmt: skip

        def sign_on(self):
            return self.post("sign-on", {"number": "1007", "pin": "2580"})

    floor = Floor()
    masterdata.set_pin(person_id=floor.person.pk, pin="2580")
    masterdata.set_badge(person_id=floor.person.pk, badge="B-7")
    user = User.objects.create_user("device", password="x")
    Membership.objects.create(user=user, site=floor.order.site, role="OPERATOR")
    client.force_login(user)
    return floor


def test_a_person_signs_on_by_number_and_pin_or_by_badge(floor):
    assert floor.sign_on().json()["name"] == "Anna"
    assert floor.post("sign-on", {"badge": "B-7"}).json()["number"] == "1007"


def make_shift(site, code, start, end):
    zone = ZoneInfo(site.time_zone)
    starts_at, ends_at = (one.astimezone(zone).time().replace(second=0, microsecond=0) for one in (start, end))
    Shift.objects.create(site=site, code=code, name=code, starts_at=starts_at, ends_at=ends_at, weekdays="0123456")


@pytest.mark.parametrize(("left", "signed_on"), [(180, 210), (10, 250), (900, 720)])
def test_who_signs_on_is_signed_on_to_the_end_of_the_shift_and_who_comes_early_to_that_of_the_next(
    floor, left, signed_on
):
    # Where clocks never change: a night of 7 hours is no matter of this test.
    floor.order.site.time_zone = "UTC"
    floor.order.site.save()
    now = timezone.now()
    ends = now + timedelta(minutes=left)
    make_shift(floor.order.site, "NOW", now - timedelta(hours=2), ends)
    make_shift(floor.order.site, "NEXT", ends, ends + timedelta(minutes=210))
    until = datetime.fromisoformat(floor.sign_on().json()["until"])
    assert abs(until - now - timedelta(minutes=signed_on)) < timedelta(minutes=2)


def test_where_no_shift_runs_twelve_hours_are_enough(floor):
    until = datetime.fromisoformat(floor.sign_on().json()["until"])
    assert timedelta(hours=11) < until - timezone.now() <= timedelta(hours=12)


@pytest.mark.parametrize(
    "proof",
    [{}, {"number": "1007"}, {"number": "1007", "pin": "1111"}, {"number": "9", "pin": "1"}, {"badge": "?"}, []],
)
def test_a_wrong_proof_gets_words_and_never_a_401(floor, proof):
    answer = floor.post("sign-on", proof)
    assert answer.status_code == 422 and answer.json()["detail"]


def test_a_report_is_booked_and_its_repetition_is_not(floor):
    floor.post("entries", floor.tap("start", activity="RUN"))
    tap = floor.tap("report-good", quantity="3")
    first, second = floor.post("entries", tap), floor.post("entries", tap)
    assert (first.status_code, second.status_code, second.json()["repeated"]) == (200, 200, True)
    floor.operation.refresh_from_db()
    assert floor.operation.good_quantity == 3
    assert str(ProductionReport.objects.get().pk) == tap["id"]


@pytest.mark.parametrize(
    ("action", "more"), [("start", {"activity": "RUN"}), ("crew-more", {}), ("inspect", {}), ("read", {"revision": 1})]
)
def test_a_terminal_books_nothing_on_a_job_that_stands_elsewhere_and_says_so_in_one_way(floor, action, more):
    elsewhere = make_work_order(number="WO-77").operations.get(position=1)
    answer = floor.post("entries", floor.tap(action, operation=elsewhere.pk, **more))
    assert (answer.status_code, answer.json()["code"]) == (404, "wo_unknown")
    assert floor.operation.work_center.code in answer.json()["detail"]


def test_scrap_carries_its_reason_and_undo_takes_it_back(floor):
    reason = make_reason(site=floor.order.site)
    floor.post("entries", floor.tap("start", activity="RUN"))
    scrap = floor.tap("report-scrap", quantity="2", reason=reason.code)
    assert floor.post("entries", scrap).status_code == 200
    floor.operation.refresh_from_db()
    assert floor.operation.scrap_quantity == Decimal(2)
    assert floor.post("entries", floor.tap("undo", report=scrap["id"])).status_code == 200
    floor.operation.refresh_from_db()
    assert floor.operation.scrap_quantity == 0


def test_scrap_for_several_reasons_is_one_report_taken_back_as_one(floor):
    burr, crack = (make_reason(site=floor.order.site) for _ in range(2))
    floor.post("entries", floor.tap("start", activity="RUN"))
    lines = [{"quantity": "2", "reason": burr.code}, {"quantity": "1", "reason": crack.code}]
    scrap = floor.tap("report-scrap", lines=lines)
    assert floor.post("entries", scrap).status_code == 200
    report = ProductionReport.objects.get()
    assert sorted((one.reason_id, one.quantity) for one in report.scrap_lines.all()) == [(burr.pk, 2), (crack.pk, 1)]
    assert floor.post("entries", floor.tap("undo", report=scrap["id"])).status_code == 200
    floor.operation.refresh_from_db()
    assert floor.operation.scrap_quantity == 0


@pytest.mark.parametrize(
    "lines",
    [
        None, [], {}, "2", [[]], [None], [{}], [{"quantity": "2"}], [{"quantity": "-2", "reason": "BURR"}],
        [{"quantity": "2", "reason": "BURR"}, {"quantity": "1", "reason": {}}], [{"quantity": "1", "reason": "BURR"}] * 21,
    ],
)  # fmt: skip
def test_lines_that_cannot_be_get_words_and_book_nothing(floor, lines):
    make_reason(site=floor.order.site, code="BURR")
    floor.post("entries", floor.tap("start", activity="RUN"))
    answer = floor.post("entries", floor.tap("report-scrap", lines=lines))
    assert answer.status_code == 422 and answer.json()["detail"]
    assert not ProductionReport.objects.exists()


@pytest.mark.parametrize(
    "quantity", ["", "0", "-1", "abc", "NaN", "1e400", "0.0000001", "\x00", None, [], {}, "9" * 30]
)
def test_a_quantity_that_cannot_be_gets_words_and_is_listed(floor, quantity):
    floor.post("entries", floor.tap("start", activity="RUN"))
    answer = floor.post("entries", floor.tap("report-good", quantity=quantity))
    assert answer.status_code == 422 and answer.json()["detail"]
    assert not ProductionReport.objects.exists()


@pytest.mark.parametrize(
    "change",
    [{"id": "x"}, {"action": "rm"}, {"action": None}, {"payload": 3}, {"occurred_at": "noon"}, {"person": "me"}],
)
def test_an_entry_that_cannot_be_read_gets_words(floor, change):
    answer = floor.post("entries", floor.tap("pause") | change)
    assert answer.status_code == 422 and answer.json()["detail"]


def test_a_job_of_another_work_center_is_not_booked_here(floor):
    other = make_work_order(site=floor.order.site).operations.get(position=1)
    answer = floor.post(
        "entries", floor.tap("start", activity="RUN") | {"payload": {"operation": other.pk, "activity": "RUN"}}
    )
    assert answer.status_code == 404
    assert TerminalEntry.objects.get().state == "REFUSED"


def test_a_device_that_is_signed_out_is_told_so_and_nothing_is_refused(floor, client):
    tap = floor.tap("pause")
    client.logout()
    assert floor.post("entries", tap).status_code == 401
    assert not TerminalEntry.objects.exists()


def test_a_poll_that_changed_nothing_is_a_304_without_a_query(floor, client, django_assert_num_queries, monkeypatch):
    # Half a second later the sources would be asked again; on a busy machine that is soon over.
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    page = client.get(floor.url("terminal"))
    headers = {"X-Page-Token": page.context["config"]["token"]}
    first = client.get(floor.url("state"), headers=headers)
    assert set(first.json()["panels"]) >= {"bar", "job", "pad", "next", "last"}
    with django_assert_num_queries(0):
        again = client.get(floor.url("state"), headers=headers | {"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_a_poll_travels_packed_where_the_browser_takes_that(floor, client):
    plain = client.get(floor.url("state"))
    packed = client.get(floor.url("state"), headers={"accept-encoding": "gzip, deflate"})
    assert packed["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 3
    assert packed["ETag"] == plain["ETag"] and "Accept-Encoding" in packed["Vary"]


def test_the_state_is_not_for_strangers(floor, client):
    client.logout()
    assert client.get(floor.url("state")).status_code == 401
    assert client.get(floor.url("state"), headers={"X-Page-Token": "forged"}).status_code == 401


def test_a_work_center_of_a_site_without_a_role_is_not_found(floor, client):
    Membership.objects.all().delete()
    assert client.get(floor.url("terminal")).status_code == 404


def closed_job(floor):
    """The order is completed while a terminal still shows it; the tap that comes after is refused and kept."""
    floor.post("entries", floor.tap("start", activity="RUN"))
    floor.order.status = "COMPLETED"
    floor.order.save()
    tap = floor.tap("report-good", quantity="3") | {"label": "+3 good"}
    return tap, floor.post("entries", tap)


@pytest.fixture
def lead(floor, client):
    user = User.objects.create_user("lead", password="x")
    Membership.objects.create(user=user, site=floor.order.site, role="SUPERVISOR")
    return user


def test_a_refusal_names_the_reference_under_which_a_supervisor_finds_it(floor, client, lead):
    tap, answer = closed_job(floor)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["kept"]) == (409, "wo_closed", True)
    assert f"(ref {problem['ref']})" in problem["detail"]
    client.force_login(lead)
    page = client.get(reverse("terminal:waiting")).content.decode()
    assert "+3 good" in page and problem["ref"] in page


@pytest.mark.parametrize(
    "change",
    [
        {"action": "rm"}, {"payload": 3}, {"occurred_at": "noon"}, {"occurred_at": "2026-11-21T10:00:00"},
        {"person": "forged"}, {"person": ""},
    ],
)  # fmt: skip
def test_whatever_has_an_id_is_kept_for_the_supervisor_even_if_it_makes_no_sense(floor, change):
    tap = floor.tap("pause") | change
    answer = floor.post("entries", tap)
    assert answer.status_code == 422 and answer.json()["kept"]
    assert TerminalEntry.objects.get(pk=tap["id"]).state == "REFUSED"


def test_a_supervisor_books_a_refused_entry_on_another_job_for_another_person(floor, client, lead):
    tap, _ = closed_job(floor)
    other = make_work_order(site=floor.order.site)
    operation = other.operations.get(position=1)
    operation.work_center = floor.center
    operation.save()
    client.force_login(lead)
    floor_services.start_operation(
        operation_id=operation.pk, person=None, occurred_at=timezone.now(), now=timezone.now()
    )
    marek = make_person(site=floor.order.site, number="1012", name="Marek")
    url = reverse("terminal:entry", args=[tap["id"]])
    assert other.number in client.get(url).content.decode()
    answer = client.post(url, {"decision": "book", "job": operation.pk, "person": marek.pk, "note": "Moved"})
    assert answer.status_code == 302
    report = ProductionReport.objects.get(pk=tap["id"])
    assert (report.operation_id, report.person, report.good_quantity) == (operation.pk, marek, 3)
    fate = client.get(floor.url("fates"), {"ids": tap["id"]}).json()["fates"][tap["id"]]
    assert fate["state"] == "SAVED"


def test_an_entry_that_still_does_not_fit_goes_on_waiting_and_says_why(floor, client, lead):
    tap, _ = closed_job(floor)
    client.force_login(lead)
    answer = client.post(reverse("terminal:entry", args=[tap["id"]]), {"decision": "book"})
    assert "Nothing can be booked on it" in answer.content.decode()
    assert TerminalEntry.objects.get(pk=tap["id"]).state == "REFUSED"


def test_who_may_only_look_decides_nothing(floor, client):
    tap, _ = closed_job(floor)
    url = reverse("terminal:entry", args=[tap["id"]])
    assert client.post(url, {"decision": "dismiss", "note": "x"}).status_code == 403
    assert "A supervisor decides" in client.get(url).content.decode()
    assert TerminalEntry.objects.get(pk=tap["id"]).state == "REFUSED"


def test_a_clock_three_hours_ahead_is_corrected_and_flagged(floor):
    tap = floor.tap("start", activity="RUN")
    now, ahead = timezone.now(), timedelta(hours=3)
    sent = {"clock_offset": int(-ahead.total_seconds() * 1000), "sent_at": (now + ahead).isoformat()}
    assert floor.post("entries", tap | {"occurred_at": now.isoformat()} | sent).status_code == 200
    entry = TerminalEntry.objects.get(pk=tap["id"])
    assert (entry.clock_flag, entry.clock_offset, entry.occurred_at) == ("clock_ahead", -ahead, now)


def test_a_page_of_the_release_before_last_is_asked_to_reload_and_nothing_is_stored(floor, client):
    tap = floor.tap("pause")
    answer = client.post(
        floor.url("entries"), json.dumps(tap), content_type="application/json", headers={"X-Terminal-Version": "0"}
    )
    assert (answer.status_code, answer.json()["code"]) == (426, "client_outdated")
    assert not TerminalEntry.objects.exists()


def test_a_stale_form_token_is_named_so_that_the_page_can_fetch_another(floor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="device"))
    answer = strict.post(
        floor.url("entries"), "{}", content_type="application/json", headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_stale")


def test_a_body_of_three_megabytes_gets_words(floor):
    for door in ("entries", "sign-on"):
        answer = floor.post(door, floor.tap("pause") | {"number": "1" * 3_000_000})
        assert answer.status_code == 422 and "could not be read" in answer.json()["detail"]
    assert not TerminalEntry.objects.exists()


FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"


@pytest.mark.parametrize(
    "clock",
    [
        {"occurred_at": FIRST}, {"occurred_at": LAST}, {"occurred_at": FIRST, "sent_at": LAST},
        {"occurred_at": LAST, "sent_at": FIRST}, {"sent_at": FIRST}, {"sent_at": LAST},
        {"occurred_at": "1970-01-01T00:05:00Z", "sent_at": "2999-12-31T00:00:00Z"},
        {"occurred_at": "2999-12-31T00:00:00Z", "sent_at": "1970-01-01T00:05:00Z"},
        {"clock_offset": 10**12}, {"clock_offset": -(10**13) + 1}, {"clock_offset": 10**400},
    ],
)  # fmt: skip
def test_a_clock_at_the_end_of_time_loses_nothing(floor, client, lead, clock):
    """On PostgreSQL a moment before the year 1 could be stored and never be read again."""
    tap = floor.tap("start", activity="RUN") | clock
    answer = floor.post("entries", tap)
    kept = TerminalEntry.objects.get(id=tap["id"])
    assert answer.status_code == 200 or answer.json()["kept"] is True
    assert kept.occurred_at <= timezone.now()
    client.force_login(lead)
    for page in (reverse("terminal:waiting"), reverse("terminal:entry", args=[kept.pk])):
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("at", [FIRST, LAST, "2026-13-45T10:00:00Z", "x", 5, None, "9" * 30])
def test_a_stop_is_explained_at_a_moment_that_can_be(floor, at):
    answer = floor.post("entries", floor.tap("explain-stop", work_unit="M-1", at=at, reason="X"))
    assert answer.status_code == 422 and answer.json()["kept"] is True


@pytest.mark.parametrize("depth", [33, 500, 985, 60_000])
def test_an_entry_that_is_nested_deeper_than_any_is_refused_and_not_kept(floor, depth):
    """Kept, it would take the page down on which a supervisor decides."""
    tap = json.dumps(floor.tap("start", activity="RUN", note="@")).replace('"@"', "[" * depth + "]" * depth)
    answer = floor.raw("entries", tap)
    assert (answer.status_code, answer.json()["kept"]) == (422, False)
    assert not TerminalEntry.objects.exists()


@pytest.mark.parametrize("person", ["²", "٣", "9" * 40, "-1", "x"])
def test_a_supervisor_who_sends_a_person_that_is_none_decides_all_the_same_or_is_told(floor, client, lead, person):
    tap = floor.tap("report-good", quantity="0")
    assert floor.post("entries", tap).status_code == 422
    client.force_login(lead)
    answer = client.post(reverse("terminal:entry", args=[tap["id"]]), {"decision": "book", "person": person})
    assert answer.status_code in (200, 302, 400)
    assert TerminalEntry.objects.get().state == "REFUSED"


@pytest.mark.parametrize("job", ["²", "٣", "9" * 30, "-1", "%00", "1e5", "<script>"])
def test_a_terminal_that_is_asked_for_a_job_that_is_none_shows_what_there_is(floor, client, job):
    assert client.get(floor.url("terminal") + f"?job={job}").status_code == 200
    assert client.get(floor.url("state") + f"?job={job}").status_code in (200, 304, 401)


@pytest.mark.parametrize("door", ["entries", "sign-on", "scan", "step-up", "unlock"])
def test_a_form_in_place_of_an_entry_is_refused_in_words(floor, client, door):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    strict.cookies["csrftoken"] = "x" * 32
    form = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--'
    answer = strict.post(
        floor.url(door), form, content_type="multipart/form-data; boundary=x", headers={"X-CSRFToken": "x" * 32}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("fault", [DataError("value too long"), OverflowError("date value out of range")], ids=str)
def test_what_no_column_holds_is_kept_for_the_supervisor_and_blocks_nothing(floor, monkeypatch, fault):
    def fails(self, tap):
        raise fault

    tap = floor.tap("start", activity="RUN")
    with monkeypatch.context() as broken:
        broken.setattr(type(actions["start"]), "apply", fails)
        answer = floor.post("entries", tap)
    assert (answer.status_code, answer.json()["kept"]) == (422, True)
    assert floor.post("entries", floor.tap("start", activity="RUN")).status_code == 200


def test_the_page_has_the_color_of_what_it_says_before_any_script_runs(floor, client):
    operation = floor.order.operations.get(position=1)
    floor_services.start_operation(
        operation_id=operation.pk, person=None, occurred_at=timezone.now(), now=timezone.now()
    )
    page = client.get(reverse("terminal:terminal", args=[operation.work_center.code])).content.decode()
    assert '<body class="terminal" data-state="run">' in page
