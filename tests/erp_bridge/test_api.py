"""What an ERP hands in by itself: each row answered for, the message taken once."""

from decimal import Decimal

import pytest

from erp_bridge.models import Connection, InboundRow
from mes.execution.models import WorkOrder
from mes.masterdata.models import Item
from tests import factories
from tests.api.callers import problem, with_key

pytestmark = pytest.mark.django_db
ITEMS, ORDERS = "/api/v1/erp/erp/items", "/api/v1/erp/erp/work-orders"


@pytest.fixture
def client():
    site = factories.make_site()
    factories.make_uom()
    Connection.objects.create(name="erp", site=site.code, connector="practice")
    return with_key(site, "erp:write")


def item(number, **given):
    return {"number": number, "name": "Bracket", "uom": "pcs"} | given


def statuses(answer):
    return [row["status"] for row in answer.json()["items"]]


def test_items_are_taken_and_belong_to_their_erp(client):
    answer = client.send("PUT", ITEMS, {"items": [item("A", external_id="4711"), item("B", lot_tracked=True)]})
    assert answer.status_code == 200, answer.content
    assert statuses(answer) == ["applied", "applied"]
    a = Item.objects.get(number="A")
    assert (a.owner, a.external_ids, a.site.code) == ("erp", {"erp": "4711"}, "P1")
    answer = client.send("PUT", ITEMS, {"items": [item("A", name="Bracket, left", external_id="4711")]})
    assert answer.json()["counts"]["changed"] == 1


def test_a_pack_quantity_is_taken_from_who_sends_it_and_shown_and_stays_for_who_does_not(client):
    def pack():
        found = with_key(Item.objects.get().site, "masterdata:read").get("/api/v1/items")
        return found.json()["items"][0]["pack_quantity"]

    for row, shown in (
        (item("A"), None), (item("A", pack_quantity="48"), "48"), (item("A", name="Lid"), "48"),
        (item("A", pack_quantity=0), None),
    ):  # fmt: skip
        assert statuses(client.send("PUT", ITEMS, {"items": [row]})) == ["applied"]
        assert pack() == shown
    for wrong in ("-1", "many", None, "1e3", True, []):
        answer = client.send("PUT", ITEMS, {"items": [item("A", pack_quantity=wrong)]})
        assert statuses(answer) == ["invalid"], wrong
        assert answer.json()["items"][0]["errors"][0]["pointer"] == "/items/0/pack_quantity"


def test_r27_bad_rows_are_answered_for_and_good_ones_are_in(client):
    answer = client.send(
        "PUT", ITEMS, {"items": [item("A"), item("B", oum="pcs"), "not a row", item("C", uom="furlong"), item("D")]}
    )
    assert answer.status_code == 207, answer.content
    rows = answer.json()["items"]
    assert [row["status"] for row in rows][:3] == ["applied", "invalid", "invalid"]
    assert rows[1]["errors"][0]["pointer"] == "/items/1/oum" and "Did you mean uom?" in rows[1]["detail"]
    assert rows[3]["status"] in ("parked", "refused") and rows[3]["detail"]
    assert rows[4]["status"] == "applied"
    assert set(Item.objects.values_list("number", flat=True)) == {"A", "D"}
    assert InboundRow.objects.count() == 3


def test_the_same_message_has_one_effect_and_one_answer(client):
    body = {"items": [item("A")]}
    first = client.send("PUT", ITEMS, body, Idempotency_Key="message-0001")
    again = client.send("PUT", ITEMS, body, Idempotency_Key="message-0001")
    assert again.headers["Idempotency-Replayed"] == "true" and again.json() == first.json()
    problem(client.send("PUT", ITEMS, {"items": [item("B")]}, Idempotency_Key="message-0001"), 422, "message_id_reused")


def test_an_order_that_comes_before_its_item_waits_for_it(client):
    order = {"number": "1001", "item": "A", "order_quantity": "10", "uom": "pcs", "status": "PLANNED", "version": "1"}
    answer = client.send("PUT", ORDERS, {"items": [order]})
    assert answer.status_code == 207 and statuses(answer) == ["parked"], answer.content
    client.send("PUT", ITEMS, {"items": [item("A")]})
    made = WorkOrder.objects.get(number="1001")
    assert (made.owner, made.order_quantity) == ("erp", Decimal(10))


def test_r34_an_older_version_is_ignored_and_no_error(client):
    client.send("PUT", ITEMS, {"items": [item("A")]})
    order = {"number": "1001", "item": "A", "order_quantity": "10", "uom": "pcs", "status": "PLANNED"}
    client.send("PUT", ORDERS, {"items": [order | {"version": "2026-03-02", "order_quantity": "12"}]})
    answer = client.send("PUT", ORDERS, {"items": [order | {"version": "2026-03-01"}]})
    assert answer.status_code == 200 and answer.json()["counts"]["stale"] == 1, answer.content
    assert WorkOrder.objects.get().order_quantity == 12


def test_r26_more_than_500_rows_are_too_many(client):
    problem(client.send("PUT", ITEMS, {"items": [item(f"I{n}") for n in range(501)]}), 413, "batch_too_large")
    assert not Item.objects.exists()


def test_500_rows_are_taken_at_once(client):
    answer = client.send("PUT", ITEMS, {"items": [item(f"I{n}") for n in range(500)]})
    assert answer.status_code == 200 and Item.objects.count() == 500


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "required"),
        ({"items": []}, "empty"),
        ({"items": "x"}, "not_a_list"),
        ({"items": [item("A"), item("A")]}, "key_duplicate"),
        ({"rows": []}, None),
    ],
)
def test_a_batch_that_cannot_be_right(client, body, code):
    problem(client.send("PUT", ITEMS, body), 400, code)


def test_a_row_cannot_name_another_site(client):
    answer = client.send("PUT", ITEMS, {"items": [item("A", site="P2")]})
    assert statuses(answer) == ["invalid"] and answer.json()["items"][0]["errors"][0]["code"] == "field_not_writable"


def test_a_connection_of_another_site_is_not_found(client):
    Connection.objects.create(name="theirs", site="P2", connector="practice")
    problem(client.send("PUT", "/api/v1/erp/theirs/items", {"items": [item("A")]}), 404, "not_found")
    problem(client.send("PUT", "/api/v1/erp/nothing/items", {"items": [item("A")]}), 404, "not_found")
