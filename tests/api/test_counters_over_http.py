"""Counters read over HTTP: pieces by what a machine shows, each reading once, and what cannot be right refused."""

import uuid

import pytest

from mes.execution.models import CounterReading, Operation, ProductionReport, WorkOrder
from mes.execution.services import start_operation
from tests import factories
from tests.api.callers import problem, with_key

pytestmark = pytest.mark.django_db
READINGS = "/api/v1/counter-readings"


@pytest.fixture
def operation():
    made = factories.make_work_order(number="WO-1", order_quantity=100).operations.first()
    start_operation(operation_id=made.pk, person=None, occurred_at=factories.NOW, now=factories.NOW)
    return made


@pytest.fixture
def client(operation):
    return with_key(operation.work_order.site)


def reading(value, **given):
    return {"reading_id": str(uuid.uuid4()), "work_order": "WO-1", "operation": "10", "value": value} | given


def test_what_was_counted_since_the_first_reading_is_reported_as_good(client, operation):
    person = factories.make_person(site=operation.work_order.site)
    first = client.send("POST", READINGS, reading("1200"))
    assert first.status_code == 201, first.content
    assert (first.json()["counted"], first.json()["report_id"], first.json()["good_quantity"]) == ("0", None, "0")
    by_hand = {"report_id": str(uuid.uuid4()), "operation_id": str(operation.pk), "good_quantity": 4}
    assert client.send("POST", "/api/v1/reports", by_hand).status_code == 201
    second = client.send("POST", READINGS, reading(1230, person=person.number, operation_id=str(operation.pk)))
    body = second.json()
    assert second.status_code == 201, second.content
    assert (body["value"], body["counted"], body["good_quantity"], body["taken_back"]) == ("1230", "30", "26", False)
    report = client.get(f"/api/v1/reports/{body['report_id']}").json()
    assert (report["good_quantity"], report["person"]) == ("26", person.number)
    operation.refresh_from_db()
    assert operation.good_quantity == 30

    client.send("POST", f"/api/v1/reports/{body['report_id']}/reversal", {"reversal_id": str(uuid.uuid4())})
    assert client.get(f"{READINGS}/{body['reading_id']}").json()["taken_back"] is True
    listed = client.get(READINGS + "?work_order=WO-1&operation=10").json()["items"]
    assert [each["value"] for each in listed] == ["1200", "1230"]
    assert client.get(READINGS + "?work_unit=NONE").json()["items"] == []


def test_a_reading_sent_again_is_answered_as_the_first_time(client):
    client.send("POST", READINGS, reading("0"))
    body = reading("5")
    first, again = client.send("POST", READINGS, body), client.send("POST", READINGS, body)
    assert first.json() == again.json() and again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    problem(client.send("POST", READINGS, body | {"value": "6"}), 422, "report_id_reused")
    del body["reading_id"]
    by_key = [client.send("POST", READINGS, body | {"value": "9"}, Idempotency_Key="gateway-7_0001") for _ in range(2)]
    assert by_key[0].json() == by_key[1].json() and by_key[0].json()["good_quantity"] == "4"
    assert (CounterReading.objects.count(), ProductionReport.objects.count()) == (3, 2)


def test_a_counter_that_shows_less_or_too_little_says_so_in_a_problem(client, operation):
    client.send("POST", READINGS, reading("99990"))
    body = problem(client.send("POST", READINGS, reading("15")), 422, "counter_back")
    assert body["errors"][0]["pointer"] == "/value"
    rolled = client.send("POST", READINGS, reading("15", began_anew="ROLLED")).json()
    assert (rolled["counted"], rolled["began_anew"]) == ("25", "ROLLED")
    report = {"report_id": str(uuid.uuid4()), "operation_id": str(operation.pk), "good_quantity": 3}
    client.send("POST", "/api/v1/reports", report)
    problem(client.send("POST", READINGS, reading("16")), 422, "counter_behind")
    problem(client.send("POST", READINGS, reading("500")), 422, "qty_over_order")


def test_an_approver_is_named_only_with_the_right_to_and_a_job_that_has_not_begun_counts_nothing(client, operation):
    site = operation.work_order.site
    lea = factories.make_person(site=site)
    client.send("POST", READINGS, reading("0"))
    over = reading("500", approved_by=lea.number)
    problem(with_key(site, "reports:write", "orders:read").send("POST", READINGS, over), 403)
    assert client.send("POST", READINGS, over).json()["good_quantity"] == "500"
    factories.make_work_order(site=site, number="WO-2")
    problem(client.send("POST", READINGS, reading("1", work_order="WO-2")), 409, "not_started")


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        pytest.param({"value": "1.5"}, 422, "invalid_input", id="half a piece"),
        pytest.param({"value": "-1"}, 400, "min_value", id="less than nothing"),
        pytest.param({"value": "1e3"}, 400, "type_invalid", id="an exponent"),
        pytest.param({"value": "NaN"}, 400, "type_invalid", id="no number"),
        pytest.param({"value": None}, 400, "null", id="null"),
        pytest.param({"value": True}, 400, "type_invalid", id="true"),
        pytest.param({"value": "9" * 13}, 400, "out_of_range", id="13 digits"),
        pytest.param({"value": "9" * 5000}, 400, "type_invalid", id="5,000 digits"),
        pytest.param({"began_anew": "reset"}, 400, "choice_unknown", id="a word in small letters"),
        pytest.param({"began_anew": ["RESET"]}, 400, "choice_unknown", id="a list for a word"),
        pytest.param({"counted": "5"}, 400, "field_not_writable", id="what is counted by us"),
        pytest.param({"good_quantity": "5"}, 400, "field_not_writable", id="pieces by hand"),
        pytest.param({"reading": "5"}, 400, "unknown_field", id="an unknown name"),
        pytest.param({"operation": ""}, 400, "blank", id="no operation"),
        pytest.param({"operation": "999"}, 422, "operation_unknown", id="an operation that is not there"),
        pytest.param({"work_order": "WO-?"}, 422, "wo_unknown", id="an order that is not there"),
        pytest.param({"operation_id": "9" * 18}, 404, "not_found", id="an id that is not there"),
        pytest.param({"operation_id": "\u0661"}, 404, "not_found", id="an id in other digits"),
        pytest.param({"person": "nobody"}, 422, "person_unknown", id="nobody"),
        pytest.param({"lot": "A\u202eB"}, 400, "text_control", id="a lot that is written backwards"),
        pytest.param({"occurred_at": "2026-03-01T10:00:00"}, 400, "time_zone_missing", id="no zone"),
        pytest.param({"reading_id": "1"}, 400, "type_invalid", id="an id of another form"),
    ],
)
def test_a_reading_that_cannot_be_right_is_refused_and_leaves_nothing(client, given, status, code):
    problem(client.send("POST", READINGS, reading("5") | given), status, code)
    assert not CounterReading.objects.exists()


def test_a_reading_is_never_changed_and_the_answer_says_what_can_be_done(client):
    made = client.send("POST", READINGS, reading("5")).json()
    for method in ("PUT", "PATCH", "DELETE"):
        answer = client.send(method, f"{READINGS}/{made['reading_id']}", {})
        assert "reversal" in problem(answer, 405, "method_not_allowed")["detail"]


def test_a_counter_at_another_site_is_not_found_and_one_on_hold_is_still_read(client, operation):
    away = factories.make_work_order(site=factories.make_site(code="P2"), number="WO-9").operations.first()
    problem(client.send("POST", READINGS, reading("5", work_order="WO-9")), 422, "wo_unknown")
    problem(client.send("POST", READINGS, reading("5", operation_id=str(away.pk))), 404, "not_found")
    WorkOrder.objects.filter(pk=operation.work_order_id).update(status="CLOSED")
    problem(client.send("POST", READINGS, reading("5")), 409, "wo_closed")
    assert Operation.objects.get(pk=operation.pk).good_quantity == 0
