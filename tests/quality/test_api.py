"""Inspections and nonconformances over HTTP: facts once, refusals in problem+json."""

import uuid

import pytest

from mes.execution.models import Operation
from quality.models import Disposition, InspectionResult, Nonconformance, Reading
from tests.api.callers import problem, with_key
from tests.factories import make_item, make_lot, make_person, make_reason, make_site
from tests.mes.execution.helpers import start
from tests.quality.helpers import check_of, inspected_order, make_plan

pytestmark = pytest.mark.django_db
CHECKS = "/api/v1/inspection-checks"
FOUND = "/api/v1/nonconformances"


@pytest.fixture
def client():
    return with_key(make_site())


@pytest.fixture
def order():
    order = inspected_order(number="WO-7")
    start(order, "10")
    return order


def values(bore="12.02", surface="ok"):
    return [
        {"reading_id": str(uuid.uuid4()), "characteristic": "BORE", "value": bore},
        {"reading_id": str(uuid.uuid4()), "characteristic": "SURFACE", "value": surface},
    ]


def test_a_caller_finds_what_is_due_measures_it_and_reads_the_result(client, order):
    [check] = client.get(f"{CHECKS}?work_order=WO-7").json()["items"]
    assert (check["trigger"], check["occurrence"], check["is_open"], check["blocks"]) == ("FIRST", "first", True, True)
    assert [one["code"] for one in check["characteristics"]] == ["BORE", "SURFACE"]
    refused = client.send(
        "POST", "/api/v1/reports",
        {"report_id": str(uuid.uuid4()), "work_order": "WO-7", "operation": "10", "good_quantity": "1"},
    )  # fmt: skip
    assert problem(refused, 409, "first_piece_open")["detail"].count("Open “Checks”") == 1
    taken = client.send("POST", f"{CHECKS}/{check['id']}/readings", {"occurrence": "first", "values": values()})
    assert taken.status_code == 201, taken.content
    assert [(one["value"], one["passed"]) for one in taken.json()] == [("12.02", True), (None, True)]
    [result] = client.get("/api/v1/inspection-results?work_order=WO-7").json()["items"]
    assert result["verdict"] == "PASSED"
    [check] = client.get(CHECKS).json()["items"]
    assert (check["is_open"], check["verdict"]) == (False, "PASSED")


def test_the_same_values_again_are_the_first_ones(client, order):
    path = f"{CHECKS}/{check_of(order).pk}/readings"
    body = {"occurrence": "first", "values": values(), "gauge": "G-17"}
    first = client.send("POST", path, body)
    again = client.send("POST", path, body)
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    body["values"][0]["value"] = "12.03"
    problem(client.send("POST", path, body), 422, "reading_id_reused")
    assert Reading.objects.count() == 2


def test_a_failed_sample_is_released_with_a_reason_and_the_right(client, order):
    path = f"{CHECKS}/{check_of(order).pk}"
    client.send("POST", f"{path}/readings", {"occurrence": "first", "values": values(bore="12.08")})
    problem(client.send("POST", f"{path}/release", {"occurrence": "first"}), 400)
    released = client.send("POST", f"{path}/release", {"occurrence": "first", "note": "Customer accepts"})
    assert released.json()["verdict"] == "RELEASED"
    problem(client.send("POST", f"{path}/release", {"occurrence": "first", "note": "x"}), 409, "nothing_to_release")
    only_write = with_key(order.site, "quality:write")
    problem(only_write.send("POST", f"{path}/release", {"occurrence": "first", "note": "x"}), 403)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, None),
        ({"occurrence": "first", "values": []}, 400, None),
        ({"occurrence": "count-9", "values": values()}, 409, "check_not_due"),
        ({"occurrence": "first", "values": values(bore="1e5")}, 422, "value_unreadable"),
        ({"occurrence": "first", "values": values(surface="perhaps")}, 422, "value_unreadable"),
        ({"occurrence": "first", "values": [values()[0] | {"characteristic": "X"}]}, 422, "check_unknown"),
        ({"occurrence": "first", "values": [values()[0] | {"piece": 26}]}, 400, None),
        ({"occurrence": "first", "values": [values()[0] | {"passed": True}]}, 400, "field_not_writable"),
        ({"occurrence": "first", "values": values(), "person": "9999"}, 422, "person_unknown"),
        ({"occurrence": "first\x00", "values": values()}, 400, None),
        ({"occurrence": "first", "values": "12.02"}, 400, None),
        ({"occurrence": "first", "values": [{"reading_id": "x", "characteristic": "BORE", "value": "1"}]}, 400, None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_stored(client, order, body, status, code):
    answer = client.send("POST", f"{CHECKS}/{check_of(order).pk}/readings", body)
    told = problem(answer, status)
    if code:
        assert code in str(told)
    assert not Reading.objects.exists() and not InspectionResult.objects.exists()


def test_a_nonconformance_is_reported_decided_about_and_booked(client, order):
    make_reason(site=order.site, code="BORE")
    nonconformance_id = str(uuid.uuid4())
    body = {"nonconformance_id": nonconformance_id, "work_order": "WO-7", "operation": "10", "quantity": "5",
            "reason": "BORE", "hold": "ORDER", "person": make_person(number="7").number}  # fmt: skip
    made = client.send("POST", FOUND, body)
    assert made.status_code == 201, made.content
    assert client.send("POST", FOUND, body).headers["Idempotency-Replayed"] == "true"
    row = made.json()
    assert (row["open_quantity"], row["number"]) == ("5", Nonconformance.objects.get().number)
    path = f"{FOUND}/{row['id']}/dispositions"
    scrap = {"disposition_id": str(uuid.uuid4()), "kind": "SCRAP", "quantity": "2"}
    done = client.send("POST", path, scrap)
    assert (done.status_code, done.json()["open_quantity"]) == (201, "3")
    client.send("POST", path, scrap)
    assert Operation.objects.get(work_order=order, number="10").scrap_quantity == 2
    more = {"disposition_id": str(uuid.uuid4()), "kind": "REWORK", "quantity": "4"}
    problem(client.send("POST", path, more), 422, "qty_over_nonconformance")
    problem(client.send("POST", path, more | {"kind": "SCRAP,REWORK", "quantity": "1"}), 400, "choice_unknown")
    problem(client.send("POST", path, more | {"kind": "RETURN", "quantity": "1"}), 409, "cannot_dispose")
    assert client.get(f"{FOUND}?open=true").json()["items"] or client.get(f"{FOUND}?open=false").json()["items"]
    assert client.get("/api/v1/work-orders?held=true").json()["items"][0]["number"] == "WO-7"


def test_use_as_is_takes_a_right_of_its_own(order):
    make_reason(site=order.site, code="BORE")
    client = with_key(order.site, "quality:write")
    body = {
        "nonconformance_id": str(uuid.uuid4()),
        "work_order": "WO-7",
        "operation": "10",
        "quantity": "5",
        "reason": "BORE",
    }
    row = client.send("POST", FOUND, body).json()
    use = {"disposition_id": str(uuid.uuid4()), "kind": "USE_AS_IS", "quantity": "1", "note": "fits"}
    told = problem(client.send("POST", f"{FOUND}/{row['id']}/dispositions", use), 403)
    assert "quality:decide" in told["detail"]
    assert not Disposition.objects.exists()


def test_a_lot_is_reported_and_held(client):
    lot = make_lot(item=make_item(number="STEEL", lot_tracked=True), number="L-1")
    make_reason(site=lot.site, code="RUST")
    body = {
        "nonconformance_id": str(uuid.uuid4()),
        "item": "STEEL",
        "lot": "L-1",
        "quantity": "5",
        "reason": "RUST",
        "hold": "LOT",
    }
    assert client.send("POST", FOUND, body).json()["lot"] == "L-1"
    lot.refresh_from_db()
    assert lot.status == "HOLD"
    problem(
        client.send("POST", FOUND, body | {"nonconformance_id": str(uuid.uuid4()), "lot": "L-9"}), 422, "lot_unknown"
    )
    problem(
        client.send("POST", FOUND, {"nonconformance_id": str(uuid.uuid4()), "quantity": "5", "reason": "RUST"}), 400
    )


def test_plans_are_listed_with_what_they_ask_for(client):
    make_plan(item=make_item(number="FG"))
    [plan] = client.get("/api/v1/inspection-plans?item=FG").json()["items"]
    assert (plan["revision"], plan["checks"][0]["trigger"], plan["characteristics"][0]["upper"]) == (
        1,
        "FIRST",
        "12.05",
    )
