"""Lots are filled and used up by movements, and refuse what must not be used."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from mes.core.attention import all_attention
from mes.execution import services as execution
from mes.execution.models import OrderComponent
from mes.execution.services import issue_component, return_component
from mes.execution.services.components import ComponentUnknown, MovementIdReused
from mes.execution.services.locking import WorkOrderClosed, WorkOrderHeld
from mes.masterdata.models import ItemUom
from mes.masterdata.rules import DimensionMismatch, QuantityPrecision
from mes.material import services
from mes.material.events import HoldChanged, MaterialConsumed
from mes.material.models import Lot, MaterialMovement
from tests.factories import NOW, make_item, make_lot, make_person, make_uom, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def order(steel):
    return make_work_order(number="WO-7", components=[(steel, Decimal(100))])


def receive(item, number="L-1", quantity=50, **given):
    return services.receive_lot(
        **{"movement_id": uuid.uuid4(), "item": item, "lot_number": number, "quantity": Decimal(quantity), "person": None,
           "occurred_at": NOW, "now": NOW} | given
    )  # fmt: skip


def issue(order, quantity=10, item="STEEL", lot="L-1", verb=issue_component, **given):
    return verb(
        **{"movement_id": uuid.uuid4(), "work_order_id": order.pk, "item": item, "lot": lot, "quantity": Decimal(quantity),
           "person": None, "occurred_at": NOW, "now": NOW} | given
    )  # fmt: skip


def give_back(order, quantity=10, **given):
    return issue(order, quantity, verb=return_component, **given)


def left(number="L-1"):
    return Lot.objects.get(number=number).quantity


def test_a_receipt_makes_the_lot_or_adds_to_it_and_counts_once(steel):
    movement_id = uuid.uuid4()
    receive(steel, movement_id=movement_id)
    receive(steel, movement_id=movement_id)
    receive(steel, quantity=5)
    assert left() == 55


def test_what_a_clock_that_was_never_set_tells_is_stored_and_told_as_of_now(steel, published):
    unset = {"occurred_at": NOW.replace(year=1970)}
    receive(steel, **unset)
    services.ship_lot(
        movement_id=uuid.uuid4(), item=steel, lot_number="L-1", quantity=Decimal(5), reference="D-1", person=None, now=NOW, **unset
    )  # fmt: skip
    assert set(MaterialMovement.objects.values_list("occurred_at", flat=True)) == {NOW}
    assert {event.occurred_at for event in published} == {NOW}


def test_an_issue_takes_from_the_lot_counts_on_the_component_and_is_told(order, steel, published):
    receive(steel)
    person = make_person(number="7")
    issue(order, 10, person=person)
    assert left() == 40
    assert OrderComponent.objects.get().issued_quantity == 10
    (event,) = (e for e in published if isinstance(e, MaterialConsumed))
    assert (event.subject, event.operation, event.item, event.lot, event.quantity) == ("WO-7", "10", "STEEL", "L-1", 10)
    assert (event.person, event.report_id) == ("7", None)


def test_the_same_issue_again_takes_nothing_and_another_under_its_id_is_refused(order, steel):
    receive(steel)
    movement_id = uuid.uuid4()
    issue(order, 10, movement_id=movement_id)
    issue(order, 10, movement_id=movement_id)
    assert left() == 40
    with pytest.raises(MovementIdReused):
        issue(order, 11, movement_id=movement_id)


def test_an_unknown_lot_is_shown_as_it_was_scanned(order):
    with pytest.raises(services.LotUnknown, match="Lot X-99 is not known here") as refusal:
        issue(order, lot="X-99")
    assert (refusal.value.code, refusal.value.status) == ("lot_unknown", 422)


def test_a_lot_of_the_wrong_item_names_both(order):
    make_lot(item=make_item(number="BRASS", name="Brass", lot_tracked=True), number="B-1")
    with pytest.raises(services.LotWrongItem, match="B-1 is BRASS Brass; needed is STEEL Steel"):
        issue(order, lot="B-1")


def test_a_held_lot_says_since_when_and_why(order, steel):
    lot = receive(steel)
    hold = services.hold_lot(lot_id=lot.pk, by="qa", note="QN-88", now=NOW)
    with pytest.raises(services.LotBlocked, match="On hold since 2 Mar .QN-88.") as refusal:
        issue(order)
    assert (refusal.value.code, refusal.value.status) == ("lot_blocked", 409)
    services.release_lot_hold(hold_id=hold.pk, by="qa", now=NOW)
    issue(order)


def test_a_lot_is_free_when_its_last_hold_is_lifted_and_each_hold_is_told(order, steel, published):
    lot = receive(steel)
    first = services.hold_lot(lot_id=lot.pk, by="qa", note="QN-1", now=NOW)
    second = services.hold_lot(lot_id=lot.pk, by="qa", note="QN-2", now=NOW)
    services.release_lot_hold(hold_id=first.pk, by="qa", now=NOW)
    with pytest.raises(services.LotBlocked, match="QN-2"):
        issue(order)
    with pytest.raises(services.HoldLifted):
        services.release_lot_hold(hold_id=first.pk, by="qa", now=NOW)
    services.release_lot_hold(hold_id=second.pk, by="qa", note="gauged", now=NOW)
    issue(order)
    told = [event for event in published if isinstance(event, HoldChanged)]
    assert [event.status for event in told] == ["PLACED", "PLACED", "LIFTED", "LIFTED"]
    assert {event.subject for event in told} == {"lot/STEEL/L-1"}
    assert told[1].hold_id == told[3].hold_id != told[0].hold_id


def test_blocking_stands_above_holds_and_unblocking_leaves_the_hold(steel):
    lot = receive(steel)
    hold = services.hold_lot(lot_id=lot.pk, by="qa", note="QN-1", now=NOW)
    services.set_lot_status(lot_id=lot.pk, status="BLOCKED", reason="rusty", now=NOW)
    assert services.set_lot_status(lot_id=lot.pk, status="AVAILABLE", reason="", now=NOW).status == "HOLD"
    services.set_lot_status(lot_id=lot.pk, status="BLOCKED", reason="rusty", now=NOW)
    services.release_lot_hold(hold_id=hold.pk, by="qa", now=NOW)
    assert Lot.objects.get(pk=lot.pk).status == "BLOCKED"


def test_nothing_is_issued_to_a_held_order_but_what_was_used_before_is_booked(order, steel):
    receive(steel)
    execution.hold_work_order(work_order_id=order.pk, by="qa", now=NOW - timedelta(minutes=1))
    with pytest.raises(WorkOrderHeld):
        issue(order)
    issue(order, occurred_at=NOW - timedelta(minutes=5))
    assert left() == 40


def test_an_expired_lot_is_refused(order, steel):
    receive(steel, expires_at=NOW - timedelta(days=1))
    with pytest.raises(services.LotBlocked, match="Expired on 1 Mar 2026"):
        issue(order)


def test_a_tracked_item_needs_its_lot(order):
    with pytest.raises(services.LotMissing):
        issue(order, lot="")


def test_no_more_than_is_left_comes_out_of_a_lot(order, steel):
    receive(steel, quantity=5)
    with pytest.raises(services.LotShort, match="has 5 pcs left"):
        issue(order, 6)
    assert left() == 5


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_movement_moves_something(order, steel, quantity):
    receive(steel)
    with pytest.raises(services.NothingMoved):
        issue(order, quantity)


def test_what_comes_back_is_negative_and_never_more_than_went_in(order, steel, published):
    receive(steel)
    issue(order, 10)
    give_back(order, 4, reason="LEFT")
    assert left() == 44
    assert published[-1].quantity == -4
    assert OrderComponent.objects.get().issued_quantity == 6
    with pytest.raises(services.ReturnOverIssued, match="Only 6 pcs of lot L-1 went into WO-7"):
        give_back(order, 7)


def test_an_item_that_the_order_does_not_need_is_refused(order):
    make_item(number="BRASS")
    with pytest.raises(ComponentUnknown, match="does not need BRASS"):
        issue(order, item="BRASS", lot="")


def test_more_than_the_tolerance_of_the_bill_is_recorded_and_a_supervisor_hears_of_it_until_it_is_given_back(
    order, steel
):
    def told():
        found = all_attention(sites=[order.site.code], now=NOW)
        return [one.what for one in found if one.key.startswith("over-")]

    receive(steel, quantity=500)
    issue(order, 200)
    assert told() == []
    give_back(order, 90)
    OrderComponent.objects.update(tolerance=Decimal("0.1"))
    assert told() == []
    issue(order, 6)
    assert told() == ["WO-7 took 116 pcs of STEEL, planned were 100"]
    give_back(order, 6)
    assert told() == []


def test_another_unit_is_converted_exactly_or_refused(steel, order):
    receive(steel)
    kilogram = make_uom(code="kg", name="Kilogram", symbol="kg", dimension="mass", decimals=3)
    with pytest.raises(DimensionMismatch):
        issue(order, 2, uom="kg")
    ItemUom.objects.create(item=steel, uom=kilogram, numerator=4, denominator=1)
    assert issue(order, 2, uom="kg").quantity == 8
    with pytest.raises(QuantityPrecision):
        issue(order, "2.0001", uom="kg")


def test_nothing_is_issued_to_an_order_that_is_over(order, steel):
    receive(steel)
    order.status = "CLOSED"
    order.save()
    with pytest.raises(WorkOrderClosed):
        issue(order)


def test_a_lot_s_quantity_is_the_sum_of_its_movements(order, steel):
    receive(steel)
    issue(order, 10)
    give_back(order, 3)
    receive(steel, quantity=7)
    into = MaterialMovement.objects.filter(kind__in=["RECEIPT", "OUTPUT"]).aggregate(s=Sum("quantity"))["s"]
    out = MaterialMovement.objects.filter(kind__in=MaterialMovement.CONSUMING).aggregate(s=Sum("quantity"))["s"]
    assert left() == into - out
