"""Genealogy is read from the facts: every way in which a lot gets into another one, and nothing that was taken back."""

import uuid
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.execution.services import issue_component, return_component
from mes.material import services
from mes.material.models import Lot, MaterialMovement
from mes.material.queries import trace
from tests.factories import NOW, make_item, make_lot, make_reason, make_work_order
from tests.mes.execution.helpers import at, report, reverse, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def product():
    return make_item(number="PART", name="Part", lot_tracked=True)


def order_of(product, *components, number="WO-7", operations=1, backflush=False, **given):
    order = make_work_order(
        number=number, item=product, operations=operations, components=[(item, Decimal(100)) for item in components],
        **given,
    )  # fmt: skip
    order.components.update(backflush=backflush)
    for operation in order.operations.all():
        start(order, operation.number, activity="SETUP")
    return order


def issue(order, lot, quantity=1, *, minute=0, verb=issue_component):
    return verb(
        movement_id=uuid.uuid4(), work_order_id=order.pk, item=lot.item.number, lot=lot.number,
        quantity=Decimal(quantity), person=None, occurred_at=at(minute), now=at(minute),
    )  # fmt: skip


def move(lot, to, quantity=1, *, minute=0):
    return services.transfer_lot(
        movement_id=uuid.uuid4(), item=lot.item, lot_number=lot.number, to_lot=to, quantity=Decimal(quantity),
        person=None, occurred_at=at(minute), now=at(minute),
    )  # fmt: skip


def regrind(order, item, lot, quantity=1, *, minute=0):
    use = services.Use(
        site=order.site, work_order=order.number, operation="10", person=None, occurred_at=at(minute), now=at(minute)
    )
    return services.put_out_byproduct(
        movement_id=uuid.uuid4(), use=use, item=item, lot_number=lot, quantity=Decimal(quantity)
    )


def lot(number):
    return Lot.objects.get(number=number)


def down(number):
    found = trace(lot_id=lot(number).pk, down=True)
    return {one.number for one in found.lots.values() if one.id != found.origin}


def up(number):
    found = trace(lot_id=lot(number).pk, down=False)
    return {one.number for one in found.lots.values() if one.id != found.origin}


def test_a_report_leads_from_what_it_consumed_to_what_it_put_out(steel, product):
    order = order_of(product, steel, backflush=True)
    make_lot(item=steel, number="S1", quantity=Decimal(10))
    report(order, "10", good=10, lot="A")
    make_lot(item=steel, number="S2", quantity=Decimal(10))
    report(order, "10", good=10, lot="B")
    assert (down("S1"), down("S2")) == ({"A"}, {"B"})
    assert (up("A"), up("B")) == ({"S1"}, {"S2"})
    (link,) = trace(lot_id=lot("S1").pk, down=True).links
    assert (link.work_order, link.sure, link.quantity) == ("WO-7", True, 10)


def test_what_was_issued_by_hand_is_in_every_lot_put_out_from_then_on(steel, product):
    order = order_of(product, steel)
    first, second = make_lot(item=steel, number="S1"), make_lot(item=steel, number="S2")
    issue(order, first, 5, minute=0)
    report(order, "10", good=1, lot="A", when=at(10))
    issue(order, second, 5, minute=20)
    report(order, "10", good=1, lot="B", when=at(30))
    assert (up("A"), up("B")) == ({"S1"}, {"S1", "S2"})
    assert not any(link.sure for link in trace(lot_id=lot("B").pk, down=False).links)


def test_a_scan_that_came_late_is_not_lost_to_a_recall(steel, product):
    order = order_of(product, steel)
    report(order, "10", good=1, lot="A", when=at(10))
    issue(order, make_lot(item=steel, number="S1"), 5, minute=20)
    found = trace(lot_id=lot("S1").pk, down=True)
    assert down("S1") == {"A"}
    assert [(one.work_order, one.quantity) for one in found.in_process] == [("WO-7", 5)]


def test_what_an_earlier_operation_used_is_in_the_lots_of_the_last_one(steel, product):
    order = order_of(product, steel, operations=2, backflush=True)
    make_lot(item=steel, number="S1", quantity=Decimal(5))
    report(order, "10", good=5, when=at(1))
    report(order, "20", good=5, lot="A", when=at(2))
    make_lot(item=steel, number="S2", quantity=Decimal(5))
    report(order, "10", good=5, when=at(3))
    report(order, "20", good=5, lot="B", when=at(4))
    assert (up("A"), down("S2")) == ({"S1"}, {"B"})


def test_what_went_into_pieces_for_rework_is_in_the_lot_they_end_in(steel, product):
    order = order_of(product, steel, backflush=True)
    make_lot(item=steel, number="S1", quantity=Decimal(4))
    report(order, "10", rework=4, when=at(1))
    make_lot(item=steel, number="S2", quantity=Decimal(90))
    report(order, "10", good=3, lot="B", when=at(2))
    report(order, "10", good=4, lot="R", from_rework=True, when=at(3))
    assert "R" in down("S1")
    assert (down("S2"), up("R")) == ({"B"}, {"S1"})


def test_what_only_became_scrap_is_in_no_lot(steel, product):
    make_reason(code="BURR")
    order = order_of(product, steel, backflush=True)
    make_lot(item=steel, number="S1", quantity=Decimal(3))
    report(order, "10", scrap={"BURR": 3}, when=at(1))
    make_lot(item=steel, number="S2", quantity=Decimal(90))
    report(order, "10", good=3, lot="A", when=at(2))
    assert (down("S1"), up("A")) == (set(), {"S2"})


def test_splits_and_merges_are_followed_both_ways(steel):
    make_lot(item=steel, number="S1")
    make_lot(item=steel, number="S2")
    move(lot("S1"), "S1-a", 10)
    move(lot("S1"), "S1-b", 10)
    move(lot("S1-b"), "MIX", 5)
    move(lot("S2"), "MIX", 5)
    assert down("S1") == {"S1-a", "S1-b", "MIX"}
    assert up("MIX") == {"S1-b", "S1", "S2"}
    assert (lot("MIX").quantity, lot("S1").quantity) == (10, 980)


def test_a_reversed_report_leaves_no_trace(steel, product):
    order = order_of(product, steel, backflush=True)
    make_lot(item=steel, number="S1", quantity=Decimal(100))
    made = report(order, "10", good=10, lot="A")
    assert down("S1") == {"A"}
    reverse(made)
    assert (down("S1"), up("A")) == (set(), set())


def test_what_came_back_whole_is_in_nothing_and_what_came_back_in_part_is(steel, product):
    order = order_of(product, steel)
    first, second = make_lot(item=steel, number="S1"), make_lot(item=steel, number="S2")
    issue(order, first, 5)
    issue(order, second, 5)
    issue(order, first, 5, verb=return_component, minute=1)
    issue(order, second, 4, verb=return_component, minute=1)
    report(order, "10", good=1, lot="A", when=at(2))
    assert up("A") == {"S2"}


def test_regrind_that_is_used_again_is_a_circle_that_ends(steel, product):
    pellets = make_item(number="REGRIND", lot_tracked=True)
    order = order_of(product, steel, pellets)
    issue(order, make_lot(item=steel, number="S1"), 5)
    report(order, "10", good=1, lot="A", when=at(1))
    regrind(order, pellets, "G", 5, minute=2)
    issue(order, lot("G"), 3, minute=3)
    report(order, "10", good=1, lot="B", when=at(4))
    regrind(order, pellets, "G", 1, minute=5)
    assert down("S1") == {"A", "B", "G"}
    assert up("G") == {"S1"} and down("G") == {"B"}
    assert lot("G").pk in {link.target for link in trace(lot_id=lot("G").pk, down=True).links}


def test_depth_is_the_shortest_way(steel, product):
    order = order_of(product, steel)
    issue(order, make_lot(item=steel, number="S1"), 5)
    move(lot("S1"), "S1-a", 5, minute=1)
    issue(order, lot("S1-a"), 5, minute=2)
    report(order, "10", good=1, lot="A", when=at(3))
    found = trace(lot_id=lot("S1").pk, down=True)
    assert {one.number: one.depth for one in found.lots.values()} == {"S1": 0, "S1-a": 1, "A": 1}


def test_a_trace_stays_at_its_site_although_another_has_an_order_of_that_number(steel, product):
    from tests.factories import make_site  # noqa: PLC0415

    order = order_of(product, steel)
    issue(order, make_lot(item=steel, number="S1"), 5)
    report(order, "10", good=1, lot="A", when=at(3))
    elsewhere = make_site(code="P2", name="Plant 2")
    other = make_item(number="PART", site=elsewhere, lot_tracked=True)
    report(order_of(other, number="WO-7"), "10", good=1, lot="X", when=at(4))
    assert down("S1") == {"A"}


def test_what_was_shipped_is_said_with_the_lot(steel):
    make_lot(item=steel, number="S1", quantity=Decimal(10))
    services.ship_lot(
        movement_id=uuid.uuid4(), item=steel, lot_number="S1", quantity=Decimal(4), reference="D-881 Miller",
        person=None, occurred_at=NOW, now=NOW,
    )  # fmt: skip
    (origin,) = trace(lot_id=lot("S1").pk, down=True).lots.values()
    assert (origin.quantity, origin.shipped, origin.shipped_to) == (6, 4, "D-881 Miller")


# --- Whatever the facts are: the same graph as one that is computed from them by hand ----------------------------------

ORDER, LOT, REPORT, MINUTE = st.integers(0, 2), st.integers(0, 7), st.integers(0, 5), st.integers(0, 9)
FACTS = st.lists(
    st.one_of(
        st.tuples(st.just("by hand"), ORDER, LOT, MINUTE),
        st.tuples(st.just("upstream"), REPORT, LOT, MINUTE),
        st.tuples(st.just("by report"), REPORT, LOT),
        st.tuples(st.just("returned"), ORDER, LOT, st.integers(1, 4)),
        st.tuples(st.just("put out"), REPORT, LOT, st.booleans()),
        st.tuples(st.just("besides"), ORDER, LOT, MINUTE),
        st.tuples(st.just("transfer"), LOT, LOT),
    ),
    min_size=8,
    max_size=30,
)
"""A report belongs to the order of its number modulo three, and is made in the minute of its number."""


def rows_of(facts, lots, reversed_reports):
    """Return the movements that the services would have stored for these facts."""
    item, rows, tag = lots[0].item, [], uuid.uuid4()

    def add(kind, lot, *, order=None, report=None, minute=0, quantity=2, pooled=False, belongs_to=None):
        rows.append(
            MaterialMovement(
                id=uuid.uuid4(), site_id=item.site_id, item=item, uom=item.uom, kind=kind, lot=lots[lot],
                quantity=Decimal(quantity), work_order="" if order is None else f"W{order}-{tag}", pooled=pooled,
                report_id=belongs_to or (None if report is None else uuid.uuid5(tag, str(report))),
                occurred_at=at(minute), recorded_at=at(minute),
            )
        )  # fmt: skip
        if report in reversed_reports:
            taken_back = MaterialMovement(**{name: value for name, value in vars(rows[-1]).items() if name[0] != "_"})
            taken_back.id, taken_back.quantity, taken_back.reverses = uuid.uuid4(), -taken_back.quantity, rows[-1]
            rows.append(taken_back)

    for kind, first, second, *rest in facts:
        if kind == "by hand":
            add("ISSUE", second, order=first, minute=rest[0], pooled=True)
        elif kind == "upstream":
            add("BACKFLUSH", second, order=first % 3, report=first + 10, minute=rest[0], pooled=True)
        elif kind == "by report":
            add("BACKFLUSH", second, order=first % 3, report=first, minute=first)
        elif kind == "returned":
            add("RETURN", second, order=first, quantity=-rest[0], minute=9, pooled=True)
        elif kind == "put out":
            add("OUTPUT", second, order=first % 3, report=first, minute=first)
        elif kind == "besides":
            add("OUTPUT", second, order=first, minute=rest[0], pooled=True)
        elif first != second:
            one = uuid.uuid4()
            add("TRANSFER", first, quantity=-1, belongs_to=one)
            add("TRANSFER", second, quantity=1, belongs_to=one)
    return rows


def edges_of(facts, reversed_reports):
    """Return (source, target) of every link as a person would find them, fact by fact."""
    net, uses, outputs, found = defaultdict(int), [], [], set()
    for kind, first, second, *rest in facts:
        if kind == "transfer" and first != second:
            found.add((first, second))
        elif kind == "by hand":
            uses.append((first, second, "whole", rest[0]))
            net[first, second] += 2
        elif kind == "upstream" and first + 10 not in reversed_reports:
            uses.append((first % 3, second, "whole", rest[0]))
            net[first % 3, second] += 2
        elif kind == "by report" and first not in reversed_reports:
            uses.append((first % 3, second, first, first))
            net[first % 3, second] += 2
        elif kind == "returned":
            net[first, second] -= rest[0]
        elif kind == "put out" and first not in reversed_reports:
            outputs.append((first % 3, second, first, first))
        elif kind == "besides":
            outputs.append((first, second, None, rest[0]))
    for order, source, bound, minute in uses:
        here = [one for one in outputs if one[0] == order and net[order, source] > 0]
        later = any(of is not None and made >= minute for _order, _lot, of, made in here)
        for _order, target, of, made in here:
            in_time = made >= minute or not later
            if bound == of or (in_time and (bound == "whole" or of is None)):
                found.add((source, target))
    return found


def reachable(edges, start):
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        fresh = {target for source, target in edges if source == here} - seen
        seen |= fresh
        waiting += fresh
    return seen


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=FACTS, reversed_reports=st.sets(st.sampled_from([0, 1, 2, 10, 11]), max_size=2),
    asked=st.integers(0, 7), is_down=st.booleans(),
)  # fmt: skip
def test_the_trace_is_the_graph_that_a_person_finds_fact_by_fact(facts, reversed_reports, asked, is_down):
    item = make_item(lot_tracked=True)
    lots = [make_lot(item=item) for _ in range(8)]
    MaterialMovement.objects.bulk_create(rows_of(facts, lots, reversed_reports))
    edges = edges_of(facts, reversed_reports)
    found = trace(lot_id=lots[asked].pk, down=is_down)
    index = {one.pk: number for number, one in enumerate(lots)}
    expected = reachable(edges if is_down else {(target, source) for source, target in edges}, asked)
    assert {index[pk] for pk in found.lots} == expected
    links = {(index[link.source], index[link.target]) for link in found.links}
    assert links == {edge for edge in edges if (edge[0] if is_down else edge[1]) in expected}
