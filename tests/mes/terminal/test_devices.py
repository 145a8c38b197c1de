"""Devices: enrolled by a code that works once, heard of, revoked at once, and nothing they held is lost."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.core.attention import all_attention
from mes.core.errors import DomainError
from mes.execution.models import ProductionReport
from mes.masterdata import services as masterdata
from mes.terminal import queries, services
from mes.terminal.models import Device, EnrollmentCode, TerminalEntry
from mes.terminal.views import enrolling
from mes.terminal.views.caller import COOKIE
from tests.factories import NOW, make_person, make_site, make_work_center, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()
    queries.forget_devices()
    enrolling._wrong.clear()


def code_for(name="Saw 1", *, site=None, now=None, **given):
    return services.make_code(site=site or make_site(), name=name, by="lead", now=now or timezone.now(), **given)[1]


def enrolled(name="Saw 1", *, center=None, site=None):
    """Return a browser that is a device."""
    client = Client()
    site = center.site if center else site or make_site()
    answer = client.post("/enroll/", {"code": code_for(name, site=site, work_center=center)})
    assert answer.status_code == 302
    return client


def lead(site=None, role="SUPERVISOR"):
    client = Client()
    user = User.objects.create_user(f"{role}-{uuid.uuid4().hex[:6]}", password="x")
    Membership.objects.create(user=user, site=site or make_site(), role=role)
    client.force_login(user)
    return client


class Floor:
    """A device at the work center of a running operation, with Anna signed on."""

    def __init__(self):
        self.operation = make_work_order().operations.get(position=1)
        self.operation.status = "RUNNING"
        self.operation.save()
        self.center = self.operation.work_center
        self.anna = make_person(site=self.center.site, number="1007", name="Anna")
        masterdata.set_badge(person_id=self.anna.pk, badge="B-7")
        self.browser = enrolled(center=self.center)
        self.device = Device.objects.get()
        self.token = self.post("sign-on", {"badge": "B-7"}).json()["token"]

    def post(self, door, body):
        path = reverse(f"terminal:{door}", args=[self.center.code])
        return self.browser.post(path, json.dumps(body), content_type="application/json")

    def tap(self, quantity="3"):
        return {
            "id": str(uuid.uuid4()), "action": "report-good", "person": self.token,
            "payload": {"operation": self.operation.pk, "quantity": quantity},
            "occurred_at": timezone.now().isoformat(),
        }  # fmt: skip

    def revoke(self):
        services.revoke(device_id=self.device.pk, by="lead", now=timezone.now())


@pytest.fixture
def floor():
    return Floor()


def test_a_code_makes_a_browser_a_device_whose_token_no_script_reads_and_no_table_holds():
    center = make_work_center()
    client = Client()
    answer = client.post("/enroll/", {"code": code_for(work_center=center, site=center.site).lower().replace("-", " ")})
    cookie = answer.cookies[COOKIE]
    assert answer["Location"] == reverse("terminal:terminal", args=[center.code])
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["secure"]
    assert cookie.value not in json.dumps(list(Device.objects.values()), default=str)
    assert client.get(answer["Location"]).status_code == 200


def test_over_https_the_cookie_goes_over_https_only():
    answer = Client().post("/enroll/", {"code": code_for()}, secure=True)
    assert answer.cookies[COOKIE]["secure"]


def test_a_code_works_once():
    code = code_for()
    assert Client().post("/enroll/", {"code": code}).status_code == 302
    again = Client().post("/enroll/", {"code": code})
    assert again.status_code == 422 and COOKIE not in again.cookies
    assert Device.objects.count() == 1


def test_a_code_is_too_old_after_a_quarter_of_an_hour():
    code = code_for(now=NOW)
    with pytest.raises(services.CodeNotGood):
        services.enroll(code=code, now=NOW + services.CODE_LIFE)
    services.enroll(code=code, now=NOW + services.CODE_LIFE - timedelta(seconds=1))


def test_opening_the_address_uses_nothing_up_and_fills_the_code_in():
    code = code_for()
    page = Client().get("/enroll/", {"code": code})
    assert code in page.content.decode() and not Device.objects.exists()


def test_who_tries_codes_is_stopped():
    code = code_for()
    thief = Client()
    for n in range(enrolling.WRONG_A_MINUTE):
        assert thief.post("/enroll/", {"code": f"AAAA-{n:04}"}).status_code == 422
    assert thief.post("/enroll/", {"code": code}).status_code == 422
    assert not Device.objects.exists()


def test_a_name_is_in_use_once_and_free_again_after_the_revocation():
    enrolled("Saw 1")
    with pytest.raises(services.DeviceNameTaken):
        code_for("Saw 1")
    services.revoke(device_id=Device.objects.get().pk, by="lead", now=NOW)
    enrolled("Saw 1")


def test_a_device_opens_its_own_work_center_and_no_other(floor):
    other = make_work_center(site=floor.center.site)
    assert floor.browser.get(reverse("terminal:terminal", args=[floor.center.code])).status_code == 200
    assert floor.browser.get(reverse("terminal:terminal", args=[other.code])).status_code == 404
    assert floor.browser.get("/t/")["Location"].endswith(f"/{floor.center.code}/")


def test_a_device_of_a_site_opens_every_work_center_there_and_none_elsewhere():
    here, elsewhere = make_work_center(), make_work_center(site=make_site(code="P2"))
    browser = enrolled(site=here.site)
    assert browser.get(reverse("terminal:terminal", args=[here.code])).status_code == 200
    assert browser.get(reverse("terminal:terminal", args=[elsewhere.code])).status_code == 404


@pytest.mark.parametrize("path", ["/", "/board/", "/devices/", "/admin/", "/bridge/"])
def test_a_device_is_no_login(floor, path):
    assert "login" in floor.browser.get(path)["Location"]


def test_what_a_device_books_names_the_device(floor):
    assert floor.post("entries", floor.tap()).status_code == 200
    assert TerminalEntry.objects.get().device == floor.device


def test_from_its_revocation_on_a_device_books_nothing_and_what_it_held_is_kept(floor):
    tap = floor.tap()
    floor.revoke()
    answer = floor.post("entries", tap)
    assert (answer.status_code, answer.json()["code"]) == (409, "device_revoked")
    kept = TerminalEntry.objects.get()
    assert (str(kept.pk), kept.state, kept.code, kept.person) == (tap["id"], "REFUSED", "device_revoked", floor.anna)
    assert kept.payload == tap["payload"] and not ProductionReport.objects.exists()
    listed = all_attention(sites=[floor.center.site.code], now=timezone.now())
    assert [one.url for one in listed] == [reverse("terminal:entry", args=[kept.pk])]


def test_what_was_booked_before_the_revocation_stays_booked_when_it_is_sent_again(floor):
    tap = floor.tap()
    floor.post("entries", tap)
    floor.revoke()
    assert floor.post("entries", tap).json()["repeated"]
    assert ProductionReport.objects.count() == 1


def test_a_pass_from_a_revoked_device_is_worth_nothing_on_another(floor):
    tap = floor.tap()
    floor.revoke()
    floor.browser = enrolled("Saw 1 again", center=floor.center)
    assert floor.post("entries", tap).json()["code"] == "device_revoked"
    floor.token = floor.post("sign-on", {"badge": "B-7"}).json()["token"]
    assert floor.post("entries", floor.tap()).status_code == 200


def test_nobody_signs_on_at_a_revoked_device(floor):
    floor.revoke()
    assert floor.post("sign-on", {"badge": "B-7"}).json()["code"] == "device_revoked"


def test_a_revoked_device_is_told_so_and_shown_nothing(floor):
    page = floor.browser.get(reverse("terminal:terminal", args=[floor.center.code]))
    headers = {"X-Page-Token": page.context["config"]["token"]}
    state = reverse("terminal:state", args=[floor.center.code])
    assert floor.browser.get(state, headers=headers).status_code == 200
    floor.revoke()
    queries.forget_devices()  # the test's transaction never commits
    assert floor.browser.get(state, headers=headers).status_code == 403
    page = floor.browser.get(reverse("terminal:terminal", args=[floor.center.code]))
    assert page.status_code == 403 and b"revoked" in page.content


def test_a_poll_of_a_device_that_changed_nothing_is_a_304_without_a_query(floor, django_assert_num_queries):
    page = floor.browser.get(reverse("terminal:terminal", args=[floor.center.code]))
    headers = {"X-Page-Token": page.context["config"]["token"]}
    state = reverse("terminal:state", args=[floor.center.code])
    first = floor.browser.get(state, headers=headers)
    with django_assert_num_queries(0):
        again = floor.browser.get(state, headers=headers | {"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_a_device_says_how_it_is_and_is_missed_when_it_holds_something_and_is_silent(floor):
    page = floor.browser.get(reverse("terminal:terminal", args=[floor.center.code]))
    headers = {"X-Page-Token": page.context["config"]["token"], "X-Queue-Length": "4", "X-Page-Version": "ab12"}
    floor.browser.get(reverse("terminal:state", args=[floor.center.code]), headers=headers)
    floor.device.refresh_from_db()
    assert (floor.device.queue_length, floor.device.version) == (4, "ab12")
    assert floor.device.state_at(timezone.now()) == "HERE"
    later = timezone.now() + timedelta(hours=1)
    assert floor.device.state_at(later) == "SILENT"
    assert "4" in all_attention(sites=[floor.center.site.code], now=later)[0].what


@pytest.mark.parametrize("said", ["-1", "x", "9" * 20, "٣"])
def test_a_heartbeat_that_makes_no_sense_does_no_harm(floor, said):
    page = floor.browser.get(reverse("terminal:terminal", args=[floor.center.code]))
    headers = {"X-Page-Token": page.context["config"]["token"], "X-Queue-Length": said.encode().decode("latin-1")}
    state = reverse("terminal:state", args=[floor.center.code])
    assert floor.browser.get(state, headers=headers).status_code == 200


def test_a_supervisor_makes_a_code_sees_the_device_and_revokes_it():
    center, boss = make_work_center(), lead()
    page = boss.post("/devices/code", {"name": "Press 2", "site": center.site_id, "work_center": center.pk})
    text = page.context["text"]
    assert text in page.content.decode() and "<svg" in page.content.decode()
    Client().post("/enroll/", {"code": text})
    device = Device.objects.get()
    assert "Press 2" in boss.get("/devices/").content.decode()
    boss.post(reverse("terminal:revoke", args=[device.pk]))
    device.refresh_from_db()
    assert device.revoked_at and device.revoked_by.startswith("SUPERVISOR")


def test_a_supervisor_of_another_site_finds_neither_device_nor_site():
    enrolled()
    boss = lead(make_site(code="P2"))
    device = Device.objects.get()
    assert boss.get("/devices/").context["devices"] == []
    assert boss.post(reverse("terminal:revoke", args=[device.pk])).status_code == 404
    assert boss.post("/devices/code", {"name": "x", "site": device.site_id}).status_code == 404
    assert not EnrollmentCode.objects.filter(device=None).exists()


def test_an_operator_enrolls_nothing():
    assert lead(role="OPERATOR").get("/devices/").status_code == 403


def test_the_command_line_prints_an_address_that_enrolls(capsys):
    make_site()
    call_command("device_code", "Saw 1", "--site", "P1", "--url", "http://mes:8000")
    address = capsys.readouterr().out.strip()
    assert address.startswith("http://mes:8000/enroll/?code=")
    assert Client().post("/enroll/", {"code": address.split("=")[1]}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_browsers_with_one_code_make_one_device():
    code, results, begin = code_for(), [], threading.Barrier(8)

    def enter():
        begin.wait()
        try:
            services.enroll(code=code, now=timezone.now())
            results.append("enrolled")
        except DomainError as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["enrolled", *["enrollment_code"] * 7]
    assert Device.objects.count() == 1
