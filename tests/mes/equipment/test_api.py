"""Stops and states over HTTP: once however often it is sent, at one's own sites, with words for what cannot be."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from mes.equipment.models import StopEntry
from tests.api.callers import problem, with_key
from tests.factories import make_work_order
from tests.mes.equipment.helpers import make_stop_reason, unit_of
from tests.mes.execution.helpers import start
from tests.mes.performance.helpers import make_shift

pytestmark = pytest.mark.django_db
API = "/api/v1"
BEGUN = timezone.now()


@pytest.fixture
def unit():
    order = make_work_order()
    make_stop_reason(site=order.site)
    start(order, "10", when=timezone.now() - timedelta(hours=2))
    return unit_of(order)


@pytest.fixture
def client(unit):
    return with_key(unit.site)


def ago(minutes):
    return (BEGUN - timedelta(minutes=minutes)).replace(microsecond=0).isoformat()


def test_a_stop_is_reported_ended_and_explained(client, unit):
    stopped = client.send(
        "POST", f"{API}/stops", {"work_unit": unit.code, "occurred_at": ago(60), "entry_id": str(uuid.uuid4())}
    )
    assert stopped.status_code == 201
    assert (stopped.json()["state"], stopped.json()["reason"], stopped.json()["ended_at"]) == ("STOPPED", None, None)
    ended = client.send(
        "POST", f"{API}/stops/end", {"work_unit": unit.code, "occurred_at": ago(40), "entry_id": str(uuid.uuid4())}
    )
    assert ended.json()["state"] == "RUNNING"
    waiting = client.get(f"{API}/work-unit-states?state=STOPPED&explained=false").json()["items"]
    assert [row["work_unit"] for row in waiting] == [unit.code]
    body = {"work_unit": unit.code, "at": waiting[0]["started_at"], "reason": "TOOL", "entry_id": str(uuid.uuid4())}
    assert client.send("POST", f"{API}/stops/explain", body).json()["reason"] == "TOOL"
    assert client.get(f"{API}/work-unit-states?state=STOPPED&explained=false").json()["items"] == []
    (told,) = client.get(f"{API}/downtime?latest=true").json()["items"]
    assert (told["minutes"], told["reason"], told["revision"]) == ("20", "TOOL", 1)
    (now,) = client.get(f"{API}/work-unit-states?current=true").json()["items"]
    assert now["state"] == "RUNNING"


def test_the_same_again_is_answered_as_before(client, unit):
    body = {"work_unit": unit.code, "entry_id": str(uuid.uuid4())}
    first, again = client.send("POST", f"{API}/stops", body), client.send("POST", f"{API}/stops", body)
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert StopEntry.objects.count() == 1


def test_a_fact_needs_an_id(client, unit):
    problem(client.send("POST", f"{API}/stops", {"work_unit": unit.code}), 400, "idempotency_key_missing")


def test_a_stop_is_entered_later_cut_joined_and_taken_back(client, unit):
    def said(path, **body):
        return client.send("POST", f"{API}/{path}", {"work_unit": unit.code, "entry_id": str(uuid.uuid4())} | body)

    begun = ago(60)
    assert said("stops/record", started_at=begun, ended_at=ago(30), reason="TOOL").json()["reason"] == "TOOL"
    cut = ago(45)
    assert said("stops/split", at=cut).json()["reason"] is None
    assert said("stops/join", at=cut).json()["ended_at"] is not None
    entry = StopEntry.objects.get(kind="STOP")
    answer = client.send("POST", f"{API}/stop-entries/{entry.pk}/reversal", {"reversal_id": str(uuid.uuid4())})
    assert answer.status_code == 201 and answer.json()["reverses"] == str(entry.pk)
    assert client.get(f"{API}/work-unit-states?state=STOPPED").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("stops", {"work_unit": "NOPE"}, 422, "work_unit_unknown_here"),
        ("stops", {"reason": "NOPE"}, 422, "stop_reason_unknown"),
        ("stops/end", {}, 409, "not_stopped"),
        ("stops/explain", {"at": "2026-01-01T00:00:00Z", "reason": "TOOL"}, 404, "stop_unknown"),
        ("stops/join", {"at": "2026-01-01T00:00:00Z"}, 409, "not_cut"),
        ("stops", {"person": "NOBODY"}, 422, "person_unknown"),
    ],
)
def test_what_cannot_be_says_why(client, unit, path, body, status, code):
    sent = {"work_unit": unit.code, "entry_id": str(uuid.uuid4())} | body
    problem(client.send("POST", f"{API}/{path}", sent), status, code)


def test_maintenance_is_called_and_answered(client, unit):
    called = client.send(
        "POST",
        f"{API}/maintenance-requests",
        {"work_unit": unit.code, "note": "It squeaks", "entry_id": str(uuid.uuid4())},
    ).json()
    path = f"{API}/maintenance-requests/{called['id']}"
    assert client.send("POST", f"{path}/acknowledge", None).json()["status"] == "ACKNOWLEDGED"
    assert client.send("POST", f"{path}/done", {"outcome": "Greased"}).json()["status"] == "DONE"
    assert client.get(f"{API}/maintenance-requests?status=DONE").json()["items"][0]["note"] == "It squeaks"


def test_figures_come_with_their_sums(client, unit):
    from datetime import time  # noqa: PLC0415

    make_shift(unit.site, starts_at=time(0), ends_at=time(0))
    items = client.get(f"{API}/oee?work_unit={unit.code}").json()["items"]
    assert items[-1]["work_unit"] == unit.code and items[-1]["oee"]["denominator"] == items[-1]["planned_minutes"]
    problem(client.get(f"{API}/oee?first=2026-13-01"), 422, "period_invalid")
    problem(client.get(f"{API}/oee?first=2026-01-01&last=2026-06-01"), 422, "period_invalid")
