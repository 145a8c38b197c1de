"""What lies at the line is used there first, comes from the store and goes back to it, and is never more than there is."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings as django_settings
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.core.errors import DomainError, NotFound
from mes.execution.models import OrderComponent
from mes.execution.services import issue_component, return_component
from mes.execution.services.components import NoLinePlace
from mes.material import services
from mes.material.events import LineStockMoved
from mes.material.models import Lot, PlaceMovement, PlaceStock
from mes.material.queries import line_stock
from tests.factories import NOW, make_item, make_lot, make_site, make_stock_place, make_work_center, make_work_order
from tests.mes.execution.helpers import report, reverse, start
from tests.mes.execution.test_concurrency import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def order(steel):
    return make_work_order(number="WO-7", operations=1, components=[(steel, Decimal(100))], order_quantity=Decimal(100))


@pytest.fixture
def place(order):
    return make_stock_place(work_center=order.operations.get().work_center, code="RACK-1")


def lot_of(steel, number, quantity=50, days=None):
    expires = NOW + timedelta(days=days) if days else None
    return make_lot(item=steel, number=number, quantity=Decimal(quantity), expires_at=expires)


def bring(place, item, lot="L-1", quantity=10, verb=services.replenish_place, **given_):
    return verb(
        **{"movement_id": uuid.uuid4(), "place_id": place.pk, "item": item, "lot_number": lot, "quantity": Decimal(quantity),
           "person": None, "occurred_at": NOW, "now": NOW} | given_
    )  # fmt: skip


def take_back(place, item, lot="L-1", quantity=10, **given_):
    return bring(place, item, lot, quantity, services.return_to_store, **given_)


def issue(order, quantity, lot="L-1", verb=issue_component, **given_):
    return verb(
        **{"movement_id": uuid.uuid4(), "work_order_id": order.pk, "item": "STEEL", "lot": lot,
           "quantity": Decimal(quantity), "person": None, "occurred_at": NOW, "now": NOW} | given_
    )  # fmt: skip


def there(place):
    rows = PlaceStock.objects.filter(place=place, quantity__gt=0).select_related("lot", "item")
    return {row.lot.number if row.lot else row.item.number: row.quantity for row in rows}


def left(number="L-1"):
    return Lot.objects.get(number=number).quantity


def test_what_comes_to_the_line_stays_the_same_lot_and_is_as_much_as_before(steel, place, published):
    lot_of(steel, "L-1")
    movement_id = uuid.uuid4()
    for _ in range(2):
        bring(place, steel, movement_id=movement_id)
    assert (there(place), left()) == ({"L-1": 10}, 50)
    (told,) = [event for event in published if isinstance(event, LineStockMoved)]
    assert (told.movement, told.place, told.lot, told.quantity) == ("REPLENISH", "RACK-1", "L-1", 10)
    with pytest.raises(services.MovementIdReused):
        bring(place, steel, quantity=11, movement_id=movement_id)


def test_a_clock_that_was_never_set_brings_nothing_in_1970(steel, place, published):
    lot_of(steel, "L-1")
    assert bring(place, steel, occurred_at=NOW.replace(year=1970)).occurred_at == NOW
    assert [event.occurred_at for event in published] == [NOW]


def test_an_issue_takes_from_the_own_line_first_and_the_rest_from_the_store(steel, order, place):
    lot_of(steel, "L-1")
    bring(place, steel)
    issue(order, 4)
    assert (there(place), left()) == ({"L-1": 6}, 46)
    issue(order, 9)
    assert (there(place), left()) == ({}, 37)


def test_another_line_is_touched_only_by_what_the_store_cannot_cover(steel, order, place):
    lot_of(steel, "L-1")
    elsewhere = make_stock_place(work_center=make_work_center(), code="RACK-2")
    bring(elsewhere, steel, quantity=30)
    issue(order, 20)
    assert there(elsewhere) == {"L-1": 30}
    issue(order, 5)
    assert (there(elsewhere), left()) == ({"L-1": 25}, 25)


def test_backflush_empties_the_line_first_expired_first_before_it_takes_an_older_lot_of_the_store(steel, order, place):
    for number, days in (("L-OLD", 5), ("L-LATE", 30), ("L-SOON", 10)):
        lot_of(steel, number, days=days)
    bring(place, steel, "L-LATE", 10)
    bring(place, steel, "L-SOON", 10)
    start(order, "10")
    report(order, "10", good=15)
    assert there(place) == {"L-LATE": 5} and (left("L-SOON"), left("L-LATE"), left("L-OLD")) == (40, 45, 50)
    report(order, "10", good=10)
    assert there(place) == {} and (left("L-LATE"), left("L-OLD")) == (40, 45)


def test_a_report_that_is_taken_back_puts_back_where_it_was(steel, order, place):
    lot_of(steel, "L-1")
    bring(place, steel)
    start(order, "10")
    first = report(order, "10", good=25)
    assert there(place) == {}
    reverse(first)
    assert (there(place), left()) == ({"L-1": 10}, 50)


def test_what_is_left_over_stays_at_the_line_or_goes_to_the_store(steel, order, place):
    lot_of(steel, "L-1")
    bring(place, steel)
    issue(order, 10)
    issue(order, 3, verb=return_component, to_line=True)
    issue(order, 2, verb=return_component)
    assert (there(place), left()) == ({"L-1": 3}, 45)
    place.active = False
    place.save()
    with pytest.raises(NoLinePlace):
        issue(order, 1, verb=return_component, to_line=True)


def test_items_without_lots_are_counted_at_the_line_only(place):
    bolts = make_item(number="BOLT")
    bring(place, bolts, "", 500)
    assert there(place) == {"BOLT": 500}
    with pytest.raises(services.PlaceShort, match="RACK-1 has 500 pcs of BOLT"):
        take_back(place, bolts, "", 501)
    take_back(place, bolts, "", 200)
    assert there(place) == {"BOLT": 300}


def test_what_is_not_there_is_refused_in_words(steel, place):
    lot_of(steel, "L-1")
    bring(place, steel, quantity=45)
    with pytest.raises(services.LotShort, match="The store has 5 pcs of lot L-1"):
        bring(place, steel, quantity=6)
    with pytest.raises(services.NothingMoved):
        bring(place, steel, quantity=0)
    with pytest.raises(services.LotUnknown):
        bring(place, steel, "L-9")
    with pytest.raises(NotFound):
        bring(place, make_item(site=make_site(code="P2"), number="X"), "")
    services.hold_lot(lot_id=Lot.objects.get().pk, by="kim", now=NOW)
    with pytest.raises(services.LotBlocked):
        bring(place, steel, quantity=1)
    take_back(place, steel, quantity=45)
    assert there(place) == {}


def test_a_mistake_is_reversed_once_and_not_after_it_was_used(steel, order, place, published):
    lot_of(steel, "L-1")

    def undo(done, **given_):
        return services.reverse_place_movement(
            **{"reversal_id": uuid.uuid4(), "movement_id": done.pk, "person": None, "occurred_at": NOW, "now": NOW} | given_
        )  # fmt: skip

    brought = bring(place, steel)
    reversal_id = uuid.uuid4()
    assert undo(brought, reversal_id=reversal_id).pk == undo(brought, reversal_id=reversal_id).pk == reversal_id
    assert there(place) == {} and published[-1].reverses == brought.pk
    with pytest.raises(services.PlaceMoveReversed):
        undo(brought)
    again = bring(place, steel)
    issue(order, 5)
    with pytest.raises(services.PlaceShort):
        undo(again)
    used = PlaceMovement.objects.get(kind="USE")
    with pytest.raises(services.PlaceMoveReversed):
        undo(used)
    back = take_back(place, steel, quantity=5)
    issue(order, 45)
    with pytest.raises(services.LotShort):
        undo(back)


def test_a_lot_that_leaves_the_plant_or_is_scrapped_is_no_longer_at_the_line(steel, place):
    lot_of(steel, "L-1")
    bring(place, steel, quantity=40)
    services.ship_lot(
        movement_id=uuid.uuid4(), item=steel, lot_number="L-1", quantity=Decimal(30), reference="D-1", person=None,
        occurred_at=NOW, now=NOW,
    )  # fmt: skip
    assert (there(place), left()) == ({"L-1": 20}, 20)


def test_the_line_shows_what_lies_there_and_what_the_store_has(steel, place):
    lot_of(steel, "L-1", days=9)
    lot_of(steel, "L-2", days=3)
    for number in ("L-1", "L-2"):
        bring(place, steel, number)
    shown = [
        (one.row.lot.number, one.row.quantity, one.stored) for one in line_stock(work_center_id=place.work_center_id)
    ]
    assert shown == [("L-2", 10, 40), ("L-1", 10, 40)]


def test_a_bill_with_the_same_item_twice_takes_it_twice(steel):
    order = make_work_order(
        operations=1, components=[(steel, Decimal(100)), (steel, Decimal(50))], order_quantity=Decimal(100)
    )
    lot_of(steel, "L-1")
    start(order, "10")
    report(order, "10", good=10)
    assert left() == 35 and sum(OrderComponent.objects.values_list("issued_quantity", flat=True)) == 15


@pytest.mark.skipif(
    "postgres" not in str(django_settings.DATABASES["default"]["ENGINE"]), reason="SQLite has one writer"
)
@pytest.mark.django_db(transaction=True)
def test_two_who_use_the_last_of_a_place_at_once_take_it_once(steel, order, place):
    lot_of(steel, "L-1")
    bring(place, steel, quantity=10)
    other = make_work_order(number="WO-8", operations=1, components=[(steel, Decimal(100))])
    together(*[lambda: issue(order, 6), lambda: issue(other, 6), lambda: take_back(place, steel, quantity=3)])
    check_sums()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bring", "back", "issue", "return", "stay", "report", "undo", "unbring", "ship"]),
        st.integers(0, 1), st.integers(1, 30),
    ),
    max_size=20,
)  # fmt: skip


def step(kind, which, n, order, places, item, made, moved):
    lot = ("L-1", "L-2")[which]
    common = {"movement_id": uuid.uuid4(), "item": item, "lot_number": lot, "quantity": Decimal(n), "person": None}
    times = {"occurred_at": NOW, "now": NOW}
    if kind == "bring":
        moved.append(bring(places[which], item, lot, n))
    elif kind == "back":
        moved.append(take_back(places[n % 2], item, lot, n))
    elif kind == "issue":
        issue(order, n, lot, item=item.number)
    elif kind in ("return", "stay"):
        issue(order, n, lot, verb=return_component, item=item.number, to_line=kind == "stay")
    elif kind == "report":
        made.append(report(order, "10", good=n))
    elif kind == "undo" and made:
        reverse(made[n % len(made)])
    elif kind == "unbring" and moved:
        services.reverse_place_movement(
            reversal_id=uuid.uuid4(), movement_id=moved[n % len(moved)].pk, person=None, **times
        )
    elif kind == "ship":
        services.ship_lot(**common, reference="", **times)


def check_sums():
    for row in PlaceStock.objects.all():
        facts = PlaceMovement.objects.filter(place=row.place, item=row.item, lot=row.lot)
        assert row.quantity == facts.aggregate(total=Sum("quantity"))["total"] >= 0
    for lot in Lot.objects.all():
        placed = PlaceStock.objects.filter(lot=lot).aggregate(total=Sum("quantity"))["total"] or 0
        assert 0 <= placed <= lot.quantity


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_moves_the_sums_are_the_facts_and_no_place_has_more_than_the_lot(steps):
    item = make_item(number=f"STEEL-{uuid.uuid4().hex[:8]}", lot_tracked=True)
    order = make_work_order(operations=1, components=[(item, Decimal(1000))], order_quantity=Decimal(1000))
    for number in ("L-1", "L-2"):
        make_lot(item=item, number=number, quantity=Decimal(100))
    centers = [order.operations.get().work_center, make_work_center()]
    places = [make_stock_place(work_center=center) for center in centers]
    start(order, "10")
    made, moved = [], []
    for kind, which, n in steps:
        try:
            step(kind, which, n, order, places, item, made, moved)
        except DomainError:
            pass
        check_sums()
