"""What is entered without network, when nobody can check who it is: booked for whom it says, and marked for good."""

import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.execution.models import ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import SecondPersonRequired, Tap
from mes.terminal.services import devices
from tests.factories import make_person, make_work_order
from tests.mes.execution.helpers import report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def floor(client):
    """A device at a running job, Anna with a badge, and who may look at what terminals sent."""
    live.forget()

    class Floor:
        order = make_work_order()
        operation = order.operations.get(position=1)
        center = operation.work_center
        anna = make_person(site=order.site, number="1007", name="Anna")

        def enter(self, action="report-good", **sent):
            payload = {"operation": self.operation.pk, "quantity": "1"} | sent.pop("payload", {})
            body = {"id": str(uuid.uuid4()), "action": action, "payload": payload, "person": ""}
            body |= {"occurred_at": timezone.now().isoformat()} | sent
            url = reverse("terminal:entries", args=[self.center.code])
            return body["id"], client.post(url, json.dumps(body), content_type="application/json")

    floor = Floor()
    masterdata.set_badge(person_id=floor.anna.pk, badge="P1007X")
    start(floor.order, "10", when=timezone.now())
    Membership.objects.create(
        user=User.objects.create_user("device", password="x"), site=floor.order.site, role="OPERATOR"
    )
    client.force_login(User.objects.get(username="device"))
    return floor


@pytest.mark.parametrize("claimed", [{"badge": "P1007X"}, {"number": "1007"}, {"number": "anna"}])
def test_whose_word_was_taken_is_booked_and_marked(floor, claimed):
    key, answer = floor.enter(claimed=claimed)
    assert answer.status_code == 200
    entry = TerminalEntry.objects.get(pk=key)
    assert (entry.person, entry.identity, entry.state) == (floor.anna, "UNVERIFIED", "SAVED")
    assert ProductionReport.objects.get(pk=key).person == floor.anna


@pytest.mark.parametrize("claimed", [{"badge": "P9999X"}, {"number": "4711"}, {}, {"badge": ""}, "1007", ["1007"], 7])
def test_who_means_nobody_books_nothing_and_is_kept(floor, claimed):
    key, answer = floor.enter(claimed=claimed)
    assert answer.status_code == 422 and answer.json()["kept"] is True
    assert TerminalEntry.objects.get(pk=key).person is None
    assert not ProductionReport.objects.exists()


def test_where_nobodys_word_is_taken_such_an_entry_waits_for_the_supervisor(floor, settings):
    settings.LINESIDE_UNVERIFIED_ENTRIES = False
    key, answer = floor.enter(claimed={"badge": "P1007X"})
    assert answer.status_code == 422
    assert TerminalEntry.objects.get(pk=key).state == "REFUSED"


def test_the_supervisor_finds_it_and_the_terminal_says_so(floor, client):
    key, _ = floor.enter(claimed={"number": "1007"})
    Membership.objects.create(
        user=User.objects.create_user("lead", password="x"), site=floor.order.site, role="SUPERVISOR"
    )
    lead = Client()
    lead.force_login(User.objects.get(username="lead"))
    assert key in lead.get(reverse("terminal:waiting")).content.decode()
    assert "Not checked: taken without network" in lead.get(reverse("terminal:entry", args=[key])).content.decode()
    panels = client.get(reverse("terminal:state", args=[floor.center.code])).json()["panels"]
    assert "Anna</bdi> (not checked)" in panels["last"]


def test_nobody_takes_back_by_word_alone_what_was_proven(floor):
    proven = report(floor.order, "10", good=5, when=timezone.now(), person=floor.anna)
    _, answer = floor.enter("undo", payload={"report": str(proven.pk)}, claimed={"number": "1007"})
    assert answer.status_code == 403 and answer.json()["step_up"] == "reports:reverse"
    mine, _ = floor.enter(claimed={"number": "1007"})
    _, answer = floor.enter("undo", payload={"report": mine}, claimed={"number": "1007"})
    assert answer.status_code == 200


def test_two_do_not_agree_where_one_of_them_is_only_said_to_be_here(floor):
    lea = Person(pk=99, number="9001", name="Lea", site=floor.order.site)
    facts = {"id": uuid.uuid4(), "work_center": floor.center, "payload": {}, "person": floor.anna}
    times = {"at": timezone.now(), "now": timezone.now()}
    tap = Tap(**facts, **times, approved_by=lea, allowed=frozenset({"reports:over"}), is_verified=False)
    with pytest.raises(SecondPersonRequired, match="Nobody has checked"):
        tap.second("reports:over")


def test_a_revoked_device_books_nothing_by_word_either(floor):
    _, code = devices.make_code(site=floor.order.site, work_center=None, name="T", by="lead", now=timezone.now())
    device, token = devices.enroll(code=code, now=timezone.now())
    devices.revoke(device_id=device.pk, by="lead", now=timezone.now())
    tablet = Client()
    tablet.cookies["lineside_device"] = token
    body = {"id": str(uuid.uuid4()), "action": "report-good", "payload": {}, "claimed": {"badge": "P1007X"}}
    body["occurred_at"] = timezone.now().isoformat()
    url = reverse("terminal:entries", args=[floor.center.code])
    answer = tablet.post(url, json.dumps(body), content_type="application/json")
    assert answer.status_code >= 400 and not ProductionReport.objects.exists()
