"""Two at once, where they really run together: no decision twice, no series piece past a shut gate."""

import uuid
from decimal import Decimal

import pytest
from django.conf import settings

from mes.execution import services as execution
from mes.execution.models import Operation
from quality.models import Disposition, InspectionResult, Nonconformance, Reading
from tests.factories import make_reason
from tests.mes.execution.helpers import at, report, start
from tests.mes.execution.test_concurrency import together
from tests.quality.helpers import inspected_order, measure
from tests.quality.test_nonconformances import decide, found

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer: nothing to race"
    ),
]


@pytest.fixture
def order():
    order = inspected_order()
    make_reason(site=order.site, code="BORE")
    start(order, "10")
    return order


def test_deciders_at_once_never_decide_more_than_was_found(order):
    row = found(order, 5)
    results = together(*[lambda: decide(row, "SCRAP", 2) and "booked"] * 4)
    assert sorted(results) == ["booked", "booked", "qty_over_nonconformance", "qty_over_nonconformance"]
    assert Operation.objects.get(work_order=order, number="10").scrap_quantity == 4


def test_the_same_decision_from_two_pages_is_one(order):
    row, disposition_id = found(order, 5), uuid.uuid4()
    results = together(*[lambda: decide(row, "REWORK", 2, disposition_id=disposition_id).pk] * 4)
    assert results == [disposition_id] * 4
    assert Disposition.objects.count() == 1


def test_the_same_nonconformance_from_page_and_worker_is_one(order):
    nonconformance_id = uuid.uuid4()
    together(*[lambda: found(order, 5, nonconformance_id=nonconformance_id, hold="ORDER").pk] * 4)
    assert Nonconformance.objects.count() == 1 and order.holds.count() == 1


def test_the_same_values_from_page_and_worker_are_stored_once(order):
    ids = [uuid.uuid4(), uuid.uuid4()]
    together(*[lambda: measure(order, occurrence="first", when=at(1), ids=ids) and "stored"] * 4)
    assert (Reading.objects.count(), InspectionResult.objects.count()) == (2, 1)


def test_measuring_again_at_once_makes_a_chain_without_branches(order):
    together(*[lambda: measure(order, occurrence="first", when=at(1)) and "stored"] * 4)
    assert Reading.objects.count() == 8
    assert sorted(InspectionResult.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert Reading.objects.filter(remeasures=None).count() == 2


def test_no_series_piece_passes_a_gate_that_is_shut_in_the_same_moment(order):
    measure(order, occurrence="first", when=at(1))
    together(
        lambda: measure(order, bore="13", occurrence="first", when=at(2)),
        *[lambda: report(order, "10", good=1, when=at(3)) and "booked"] * 3,
    )
    last = InspectionResult.objects.order_by("-number").first()
    assert last is not None and last.verdict == "FAILED"
    assert together(lambda: report(order, "10", good=1, when=at(4))) == ["first_piece_open"]


def test_no_piece_is_good_after_a_hold_however_close(order):
    measure(order, occurrence="first", when=at(1))
    results = together(
        lambda: execution.hold_work_order(work_order_id=order.pk, by="qa", now=at(2)) and "held",
        *[lambda: report(order, "10", good=1, when=at(3)) and "booked"] * 3,
    )
    assert set(results) <= {"held", "booked", "wo_held"}
    booked = results.count("booked")
    assert Operation.objects.get(work_order=order, number="10").good_quantity == Decimal(booked)
    assert together(lambda: report(order, "10", good=1, when=at(4))) == ["wo_held"]
