"""Work orders as an ERP sends them: made, changed, cancelled, and proposed where somebody works on them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from mes.core import bus
from mes.core.event import Event
from mes.execution.models import ChangeProposal, Operation, WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.execution.services import (
    accept_proposal,
    apply_work_orders,
    create_work_order,
    link_work_order,
    reject_proposal,
    vanish_work_orders,
)
from mes.execution.services.proposals import CannotAccept
from mes.masterdata.records import BomLineRecord, RoutingStepRecord
from mes.masterdata.services import TooManyVanished
from tests.factories import NOW, make_bom, make_item, make_routing

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    events = []
    monkeypatch.setattr(bus, "_subscribers", bus.defaultdict(list))
    bus.subscribe(Event, events.append)
    return events


@pytest.fixture
def item():
    item = make_item()
    make_routing(item=item, steps=2)
    make_bom(item=item, lines=[(make_item(number="BOLT"), Decimal("2.5"))])
    return item


def record(product, **given):
    values = {
        "site": "P1", "number": "WO-7", "item": product.number, "order_quantity": Decimal(40), "uom": product.uom.code,
        "external_id": "7", "version": "2026-03-02T08:00",
    }  # fmt: skip
    return WorkOrderRecord(**values | given)


def arrive(*records):
    return apply_work_orders(records, owner="tryton", now=NOW)


def order():
    return WorkOrder.objects.get(number="WO-7")


def begin(number="10"):
    order().operations.filter(number=number).update(status=Operation.Status.RUNNING)
    WorkOrder.objects.update(status="RUNNING")


class TestApplyWorkOrders:
    def test_releases_a_new_order_with_a_snapshot_of_bill_and_routing(self, item, heard):
        assert arrive(record(item)).created == 1

        assert (order().status, order().owner, order().external_ids) == ("RELEASED", "tryton", {"tryton": "7"})
        assert [(o.number, o.is_output) for o in order().operations.all()] == [("10", False), ("20", True)]
        assert [(c.item.number, c.required_quantity) for c in order().components.all()] == [("BOLT", 100)]
        assert [event.status for event in heard] == ["RELEASED"]

    def test_leaves_the_unchanged_alone(self, item):
        arrive(record(item))
        assert arrive(record(item)).unchanged == 1
        assert order().history.count() == 2

    def test_prefers_the_order_s_own_components_and_steps(self, item):
        center = item.routings.get().steps.first().work_center
        make_item(number="NUT")
        own = record(
            item,
            components=(BomLineRecord(item="NUT", quantity=Decimal(80), uom="pcs", operation="30"),),
            steps=(RoutingStepRecord(number="30", name="Only", work_center=center.code),),
        )
        arrive(own)
        assert [o.number for o in order().operations.all()] == ["30"]
        assert [(c.item.number, c.required_quantity) for c in order().components.all()] == [("NUT", 80)]

    @pytest.mark.parametrize(
        ("given", "waits_for"),
        [({"item": "GHOST"}, "item:GHOST"), ({"uom": "stone"}, "uom:stone"), ({"site": "P9"}, "site:P9")],
    )
    def test_parks_what_names_something_unknown(self, item, given, waits_for):
        assert arrive(record(item, **given)).parked == [("WO-7", waits_for)]
        assert not WorkOrder.objects.exists()

    def test_parks_an_order_nobody_knows_how_to_make(self):
        lonely = make_item()
        assert arrive(record(lonely)).parked == [("WO-7", f"routing:{lonely.number}")]
        assert not WorkOrder.objects.exists()

    def test_one_bad_order_does_not_hold_up_the_page(self, item):
        applied = arrive(record(item, number="WO-8", item="GHOST"), record(item))
        assert (applied.created, len(applied.parked)) == (1, 1)

    def test_changes_an_order_nobody_has_begun_and_its_snapshot(self, item):
        arrive(record(item))
        arrive(record(item, order_quantity=Decimal(20), version="2026-03-02T09:00"))
        assert order().order_quantity == 20
        assert order().components.get().required_quantity == 50

    def test_ignores_an_older_version(self, item):
        arrive(record(item))
        assert arrive(record(item, order_quantity=Decimal(20), version="2026-03-01T09:00")).stale == 1
        assert order().order_quantity == 40

    def test_cancels_an_order_nobody_has_begun_and_takes_it_up_again(self, item):
        arrive(record(item))
        arrive(record(item, status="CANCELLED", version="2026-03-02T09:00"))
        assert order().status == "CANCELLED"
        arrive(record(item, version="2026-03-02T10:00"))
        assert order().status == "RELEASED"

    def test_takes_harmless_changes_of_a_running_order_at_once(self, item):
        arrive(record(item))
        begin()
        due = NOW + timedelta(days=3)
        assert arrive(record(item, due_at=due, version="2026-03-02T09:00")).proposed == 0
        assert order().due_at == due

    def test_proposes_what_matters_to_a_running_order(self, item):
        arrive(record(item))
        begin()
        assert arrive(record(item, order_quantity=Decimal(30), version="2026-03-02T09:00")).proposed == 1
        assert order().order_quantity == 40
        assert ChangeProposal.objects.get().changes == {"order_quantity": ["40", "30"]}

    def test_a_newer_wish_replaces_the_open_proposal(self, item):
        arrive(record(item))
        begin()
        arrive(record(item, order_quantity=Decimal(30), version="2026-03-02T09:00"))
        arrive(record(item, order_quantity=Decimal(25), version="2026-03-02T10:00"))
        assert list(ChangeProposal.objects.order_by("pk").values_list("status", flat=True)) == ["SUPERSEDED", "OPEN"]

    def test_the_same_wish_told_again_is_the_proposal_that_is_open(self, item):
        arrive(record(item))
        begin()
        arrive(record(item, order_quantity=Decimal(30), version="2026-03-02T09:00"))
        assert arrive(record(item, order_quantity=Decimal(30), version="2026-03-02T10:00")).proposed == 0
        assert list(ChangeProposal.objects.values_list("status", flat=True)) == ["OPEN"]

    def test_a_wish_taken_back_leaves_nothing_to_decide(self, item):
        arrive(record(item))
        begin()
        arrive(record(item, order_quantity=Decimal(30), version="2026-03-02T09:00"))
        arrive(record(item, version="2026-03-02T10:00"))
        assert not ChangeProposal.objects.filter(status="OPEN").exists()

    def test_proposes_to_cancel_a_running_order(self, item):
        arrive(record(item))
        begin()
        assert arrive(record(item, status="CANCELLED", version="2026-03-02T09:00")).proposed == 1
        assert order().status == "RUNNING"

    def test_closes_what_was_completed_when_the_erp_has_closed_it(self, item):
        arrive(record(item))
        WorkOrder.objects.update(status="COMPLETED")
        arrive(record(item, status="CLOSED", version="2026-03-02T09:00"))
        assert order().status == "CLOSED"

    def test_an_order_made_by_hand_becomes_the_erp_s_when_it_knows_it(self, item, heard):
        create_work_order(record=replace(record(item), external_id="", version=""), by="planner", now=NOW)
        arrive(record(item))
        assert order().external_ids == {"tryton": "7"}
        assert heard[-1].kind() == "WorkOrderLinked"

    def test_an_order_that_was_linked_is_known_by_its_id_there_whatever_its_number(self, item):
        made = create_work_order(
            record=replace(record(item, number="M-1"), external_id="", version=""), by="p", now=NOW
        )
        link_work_order(work_order_id=made.pk, system="tryton", external_id="7", now=NOW)
        applied = arrive(record(item, due_at=NOW + timedelta(days=1)))
        made.refresh_from_db()
        assert (applied.created, WorkOrder.objects.count()) == (0, 1)
        assert (made.number, made.owner, made.due_at) == ("M-1", "tryton", NOW + timedelta(days=1))
        assert arrive(record(item, due_at=NOW + timedelta(days=1))).unchanged == 1


class TestVanishWorkOrders:
    def test_a_mass_of_missing_orders_is_a_fault_there(self, item):
        arrive(*(record(item, number=f"WO-{n}", external_id=str(n)) for n in range(8)))
        with pytest.raises(TooManyVanished, match="8 of 8 open work orders"):
            vanish_work_orders([], owner="tryton", now=NOW)
        assert not WorkOrder.objects.filter(status="CANCELLED").exists()

    def test_cancels_what_has_not_begun_and_proposes_the_rest(self, item):
        arrive(record(item), record(item, number="WO-8", external_id="8"), record(item, number="WO-9", external_id="9"))
        begin()
        WorkOrder.objects.filter(number="WO-8").update(status="RELEASED")
        Operation.objects.filter(work_order__number="WO-8").update(status=Operation.Status.PENDING)

        assert vanish_work_orders(["WO-9"], owner="tryton", now=NOW) == 2

        assert WorkOrder.objects.get(number="WO-8").status == "CANCELLED"
        assert ChangeProposal.objects.get().work_order.number == "WO-7"


class TestDecidingAboutAProposal:
    def propose(self, item, **given):
        arrive(record(item))
        begin()
        arrive(record(item, version="2026-03-02T09:00", **given))
        return ChangeProposal.objects.get(status="OPEN")

    def test_accepting_a_quantity_rescales_what_is_required(self, item):
        proposal = self.propose(item, order_quantity=Decimal(30))
        accept_proposal(proposal_id=proposal.pk, by="lead", now=NOW)
        assert order().order_quantity == 30
        assert order().components.get().required_quantity == 75

    def test_rejecting_leaves_everything_as_it_is(self, item):
        proposal = self.propose(item, order_quantity=Decimal(30))
        reject_proposal(proposal_id=proposal.pk, by="lead", now=NOW, note="already cut")
        assert order().order_quantity == 40
        proposal.refresh_from_db()
        assert (proposal.status, proposal.decided_by, proposal.note) == ("REJECTED", "lead", "already cut")

    def test_less_than_was_made_cannot_be_accepted(self, item):
        proposal = self.propose(item, order_quantity=Decimal(30))
        order().operations.filter(number="10").update(good_quantity=35)
        with pytest.raises(CannotAccept, match="35 pcs booked"):
            accept_proposal(proposal_id=proposal.pk, by="lead", now=NOW)
        assert ChangeProposal.objects.get(pk=proposal.pk).status == "OPEN"

    def test_a_cancellation_waits_until_nobody_works_on_it(self, item):
        proposal = self.propose(item, status="CANCELLED")
        with pytest.raises(CannotAccept, match="Somebody is working"):
            accept_proposal(proposal_id=proposal.pk, by="lead", now=NOW)
        order().operations.update(status=Operation.Status.PAUSED)
        accept_proposal(proposal_id=proposal.pk, by="lead", now=NOW)
        assert order().status == "CANCELLED"
