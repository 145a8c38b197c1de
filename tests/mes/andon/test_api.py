"""Calls over HTTP."""

from uuid import uuid4

import pytest

from mes.andon.models import Call
from tests.api.callers import problem, with_key
from tests.factories import make_site, make_work_center

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return with_key(make_work_center(code="MILL").site)


def raised(client, **given):
    body = {"call_id": str(uuid4()), "work_center": "MILL", "kind": "MATERIAL"} | given
    return client.send("POST", "/api/v1/calls", body)


def test_a_call_is_raised_answered_and_listed(client):
    made = raised(client, note="No bolts")
    assert made.status_code == 201, made.content
    key = made.json()["call_id"]
    assert client.send("POST", f"/api/v1/calls/{key}/acknowledge").json()["status"] == "ACKNOWLEDGED"
    done = client.send("POST", f"/api/v1/calls/{key}/resolve", {"outcome": "brought"})
    assert (done.json()["status"], done.json()["outcome"]) == ("RESOLVED", "brought")
    listed = client.send("GET", "/api/v1/calls?status=RESOLVED").json()["items"]
    assert [one["call_id"] for one in listed] == [key]
    assert client.send("GET", f"/api/v1/calls/{key}").json() == listed[0]


def test_the_same_call_sent_twice_is_one_call(client):
    key = str(uuid4())
    assert raised(client, call_id=key).json() == raised(client, call_id=key).json()
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"work_center": "NOWHERE"}, 422, "work_center_unknown"),
        ({"kind": "PIZZA"}, 400, None),
        ({"note": "x" * 401}, 400, None),
        ({"note": "a\x00b"}, 400, None),
        ({"person": "nobody"}, 422, "person_unknown"),
        ({"color": "red"}, 400, None),
        ({"call_id": None}, 400, None),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, given, status, code):
    problem(raised(client, **given), status, code)
    assert not Call.objects.exists()


def test_calling_whom_one_has_called_is_refused(client):
    raised(client)
    problem(raised(client), 409, "call_open")


def test_a_call_of_another_site_is_not_found(client):
    key = raised(client).json()["call_id"]
    other = with_key(make_site(code="P2"))
    problem(other.send("GET", f"/api/v1/calls/{key}"), 404)
    problem(other.send("POST", f"/api/v1/calls/{key}/resolve", {"outcome": "x"}), 404)


def test_answering_takes_the_right(client):
    key = raised(client).json()["call_id"]
    operator = with_key(Call.objects.get().site, "orders:read", "operations:run")
    problem(operator.send("POST", f"/api/v1/calls/{key}/acknowledge"), 403)
    problem(client.send("POST", f"/api/v1/calls/{key}/resolve", {"outcome": " "}), 400)


def test_handovers_are_read_here_and_made_at_the_terminal(client):
    assert client.send("GET", "/api/v1/handovers").json()["items"] == []
    problem(client.send("POST", "/api/v1/handovers", {}), 405)
