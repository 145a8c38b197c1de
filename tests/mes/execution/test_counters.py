"""Pieces by a machine's counter: what it counted since it was read last, less what was reported meanwhile."""

import uuid
from decimal import Decimal

import pytest

from mes.execution import services
from mes.execution.models import CounterReading, Operation, ProductionReport
from mes.execution.services.counters import CounterBack, CounterBehind
from mes.execution.services.floor import NotStarted
from mes.execution.services.pieces import QuantityOverOrder
from mes.execution.services.reports import ReportIdReused
from tests.factories import make_person, make_reason, make_work_order
from tests.mes.execution.helpers import at, report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    found = make_work_order(order_quantity=Decimal(100))
    make_reason(site=found.site, code="BURR")
    start(found, "10")
    return found


def read(order, value, minutes, *, reading_id=None, person=None, **given):
    operation = Operation.objects.get(work_order=order, number="10")
    return services.read_counter(
        reading_id=reading_id or uuid.uuid4(), operation_id=operation.pk, value=Decimal(value), person=person,
        occurred_at=at(minutes), now=at(minutes), **given,
    )  # fmt: skip


def good_of(order):
    return Operation.objects.get(work_order=order, number="10").good_quantity


def test_the_first_reading_starts_counting_and_each_later_one_reports_what_was_made_since(order):
    anna = make_person(site=order.site)
    first = read(order, 1200, 0)
    assert (first.report, good_of(order)) == (None, 0)
    second = read(order, 1230, 10, person=anna)
    assert (second.counted, second.report.good_quantity, second.report.person) == (30, 30, anna)
    assert second.report.pk == second.pk
    read(order, 1241, 20)
    assert good_of(order) == 41


def test_what_was_scrapped_or_reported_by_hand_meanwhile_is_not_counted_twice(order):
    read(order, 0, 0)
    report(order, "10", scrap={"BURR": 2}, when=at(1))
    report(order, "10", good=5, when=at(2))
    assert read(order, 20, 3).report.good_quantity == 13
    report(order, "10", good=4, when=at(4))
    nothing = read(order, 24, 5)
    assert (nothing.counted, nothing.report) == (4, None)
    report(order, "10", good=4, when=at(6))
    with pytest.raises(CounterBehind, match="made 1 since 08:05, but 4 were reported"):
        read(order, 25, 7)


def test_a_counter_that_shows_less_says_why(order):
    read(order, 99990, 0)
    with pytest.raises(CounterBack, match="shows 15, and showed 99990"):
        read(order, 15, 1)
    assert read(order, 15, 1, began_anew="ROLLED").report.good_quantity == 25
    assert read(order, 6, 2, began_anew="RESET").report.good_quantity == 6
    # It is asked for only where it shows less.
    assert read(order, 10, 3, began_anew="RESET").began_anew == ""
    assert good_of(order) == 35


def test_a_reading_whose_pieces_were_taken_back_does_not_count(order):
    read(order, 100, 0)
    wrong = read(order, 190, 1)
    services.reverse_report(
        reversal_id=uuid.uuid4(), report_id=wrong.report.pk, person=None, occurred_at=at(2), now=at(2)
    )
    assert good_of(order) == 0
    assert read(order, 119, 3).report.good_quantity == 19


def test_the_same_reading_again_is_the_first_one(order):
    reading_id = uuid.uuid4()
    read(order, 100, 0)
    again = [read(order, 130, 1, reading_id=reading_id) for _ in range(2)]
    assert again[0] == again[1] and ProductionReport.objects.get().good_quantity == 30
    with pytest.raises(ReportIdReused):
        read(order, 131, 1, reading_id=reading_id)


def test_more_than_the_order_wants_takes_a_supervisor_and_leaves_nothing_without(order):
    read(order, 0, 0)
    with pytest.raises(QuantityOverOrder):
        read(order, 300, 1)
    assert CounterReading.objects.count() == 1
    lea = make_person(site=order.site)
    assert read(order, 300, 1, approved_by=lea).report.approved_by == lea


def test_an_operation_that_has_not_begun_counts_nothing(order):
    other = make_work_order(site=order.site)
    with pytest.raises(NotStarted):
        read(other, 5, 0)
