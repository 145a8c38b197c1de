"""What the up-flows make of events: plain values, no database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from erp_bridge.flows.consumption import ConsumptionFlow
from erp_bridge.flows.downtime import DowntimeFlow
from erp_bridge.flows.holds import HoldsFlow
from erp_bridge.flows.labor_time import LaborTimeFlow
from erp_bridge.flows.machine_time import MachineTimeFlow
from erp_bridge.flows.order_completion import OrderCompletionFlow
from erp_bridge.flows.order_status import OrderStatusFlow
from erp_bridge.flows.production import ProductionFlow
from erp_bridge.flows.scrap import ScrapFlow
from erp_bridge.sdk.documents import ScrapLine
from erp_bridge.sdk.errors import NotLinked
from labor.events import LaborTimeRecorded
from mes.equipment.events import DowntimeRecorded
from mes.execution.events import (
    MachineTimeRecorded,
    ProductionReported,
    ScrapQuantity,
    WorkOrderCompleted,
    WorkOrderStatusChanged,
)
from mes.material.events import HoldChanged, MaterialConsumed

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ID = UUID("018f0000-0000-7000-8000-000000000001")
HEAD = {"event_id": ID, "site": "P1", "subject": "WO-1", "occurred_at": NOON}

REPORTED = ProductionReported(
    **HEAD, report_id=ID, operation="20", work_center="ASSY", work_unit="ASSY-01", item="FG", uom="pcs",
    good_quantity=Decimal(5), rework_quantity=Decimal(0), scrap_quantity=Decimal(3),
    scrap=(
        ScrapQuantity(quantity=Decimal(2), reason="BURR", reason_name="Burr"),
        ScrapQuantity(quantity=Decimal(1), reason="BENT", reason_name="Bent"),
    ),
    lot="L-1", is_output=True, person="E001",
)  # fmt: skip
WORKED = LaborTimeRecorded(
    **HEAD, segment_id=ID, person="E001", operation="20", activity="RUN", started_at=NOON - timedelta(minutes=9),
    ended_at=NOON, minutes=Decimal("4.5"),
)  # fmt: skip
USED = MaterialConsumed(
    **HEAD, movement_id=ID, operation="10", item="RM", lot="", quantity=Decimal("1.25"), uom="kg", report_id=ID,
    report_quantity=Decimal(8), report_is_output=True,
)  # fmt: skip
OCCUPIED = MachineTimeRecorded(
    **HEAD, interval_id=ID, operation="20", work_center="ASSY", work_unit="ASSY-01", activity="SETUP",
    started_at=NOON - timedelta(minutes=9), ended_at=NOON, minutes=Decimal(9),
)  # fmt: skip
HELD = HoldChanged(
    **HEAD, hold_id=ID, target="OPERATION", status="PLACED", operation="20", item="FG", reason="BORE",
    reason_name="Bore too wide", note="Gauge the last 20", person="lead",
)  # fmt: skip

STOOD_STILL = DowntimeRecorded(
    **HEAD | {"subject": "unit/ASSY-01"}, downtime_id=ID, work_center="ASSY", work_unit="ASSY-01", loss="FAILURE",
    started_at=NOON - timedelta(minutes=47), ended_at=NOON, minutes=Decimal(47), reason="TOOL", reason_name="Tool change",
    revision=2, replaces=ID,
)  # fmt: skip


class Links:
    """The orders' numbers in the ERP."""

    def work_order(self, number: str) -> str:
        if number != "WO-1":
            raise NotLinked(f"{number} is not in the ERP.")
        return "ERP-77"


def test_a_report_goes_up_under_the_number_that_the_erp_knows():
    document = ProductionFlow().translate(REPORTED, Links())
    assert (document.erp_work_order, document.work_order, document.good_quantity) == ("ERP-77", "WO-1", Decimal(5))
    assert (document.is_output, document.lot, document.report_id) == (True, "L-1", ID)


def test_a_report_of_scrap_only_confirms_no_production():
    assert ProductionFlow().translate(replace(REPORTED, good_quantity=Decimal(0)), Links()) is None


def test_rework_alone_is_production():
    event = replace(REPORTED, good_quantity=Decimal(0), rework_quantity=Decimal(2))
    assert ProductionFlow().translate(event, Links()).rework_quantity == Decimal(2)


def test_all_scrap_of_a_report_is_one_document_with_a_line_for_each_reason():
    document = ScrapFlow().translate(REPORTED, Links())
    assert document.lines == (
        ScrapLine(quantity=Decimal(2), reason="BURR", reason_name="Burr"),
        ScrapLine(quantity=Decimal(1), reason="BENT", reason_name="Bent"),
    )
    assert document.quantity == Decimal(3)


def test_a_report_without_scrap_makes_no_scrap_document():
    assert ScrapFlow().translate(replace(REPORTED, scrap=()), Links()) is None


def test_a_reversed_report_takes_back_what_it_said():
    back = replace(
        REPORTED,
        good_quantity=Decimal(-5),
        scrap=(ScrapQuantity(quantity=Decimal(-3), reason="BURR", reason_name="B"),),
    )
    assert ProductionFlow().translate(back, Links()).good_quantity == Decimal(-5)
    assert ScrapFlow().translate(back, Links()).quantity == Decimal(-3)


def test_consumption_keeps_its_report_so_that_an_erp_can_book_them_together():
    document = ConsumptionFlow().translate(USED, Links())
    assert (document.report_id, document.report_quantity, document.report_is_output) == (ID, Decimal(8), True)


def test_a_backflush_that_rounded_to_nothing_is_not_sent():
    assert ConsumptionFlow().translate(replace(USED, quantity=Decimal(0)), Links()) is None


def test_indirect_time_stays_here_even_though_it_belongs_to_no_order():
    indirect = replace(WORKED, activity="INDIRECT", subject="person/E001", operation="")
    assert LaborTimeFlow().translate(indirect, Links()) is None


def test_labor_and_machine_time_go_up_with_their_span():
    labor = LaborTimeFlow().translate(WORKED, Links())
    machine = MachineTimeFlow().translate(OCCUPIED, Links())
    assert (labor.minutes, labor.person, labor.activity) == (Decimal("4.5"), "E001", "RUN")
    assert (machine.minutes, machine.work_center, machine.activity) == (Decimal(9), "ASSY", "SETUP")


@pytest.mark.parametrize("status", ["RELEASED", "RUNNING", "CANCELLED"])
def test_these_states_are_told_at_once(status):
    event = WorkOrderStatusChanged(**HEAD, item="FG", status=status)
    assert OrderStatusFlow().translate(event, Links()).status == status
    assert OrderStatusFlow.urgent


@pytest.mark.parametrize("status", ["HELD", "UNHELD"])
def test_holds_are_left_to_their_own_flow(status):
    assert OrderStatusFlow().translate(WorkOrderStatusChanged(**HEAD, item="FG", status=status), Links()) is None


def test_a_hold_goes_up_at_once_with_its_reason_and_the_operation_it_concerns():
    notice = HoldsFlow().translate(HELD, Links())
    assert (notice.erp_work_order, notice.target, notice.status, notice.operation) == (
        "ERP-77", "OPERATION", "PLACED", "20",
    )  # fmt: skip
    assert (notice.reason_name, notice.note) == ("Bore too wide", "Gauge the last 20")
    assert HoldsFlow.urgent


@pytest.mark.parametrize("target", ["LOT", "SERIAL"])
def test_a_hold_on_a_lot_or_a_piece_needs_no_order_that_the_erp_knows(target):
    of_lot = replace(HELD, subject="lot/FG/L-1", target=target, operation="", lot="L-1")
    notice = HoldsFlow().translate(of_lot, Links())
    assert (notice.work_order, notice.erp_work_order, notice.item, notice.lot) == ("", "", "FG", "L-1")


@pytest.mark.parametrize("status", ["COMPLETED", "CLOSED"])
def test_the_end_of_an_order_is_left_to_its_completion(status):
    assert OrderStatusFlow().translate(WorkOrderStatusChanged(**HEAD, item="FG", status=status), Links()) is None


def test_completion_waits_for_everything_that_was_booked_and_passes_no_dead_letter():
    event = WorkOrderCompleted(
        **HEAD, item="FG", uom="pcs", order_quantity=Decimal(10), good_quantity=Decimal(9), scrap_quantity=Decimal(1),
        rework_quantity=Decimal(0),
    )  # fmt: skip
    assert OrderCompletionFlow().translate(event, Links()).good_quantity == Decimal(9)
    assert set(OrderCompletionFlow.after) == {"production", "consumption", "scrap", "labor_time", "machine_time"}
    assert OrderCompletionFlow.strict


@pytest.mark.parametrize(
    ("flow", "event"), [(ProductionFlow, REPORTED), (ScrapFlow, REPORTED), (LaborTimeFlow, WORKED), (HoldsFlow, HELD)]
)
def test_an_order_without_a_counterpart_waits(flow, event):
    with pytest.raises(NotLinked):
        flow().translate(replace(event, subject="MANUAL-1"), Links())


def test_a_stop_goes_up_for_its_work_unit_and_waits_for_no_order():
    document = DowntimeFlow().translate(STOOD_STILL, Links())
    assert (document.work_order, document.erp_work_order, document.work_unit) == ("", "", "ASSY-01")
    assert (document.minutes, document.reason, document.revision, document.replaces) == (Decimal(47), "TOOL", 2, ID)
