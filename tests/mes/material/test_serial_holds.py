"""One piece on hold: nobody reports, issues, moves or ships it, wherever its number comes from, until the hold is lifted."""

import uuid
from decimal import Decimal

import pytest

from mes.core.errors import DomainError
from mes.execution.services import issue_component
from mes.material import services
from mes.material.events import HoldChanged
from mes.material.models import Lot, NumberingRule
from tests.api.callers import problem, with_role
from tests.factories import NOW, make_item, make_reason, make_work_order
from tests.mes.execution.helpers import at, report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def pump():
    item = make_item(number="PUMP", lot_tracked=True)
    NumberingRule.objects.create(site=item.site, item=item, pattern="S{n:4}", each="PIECE")
    return item


@pytest.fixture
def order(pump):
    made = make_work_order(number="WO-1", item=pump, operations=1)
    start(made, "10")
    return made


def hold(item, number="S0001", when=NOW, **given):
    return services.hold_serial(**{"item": item, "number": number, "by": "lead", "now": when} | given)


def lift(held, when=NOW):
    return services.release_lot_hold(hold_id=held.pk, by="lead", now=when)


def uses(pump):
    """Return every way in which somebody could use the piece S0001."""
    into = make_work_order(number="WO-SKID", components=[(pump, Decimal(10))])
    common = {"movement_id": uuid.uuid4(), "quantity": Decimal(1), "person": None, "occurred_at": NOW, "now": NOW}
    outside = common | {"item": pump, "lot_number": "S0001"}
    return [
        lambda: issue_component(**common | {"work_order_id": into.pk, "item": "PUMP", "lot": "S0001"}),
        lambda: services.transfer_lot(**outside | {"to_lot": "S0009"}),
        lambda: services.ship_lot(**outside | {"reference": "D-1"}),
    ]


def test_a_held_piece_is_used_nowhere_and_a_free_one_is(pump, order):
    report(order, "10", good=1)
    held, every = hold(pump), uses(pump)
    for use in every:
        with pytest.raises(services.LotBlocked):
            use()
    lift(held)
    every[0]()
    assert Lot.objects.get(number="S0001").quantity == 0


def test_backflush_passes_a_held_piece_over(pump, order):
    for _ in range(2):
        report(order, "10", good=1)
    hold(pump)
    skid = make_work_order(number="WO-2", components=[(pump, Decimal(10))], operations=1, order_quantity=Decimal(10))
    start(skid, "10")
    report(skid, "10", good=1)
    assert dict(Lot.objects.values_list("number", "quantity")) == {"S0001": 1, "S0002": 0}


def test_a_piece_that_is_not_made_yet_cannot_be_reported_while_it_is_held(pump, order):
    held = hold(pump, "S0007", note="Casting with a crack")
    with pytest.raises(services.LotBlocked, match="S0007 is on hold: Casting with a crack. Set the piece aside"):
        report(order, "10", good=1, lot="S0007", when=at(5))
    lift(held, at(6))
    assert report(order, "10", good=1, lot="S0007", when=at(7)).lot == "S0007"


def test_what_was_made_before_the_hold_was_placed_is_a_fact(pump, order):
    hold(pump, "S0007", when=at(10))
    assert report(order, "10", good=1, lot="S0007", claimed=at(5), when=at(20)).lot == "S0007"
    assert Lot.objects.get(number="S0007").status == "HOLD"


def test_it_is_told_as_a_serial_number_when_placed_and_when_lifted(pump, published):
    lift(hold(pump))
    told = [event for event in published if isinstance(event, HoldChanged)]
    assert [(event.target, event.status, event.lot) for event in told] == [
        ("SERIAL", "PLACED", "S0001"),
        ("SERIAL", "LIFTED", "S0001"),
    ]
    assert told[0].hold_id == told[1].hold_id


def test_pieces_without_numbers_of_their_own_cannot_be_held_one_by_one(pump):
    with pytest.raises(services.NoSerials):
        hold(make_item(number="BOLT", lot_tracked=True))
    with pytest.raises(services.LotMissing):
        hold(pump, "")


def test_over_http_a_piece_is_held_and_freed_by_who_may(pump, order):
    make_reason(code="CRACK", kind="HOLD")
    body = {"site": "P1", "item": "PUMP", "serial": "S0001", "reason": "CRACK"}
    lead = with_role(pump.site, "SUPERVISOR")
    answer = lead.send("POST", "/api/v1/serials/hold", body)
    assert answer.status_code == 201 and answer.json()["reason"] == "CRACK"
    problem(lead.send("POST", "/api/v1/serials/hold", body | {"item": "NONE"}), 422, "item_unknown")
    assert with_role(pump.site, "VIEWER").send("POST", "/api/v1/serials/hold", body).status_code == 403
    page = lead.get(f"/trace/{answer.json()['lot_id']}/").content.decode()
    assert "On hold" in page
    with pytest.raises(DomainError):
        report(order, "10", good=1, lot="S0001", when=at(10**6))
    freed = lead.send("POST", f"/api/v1/lots/{answer.json()['lot_id']}/free", {})
    assert freed.json()["status"] == "AVAILABLE"
