"""The office's list of stops: what each role sees there and may do, and what happens when it cannot be done."""

import uuid

import pytest
import time_machine
from django.contrib.auth import get_user_model

from mes.access.models import Membership
from mes.equipment import services
from mes.equipment.models import MaintenanceRequest, StateChange, StopEntry, StopExplanation
from tests.factories import make_site, make_work_order
from tests.mes.equipment.helpers import make_stop_reason, run, seen, shape, stop, unit_of
from tests.mes.execution.helpers import at, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    order = make_work_order()
    make_stop_reason()
    start(order, "10")
    unit = unit_of(order)
    stop(unit, when=at(10))
    run(unit, when=at(30))
    with time_machine.travel(at(60), tick=False):
        yield unit


@pytest.fixture
def sign_in(client):
    def _sign_in(role):
        user = get_user_model().objects.create_user(role.lower(), password="x")
        Membership.objects.create(user=user, site=make_site(), role=role)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return _sign_in


def said(response):
    page = response.client.get(response["Location"]).content.decode()
    return " ".join(page.split())


def key_of(unit):
    return StateChange.objects.get(work_unit=unit, state="STOPPED").pk


def test_ticked_stops_get_their_reason_and_a_form_sent_twice_is_one_fact(unit, sign_in):
    client = sign_in("SUPERVISOR")
    form = {"stop": [key_of(unit)], "reason": "TOOL", "note": "blunt", "fact": str(uuid.uuid4())}
    for _ in range(2):
        answer = client.post("/stops/explain", form)
    assert "1 stop has its reason" in said(answer)
    (one,) = StopExplanation.objects.all()
    assert (one.by, one.note, one.person) == ("supervisor", "blunt", None)


def test_nothing_ticked_and_no_reason_are_said(unit, sign_in):
    client = sign_in("SUPERVISOR")
    assert "Tick the stops" in said(client.post("/stops/explain", {"reason": "TOOL"}))
    assert "There is no stop reason" in said(client.post("/stops/explain", {"stop": [key_of(unit)], "reason": ""}))
    assert not StopExplanation.objects.exists()


def test_a_stop_is_cut_and_joined(unit, sign_in):
    client = sign_in("SUPERVISOR")
    cut = {"at": "2026-03-02T08:20:00", "reason": "TOOL", "fact": str(uuid.uuid4())}
    assert "cut in two" in said(client.post(f"/stops/{key_of(unit)}/split", cut))
    assert shape(unit)[1:4] == [("STOPPED", 10), ("STOPPED", 20), ("RUNNING", 30)]
    second = StateChange.objects.get(work_unit=unit, started_at=at(20)).pk
    assert "Join with the part before" in client.get("/stops/").content.decode()
    assert "one stop again" in said(client.post(f"/stops/{second}/join", {}))
    assert len(seen(unit)) == 3
    assert "Choose a moment inside" in said(client.post(f"/stops/{key_of(unit)}/split", {"at": "2026-03-02T08:45:00"}))


def test_a_forgotten_stop_is_entered_in_the_sites_time(unit, sign_in):
    unit.site.time_zone = "Europe/Berlin"
    unit.site.save()
    form = {"site": "P1", "unit": unit.code, "started_at": "2026-03-02T09:40", "ended_at": "2026-03-02T09:50"}
    assert "The stop is entered" in said(sign_in("SUPERVISOR").post("/stops/record", form))
    assert ("STOPPED", 40) in shape(unit) and ("RUNNING", 50) in shape(unit)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59", "2026-02-31T08:00", "\x00"])
def test_a_day_at_an_end_of_time_is_said_to_be_wrong(unit, sign_in, zone, moment):
    unit.site.time_zone = zone
    unit.site.save()
    client, before = sign_in("SUPERVISOR"), shape(unit)
    form = {"site": "P1", "unit": unit.code, "started_at": moment, "ended_at": "2026-03-02T09:50"}
    assert client.post("/stops/record", form).status_code == 302
    assert client.post("/stops/record", form | {"started_at": form["ended_at"], "ended_at": moment}).status_code == 302
    assert client.post(f"/stops/{key_of(unit)}/split", {"at": moment}).status_code == 302
    assert shape(unit) == before


@pytest.mark.parametrize(("role", "status"), [("OPERATOR", 403), ("VIEWER", 403), ("SUPERVISOR", 302)])
def test_only_who_may_correct_cuts_joins_and_enters(unit, sign_in, role, status):
    client = sign_in(role)
    for path in (f"/stops/{key_of(unit)}/split", f"/stops/{key_of(unit)}/join", "/stops/record"):
        form = {"site": "P1", "unit": unit.code}
        assert client.post(path, form).status_code == status, path


def test_who_may_only_look_is_told_what_is_missing(unit, sign_in):
    client = sign_in("VIEWER")
    page = client.get("/stops/").content.decode()
    assert "stops:write" in page and 'name="stop"' not in page
    assert client.post("/stops/explain", {"stop": [key_of(unit)], "reason": "TOOL"}).status_code == 403


def test_a_stop_of_another_site_cannot_be_named(unit, sign_in):
    elsewhere = make_site(code="P2")
    other = unit_of(make_work_order(site=elsewhere))
    stop(other, when=at(5))
    client = sign_in("SUPERVISOR")
    assert client.post(f"/stops/{key_of(other)}/split", {"at": "2026-03-02T08:20"}).status_code == 404
    client.post("/stops/explain", {"stop": [key_of(other)], "reason": "TOOL"})
    assert not StopExplanation.objects.exists()


def test_every_stop_explained_is_calm(unit, sign_in):
    services.explain_stops(
        explanation_id=uuid.uuid4(), stops=[(unit.pk, at(10))], reason="TOOL", person=None, now=at(40)
    )
    page = sign_in("SUPERVISOR").get("/stops/").content.decode()
    assert "Every stop has its reason" in page and "Tool" in page


def test_maintenance_is_answered_by_who_may(unit, sign_in):
    request = services.request_maintenance(request_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, now=at(50))
    client = sign_in("MAINTENANCE")
    assert "Not seen yet" in client.get("/maintenance/").content.decode()
    client.post(f"/maintenance/{request.pk}", {"what": "seen"})
    assert "Say in a few words" in said(client.post(f"/maintenance/{request.pk}", {"what": "done", "outcome": " "}))
    client.post(f"/maintenance/{request.pk}", {"what": "done", "outcome": "Greased"})
    assert MaintenanceRequest.objects.get().done_by == "maintenance"
    assert "Nobody waits for maintenance" in client.get("/maintenance/").content.decode()


def test_attention_names_what_stands_still_what_is_unexplained_and_who_was_called(unit, sign_in):
    stop(unit, when=at(50))
    services.request_maintenance(request_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, now=at(51))
    page = sign_in("SUPERVISOR").get("/board/").content.decode()
    for words in ("stands still, nobody has said why", "1 stop without a reason", "calls: Maintenance"):
        assert words in page


def test_the_admin_shows_facts_and_edits_only_what_is_planned(unit, admin_client):
    StopEntry.objects.first()
    for name in (
        "statechange", "stopentry", "stopexplanation", "downtimerecord", "maintenancerequest", "stoppolicy",
        "stopreason", "plannedstop", "shiftbreak",
    ):  # fmt: skip
        assert admin_client.get(f"/admin/equipment/{name}/").status_code == 200, name
    assert admin_client.get("/admin/equipment/stopentry/add/").status_code == 403
    assert admin_client.get("/admin/equipment/plannedstop/add/").status_code == 200


def test_a_planner_plans_stops_and_breaks_and_changes_no_fact(unit, client):
    user = get_user_model().objects.create_user("planner", password="x", is_staff=True)
    Membership.objects.create(user=user, site=make_site(), role="PLANNER")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name in ("plannedstop", "shiftbreak", "stopreason", "stoppolicy"):
        assert client.get(f"/admin/equipment/{name}/add/").status_code == 200, name
    assert client.get("/admin/equipment/statechange/").status_code == 200
    assert client.get("/admin/equipment/statechange/add/").status_code == 403
    shown = client.get(f"/admin/equipment/statechange/{key_of(unit)}/change/").content.decode()
    assert 'name="state"' not in shown
