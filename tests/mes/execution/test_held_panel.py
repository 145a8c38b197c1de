"""What nobody may use stands at the terminal before anybody scans it: which lot or piece, why, and who said so."""

import uuid
from decimal import Decimal

import pytest

from mes.core import live
from mes.execution.services import issue_component
from mes.masterdata.models import PrivacyPolicy
from mes.material import services
from mes.material.models import Lot, NumberingRule
from mes.terminal.panels import Place, panels
from tests.factories import NOW, make_item, make_lot, make_person, make_reason, make_work_order
from tests.mes.execution.helpers import at, report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def steel():
    return make_item(number="STEEL", name="Steel", lot_tracked=True)


@pytest.fixture
def order(steel):
    pump = make_item(number="PUMP", lot_tracked=True)
    NumberingRule.objects.create(site=pump.site, item=pump, pattern="S{n:4}", each="PIECE")
    return make_work_order(number="WO-1", item=pump, operations=1, components=[(steel, Decimal(10))])


def shown(order):
    """Return what the terminal says that nobody may use, and how many more there are."""
    operation = order.operations.get()
    place = Place(work_center=operation.work_center, job=str(operation.pk), now=at(60))
    told = panels["held"].context(place)
    return [(one.lot.number, one.why, one.by, one.since) for one in told["held"]], told["more"]


def hold(item, number, when=NOW, **given):
    lot = make_lot(item=item, number=number, quantity=Decimal(20))
    return services.hold_lot(lot_id=lot.pk, by="7", now=when, **given)


def test_a_held_lot_of_a_component_and_a_held_piece_of_what_is_made_are_shown_until_they_are_free(order, steel):
    make_person(site=order.site, number="7", name="Lea")
    make_reason(site=order.site, kind="HOLD", code="RUST", name="Rust")
    make_lot(item=steel, number="L-1", quantity=Decimal(20))
    lot = hold(steel, "L-2", reason="RUST")
    piece = services.hold_serial(item=order.item, number="S0007", by="audit", now=at(5), note="Left in the rain")
    assert shown(order) == ([("S0007", "Left in the rain", "audit", at(5)), ("L-2", "RUST Rust", "Lea", NOW)], 0)
    services.release_lot_hold(hold_id=lot.pk, by="lead", now=at(6))
    services.release_lot_hold(hold_id=piece.pk, by="lead", now=at(6))
    assert shown(order) == ([], 0)


def test_each_hold_of_a_lot_says_its_own_reason_and_a_blocked_lot_says_its_own(order, steel):
    first = hold(steel, "L-2", note="Rust")
    services.hold_lot(lot_id=first.lot_id, by="audit", now=at(5), note="No certificate")
    assert {row[1] for row in shown(order)[0]} == {"Rust", "No certificate"}
    services.set_lot_status(
        lot_id=make_lot(item=steel, number="L-3", quantity=Decimal(1)).pk, status="BLOCKED", reason="Scrap", now=at(6)
    )
    assert ("L-3", "Scrap", "", at(6)) in shown(order)[0]


def test_what_is_used_up_is_left_out_unless_this_order_took_it(order, steel):
    start(order, "10")
    lot = make_lot(item=steel, number="L-1", quantity=Decimal(10))
    issue_component(
        movement_id=uuid.uuid4(), work_order_id=order.pk, item="STEEL", lot="L-1", quantity=Decimal(10), person=None,
        occurred_at=NOW, now=NOW, operation="10",
    )  # fmt: skip
    services.hold_lot(lot_id=lot.pk, by="7", now=NOW, note="Rust")
    assert [row[0] for row in shown(order)[0]] == ["L-1"], "it lies at the machine"
    other = make_work_order(number="WO-2", operations=1, components=[(steel, Decimal(10))])
    assert shown(other) == ([], 0)


def test_many_are_counted_and_a_private_site_names_nobody(order, steel):
    make_person(site=order.site, number="7", name="Lea")
    for n in range(8):
        hold(steel, f"L-{n}", at(n))
    found, more = shown(order)
    assert ([row[0] for row in found], more) == (["L-7", "L-6", "L-5", "L-4", "L-3", "L-2"], 2)
    assert {row[2] for row in found} == {"Lea"}
    PrivacyPolicy.objects.create(site=order.site, active=True)
    assert {row[2] for row in shown(order)[0]} == {""}


def test_a_page_that_asks_again_hears_of_a_hold_its_end_and_a_second_one(order, steel):
    seen = []

    def look():
        live.forget()
        seen.append(live.version())

    look()
    first = hold(steel, "L-1")
    look()
    services.hold_lot(lot_id=first.lot_id, by="7", now=at(1), note="Again")
    look()
    services.release_lot_hold(hold_id=first.pk, by="7", now=at(2))
    look()
    services.set_lot_status(lot_id=first.lot_id, status=Lot.Status.BLOCKED, reason="Scrap", now=at(3))
    look()
    assert len(set(map(str, seen))) == len(seen)


def test_what_was_made_and_is_held_is_shown_to_whoever_makes_more(order):
    start(order, "10")
    report(order, "10", good=1)
    services.hold_serial(item=order.item, number="S0001", by="audit", now=at(5), note="Bore too wide")
    assert [row[:2] for row in shown(order)[0]] == [("S0001", "Bore too wide")]
