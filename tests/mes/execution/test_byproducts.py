"""What an order yields besides its product has a lot of its own, is traced, told, and taken back when it was a mistake."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from mes.core.errors import NotFound
from mes.execution import services
from mes.execution.events import ByproductReported
from mes.execution.queries.terminal import usual_byproducts
from mes.execution.services.byproducts import IsTheProduct
from mes.execution.services.components import ComponentUnknown
from mes.execution.services.locking import WorkOrderHeld
from mes.material import services as material
from mes.material.models import Lot, MaterialMovement
from mes.material.queries import trace
from mes.terminal.panels import Place, StepUpNeeded, Tap, actions, panels
from tests.api.callers import problem, with_role
from tests.factories import NOW, make_item, make_lot, make_person, make_uom, make_work_order
from tests.mes.execution.helpers import report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def regrind():
    return make_item(number="REGRIND", lot_tracked=True, uom=make_uom(code="kg", symbol="kg", decimals=3))


@pytest.fixture
def order(regrind):
    resin = make_item(number="RESIN", lot_tracked=True)
    make_lot(item=resin, number="R-1")
    made = make_work_order(number="WO-1", operations=1, components=[(resin, Decimal(100))])
    start(made, "10")
    report(made, "10", good=1)
    return made


def put_out(order, **given):
    return services.report_byproduct(
        **{"movement_id": uuid.uuid4(), "work_order_id": order.pk, "item": "REGRIND", "quantity": Decimal("1.5"),
           "lot": "G-1", "person": None, "occurred_at": NOW, "now": NOW} | given
    )  # fmt: skip


def take_back(order, movement, **given):
    return services.reverse_byproduct(
        **{"reversal_id": uuid.uuid4(), "work_order_id": order.pk, "movement_id": movement.pk, "person": None,
           "occurred_at": NOW, "now": NOW} | given
    )  # fmt: skip


def test_it_fills_a_lot_of_its_own_once_and_is_traced_to_what_went_in(order, published):
    movement_id = uuid.uuid4()
    for _ in range(2):
        put_out(order, movement_id=movement_id)
    made = Lot.objects.get(number="G-1")
    assert (made.item.number, made.quantity) == ("REGRIND", Decimal("1.5"))
    assert "R-1" in {lot.number for lot in trace(lot_id=made.pk, down=False).members}
    (told,) = [event for event in published if isinstance(event, ByproductReported)]
    assert (told.subject, told.operation, told.lot, told.quantity) == ("WO-1", "10", "G-1", Decimal("1.5"))


def test_without_a_lot_it_gets_the_next_number_and_the_same_one_when_sent_again(order):
    movement_id = uuid.uuid4()
    first = put_out(order, lot="", movement_id=movement_id)
    assert put_out(order, lot="", movement_id=movement_id).pk == first.pk
    assert Lot.objects.get(item__number="REGRIND").number == "WO-1"
    make_item(number="CHIPS")
    assert put_out(order, item="CHIPS", lot="", quantity=Decimal(2)).lot is None


def test_a_mistake_is_taken_back_once_and_not_after_it_was_used(order, published):
    movement = put_out(order)
    reversal_id = uuid.uuid4()
    assert take_back(order, movement, reversal_id=reversal_id) == take_back(order, movement, reversal_id=reversal_id)
    assert Lot.objects.get(number="G-1").quantity == 0 and published[-1].reverses == movement.pk
    with pytest.raises(material.MovementReversed):
        take_back(order, movement)
    again = put_out(order)
    Lot.objects.filter(number="G-1").update(quantity=1)
    with pytest.raises(material.LotShort):
        take_back(order, again)
    with pytest.raises(NotFound):
        take_back(order, MaterialMovement.objects.filter(kind="BACKFLUSH").first())


def test_what_is_no_by_product_is_refused(order):
    with pytest.raises(IsTheProduct):
        put_out(order, item=order.item.number)
    with pytest.raises(ComponentUnknown):
        put_out(order, item="NOTHING")
    services.hold_work_order(work_order_id=order.pk, by="kim", now=NOW)
    with pytest.raises(WorkOrderHeld):
        put_out(order, now=NOW.replace(hour=9), occurred_at=NOW.replace(hour=9))


def entries(order):
    """Return the last entries of the job as its terminal shows them."""
    operation = order.operations.get()
    place = Place(work_center=operation.work_center, job=str(operation.pk), now=NOW)
    shown = panels["last"].context(place)["entries"]
    return [(one.is_byproduct, fact, one.operation) for one, fact, _answers in shown]


def undo(order, movement, person):
    operation = order.operations.get()
    tap = Tap(
        id=uuid.uuid4(), work_center=operation.work_center, payload={"operation": operation.pk, "report": str(movement.pk)},
        person=person, at=NOW, now=NOW, is_verified=True,
    )  # fmt: skip
    return actions["undo"].apply(tap)


def test_it_stands_among_the_last_entries_and_whoever_put_it_out_takes_it_back_there(order):
    anna, marek = make_person(number="1"), make_person(number="2")
    movement = put_out(order, person=anna, now=NOW + timedelta(minutes=1))
    (is_byproduct, newest, operation), (_, older, _) = entries(order)
    assert (is_byproduct, newest, operation.number) == (True, movement, "10")
    assert older.good_quantity == 1
    with pytest.raises(StepUpNeeded):
        undo(order, movement, marek)
    undo(order, movement, anna)
    assert Lot.objects.get(number="G-1").quantity == 0
    assert MaterialMovement.objects.get(reverses=movement).person == anna
    with pytest.raises(material.MovementReversed):
        undo(order, movement, anna)


def test_a_by_product_of_another_job_is_not_taken_back_here(order):
    other = make_work_order(number="WO-2", operations=1)
    start(other, "10")
    with pytest.raises(NotFound):
        undo(other, put_out(order), make_person(number="1"))


def test_what_came_off_such_orders_before_is_offered(order):
    assert usual_byproducts(order.item) == []
    make_item(number="CHIPS")
    put_out(order)
    put_out(order, item="CHIPS", lot="", quantity=Decimal(2), now=NOW + timedelta(minutes=1))
    again = make_work_order(number="WO-2", item=order.item, operations=1)
    assert [item.number for item in usual_byproducts(again.item)] == ["CHIPS", "REGRIND"]
    assert usual_byproducts(make_item(number="OTHER")) == []


def test_at_the_terminal_and_over_http(order):
    operation = order.operations.get()
    tap = {"operation": operation.pk, "item": "REGRIND", "lot": "G-2", "quantity": "0.25"}
    actions["byproduct"].apply(
        Tap(id=uuid.uuid4(), work_center=operation.work_center, payload=tap, person=None, at=NOW, now=NOW)
    )
    assert Lot.objects.get(number="G-2").quantity == Decimal("0.25")
    operator = with_role(order.site, "OPERATOR")
    body = {"movement_id": str(uuid.uuid4()), "item": "REGRIND", "quantity": "2", "lot": "G-3"}
    address = f"/api/v1/work-orders/{order.pk}/byproducts"
    for _ in range(2):
        assert operator.send("POST", address, body).status_code == 201
    assert Lot.objects.get(number="G-3").quantity == 2
    problem(operator.send("POST", address, body | {"quantity": "3"}), 422, "movement_id_reused")
    lead = with_role(order.site, "SUPERVISOR")
    reversal = lead.send("POST", f"{address}/{body['movement_id']}/reversal", {"reversal_id": str(uuid.uuid4())})
    assert reversal.status_code == 201 and Lot.objects.get(number="G-3").quantity == 0
