"""Whatever is reported, reversed and refused in whatever order: the sums are the facts, and nothing is booked twice."""

import uuid
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.core.errors import DomainError
from mes.execution import rules
from mes.execution.models import Operation, OrderComponent, ProductionReport, ScrapLine
from mes.material.models import Lot, MaterialMovement
from tests.factories import make_item, make_lot, make_reason, make_work_order
from tests.mes.execution.helpers import report, reverse, start

WHOLE = st.integers(min_value=0, max_value=60)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("report"), st.sampled_from(["10", "20", "30"]), WHOLE, st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("rework"), st.sampled_from(["10", "20", "30"]), st.integers(0, 9), st.integers(0, 5)),
        st.tuples(st.just("again"), st.integers(0, 50)),
        st.tuples(st.just("reverse"), st.integers(0, 50)),
    ),
    max_size=25,
)


def try_step(order, step, made):
    """Do one step as a terminal would, and take a refusal as an answer."""
    kind, *rest = step
    try:
        if kind == "report":
            number, good, scrap, rework = rest
            report_id = uuid.uuid4()
            entry = {"good": good, "scrap": {"BURR": scrap} if scrap else {}, "rework": rework}
            report(order, number, report_id=report_id, **entry)
            made.append((report_id, number, entry))
        elif kind == "rework":
            number, good, scrap = rest
            report(order, number, good=good, scrap={"BURR": scrap} if scrap else {}, from_rework=True)
        elif kind == "again" and made:
            report_id, number, entry = made[rest[0] % len(made)]
            report(order, number, report_id=report_id, **entry)
        elif kind == "reverse" and made:
            reverse(ProductionReport.objects.get(pk=made[rest[0] % len(made)][0]))
    except DomainError:
        pass


def sums(rows, *names):
    found = rows.aggregate(**{name: Sum(name) for name in names})
    return [found[name] or Decimal(0) for name in names]


QUANTITIES = ("good_quantity", "scrap_quantity", "rework_quantity")


def check(order, over):
    order.refresh_from_db()
    operations = list(Operation.objects.filter(work_order=order).order_by("position"))
    for operation in operations:
        facts = sums(ProductionReport.objects.filter(operation=operation), *QUANTITIES)
        assert [getattr(operation, name) for name in QUANTITIES] == facts
        lines = sums(ScrapLine.objects.filter(report__operation=operation), "quantity")
        assert lines == [operation.scrap_quantity]
    assert order.good_quantity == operations[-1].good_quantity
    assert order.scrap_quantity == sum(operation.scrap_quantity for operation in operations)
    assert order.rework_quantity == sum(operation.rework_quantity for operation in operations)
    assert operations[0].good_quantity <= rules.ceiling(order_quantity=order.order_quantity, over_delivery_percent=over)
    for earlier, later in zip(operations, operations[1:], strict=False):
        assert later.booked_quantity <= earlier.good_quantity
    for component in OrderComponent.objects.filter(work_order=order):
        posted = sums(MaterialMovement.objects.filter(component_id=component.pk), "quantity")
        assert posted == [component.issued_quantity] == [component.backflushed_quantity]
    for lot in Lot.objects.filter(item__number__startswith="LOTTED"):
        used = sums(MaterialMovement.objects.filter(lot=lot), "quantity")[0]
        assert lot.quantity == 1000 - used


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, over=st.sampled_from([Decimal(0), Decimal(10)]))
def test_sums_are_facts_and_no_operation_books_more_than_it_got(steps, over):
    lotted = make_item(number=f"LOTTED-{uuid.uuid4().hex[:8]}", lot_tracked=True)
    make_lot(item=lotted)
    order = make_work_order(
        operations=3, components=[(lotted, Decimal(33)), (make_item(), Decimal(250))], over_delivery_percent=over
    )
    if not order.site.reasons.exists():
        make_reason(code="BURR")
    for operation in order.operations.all():
        start(order, operation.number, activity="SETUP")
    made = []
    for step in steps:
        try_step(order, step, made)
        check(order, over)


@given(
    required=st.integers(1, 10**6), order_quantity=st.integers(1, 10**4), decimals=st.integers(0, 6),
    pieces=st.lists(st.integers(1, 100), max_size=40),
)  # fmt: skip
def test_what_was_backflushed_is_always_the_rounded_requirement_of_all_pieces(
    required, order_quantity, decimals, pieces
):
    posted = processed = Decimal(0)
    for n in pieces:
        processed += n
        due = rules.backflush_due(
            required=Decimal(required), order_quantity=Decimal(order_quantity), processed=processed, posted=posted,
            decimals=decimals,
        )  # fmt: skip
        assert due >= 0
        posted += due
        exact = Decimal(required) * processed / Decimal(order_quantity)
        assert abs(posted - exact) <= Decimal("0.5").scaleb(-decimals)
