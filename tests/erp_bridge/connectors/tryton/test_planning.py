"""What a planner does in Tryton arrives by itself within the cadence of its flow, and waits for a person where work runs."""

import datetime as dt
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from erp_bridge.engine import connections, registry
from erp_bridge.models import Connection, FlowState, InboundRow, OutboundMessage
from mes.execution.models import ChangeProposal, WorkOrder
from mes.masterdata.models import BillOfMaterials, Item, Person, Routing, Site
from tests import factories
from tests.api.callers import problem, with_key
from tests.erp_bridge.plant import Beat, Floor, describe, drain, waiting
from tests.erp_bridge.tryton import Rpc, Server, planner_of_tryton

pytestmark = [pytest.mark.tryton, pytest.mark.django_db]
Plan = Callable[..., str]
D = Decimal
FRAME = "SF-FRAME"
"""Sawn at 10 and welded at 20, of 5.4 m of tube and 1.2 m of bar; no lots."""


@pytest.fixture
def connection(server: Server, beat: Beat) -> Connection:
    """A connection whose flows have all run once, by themselves: they are due as soon as it is there."""
    factories.make_site(code="T1", name="Plant 1", time_zone="Europe/Berlin")
    made = connections.create(name="tryton", site="T1", connector="tryton", values=server.settings())
    beat.until(beat() + timedelta(seconds=5))
    assert list(FlowState.objects.filter(connection=made).exclude(last_error="")) == []
    return made


def due(flow: str) -> datetime:
    """Return when the flow runs next, which is never later than its cadence says."""
    state = FlowState.objects.get(flow=flow)
    assert state.due_at is not None and state.last_run_at is not None
    assert state.due_at - state.last_run_at <= timedelta(seconds=registry.flows[flow].cadence.seconds)
    return state.due_at


def come_down(beat: Beat, flow: str = "work_orders") -> None:
    """Let beat tick until the flow is due: nothing runs before, and then it does, without an error."""
    then = due(flow)
    if flow == "work_orders":
        assert beat.until(then - timedelta(seconds=1)) == 0
    assert beat.until(then) >= 1
    state = FlowState.objects.get(flow=flow)
    assert (state.last_run_at, state.last_error) == (then, "")


def order_of(external_id: str) -> WorkOrder:
    return WorkOrder.objects.get(external_ids__tryton=external_id)


def at_work(external_id: str) -> Floor:
    """Return somebody who came an hour ago and has just started the first operation of the order."""
    floor = Floor(order_of(external_id), Person.objects.get(number="E001"), timezone.now() - timedelta(hours=1))
    floor.come()
    floor.start("10")
    floor.pass_time(10)
    return floor


def open_proposal(external_id: str) -> ChangeProposal:
    return ChangeProposal.objects.get(work_order=order_of(external_id), status="OPEN")


def accept(proposal: ChangeProposal) -> object:
    """Accept the proposal as a planner does through the API."""
    path = f"/api/v1/proposals/{proposal.pk}/accept"
    return with_key(Site.objects.get(code="T1")).send("POST", path, {"note": "agreed with sales"})


def test_an_order_changed_before_anybody_works_on_it_is_changed_at_the_next_run(
    connection: Connection, beat: Beat, plan: Plan, planner: Rpc
) -> None:
    made = plan(FRAME, 20)
    come_down(beat)
    assert (order_of(made).status, order_of(made).order_quantity) == ("RELEASED", D(20))
    planner_of_tryton.change_production(planner, int(made), quantity=35, due=dt.date(2026, 12, 22))
    come_down(beat)
    changed = order_of(made)
    assert (changed.status, changed.order_quantity) == ("RELEASED", D(35))
    assert changed.due_at == datetime(2026, 12, 22, 22, 59, tzinfo=dt.UTC)
    assert changed.components.get(item__number="RM-TUBE-30").required_quantity == D("189")
    assert not changed.proposals.exists()


def test_an_order_cancelled_before_anybody_works_on_it_is_cancelled_at_the_next_run(
    connection: Connection, beat: Beat, plan: Plan, planner: Rpc
) -> None:
    made = plan(FRAME, 20)
    come_down(beat)
    planner_of_tryton.cancel_production(planner, int(made))
    come_down(beat)
    assert order_of(made).status == "CANCELLED"


def test_a_new_item_with_bill_routing_and_order_is_there_within_ten_minutes(
    connection: Connection, beat: Beat, planner: Rpc
) -> None:
    code, began = f"NEW-{uuid4().hex[:6]}", beat()
    parts, steps = [("RM-TUBE-30", 2), ("BP-BOLT-M8", 8)], ["Assemble", "Test and pack"]
    planner_of_tryton.new_item(planner, code, "New shelf", parts, steps)
    made = str(planner_of_tryton.make_production(planner, code, 12, dt.date(2026, 12, 18), "SO-NEW"))
    come_down(beat)
    # The order is quicker than its item, and waits for it.
    assert InboundRow.objects.get(state="PARKED", waits_for=f"item:{code}").flow == "work_orders"
    come_down(beat, "items")
    assert beat() - began <= timedelta(minutes=10)
    order = order_of(made)
    assert (order.status, order.item.number, order.order_quantity, order.reference) == (
        "RELEASED", code, D(12), "SO-NEW",
    )  # fmt: skip
    assert Item.objects.get(number=code).name == "New shelf"
    bill = BillOfMaterials.objects.get(item__number=code)
    assert {(line.item.number, line.quantity) for line in bill.lines.all()} == {
        ("RM-TUBE-30", D(2)),
        ("BP-BOLT-M8", D(8)),
    }
    routing = Routing.objects.get(items__number=code)
    assert [(step.number, step.work_center.code) for step in routing.steps.all()] == [
        ("10", "ASSY-01"),
        ("20", "PACK-01"),
    ]
    assert [operation.number for operation in order.operations.order_by("position")] == ["10", "20"]
    assert order.components.get(item__number="BP-BOLT-M8").required_quantity == D(96)
    assert not InboundRow.objects.filter(state="PARKED", waits_for=f"item:{code}").exists()


def test_a_running_order_takes_another_date_at_once_and_another_quantity_when_somebody_agrees(
    connection: Connection, beat: Beat, plan: Plan, planner: Rpc, server: Server
) -> None:
    made = plan(FRAME, 20)
    come_down(beat)
    floor = at_work(made)
    floor.report("10", 8)
    drain(beat)
    planner_of_tryton.change_production(planner, int(made), due=dt.date(2026, 12, 23))
    come_down(beat)
    assert order_of(made).due_at == datetime(2026, 12, 23, 22, 59, tzinfo=dt.UTC)
    assert not order_of(made).proposals.exists()

    planner_of_tryton.change_production(planner, int(made), quantity=30)
    come_down(beat)
    proposal = open_proposal(made)
    assert (proposal.kind, proposal.changes["order_quantity"]) == ("CHANGE", ["20", "30"])
    assert (order_of(made).status, order_of(made).order_quantity) == ("RUNNING", D(20))
    floor.pass_time(5)
    floor.report("10", 4)
    drain(beat)
    come_down(beat)
    assert open_proposal(made) == proposal, "what the floor books meanwhile is no other proposal"

    answer = accept(proposal)
    assert answer.status_code == 200, answer.content
    agreed = order_of(made)
    assert (agreed.status, agreed.order_quantity) == ("RUNNING", D(30))
    assert agreed.components.get(item__number="RM-TUBE-30").required_quantity == D("162")
    come_down(beat)
    assert not agreed.proposals.filter(status="OPEN").exists()

    floor.report("10", 18)
    floor.complete("10")
    floor.start("20")
    floor.pass_time(5)
    floor.report("20", 30)
    floor.complete("20")
    drain(beat)
    assert set(waiting()) == {"DONE"}, describe()
    ledger = server.connector().read_ledger(made)
    assert (ledger.state, sum(ledger.good.values())) == ("COMPLETED", D(30))
    assert ledger.consumed == {("RM-TUBE-30", ""): D("162"), ("RM-BAR-12", ""): D("36")}


def test_a_running_order_that_is_cancelled_there_ends_here_when_somebody_agrees(
    connection: Connection, beat: Beat, plan: Plan, planner: Rpc, server: Server
) -> None:
    made = plan(FRAME, 20)
    come_down(beat)
    floor = at_work(made)
    drain(beat)
    planner_of_tryton.cancel_production(planner, int(made))
    come_down(beat)
    proposal = open_proposal(made)
    assert (proposal.kind, order_of(made).status) == ("CANCEL", "RUNNING")
    assert "working on" in problem(accept(proposal), 409)["detail"]
    floor.pause("10")
    answer = accept(proposal)
    assert answer.status_code == 200, answer.content
    assert order_of(made).status == "CANCELLED"
    drain(beat)
    # The ten minutes that were worked on it are not lost without a word: Tryton takes none on a cancelled order.
    dead = OutboundMessage.objects.filter(state="DEAD")
    assert {(message.flow, message.code) for message in dead} == {
        ("labor_time", "STATE.cancelled"), ("machine_time", "STATE.cancelled"),
    }  # fmt: skip
    assert server.connector().read_ledger(made).state == "CANCELLED"


def test_an_order_cancelled_there_after_pieces_were_made_is_to_be_completed_not_cancelled(
    connection: Connection, beat: Beat, plan: Plan, planner: Rpc
) -> None:
    made = plan(FRAME, 20)
    come_down(beat)
    floor = at_work(made)
    floor.report("10", 8)
    floor.pause("10")
    drain(beat)
    planner_of_tryton.cancel_production(planner, int(made))
    come_down(beat)
    proposal = open_proposal(made)
    assert proposal.kind == "CANCEL"
    assert "Complete it with what was made" in problem(accept(proposal), 409)["detail"]
    assert order_of(made).status == "RUNNING"
