"""Coming and going, and joining and leaving work, over HTTP."""

import pytest
from django.utils import timezone

from labor.models import LaborSegment
from mes.access import services as access
from tests import factories
from tests.api.callers import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client):
    """Post to the labor API with a key that may clock on and off."""

    def post(path, rights=("labor:write", "labor:read"), **body):
        operation_site = factories.make_site()
        _, key = access.create_key(name="test", site=operation_site, scopes=rights, now=timezone.now())
        headers = {"Authorization": f"Api-Key {key}"}
        return client.post(f"/api/v1/labor/{path}", body, content_type="application/json", headers=headers)

    return post


def test_a_second_person_joins_and_leaves_a_running_operation(call):
    operation, person = factories.make_operation(), factories.make_person()
    asked = {"person": person.number, "operation_id": str(operation.pk)}

    joined = call("clock-on", **asked)
    left = call("clock-off", **asked)

    assert joined.status_code == 200, joined.json()
    assert joined.json()["ended_at"] is None
    assert left.json()["id"] == joined.json()["id"]
    assert left.json()["ended_at"] is not None


@pytest.mark.parametrize("by_id", [True, False])
def test_of_two_people_with_one_number_the_one_at_the_site_of_the_operation_is_meant(by_id, django_user_model):
    operation = factories.make_operation()
    here = factories.make_person(site=operation.work_order.site, number="7")
    factories.make_person(site=factories.make_site(code="P2"), number="7")
    of_all_sites = ApiClient()
    of_all_sites.force_login(
        django_user_model.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend"
    )
    order = {"work_order": operation.work_order.number, "operation": operation.number}
    named = {"operation_id": str(operation.pk)} if by_id else order

    answer = of_all_sites.send("POST", "/api/v1/labor/clock-on", {"person": "7", **named})

    assert answer.status_code == 200, answer.json()
    assert LaborSegment.objects.get().person == here


def test_who_does_not_work_on_it_cannot_leave_it(call):
    operation, person = factories.make_operation(), factories.make_person()

    answer = call("clock-off", person=person.number, operation_id=str(operation.pk))

    assert answer.status_code == 409
    assert answer.json()["code"] == "not_clocked_on"


def test_people_come_take_a_break_and_go(call):
    person = factories.make_person()
    asked = {"person": person.number, "site": person.site.code}

    kinds = [call(path, **asked).json()["kind"] for path in ("clock-in", "break", "clock-in", "clock-out")]

    assert kinds == ["PRESENT", "BREAK", "PRESENT", "PRESENT"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("clock-on", {"person": "nobody", "operation_id": "1"}, 404),
        ("clock-on", {"operation_id": "1"}, 422),
        ("clock-in", {"person": "nobody", "site": "nowhere"}, 404),
        ("clock-in", {"person": "x\u0000", "site": "nowhere"}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, path, body, status):
    answer = call(path, **body)

    assert answer.status_code in (status, 400), answer.json()
    assert answer.json()["detail"]


def test_a_key_without_the_right_is_refused(call):
    answer = call("clock-in", rights=("labor:read",), person="1", site="S")

    assert answer.status_code == 403


def test_a_crew_without_names_is_set_on_a_running_operation(call):
    operation = factories.make_operation()

    first = call("crew", operation_id=str(operation.pk), crew_size=4)
    none = call("crew", operation_id=str(operation.pk), crew_size=0)

    assert (first.status_code, first.json()["crew_size"]) == (200, 4), first.json()
    assert (first.json()["segment"]["person"], first.json()["segment"]["crew_size"]) == (None, 4)
    assert none.json()["segment"] is None
    assert call("crew", operation_id=str(operation.pk), crew_size=100).status_code == 400
