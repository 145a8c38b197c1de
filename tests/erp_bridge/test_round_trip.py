"""From the ERP to the floor and back: the practice ERP, the bridge and the services, with nothing pretended between."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from erp_bridge.connectors.practice.connector import PracticeErp
from erp_bridge.engine import connections, preview, registry, scheduler, wiring, worker
from erp_bridge.models import Connection, FlowState, InboundRow, OutboundMessage
from erp_bridge.sdk.flow import Push
from labor import services as labor
from labor.models import LaborSegment
from mes.execution.models import ChangeProposal, WorkOrder
from mes.masterdata.models import BillOfMaterials, Item, Person
from tests import factories
from tests.erp_bridge.plant import Ahead, Floor, State, consumed_here, describe, drain, pull, waiting
from tests.erp_bridge.practice import Practice

pytestmark = pytest.mark.django_db


# --- The plant ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Practice]:
    running = Practice(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def connection(erp: Practice, ahead: Ahead) -> Connection:
    factories.make_site(code="P1")
    factories.make_reason(code="SCRATCH", name="Scratched")
    made = connections.create(name="practice", site="P1", connector="practice", values=erp.settings())
    pull(made)
    return made


def at_work(item: str = "FG-BRACKET", person: str = "E001") -> Floor:
    """Return somebody who has clocked in, an hour ago, at the first order for twenty of an item."""
    free = WorkOrder.objects.filter(item__number=item, status="RELEASED", order_quantity=20)
    order = free.order_by("number")[0]
    began = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    who = Person.objects.get(number=person)
    labor.clock_in(person=who, occurred_at=began, now=began)
    return Floor(order, who, began)


def work_through(floor: Floor, *, lot: str = "LOT-1") -> None:
    """Work a bracket order of 20: partial reports, scrap at both operations, setup, a pause."""
    floor.start("10", "SETUP")
    floor.pass_time(5)
    floor.start("10")
    floor.pass_time(10)
    floor.report("10", 12, scrap=1)
    floor.pass_time(4)
    floor.report("10", 8)
    floor.complete("10")
    floor.start("20")
    floor.pass_time(6)
    floor.report("20", 11, lot=lot)
    floor.pause("20")
    floor.pass_time(10)
    floor.start("20")
    floor.pass_time(5)
    floor.report("20", 8, scrap=1, lot=lot)
    floor.complete("20")


# --- Down --------------------------------------------------------------------------------------------------------------


def test_everything_comes_down_whatever_comes_first(connection):
    assert Item.objects.filter(site__code="P1").count() == 7
    assert Person.objects.count() == 5
    assert BillOfMaterials.objects.count() == 3
    assert WorkOrder.objects.count() == 12
    assert not InboundRow.objects.filter(state__in=["REFUSED", "PARKED"]).exists()
    order = WorkOrder.objects.get(number="PO000001")
    assert order.external_ids["practice"] == "PO000001"
    assert [operation.number for operation in order.operations.order_by("position")] == ["10", "20"]


def test_pulling_again_changes_nothing(connection):
    before = list(WorkOrder.objects.order_by("pk").values())
    pull(connection)
    assert list(WorkOrder.objects.order_by("pk").values()) == before


def test_an_order_changed_before_anybody_works_on_it_is_changed_here(connection, erp):
    erp.planner.change("PO000001", quantity="35", priority=10)
    pull(connection, "work_orders")
    order = WorkOrder.objects.get(number="PO000001")
    assert (order.order_quantity, order.priority) == (Decimal(35), 10)
    assert order.components.get(item__number="RM-BOX-S").required_quantity == Decimal(35)


def test_an_order_cancelled_there_is_cancelled_here(connection, erp):
    erp.planner.cancel("PO000001")
    pull(connection, "work_orders")
    assert WorkOrder.objects.get(number="PO000001").status == "CANCELLED"


def test_a_running_order_that_changes_gets_a_proposal_and_goes_on(connection, erp):
    floor = at_work()
    floor.start("10")
    erp.planner.change(floor.order.number, quantity="99")
    pull(connection, "work_orders")
    proposal = ChangeProposal.objects.get(work_order=floor.order, status="OPEN")
    assert Decimal(proposal.changes["order_quantity"][1]) == Decimal(99)
    floor.order.refresh_from_db()
    assert (floor.order.status, floor.order.order_quantity) == ("RUNNING", Decimal(20))


def test_a_running_order_that_is_cancelled_there_gets_a_proposal(connection, erp):
    floor = at_work()
    floor.start("10")
    erp.planner.cancel(floor.order.number)
    pull(connection, "work_orders")
    assert ChangeProposal.objects.get(work_order=floor.order, status="OPEN").kind == "CANCEL"
    floor.order.refresh_from_db()
    assert floor.order.status == "RUNNING"


def test_a_new_product_waits_for_its_item_and_then_comes_with_its_order(connection, erp):
    number = erp.planner.new_item_with_order("FG-NEW", quantity="7")["order_no"]
    pull(connection, "work_orders")
    assert not WorkOrder.objects.filter(number=number).exists()
    assert InboundRow.objects.get(state="PARKED").waits_for == "item:FG-NEW"
    pull(connection, "routings", "boms")
    pull(connection, "items")
    order = WorkOrder.objects.get(number=number)
    assert (order.item.number, order.order_quantity, order.status) == ("FG-NEW", Decimal(7), "RELEASED")
    assert BillOfMaterials.objects.get(item__number="FG-NEW").lines.count() == 2
    assert not InboundRow.objects.filter(state="PARKED").exists()


def test_what_the_erp_types_wrong_is_set_aside_until_it_is_mended(connection, erp):
    erp.planner.put("items", "TYPO", {"description": None, "unit": "PCE", "batch_managed": False, "blocked": False,
                                      "alternative_units": []})  # fmt: skip
    erp.planner.put("items", "FINE", {"description": "Fine", "unit": "PCE", "batch_managed": False, "blocked": False,
                                      "alternative_units": []})  # fmt: skip
    pull(connection, "items")
    assert Item.objects.filter(number="FINE").exists()
    assert "description" in InboundRow.objects.get(state="REFUSED").reason
    erp.planner.put("items", "TYPO", {"description": "Mended", "unit": "PCE", "batch_managed": False, "blocked": False,
                                      "alternative_units": []})  # fmt: skip
    pull(connection, "items")
    assert Item.objects.get(number="TYPO").name == "Mended"
    assert not InboundRow.objects.filter(state="REFUSED").exists()


# --- Up ----------------------------------------------------------------------------------------------------------------


def test_an_order_worked_on_the_floor_is_booked_to_the_piece_and_the_minute(connection, erp, ahead):
    floor = at_work()
    work_through(floor)
    drain(ahead)
    assert set(waiting()) == {State.DONE}, describe()
    floor.order.refresh_from_db()
    ledger = PracticeErp(erp.settings()).read_ledger(floor.order.number)
    assert ledger.state == "COMPLETED"
    assert dict(ledger.good) == {"LOT-1": Decimal(19)}
    assert ledger.scrap == Decimal(2)
    assert ledger.consumed == consumed_here(floor.order)
    assert ledger.consumed["RM-BOLT-M8", ""] == Decimal(80)
    assert sum(ledger.labor.values()) == minutes_told("labor_time") > 0
    assert sum(ledger.machine.values()) == minutes_told("machine_time") > 0
    assert floor.order.status == "COMPLETED"


def test_the_completion_comes_after_everything_else(connection, erp, ahead):
    floor = at_work()
    work_through(floor)
    drain(ahead)
    kinds = [row["kind"] for row in erp.ledger(order=floor.order.number) if row["kind"] != "costs"]
    assert kinds[-1] == "completions"
    assert {"status", "yields", "scraps", "issues", "labor", "machine-times"} <= set(kinds[:-1])


def test_what_the_order_cost_goes_up_after_its_completion_and_only_when_it_changed(connection, erp, ahead):
    floor = at_work()
    work_through(floor)
    cost = FlowState.objects.get(connection=connection, flow="order_cost")
    for _ in range(2):
        scheduler.run_now(cost)
        drain(ahead)
    kinds = [row["kind"] for row in erp.ledger(order=floor.order.number)]
    assert (kinds[-1], kinds.count("costs")) == ("costs", 1)
    [told] = OutboundMessage.objects.filter(flow="order_cost")
    ledger = PracticeErp(erp.settings()).read_ledger(floor.order.number)
    assert ledger.cost["total"] == Decimal(told.event["total"]) > Decimal(told.event["material"]) > 0


def test_where_labor_needs_approval_it_waits_for_the_supervisor_and_the_completion_waits_with_it(
    connection, erp, ahead
):
    FlowState.objects.filter(connection=connection, flow="labor_time").update(needs_approval=True)
    wiring.forget()
    floor = at_work()
    work_through(floor)
    drain(ahead)
    kinds = {row["kind"] for row in erp.ledger(order=floor.order.number)}
    assert {"yields", "issues"} <= kinds and not {"labor", "completions"} & kinds
    waits = OutboundMessage.objects.filter(flow="labor_time").first()
    assert (waits.state, waits.outcome) == (State.PENDING, "NOT_APPROVED")
    assert "A supervisor has not approved this yet." in preview.explain(waits, now=timezone.now())
    zone = ZoneInfo(floor.person.site.time_zone)
    for day in {one.started_at.astimezone(zone).date() for one in LaborSegment.objects.filter(person=floor.person)}:
        labor.approve_day(person=floor.person, day=day, by="lead", now=timezone.now())
    drain(ahead)
    ledger = PracticeErp(erp.settings()).read_ledger(floor.order.number)
    assert ledger.state == "COMPLETED"
    assert sum(ledger.labor.values()) == minutes_told("labor_time") > 0
    assert_exactly_once(erp)


def test_a_report_taken_back_is_taken_back_there(connection, erp, ahead):
    floor = at_work()
    floor.start("10")
    floor.pass_time(5)
    report = floor.report("10", 5, scrap=2)
    drain(ahead)
    floor.pass_time(1)
    floor.reverse(report)
    drain(ahead)
    ledger = PracticeErp(erp.settings()).read_ledger(floor.order.number)
    assert ledger.scrap == 0
    assert set(ledger.consumed.values()) == {Decimal(0)}
    good = [Decimal(row["body"]["good"]) for row in erp.ledger(order=floor.order.number) if row["kind"] == "yields"]
    assert good == [Decimal(5), Decimal(-5)]


def test_every_booking_carries_the_key_of_its_message_and_the_number_comes_back(connection, erp, ahead):
    floor = at_work()
    floor.start("10")
    floor.report("10", 3)
    drain(ahead)
    told = OutboundMessage.objects.exclude(reference="")
    assert {(row["reference"], row["document"]) for row in erp.ledger()} == set(told.values_list("key", "reference"))


def test_the_erp_is_gone_for_twenty_minutes_and_the_floor_never_notices(connection, erp, ahead):
    erp.tell("offline", seconds=3600)
    gone(erp)
    floor = at_work()
    work_through(floor)
    for _ in range(20):
        worker.sweep(budget=600)
        ahead.forward(minutes=1)
    assert erp.ledger() == []
    assert State.DEAD not in waiting()
    erp.tell("offline", seconds=0)
    back(erp)
    drain(ahead)
    assert_exactly_once(erp)
    assert PracticeErp(erp.settings()).read_ledger(floor.order.number).state == "COMPLETED"


def test_the_erp_is_killed_with_bookings_under_way_and_comes_back(connection, erp, ahead):
    floor = at_work()
    erp.once("drop_after_commit", 3)
    floor.start("10")
    floor.report("10", 4)
    worker.sweep(budget=600)
    erp.kill()
    floor.report("10", 5, scrap=1)
    for _ in range(5):
        ahead.forward(minutes=1)
        worker.sweep(budget=600)
    erp.start()
    drain(ahead)
    assert_exactly_once(erp)


@pytest.mark.parametrize("recall", ["LOOKUP", "KEY"])
def test_an_erp_that_fails_in_every_way_ends_with_each_fact_once_and_the_rejected_dead(connection, erp, ahead, recall):
    erp.stop()
    erp.recall, erp._options[1] = recall, recall
    erp.start()
    connections.save_settings(connection, erp.settings())
    connection.save()
    erp.orders(2, quantity="20")
    pull(connection, "work_orders")
    erp.tell("faults", seed=11, drop_before=0.08, drop_after_commit=0.12, error_before=0.05, error_after=0.08,
             garbled=0.04, busy=0.08, rejects=0.05, lookup_error=0.1)  # fmt: skip
    erp.once("rejects")  # which bookings the rate meets hangs on their keys, which are new in each run; it may be none
    for person in ("E001", "E002", "E003"):
        work_through(at_work(person=person), lot=f"LOT-{person}")
    drain(ahead)
    dead = set(OutboundMessage.objects.filter(state=State.DEAD).values_list("key", flat=True))
    assert dead == {row["reference"] for row in erp.refusals()} != set()
    assert State.DOUBT not in waiting()
    assert_exactly_once(erp)
    assert len(erp.incidents()) > 20


def test_the_same_faults_with_an_erp_that_remembers_nothing_book_nothing_twice(connection, erp, ahead):
    erp.stop()
    erp.recall, erp._options[1] = "NONE", "NONE"
    erp.start()
    connections.save_settings(connection, erp.settings())
    connection.save()
    floor = at_work()
    floor.start("10")
    erp.once("drop_after_commit")
    floor.report("10", 3)
    drain(ahead)
    references = [row["reference"] for row in erp.ledger()]
    assert len(references) == len(set(references))
    assert OutboundMessage.objects.filter(state=State.REVIEW).count() == 1


# --- Checks ------------------------------------------------------------------------------------------------------------


def gone(erp: Practice) -> None:
    assert _until(lambda: not _answers(erp)), "the practice ERP does not go offline"


def back(erp: Practice) -> None:
    assert _until(lambda: _answers(erp)), "the practice ERP does not come back"


def _until(is_so: Callable[[], bool], *, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _answers(erp: Practice) -> bool:
    try:
        PracticeErp(erp.settings()).check()
    except Exception:  # noqa: BLE001  any failure means that it is gone
        return False
    return True


def assert_exactly_once(erp: Practice) -> None:
    """Every message that went out is in the ledger once, nothing else is, and each flow's stand in their order."""
    done = OutboundMessage.objects.filter(state=State.DONE).exclude(reference="")
    booked = [row["reference"] for row in erp.ledger()]
    assert Counter(booked) == Counter(done.values_list("key", flat=True)), describe()
    place = {reference: number for number, reference in enumerate(booked)}
    for stream, flow in done.values_list("stream", "flow").distinct():
        keys = done.filter(stream=stream, flow=flow).order_by("seq").values_list("key", flat=True)
        places = [place[key] for key in keys]
        assert places == sorted(places), f"{flow} of stream {stream} is out of order"


def minutes_told(flow: str) -> Decimal:
    assert issubclass(registry.flows[flow], Push)
    told = OutboundMessage.objects.filter(flow=flow, state=State.DONE).exclude(reference="")
    return sum((Decimal(each.event["minutes"]) for each in told), Decimal(0))
