"""The floor's day over HTTP: an order made, released, worked, reported, corrected and completed; each fact once."""

import threading
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.journal import services as journal
from mes.material.models import MaterialMovement
from tests import factories
from tests.api.callers import problem, with_key, with_role

ORDERS, REPORTS = "/api/v1/work-orders", "/api/v1/reports"


@pytest.fixture
def site(db):
    return factories.make_site()


@pytest.fixture
def client(site):
    return with_key(site)


def running(**given):
    operation = factories.make_operation(**given)
    WorkOrder.objects.filter(pk=operation.work_order_id).update(status="RUNNING")
    return operation


def report(operation, **given):
    return {
        "report_id": str(uuid.uuid4()), "operation_id": str(operation.pk), "good_quantity": "5",
    } | given  # fmt: skip


def test_an_order_made_by_hand_is_worked_to_its_end(site, client):
    item = factories.make_item(number="BRACKET")
    factories.make_routing(item=item, steps=2)
    factories.make_bom(item=item, lines=[(factories.make_item(number="SHEET"), Decimal(2))])
    person, reason = factories.make_person(), factories.make_reason()
    made = client.send(
        "POST", ORDERS, {"site": "P1", "number": "HAND-1", "item": "BRACKET", "order_quantity": 10, "uom": "pcs"}
    )
    assert made.status_code == 201, made.content
    order = f"{ORDERS}/{made.json()['id']}"
    assert made.json()["status"] == "PLANNED" and made.json()["owner"] == ""

    released = client.send("POST", f"{order}/release")
    assert released.status_code == 200, released.content
    assert [each["number"] for each in released.json()["operations"]] == ["10", "20"]
    assert released.json()["components"][0]["required_quantity"] == "20"

    held = client.send("POST", f"{order}/hold", {"note": "drawing is being changed"})
    assert held.json()["held"] is True
    first, second = released.json()["operations"]
    problem(client.send("POST", f"/api/v1/operations/{first['id']}/start", {}), 409)
    assert client.send("POST", f"{order}/free", {"note": "done"}).json()["held"] is False

    for step in (first, second):
        center = step["work_center"]
        todo = client.get(f"/api/v1/operations?work_center={center}").json()["items"]
        assert [each["id"] for each in todo] == [step["id"]]
        operation = f"/api/v1/operations/{step['id']}"
        started = client.send("POST", f"{operation}/start", {"person": person.number})
        assert started.status_code == 200 and started.json()["status"] == "RUNNING", started.content
        assert client.send("POST", f"{operation}/pause").json()["status"] == "PAUSED"
        client.send("POST", f"{operation}/start", {"person": person.number})
        body = {
            "report_id": str(uuid.uuid4()), "work_order": "HAND-1", "operation": step["number"],
            "good_quantity": "9" if step is first else "8", "scrap": [{"quantity": 1, "reason": reason.code}],
            "person": person.number, "occurred_at": timezone.now().isoformat(),
        }  # fmt: skip
        answer = client.send("POST", REPORTS, body)
        assert answer.status_code == 201, answer.content
        assert answer.json()["scrap"] == [{"quantity": "1", "reason": reason.code}]
        done = client.send("POST", f"{operation}/complete", {"person": person.number})
        assert done.status_code == 200, done.content

    end = client.get(order).json()
    assert (end["status"], end["good_quantity"], end["scrap_quantity"]) == ("COMPLETED", "8", "2")
    moved = client.get("/api/v1/movements?work_order=HAND-1&kind=BACKFLUSH").json()["items"]
    assert sum(Decimal(each["quantity"]) for each in moved) == 20
    journal.seal()
    feed = client.get("/api/v1/changes?limit=500&subject=HAND-1").json()
    kinds = [each["kind"] for each in feed["items"]]
    assert kinds.count("ProductionReported") == 2 and "WorkOrderCompleted" in kinds
    assert {each["actor"].split(":")[0] for each in feed["items"]} == {"key"}
    assert [each["sequence"] for each in feed["items"]] == sorted(each["sequence"] for each in feed["items"])


def test_r6_and_r8_a_report_sent_again_is_answered_as_the_first_time(client):
    operation = running()
    body = report(operation)
    first = client.send("POST", REPORTS, body)
    again = client.send("POST", REPORTS, body | {"good_quantity": 5.0})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    problem(client.send("POST", REPORTS, body | {"good_quantity": "6"}), 422, "report_id_reused")
    assert ProductionReport.objects.count() == 1
    operation.refresh_from_db()
    assert operation.good_quantity == 5


def test_r8_an_idempotency_key_stands_for_the_id(client):
    operation = running()
    body = report(operation)
    del body["report_id"]
    for key in (str(uuid.uuid4()), "terminal-7_000123"):
        first = client.send("POST", REPORTS, body, Idempotency_Key=key)
        again = client.send("POST", REPORTS, body, Idempotency_Key=key)
        assert first.status_code == 201 and again.headers["Idempotency-Replayed"] == "true"
        assert first.json()["report_id"] == again.json()["report_id"]
        problem(client.send("POST", REPORTS, body | {"good_quantity": "7"}, Idempotency_Key=key), 422)
    assert ProductionReport.objects.count() == 2
    other = report(operation)
    problem(client.send("POST", REPORTS, other, Idempotency_Key=str(uuid.uuid4())), 400, "idempotency_key_format")


def test_a_verb_with_an_idempotency_key_is_done_once(client):
    order = factories.make_work_order()
    path = f"{ORDERS}/{order.pk}/hold"
    first = client.send("POST", path, {"note": "x"}, Idempotency_Key="hold-0001")
    again = client.send("POST", path, {"note": "x"}, Idempotency_Key="hold-0001")
    assert first.json() == again.json() and again.headers["Idempotency-Replayed"] == "true"
    assert order.holds.count() == 1
    body = problem(client.send("POST", path, {"note": "y"}, Idempotency_Key="hold-0001"), 422, "idempotency_key_reused")
    assert body["first_used_at"]
    problem(
        client.send("POST", f"{ORDERS}/{order.pk}/free", Idempotency_Key="hold-0001"), 422, "idempotency_key_reused"
    )


def test_what_was_refused_can_be_mended_under_the_same_key(client):
    operation = factories.make_operation(status="PENDING")
    start = f"/api/v1/operations/{operation.pk}/start"
    hold = client.send("POST", f"{ORDERS}/{operation.work_order_id}/hold", {"note": "x"})
    assert hold.status_code == 200
    problem(client.send("POST", start, {}, Idempotency_Key="start-0001"), 409)
    client.send("POST", f"{ORDERS}/{operation.work_order_id}/free")
    assert client.send("POST", start, {}, Idempotency_Key="start-0001").status_code == 200


def test_one_operation_is_held_and_the_order_says_which(client):
    operation = factories.make_operation(status="PENDING")
    order = f"{ORDERS}/{operation.work_order_id}"
    held = client.send("POST", f"{order}/hold", {"operation": operation.number, "note": "torque"}).json()
    assert (held["held"], held["holds"][0]["operation"], held["operations"][0]["held"]) == (False, "10", True)
    found = client.get("/api/v1/operations?held=true").json()["items"]
    assert [one["id"] for one in found] == [str(operation.pk)]
    assert client.get("/api/v1/operations?held=false").json()["items"] == []
    problem(client.send("POST", f"{order}/hold", {"operation": "99"}), 404, "operation_unknown")
    client.send("POST", f"{order}/free")
    assert client.get("/api/v1/operations?held=true").json()["items"] == []


def test_a_lot_is_held_and_freed(client):
    lot = factories.make_lot()
    path = f"/api/v1/lots/{lot.pk}"
    assert client.send("POST", f"{path}/hold", {"note": "QN-88"}).json()["status"] == "HOLD"
    [hold] = (
        client.get("/api/v1/lot-holds?open=false").json()["items"] or client.get("/api/v1/lot-holds").json()["items"]
    )
    assert (hold["lot"], hold["note"], hold["released_at"]) == (lot.number, "QN-88", None)
    problem(client.send("POST", f"{path}/free", {"hold_id": "999"}), 404, "not_found")
    assert client.send("POST", f"{path}/free", {"hold_id": hold["id"]}).json()["status"] == "AVAILABLE"
    problem(client.send("POST", f"{path}/free"), 404, "not_found")


def test_a_report_is_taken_back_once(client):
    operation = running()
    body = report(operation)
    client.send("POST", REPORTS, body)
    path = f"{REPORTS}/{body['report_id']}/reversal"
    problem(client.send("POST", path, {}), 400, "idempotency_key_missing")
    reversal = {"reversal_id": str(uuid.uuid4()), "note": "counted twice"}
    first = client.send("POST", path, reversal)
    assert first.status_code == 201, first.content
    assert (first.json()["good_quantity"], first.json()["reverses"]) == ("-5", body["report_id"])
    assert client.send("POST", path, reversal).headers["Idempotency-Replayed"] == "true"
    problem(client.send("POST", path, {"reversal_id": str(uuid.uuid4())}), 409)
    operation.refresh_from_db()
    assert operation.good_quantity == 0


def test_r25_a_clock_that_runs_ahead_is_not_believed_and_said_so(client):
    operation = running()
    ahead = timezone.now() + timedelta(hours=3)
    answer = client.send("POST", REPORTS, report(operation, occurred_at=ahead.isoformat()))
    assert answer.status_code == 201 and answer.json()["warnings"] == ["clock_ahead"]
    assert ProductionReport.objects.get().occurred_at < ahead
    late = timezone.now() - timedelta(days=8)
    answer = client.send("POST", REPORTS, report(operation, occurred_at=late.isoformat()))
    assert answer.status_code == 201 and answer.json()["warnings"] == ["late"]


@pytest.mark.parametrize(
    "given, code",
    [
        ({"good_quantity": None}, "null"),
        ({"good_quantity": "0"}, "qty_zero"),
        ({"good_quantity": "-5"}, "qty_negative"),
        ({"good_quantity": "1000"}, "qty_over_order"),
        ({"good_quantity": "1.5"}, "qty_precision"),
        ({"scrap": [{"quantity": 1, "reason": "NOPE"}]}, None),
        ({"scrap": [{"quantity": 1, "reason": ""}]}, "blank"),
        ({"person": "9999"}, "person_unknown"),
        ({"approved_by": "9999"}, "person_unknown"),
    ],
)
def test_what_cannot_be_reported_is_refused_and_books_nothing(client, given, code):
    operation = running()
    status = 400 if code in ("null", "blank") else 422
    problem(client.send("POST", REPORTS, report(operation, **given)), status, code)
    assert not ProductionReport.objects.exists()


def test_a_closed_order_takes_no_report(client):
    operation = running()
    WorkOrder.objects.update(status="CLOSED")
    problem(client.send("POST", REPORTS, report(operation)), 409)


def test_only_who_may_allow_over_delivery_can_name_an_approver(site):
    operation, boss = running(), factories.make_person()
    over = report(operation, good_quantity="101", approved_by=boss.number)
    problem(with_key(site, "reports:write").send("POST", REPORTS, over), 403, "not_allowed")
    answer = with_key(site, "reports:write", "reports:over").send("POST", REPORTS, over)
    assert answer.status_code == 201, answer.content


def test_an_operation_of_another_site_cannot_be_reported_on_by_any_name(client):
    other = running(site=factories.make_site(code="P2"))
    problem(client.send("POST", REPORTS, report(other)), 404)
    body = {
        "report_id": str(uuid.uuid4()),
        "work_order": other.work_order.number,
        "operation": "10",
        "good_quantity": 1,
    }
    problem(client.send("POST", REPORTS, body), 422, "wo_unknown")
    problem(client.send("POST", REPORTS, body | {"site": "P2"}), 422, "wo_unknown")


def test_a_person_of_another_site_cannot_be_named(client):
    stranger = factories.make_person(site=factories.make_site(code="P2"))
    problem(client.send("POST", REPORTS, report(running(), person=stranger.number)), 422, "person_unknown")


def test_material_is_issued_and_returned_once(client):
    component = factories.make_item(number="SHEET")
    order = factories.make_work_order(operations=1, components=[(component, Decimal(20))])
    issue = {"movement_id": str(uuid.uuid4()), "item": "SHEET", "quantity": "4"}
    path = f"{ORDERS}/{order.pk}"
    first = client.send("POST", f"{path}/issues", issue)
    assert first.status_code == 201, first.content
    again = client.send("POST", f"{path}/issues", issue)
    assert again.headers["Idempotency-Replayed"] == "true" and again.json() == first.json()
    problem(client.send("POST", f"{path}/issues", issue | {"quantity": "5"}), 422, "movement_id_reused")
    back = client.send("POST", f"{path}/returns", issue | {"movement_id": str(uuid.uuid4()), "quantity": "1"})
    assert back.status_code == 201 and back.json()["quantity"] == "-1", back.content
    problem(client.send("POST", f"{path}/issues", issue | {"item": "NOPE", "movement_id": str(uuid.uuid4())}), 422)
    assert MaterialMovement.objects.count() == 2


def test_a_lot_is_received_once(client):
    factories.make_item(number="STEEL", lot_tracked=True)
    body = {
        "movement_id": str(uuid.uuid4()), "site": "P1", "item": "STEEL", "lot": "L-1", "quantity": "100",
    }  # fmt: skip
    first, again = client.send("POST", "/api/v1/lots", body), client.send("POST", "/api/v1/lots", body)
    assert first.status_code == 201 and first.json()["quantity"] == "100", first.content
    assert again.json() == first.json()
    assert [lot["number"] for lot in client.get("/api/v1/lots?item=STEEL").json()["items"]] == ["L-1"]


def test_pages_show_every_row_once_forwards_and_back(client):
    for number in range(7):
        factories.make_work_order(operations=1, number=f"P-{number}", priority=number // 3)
    for ordering in ("number", "-number", "priority", "created_at", "-created_at"):
        seen, url, last = [], f"{ORDERS}?limit=3&ordering={ordering}", None
        while url:
            page = client.get(url).json()
            seen += [order["number"] for order in page["items"]]
            url, last = page["next"], page
        assert sorted(seen) == [f"P-{number}" for number in range(7)], ordering
        back, url = [], last["prev"]
        while url:
            page = client.get(url).json()
            back = [order["number"] for order in page["items"]] + back
            url = page["prev"]
        assert back == seen[: len(back)] and len(back) == 6, ordering


def test_a_cursor_of_another_list_is_refused_or_harmless(client):
    for number in range(3):
        factories.make_work_order(operations=1, number=f"P-{number}")
    link = client.get(f"{ORDERS}?limit=1&ordering=created_at").json()["next"]
    cursor = link.split("cursor=")[1].split("&")[0]
    for path in (ORDERS, "/api/v1/operations", "/api/v1/reports", "/api/v1/movements", "/api/v1/items"):
        assert client.get(f"{path}?cursor={cursor}").status_code in (200, 400)


def test_a_signed_in_person_acts_under_their_name(site):
    order = factories.make_work_order(status="PLANNED", operations=0)
    factories.make_routing(item=order.item)
    planner = with_role(site, "PLANNER")
    assert planner.send("POST", f"{ORDERS}/{order.pk}/release").status_code == 200
    journal.seal()
    entry = with_key(site).get("/api/v1/changes").json()["items"][0]
    assert entry["actor"] == "user:planner-P1"


def test_the_feed_says_when_a_cursor_is_from_before_a_restore(client):
    problem(client.get("/api/v1/changes?since=99"), 410, "cursor_gone")
    problem(client.get("/api/v1/changes?since=-1"), 400, "cursor_invalid")
    assert client.get("/api/v1/changes").json() == {"items": [], "next_cursor": "0", "has_more": False}


@pytest.mark.django_db(transaction=True)
def test_p12_the_same_report_five_times_at_once_is_booked_once():
    site = factories.make_site()
    operation = running(site=site)
    client, body, answers = with_key(site), report(operation), []
    client.get(ORDERS)

    def send():
        try:
            answers.append(client.send("POST", REPORTS, body))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}, [answer.content for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert ProductionReport.objects.count() == 1
    assert Operation.objects.get().good_quantity == 5


@pytest.mark.django_db(transaction=True)
def test_the_same_verb_five_times_at_once_under_one_key_is_done_once():
    site = factories.make_site()
    order = factories.make_work_order(site=site)
    client, answers = with_key(site), []
    client.get(ORDERS)

    def send():
        try:
            answers.append(client.send("POST", f"{ORDERS}/{order.pk}/hold", {"note": "x"}, Idempotency_Key="hold-0001"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}, [answer.content for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert order.holds.count() == 1
