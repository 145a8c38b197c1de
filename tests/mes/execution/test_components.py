"""Material beside the bill, material that is booked at the end, and what is recorded of scrap and rework."""

import uuid
from decimal import Decimal

import pytest

from mes.execution.models import OrderComponent
from mes.execution.services import complete_work_order, issue_component, release_work_order
from mes.execution.services.components import ComponentUnknown, UnplannedNotAllowed
from mes.material.events import MaterialConsumed
from mes.material.models import ItemSetting, Lot, MaterialMovement
from mes.material.queries import trace
from tests.api.callers import with_role
from tests.factories import (
    NOW,
    make_bom,
    make_item,
    make_lot,
    make_reason,
    make_routing,
    make_site,
    make_work_order,
)
from tests.mes.execution.helpers import at, complete, report, reverse, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def brass():
    item = make_item(number="BRASS", name="Brass", lot_tracked=True)
    make_lot(item=item, number="B-1", quantity=Decimal(50))
    return item


def issue(order, item, quantity=5, **given):
    return issue_component(
        **{"movement_id": uuid.uuid4(), "work_order_id": order.pk, "item": item, "quantity": Decimal(quantity),
           "person": None, "occurred_at": NOW, "now": NOW} | given
    )  # fmt: skip


def test_what_the_bill_does_not_have_takes_a_reason_and_a_right(steel, brass, published):
    order = make_work_order(number="WO-7", components=[(steel, Decimal(100))])
    with pytest.raises(ComponentUnknown, match="Take what the order lists"):
        issue(order, "BRASS", lot="B-1")
    with pytest.raises(UnplannedNotAllowed) as refusal:
        issue(order, "BRASS", lot="B-1", why="Steel is out")
    assert refusal.value.step_up == "material:unplanned"
    assert not OrderComponent.objects.filter(unplanned=True).exists()
    issue(order, "BRASS", lot="B-1", why="Steel is out", replaces="STEEL", unplanned_allowed=True)
    added = OrderComponent.objects.get(unplanned=True)
    assert (added.item, added.issued_quantity, added.required_quantity) == (brass, 5, 0)
    assert (added.replaces.item, added.why, added.operation.number) == (steel, "Steel is out", "10")
    (event,) = (e for e in published if isinstance(e, MaterialConsumed))
    assert (event.item, event.lot, event.quantity) == ("BRASS", "B-1", 5)


def test_more_of_what_was_allowed_once_needs_no_reason_again(steel, brass):
    order = make_work_order(components=[(steel, Decimal(100))])
    issue(order, "BRASS", lot="B-1", why="Steel is out", unplanned_allowed=True)
    issue(order, "BRASS", lot="B-1")
    assert OrderComponent.objects.get(unplanned=True).issued_quantity == 10


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"item": "NOTHING"}, "no item NOTHING"),
        ({"item": "BRASS", "replaces": "GLASS"}, "nothing to replace"),
        ({"item": "BRASS", "operation": "99"}, "no operation 99"),
    ],
)
def test_what_cannot_be_used_beside_the_bill_is_said(steel, brass, given, words):
    order = make_work_order(components=[(steel, Decimal(100))])
    with pytest.raises(ComponentUnknown, match=words):
        issue(order, **{"why": "Steel is out", "unplanned_allowed": True, "lot": "B-1"} | given)
    assert MaterialMovement.objects.count() == 0


def test_an_item_of_another_site_is_not_there(steel):
    make_item(number="GOLD", site=make_site(code="P2", name="Plant 2"))
    with pytest.raises(ComponentUnknown, match="no item GOLD"):
        issue(make_work_order(components=[(steel, Decimal(1))]), "GOLD", why="Shiny", unplanned_allowed=True)


def test_a_substitute_is_in_the_genealogy_of_what_was_made_of_it(brass):
    part = make_item(lot_tracked=True)
    order = make_work_order(item=part, operations=1)
    start(order, "10")
    issue(order, "BRASS", lot="B-1", why="Steel is out", unplanned_allowed=True)
    report(order, "10", good=1, lot="A", when=at(1))
    found = trace(lot_id=Lot.objects.get(number="A").pk, down=False)
    assert {lot.number for lot in found.lots.values()} == {"A", "B-1"}


def test_over_http_the_caller_s_own_right_decides(steel, brass):
    order = make_work_order(components=[(steel, Decimal(100))])

    def send(role):
        body = {"movement_id": str(uuid.uuid4()), "item": "BRASS", "lot": "B-1", "quantity": "5", "why": "Steel is out"}
        return with_role(order.site, role).send("POST", f"/api/v1/work-orders/{order.pk}/issues", body)

    refused = send("OPERATOR")
    assert (refused.status_code, refused.json()["code"]) == (409, "unplanned_not_allowed")
    assert send("SUPERVISOR").status_code == 201


# --- When components are consumed by themselves ---------------------------------------------------------------------------


def released(policy, *, backflush=True):
    """Return a released order of 100 parts that takes two OIL each, with this setting for OIL."""
    part, oil = make_item(number="PART"), make_item(number="OIL")
    bom = make_bom(item=part, lines=[(oil, Decimal(2))])
    bom.lines.update(backflush=backflush)
    make_routing(item=part, steps=1)
    if policy:
        ItemSetting.objects.create(item=oil, backflush=policy)
    order = make_work_order(item=part, operations=0, status="PLANNED")
    release_work_order(work_order_id=order.pk, by="kim", now=NOW)
    start(order, "10")
    return order


def used(order):
    return [m.quantity for m in MaterialMovement.objects.filter(work_order=order.number).order_by("recorded_at")]


def test_with_every_report_is_what_a_bill_means_by_backflush():
    order = released("")
    report(order, "10", good=10)
    assert used(order) == [20]


def test_at_completion_everything_is_consumed_at_once_and_once(published):
    order = released("COMPLETION")
    report(order, "10", good=10)
    report(order, "10", good=20, when=at(1))
    assert used(order) == []
    complete(order, "10", when=at(2))
    assert used(order) == [60]
    kinds = [type(event).__name__ for event in published]
    assert kinds.index("MaterialConsumed") < kinds.index("WorkOrderCompleted")


def test_an_order_completed_at_the_desk_consumes_what_its_operations_left_open():
    from mes.execution.services import pause_operation  # noqa: PLC0415

    order = released("COMPLETION")
    report(order, "10", good=10)
    pause_operation(operation_id=order.operations.get().pk, person=None, occurred_at=at(1), now=at(1))
    complete_work_order(work_order_id=order.pk, by="kim", now=at(2))
    assert used(order) == [20]


def test_none_leaves_it_to_the_hand_and_report_overrules_the_bill():
    by_hand = released("NONE")
    report(by_hand, "10", good=10)
    complete(by_hand, "10", when=at(1))
    assert used(by_hand) == []


def test_a_setting_can_say_report_where_the_bill_says_by_hand():
    order = released("REPORT", backflush=False)
    report(order, "10", good=10)
    assert used(order) == [20]


# --- Scrap and rework ------------------------------------------------------------------------------------------------------


def test_scrap_and_rework_are_movements_of_their_own_that_touch_no_lot_and_are_taken_back():
    make_reason(code="BURR")
    make_reason(code="DIM")
    order = make_work_order(operations=1)
    start(order, "10")
    made = report(order, "10", good=5, scrap={"BURR": 2, "DIM": 1}, rework=4)
    report(order, "10", good=3, from_rework=True, when=at(1))
    rows = MaterialMovement.objects.filter(work_order=order.number).values_list("kind", "quantity", "reason", "lot")
    assert set(rows) == {
        ("SCRAP", 2, "BURR", None), ("SCRAP", 1, "DIM", None), ("REWORK", 4, "", None), ("REWORK", -3, "", None)
    }  # fmt: skip
    other = make_work_order(operations=1)
    start(other, "10")
    reverse(report(other, "10", scrap={"BURR": 2}))
    assert sum(m.quantity for m in MaterialMovement.objects.filter(work_order=other.number)) == 0
    assert made.scrap_quantity == 3
