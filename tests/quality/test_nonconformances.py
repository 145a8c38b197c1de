"""What is not as it should be is held, decided about to the last piece, and booked by what decides."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution.models import Operation, ProductionReport
from mes.execution.services.floor import OperationCompleted
from mes.execution.services.locking import WorkOrderClosed, WorkOrderHeld
from mes.masterdata.queries import UnknownReason
from mes.masterdata.rules import QuantityPrecision
from mes.material.models import Lot
from mes.material.services import LotShort
from quality import queries, services
from quality.events import NonconformanceChanged
from quality.models import Disposition, Nonconformance
from tests.factories import NOW, make_item, make_lot, make_person, make_reason, make_work_order
from tests.mes.execution.helpers import at, complete, report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    order = make_work_order(number="WO-7")
    make_reason(site=order.site, code="BORE", name="Bore too wide")
    start(order, "10")
    return order


def operation(order, number="10"):
    return Operation.objects.get(work_order=order, number=number)


def found(order, quantity="5", *, when=None, **given):
    when = when or at(1)
    return services.raise_nonconformance(
        **{"nonconformance_id": uuid.uuid4(), "operation_id": operation(order).pk, "quantity": Decimal(quantity),
           "reason": "BORE", "person": None, "occurred_at": when, "now": when} | given
    )  # fmt: skip


def decide(row, kind, quantity, *, when=None, **given):
    return services.dispose_nonconformance(
        **{"disposition_id": uuid.uuid4(), "nonconformance_id": row.pk, "kind": kind, "quantity": Decimal(quantity),
           "person": None, "by": "qa", "now": when or at(9), "note": "as agreed"} | given
    )  # fmt: skip


def test_each_disposition_makes_its_own_booking_and_the_parts_add_up(order, published):
    row = found(order, 10, person=make_person(number="7"))
    scrap, rework, good = decide(row, "SCRAP", 2), decide(row, "REWORK", 3), decide(row, "USE_AS_IS", 5)
    step = operation(order)
    assert (step.scrap_quantity, step.rework_quantity, step.good_quantity) == (2, 3, 5)
    assert scrap.report.scrap_lines.get().reason.code == "BORE"
    assert (rework.report.rework_quantity, good.report.good_quantity) == (3, 5)
    row.refresh_from_db()
    assert row.closed_at == at(9)
    told = [one for one in published if isinstance(one, NonconformanceChanged)]
    assert [(one.status, one.disposition, one.open_quantity) for one in told] == [
        ("OPENED", "", 10), ("DISPOSED", "SCRAP", 8), ("DISPOSED", "REWORK", 5), ("DISPOSED", "USE_AS_IS", 0),
    ]  # fmt: skip
    assert {one.nonconformance for one in told} == {row.number} and told[0].person == "7"


def test_no_more_is_decided_about_than_was_found(order):
    row = found(order, 3)
    decide(row, "SCRAP", 2)
    with pytest.raises(services.QuantityOverNonconformance, match="has 1 pcs left"):
        decide(row, "SCRAP", 2)
    decide(row, "SCRAP", 1)
    with pytest.raises(services.AlreadyDecided):
        decide(row, "SCRAP", 1)
    assert operation(order).scrap_quantity == 3


@settings(max_examples=25)
@given(parts=st.lists(st.tuples(st.sampled_from(["SCRAP", "REWORK", "USE_AS_IS"]), st.integers(1, 8)), max_size=8))
def test_whatever_is_decided_the_bookings_equal_the_decisions(django_db_blocker, parts):
    with django_db_blocker.unblock():
        order = make_work_order()
        make_reason(site=order.site, code=f"X{order.pk}")
        start(order, "10")
        row = found(order, 12, reason=f"X{order.pk}")
        for kind, quantity in parts:
            try:
                decide(row, kind, quantity)
            except DomainError:
                continue
        step = operation(order)
        decided = {kind: Decimal(0) for kind in Disposition.Kind.values}
        for one in Disposition.objects.filter(nonconformance=row):
            decided[one.kind] += one.quantity
        assert (step.scrap_quantity, step.rework_quantity, step.good_quantity) == (
            decided["SCRAP"], decided["REWORK"], decided["USE_AS_IS"],
        )  # fmt: skip
        row = Nonconformance.objects.get(pk=row.pk)
        assert queries.left_of(row) == 12 - sum(decided.values()) >= 0
        assert (row.closed_at is not None) == (queries.left_of(row) == 0)


def test_the_same_report_and_the_same_decision_again_are_one(order, published):
    nonconformance_id, disposition_id = uuid.uuid4(), uuid.uuid4()
    row = found(order, nonconformance_id=nonconformance_id)
    assert found(order, nonconformance_id=nonconformance_id) == row
    first = decide(row, "SCRAP", 2, disposition_id=disposition_id)
    assert decide(row, "SCRAP", 2, disposition_id=disposition_id) == first
    assert operation(order).scrap_quantity == 2
    assert len([one for one in published if isinstance(one, NonconformanceChanged)]) == 2
    with pytest.raises(InvalidInput, match="used for another"):
        found(order, 6, nonconformance_id=nonconformance_id)
    with pytest.raises(InvalidInput, match="used for another"):
        decide(row, "SCRAP", 1, disposition_id=disposition_id)


def test_a_hold_comes_with_it_at_once_and_is_lifted_by_itself(order):
    row = found(order, hold="ORDER", when=at(2))
    with pytest.raises(WorkOrderHeld, match=f"{row.number} Bore too wide"):
        report(order, "10", good=1, when=at(3))
    assert row.order_hold.source == "quality"
    decide(row, "SCRAP", 1)
    decide(row, "USE_AS_IS", 4)
    order.refresh_from_db()
    assert order.held
    services.lift_hold_of(nonconformance_id=row.pk, by="qa", now=at(10), note="gauged")
    report(order, "10", good=1, when=at(11))
    with pytest.raises(DomainError, match="before"):
        services.lift_hold_of(nonconformance_id=row.pk, by="qa", now=at(12))


def test_a_hold_may_be_of_the_operation_only(order):
    found(order, hold="OPERATION", when=at(2))
    order.refresh_from_db()
    assert not order.held and operation(order).held
    with pytest.raises(InvalidInput):
        found(order, hold="PLANT", when=at(2))


def test_one_without_a_hold_has_none_to_lift(order):
    with pytest.raises(NotFound):
        services.lift_hold_of(nonconformance_id=found(order).pk, by="qa", now=at(3))


def test_pieces_made_here_have_no_supplier(order):
    with pytest.raises(services.CannotDispose, match="have no supplier"):
        decide(found(order), "RETURN", 1)


def test_use_as_is_wants_a_reason(order):
    with pytest.raises(InvalidInput, match="Write why"):
        decide(found(order), "USE_AS_IS", 1, note=" ")


def test_a_booking_that_is_refused_decides_nothing(order):
    row = found(order, 5)
    report(order, "10", good=100, when=at(2))
    complete(order, "10", when=at(3))
    with pytest.raises(OperationCompleted):
        decide(row, "SCRAP", 5)
    assert not Disposition.objects.exists() and not ProductionReport.objects.filter(scrap_quantity__gt=0).exists()


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1e13"])
def test_a_quantity_that_cannot_be_is_refused(order, quantity):
    with pytest.raises(InvalidInput):
        found(order, quantity)
    with pytest.raises(InvalidInput):
        decide(found(order), "SCRAP", quantity)


def test_what_is_finer_than_the_unit_or_unknown_is_refused(order):
    with pytest.raises(QuantityPrecision):
        found(order, "0.5")
    with pytest.raises(QuantityPrecision):
        decide(found(order), "SCRAP", "0.5")
    with pytest.raises(UnknownReason):
        found(order, reason="NOPE")
    with pytest.raises(InvalidInput, match="none of SCRAP"):
        decide(found(order), "EAT", 1)
    with pytest.raises(NotFound):
        decide(Nonconformance(pk=10**9), "SCRAP", 1)


def test_nothing_is_found_on_an_order_that_is_over(order):
    order.status = "CLOSED"
    order.save()
    with pytest.raises(WorkOrderClosed):
        found(order)


class TestLots:
    @pytest.fixture
    def lot(self):
        lot = make_lot(item=make_item(number="STEEL", lot_tracked=True), number="L-1", quantity=Decimal(50))
        make_reason(site=lot.site, code="RUST", name="Rust")
        return lot

    def reject(self, lot, quantity="10", **given):
        return services.raise_for_lot(
            **{"nonconformance_id": uuid.uuid4(), "lot_id": lot.pk, "quantity": Decimal(quantity), "reason": "RUST",
               "person": None, "by": "qa", "occurred_at": NOW, "now": NOW} | given
        )  # fmt: skip

    def test_a_lot_is_held_with_it_and_may_be_used_as_it_is(self, lot, published):
        row = self.reject(lot)
        assert Lot.objects.get().status == "HOLD"
        assert published[-1].subject == "lot/STEEL/L-1"
        decide(row, "USE_AS_IS", 10)
        services.lift_hold_of(nonconformance_id=row.pk, by="qa", now=at(2))
        kept = Lot.objects.get()
        assert (kept.status, kept.quantity) == ("AVAILABLE", 50)

    def test_what_is_scrapped_or_sent_back_leaves_the_lot_although_it_is_held(self, lot):
        row = self.reject(lot)
        scrap = decide(row, "SCRAP", 4)
        back = decide(row, "RETURN", 6)
        assert (scrap.movement.kind, back.movement.kind) == ("SCRAP", "SHIPMENT")
        assert row.number in back.movement.reference
        kept = Lot.objects.get()
        assert (kept.quantity, kept.status) == (40, "HOLD")
        assert Nonconformance.objects.get().closed_at == at(9)

    def test_what_the_lot_has_not_any_more_cannot_be_sent_back(self, lot):
        row = self.reject(lot)
        Lot.objects.update(quantity=3)
        with pytest.raises(LotShort):
            decide(row, "RETURN", 6)
        assert not Disposition.objects.exists()

    def test_without_a_hold_it_stays_usable(self, lot):
        self.reject(lot, hold=False)
        assert Lot.objects.get().status == "AVAILABLE"

    def test_no_more_than_the_lot_has_is_nonconforming(self, lot):
        with pytest.raises(services.QuantityOverStock, match="has 50"):
            self.reject(lot, 51)

    def test_a_lot_is_reworked_by_an_order(self, lot):
        with pytest.raises(services.CannotDispose, match="make an order"):
            decide(self.reject(lot), "REWORK", 1)

    def test_a_lot_that_is_not_there_is_not_found(self, lot):
        with pytest.raises(NotFound):
            self.reject(Lot(pk=10**9))
