"""Reporting pieces: once, within what there is, with its consumption, and taken back whole."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mes.core.bus import PublishedOutsideTransaction, publish
from mes.execution import services
from mes.execution.events import ProductionReported
from mes.execution.models import OrderComponent, ProductionReport, ScrapLine
from mes.execution.services import pieces, reports
from mes.execution.services.completion import ReworkOpen
from mes.execution.services.floor import NotStarted, OperationCompleted
from mes.execution.services.locking import OperationUnknown, TextTooLong, WorkOrderClosed
from mes.masterdata.models import Site
from mes.masterdata.queries import UnknownReason
from mes.masterdata.rules import QuantityPrecision
from mes.material.events import MaterialConsumed
from mes.material.models import Lot, MaterialMovement
from mes.material.services import LotShort
from tests.factories import NOW, make_item, make_lot, make_person, make_reason, make_uom, make_work_order
from tests.mes.execution.helpers import complete, report, reverse, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    order = make_work_order()
    start(order, "10")
    return order


def refused(kind, order, *args, **given):
    with pytest.raises(kind) as refusal:
        report(order, "10", *args, **given)
    assert not ProductionReport.objects.exists()
    return refusal.value


def test_good_pieces_add_up_on_the_operation_and_only_the_last_one_s_on_the_order(order):
    report(order, "10", good=40)
    report(order, "10", good=10)
    start(order, "20")
    report(order, "20", good=30)
    order.refresh_from_db()
    assert [operation.good_quantity for operation in order.operations.all()] == [50, 30]
    assert order.good_quantity == 30


def test_scrap_counts_on_the_order_with_its_reason(order, published):
    make_reason(code="BURR", name="Burr")
    report(order, "10", good=10, scrap={"BURR": 2})
    order.refresh_from_db()
    assert (order.scrap_quantity, ScrapLine.objects.get().reason.code) == (2, "BURR")
    event = published[-1]
    assert (event.scrap_quantity, event.scrap[0].reason_name, event.is_output) == (2, "Burr", False)


def test_the_same_report_again_gives_the_same_answer_and_says_nothing_new(order, published):
    report_id = uuid.uuid4()
    first = report(order, "10", good=5, report_id=report_id)
    said = len(published)
    assert report(order, "10", good=Decimal("5.0"), report_id=report_id).pk == first.pk
    assert len(published) == said
    assert ProductionReport.objects.count() == 1


def test_the_same_report_again_is_answered_even_after_the_order_is_over():
    order = make_work_order(operations=1)
    start(order, "10")
    report_id = uuid.uuid4()
    report(order, "10", good=5, report_id=report_id)
    complete(order, "10")
    assert report(order, "10", good=5, report_id=report_id).pk == report_id


def test_a_used_id_with_another_content_is_refused(order):
    report_id = uuid.uuid4()
    report(order, "10", good=5, report_id=report_id)
    with pytest.raises(reports.ReportIdReused):
        report(order, "10", good=6, report_id=report_id)


@pytest.mark.parametrize(
    ("entry", "kind", "code"),
    [
        ({"good": None}, pieces.QuantityMissing, "qty_missing"),
        ({"good": "NaN"}, pieces.QuantityMissing, "qty_missing"),
        ({"good": 0}, pieces.QuantityZero, "qty_zero"),
        ({"good": -5}, pieces.QuantityNegative, "qty_negative"),
        ({"good": 1, "rework": -1}, pieces.QuantityNegative, "qty_negative"),
        ({"good": "1.5"}, QuantityPrecision, "qty_precision"),
        ({"good": 10**9}, pieces.QuantityOverOrder, "qty_over_order"),
        ({"good": "1e30"}, pieces.QuantityOverOrder, "qty_over_order"),
        ({"good": 1, "scrap": {"": 1}}, pieces.ReasonMissing, "reason_missing"),
        ({"good": 1, "scrap": {"NOPE": 1}}, UnknownReason, "reason_unknown"),
        ({"good": 1, "note": "x" * 4001}, TextTooLong, "note_too_long"),
    ],
)
def test_a_bad_entry_is_refused_by_name_and_nothing_is_stored(order, entry, kind, code):
    assert refused(kind, order, **entry).code == code


def test_over_delivery_says_what_is_left_and_the_tolerance():
    order = make_work_order(over_delivery_percent=Decimal(5))
    start(order, "10")
    report(order, "10", good=60)
    with pytest.raises(pieces.QuantityOverOrder) as refusal:
        report(order, "10", good=46)
    assert refusal.value.detail == "Order has 40 left (+5 %). Supervisor can allow."
    report(order, "10", good=45)


def test_a_supervisor_can_allow_over_delivery(order):
    boss = make_person()
    assert report(order, "10", good=120, approved_by=boss).approved_by == boss


def test_scrap_does_not_use_up_what_the_order_still_wants(order):
    make_reason(code="BURR")
    report(order, "10", good=0, scrap={"BURR": 20})
    assert report(order, "10", good=100).good_quantity == 100
    with pytest.raises(pieces.QuantityOverOrder, match="Order has 0 left"):
        report(order, "10", good=1)


def test_a_later_operation_books_only_what_came_from_the_one_before(order):
    make_reason(code="BURR")
    report(order, "10", good=40)
    start(order, "20")
    report(order, "20", good=30, scrap={"BURR": 5})
    with pytest.raises(pieces.QuantityOverAvailable, match="Only 5 pcs have come from 10 Step 1"):
        report(order, "20", good=6)
    report(order, "20", good=3, rework=2)


def test_a_supervisor_can_allow_more_than_came_from_the_operation_before(order):
    report(order, "10", good=5)
    start(order, "20")
    boss = make_person()
    assert report(order, "20", good=6, approved_by=boss).approved_by == boss
    with pytest.raises(pieces.QuantityOverAvailable, match="Only 0 pcs have come from 10 Step 1"):
        report(order, "20", good=1)
    report(order, "10", good=2)
    report(order, "20", good=1)


def test_what_was_not_started_cannot_be_reported():
    with pytest.raises(NotStarted):
        report(make_work_order(), "10", good=1)


def test_what_is_finished_cannot_be_reported(order):
    report(order, "10", good=1)
    complete(order, "10")
    with pytest.raises(OperationCompleted):
        report(order, "10", good=1)


def test_nothing_is_booked_on_an_order_that_is_over():
    order = make_work_order(operations=1)
    start(order, "10")
    report(order, "10", good=1)
    complete(order, "10")
    with pytest.raises(WorkOrderClosed, match="was completed"):
        report(order, "10", good=1)


def test_an_unknown_operation_is_not_found():
    with pytest.raises(OperationUnknown):
        services.report_production(
            report_id=uuid.uuid4(), operation_id=0, good_quantity=Decimal(1), person=None, occurred_at=NOW, now=NOW
        )


def test_rework_comes_back_as_good_or_scrap_and_is_never_counted_twice(order):
    make_reason(code="BURR")
    report(order, "10", good=90, rework=10)
    report(order, "10", good=8, scrap={"BURR": 2}, from_rework=True)
    operation = order.operations.get(number="10")
    assert (operation.good_quantity, operation.scrap_quantity, operation.rework_quantity) == (98, 2, 0)
    with pytest.raises(pieces.QuantityOverRework):
        report(order, "10", good=1, from_rework=True)


def test_an_operation_with_open_rework_is_finished_only_with_leave(order):
    report(order, "10", good=90, rework=10)
    with pytest.raises(ReworkOpen):
        complete(order, "10")
    complete(order, "10", approved_by=make_person())


def test_a_reversal_is_the_negative_of_the_report_and_takes_the_sums_back(order, published):
    make_reason(code="BURR")
    first = report(order, "10", good=10, scrap={"BURR": 2}, rework=1)
    second = reverse(first)
    operation = order.operations.get(number="10")
    assert (operation.good_quantity, operation.scrap_quantity, operation.rework_quantity) == (0, 0, 0)
    assert (second.good_quantity, second.scrap_quantity, second.reverses) == (-10, -2, first)
    assert published[-1].reverses == first.pk
    assert published[-1].scrap[0].quantity == -2


def test_a_report_is_reversed_once_and_the_same_reversal_again_is_the_same(order):
    first = report(order, "10", good=10)
    reversal_id = uuid.uuid4()
    reverse(first, reversal_id=reversal_id)
    assert reverse(first, reversal_id=reversal_id).pk == reversal_id
    with pytest.raises(reports.AlreadyReversed):
        reverse(first)


def test_a_reversal_is_not_reversed(order):
    with pytest.raises(reports.CannotReverse):
        reverse(reverse(report(order, "10", good=10)))


def test_a_report_whose_pieces_went_on_cannot_be_taken_back(order):
    first = report(order, "10", good=10)
    start(order, "20")
    report(order, "20", good=5)
    with pytest.raises(reports.CannotReverse, match="20 Step 2 has used these pieces"):
        reverse(first)


def test_consumption_follows_by_itself_and_is_told_before_the_report(published):
    steel = make_item()
    order = make_work_order(components=[(steel, Decimal(200))])
    start(order, "10")
    made = report(order, "10", good=10)
    assert [type(event) for event in published[-2:]] == [MaterialConsumed, ProductionReported]
    consumed = published[-2]
    assert (consumed.quantity, consumed.report_id, consumed.report_quantity) == (20, made.pk, 10)
    assert OrderComponent.objects.get().issued_quantity == 20


def test_scrap_uses_up_material_too():
    make_reason(code="BURR")
    order = make_work_order(components=[(make_item(), Decimal(200))])
    start(order, "10")
    report(order, "10", good=10, scrap={"BURR": 5})
    assert MaterialMovement.objects.get(kind="BACKFLUSH").quantity == 30


def test_what_came_out_of_rework_consumes_nothing_again():
    order = make_work_order(components=[(make_item(), Decimal(100))])
    start(order, "10")
    report(order, "10", good=0, rework=5)
    report(order, "10", good=5, from_rework=True)
    assert OrderComponent.objects.get().issued_quantity == 5


def test_rounding_is_of_the_sum_and_never_of_each_report():
    order = make_work_order(components=[(make_item(), Decimal(33))])
    start(order, "10")
    posted = []
    for _ in range(10):
        report(order, "10", good=1)
        posted.append(OrderComponent.objects.get().issued_quantity)
    assert posted == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_lots_are_taken_first_expired_first_out_and_split():
    steel = make_item(lot_tracked=True)
    make_lot(item=steel, number="LATE", expires_at=NOW + timedelta(days=9), quantity=Decimal(50))
    make_lot(item=steel, number="SOON", expires_at=NOW + timedelta(days=2), quantity=Decimal(8))
    make_lot(item=steel, number="GONE", expires_at=NOW - timedelta(days=1), quantity=Decimal(50))
    make_lot(item=steel, number="HELD", status="HOLD", quantity=Decimal(50))
    order = make_work_order(components=[(steel, Decimal(100))])
    start(order, "10")
    report(order, "10", good=10)
    assert {m.lot.number: m.quantity for m in MaterialMovement.objects.all()} == {"SOON": 8, "LATE": 2}
    assert Lot.objects.get(number="SOON").quantity == 0


def test_what_no_lot_covers_is_recorded_without_a_lot_or_refused_as_the_site_says():
    order = make_work_order(components=[(make_item(lot_tracked=True), Decimal(100))])
    start(order, "10")
    report(order, "10", good=1)
    assert MaterialMovement.objects.get().lot is None
    order.site.lotless_backflush = Site.LotlessBackflush.REFUSE
    order.site.save()
    with pytest.raises(LotShort):
        report(order, "10", good=1)


def test_a_reversal_gives_material_back_to_its_lots(published):
    steel = make_item(lot_tracked=True)
    lot = make_lot(item=steel, quantity=Decimal(50))
    order = make_work_order(components=[(steel, Decimal(100))])
    start(order, "10")
    first = report(order, "10", good=10)
    reverse(first)
    lot.refresh_from_db()
    component = OrderComponent.objects.get()
    assert (lot.quantity, component.issued_quantity, component.backflushed_quantity) == (50, 0, 0)
    back = published[-2]
    assert (back.quantity, back.lot, back.reverses) == (-10, lot.number, MaterialMovement.objects.get(quantity=10).pk)


def test_good_output_fills_its_lot_and_a_reversal_empties_it():
    order = make_work_order(operations=1, item=make_item(lot_tracked=True))
    start(order, "10")
    first = report(order, "10", good=10)
    assert first.lot == order.number
    lot = Lot.objects.get(number=order.number)
    assert lot.quantity == 10
    reverse(first)
    lot.refresh_from_db()
    assert lot.quantity == 0


def test_an_output_lot_that_was_used_cannot_be_taken_back():
    order = make_work_order(operations=1, item=make_item(lot_tracked=True))
    start(order, "10")
    first = report(order, "10", good=10, lot="OUT-1")
    Lot.objects.filter(number="OUT-1").update(quantity=3)
    with pytest.raises(LotShort, match="have been used"):
        reverse(first)


def test_a_quantity_may_have_the_places_of_its_unit():
    kilogram = make_uom(code="kg", name="Kilogram", symbol="kg", dimension="mass", decimals=3)
    order = make_work_order(item=make_item(uom=kilogram))
    start(order, "10")
    assert report(order, "10", good="1.125").good_quantity == Decimal("1.125")


def test_a_report_writes_no_history_of_its_order(order):
    before = order.history.count()
    report(order, "10", good=5)
    assert order.history.count() == before


def test_a_report_costs_few_queries(order):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report(order, "10", good=5)
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) <= 11, [q["sql"][:140] for q in queries]


@pytest.mark.django_db(transaction=True)
def test_fact_and_event_become_true_in_one_transaction(published):
    order = make_work_order()
    start(order, "10")
    with pytest.raises(RuntimeError, match="lost"), transaction.atomic():
        report(order, "10", good=5)
        raise RuntimeError("lost")
    assert not ProductionReport.objects.exists()
    report(order, "10", good=5)
    assert ProductionReport.objects.count() == 1
    with pytest.raises(PublishedOutsideTransaction):
        publish(published[-1])
