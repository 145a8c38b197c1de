"""Line-side stock at the terminal, in the office, over HTTP, and to an ERP that has no place for it."""

import uuid
from decimal import Decimal

import pytest

from erp_bridge.engine import registry
from mes.core.errors import NotFound
from mes.execution.queries.terminal import components_of
from mes.material import services
from mes.material.models import PlaceStock
from mes.terminal.panels import Place, Tap, actions, panels
from tests.api.callers import problem, with_role
from tests.factories import NOW, make_item, make_lot, make_stock_place, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def order(steel):
    return make_work_order(number="WO-7", operations=1, components=[(steel, Decimal(100))])


@pytest.fixture
def place(order, steel):
    make_lot(item=steel, number="L-1", quantity=Decimal(50))
    return make_stock_place(work_center=order.operations.get().work_center, code="RACK-1")


def tap(place, key, center=None, **payload):
    return actions[key].apply(
        Tap(id=uuid.uuid4(), work_center=center or place.work_center, payload={"place": place.pk} | payload, person=None, at=NOW, now=NOW)
    )  # fmt: skip


def bring(place, item, lot, quantity):
    services.replenish_place(
        movement_id=uuid.uuid4(), place_id=place.pk, item=item, lot_number=lot, quantity=Decimal(quantity), person=None,
        occurred_at=NOW, now=NOW,
    )  # fmt: skip


def test_a_scanned_lot_is_brought_to_the_line_and_back_at_the_terminal(place):
    tap(place, "replenish", lot="L-1", quantity="20")
    tap(place, "to-store", lot="L-1", item="STEEL", quantity="5")
    assert PlaceStock.objects.get().quantity == 15
    context = panels["line-stock"].context(Place(work_center=place.work_center, job="", now=NOW))
    ((row, stored),) = [(one.row, one.stored) for one in context["stock"]]
    assert (row.quantity, stored) == (15, 35)


def test_another_work_centers_place_is_none_of_this_terminals(place):
    other = make_stock_place()
    with pytest.raises(services.LotUnknown):
        tap(place, "replenish", lot="L-9", quantity="1")
    with pytest.raises(NotFound, match="not at this work center"):
        tap(other, "replenish", center=place.work_center, lot="L-1", quantity="1")


def test_the_job_shows_what_is_at_the_line_and_offers_that_first(order, place, steel):
    make_lot(item=steel, number="L-0", quantity=Decimal(5), expires_at=NOW.replace(year=2027))
    bring(place, steel, "L-1", 20)
    (line,) = components_of(order.operations.get(), NOW)
    assert (line.at_line, line.stored) == (20, 35)
    assert [(lot.number, here) for lot, here in line.choices] == [("L-1", 20), ("L-0", 0)]


def test_the_office_sees_every_line_and_moves_what_it_may(place, steel):
    lead = with_role(steel.site, "OPERATOR")
    form = {"place": place.pk, "lot": "L-1", "quantity": "20", "verb": "replenish", "movement_id": str(uuid.uuid4())}
    for _ in range(2):
        assert lead.post("/line-stock/", form).status_code == 302
    page = lead.get("/line-stock/").content.decode()
    assert "RACK-1" in page and "L-1" in page and PlaceStock.objects.get().quantity == 20
    refused = lead.post("/line-stock/", form | {"quantity": "31", "movement_id": str(uuid.uuid4())})
    assert refused.status_code == 422 and "The store has 30 pcs of lot L-1" in refused.content.decode()
    viewer = with_role(steel.site, "VIEWER")
    assert viewer.post("/line-stock/", form).status_code == 403
    assert "<form" not in viewer.get("/line-stock/").content.decode().split("<main", 1)[1]


def test_over_http_a_move_is_booked_once_listed_and_reversed(place, steel):
    operator = with_role(steel.site, "OPERATOR")
    body = {"movement_id": str(uuid.uuid4()), "item": "STEEL", "lot": "L-1", "quantity": "20"}
    address = f"/api/v1/stock-places/{place.pk}/replenish"
    for _ in range(2):
        assert operator.send("POST", address, body).json()["quantity"] == "20"
    back = operator.send(
        "POST", f"/api/v1/stock-places/{place.pk}/return", body | {"movement_id": str(uuid.uuid4()), "quantity": "5"}
    )
    assert back.json()["quantity"] == "-5"
    (stock,) = operator.get("/api/v1/place-stock?place=RACK-1").json()["items"]
    assert (stock["lot"], stock["quantity"]) == ("L-1", "15")
    reversal = {"reversal_id": str(uuid.uuid4())}
    answer = operator.send("POST", f"/api/v1/place-movements/{back.json()['movement_id']}/reversal", reversal)
    assert answer.status_code == 201 and answer.json()["quantity"] == "5"
    kinds = [one["kind"] for one in operator.get("/api/v1/place-movements?lot=L-1").json()["items"]]
    assert kinds == ["REPLENISH", "TO_STORE", "TO_STORE"]
    assert [one["code"] for one in operator.get("/api/v1/stock-places").json()["items"]] == ["RACK-1"]
    much = body | {"movement_id": str(uuid.uuid4()), "quantity": "31"}
    problem(operator.send("POST", address, much), 409, "lot_short")


def test_it_goes_up_by_a_flow_of_its_own_and_tryton_says_that_it_has_no_place_for_it():
    flow = registry.flows["line_stock"]
    assert not registry.carries(registry.connectors["tryton"], flow)
