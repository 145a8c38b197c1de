"""Master data and orders come down as they stand in Tryton, and again when they change."""

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.costing.records import CostRateRecord
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import (
    BillOfMaterialsRecord,
    BomLineRecord,
    ItemRecord,
    PersonRecord,
    RoutingRecord,
    RoutingStepRecord,
    UomRecord,
    WorkCenterRecord,
)
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.tryton import Rpc, planner_of_tryton

pytestmark = pytest.mark.tryton
Plan = Callable[..., str]
D = Decimal


def everything(connector: TrytonConnector, record: type, cursor: str = "") -> list[Any]:
    return [each for page in connector.fetch(record, cursor=cursor) for each in page.records]


def now_of(connector: TrytonConnector) -> str:
    """A cursor that leaves out what was entered before: just past the last change, without the usual overlap."""
    time.sleep(0.01)
    return dt.datetime.now(dt.UTC).isoformat()


def test_items_say_their_unit_and_whether_lots_are_tracked(connector: TrytonConnector) -> None:
    items = {item.number: item for item in everything(connector, ItemRecord)}
    sheet = items["RM-SHEET-2"]
    assert (sheet.name, sheet.uom, sheet.lot_tracked, sheet.site) == ("Steel sheet DC01, 2 mm", "kg", True, "T1")
    assert not items["BP-BOLT-M8"].lot_tracked


def test_units_convert_exactly(connector: TrytonConnector) -> None:
    units = {unit.code: unit for unit in everything(connector, UomRecord)}
    assert (units["g"].numerator, units["g"].denominator) == (D(1000), D(1))
    assert (units["in"].numerator, units["in"].denominator) == (D(1), D("0.0254"))
    assert units["kg"].dimension == units["g"].dimension


def test_a_bill_comes_whole(connector: TrytonConnector) -> None:
    bills = {bill.number: bill for bill in everything(connector, BillOfMaterialsRecord)}
    bill = bills["BOM-FG-BRACKET"]
    assert (bill.item, bill.base_quantity, bill.uom, bill.tolerance) == ("FG-BRACKET", D(1), "u", D("0.1"))
    assert bill.lines == (
        BomLineRecord(item="SF-BRACKET", quantity=D(1), uom="u"),
        BomLineRecord(item="RM-POWDER-7016", quantity=D("0.05"), uom="kg"),
        BomLineRecord(item="BP-BOLT-M8", quantity=D(4), uom="u"),
    )


def test_a_routing_names_its_steps_their_work_centers_and_what_is_made(connector: TrytonConnector) -> None:
    [routing] = [each for each in everything(connector, RoutingRecord) if "FG-BRACKET" in each.items]
    assert routing.steps == (
        RoutingStepRecord(number="10", name="Powder coat", work_center="COAT-01"),
        RoutingStepRecord(number="20", name="Test and pack", work_center="PACK-01"),
    )


def test_work_centers_and_people_come_without_halls_and_strangers(connector: TrytonConnector) -> None:
    centers = {center.code: center.area for center in everything(connector, WorkCenterRecord)}
    assert centers["ASSY-02"] == "Hall 2"
    assert "Hall 1" not in centers
    assert {person.number for person in everything(connector, PersonRecord)} == {f"E00{n}" for n in range(1, 7)}


def test_rates_come_with_the_day_from_which_they_hold(connector: TrytonConnector) -> None:
    rates = {(rate.kind, rate.key, rate.per): rate for rate in everything(connector, CostRateRecord)}
    history = [rate for rate in everything(connector, CostRateRecord) if rate.key == "E001"]
    assert {(rate.valid_from, rate.amount) for rate in history} == {
        (dt.date(2025, 1, 1), D(37)),
        (dt.date(2026, 1, 1), D("38.5")),
    }
    assert rates["WORK_CENTER", "COAT-01", "CYCLE"].amount == D("14.5")
    assert rates["ITEM", "RM-BAR-12", "UNIT"].currency == "EUR"


def test_an_order_comes_with_its_components_steps_and_dates(connector: TrytonConnector, plan: Plan) -> None:
    external_id = plan("FG-BRACKET", 30, "SO-1")
    [order] = [each for each in everything(connector, WorkOrderRecord) if each.external_id == external_id]
    assert (order.item, order.order_quantity, order.uom, order.status) == ("FG-BRACKET", D(30), "u", "RELEASED")
    assert order.components is not None and order.steps is not None
    assert {(line.item, line.quantity) for line in order.components} == {
        ("SF-BRACKET", D(30)),
        ("RM-POWDER-7016", D("1.5")),
        ("BP-BOLT-M8", D(120)),
    }
    assert [(step.number, step.work_center) for step in order.steps] == [("10", "COAT-01"), ("20", "PACK-01")]
    # The end of the day in Berlin
    assert order.due_at == dt.datetime(2026, 12, 18, 22, 59, tzinfo=dt.UTC)
    assert order.reference == "SO-1"


def test_what_an_order_was_planned_to_take_stays_the_same_while_it_is_booked(
    connector: TrytonConnector, plan: Plan
) -> None:
    external_id = plan("FG-BRACKET", 30)
    before = [each for each in everything(connector, WorkOrderRecord) if each.external_id == external_id]
    connector.send(doc.used(external_id, "BP-BOLT-M8", "75"), key=uuid4().hex)
    after = [each for each in everything(connector, WorkOrderRecord) if each.external_id == external_id]
    assert after[0].components is not None and before[0].components is not None
    assert set(after[0].components) == set(before[0].components)


def test_only_what_changed_since_the_cursor_comes(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    kept, moved = plan(), plan()
    since = now_of(connector)
    planner_of_tryton.change_production(planner, int(moved), quantity=35)
    changed = everything(connector, WorkOrderRecord, since)
    assert [(order.external_id, order.order_quantity) for order in changed] == [(moved, D(35))]
    assert kept not in {order.external_id for order in changed}


def test_a_cancelled_order_says_so(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    external_id = plan()
    since = now_of(connector)
    planner_of_tryton.cancel_production(planner, int(external_id))
    [order] = everything(connector, WorkOrderRecord, since)
    assert (order.external_id, order.status) == (external_id, "CANCELLED")
    assert order.number not in set(connector.fetch_keys(WorkOrderRecord))


def test_a_changed_line_is_a_change_of_its_bill(connector: TrytonConnector, planner: Rpc) -> None:
    # A bill of its own: other tests make orders by the bills of the plant, in the same Tryton.
    code = f"NEW-{uuid4().hex[:6]}"
    planner_of_tryton.new_item(planner, code, "New shelf", [("RM-TUBE-30", 2), ("RM-BAR-12", 1.2)], ["Assemble"])
    [line] = planner.read(
        "production.bom.input", [["bom.code", "=", f"BOM-{code}"], ["product.code", "=", "RM-BAR-12"]], "id"
    )
    since = now_of(connector)
    planner("model.production.bom.input.write", [line["id"]], {"quantity": 1.3})
    [bill] = everything(connector, BillOfMaterialsRecord, since)
    assert bill.number == f"BOM-{code}"
    assert {each.quantity for each in bill.lines} == {D(2), D("1.3")}


def test_a_deactivated_item_comes_as_inactive(connector: TrytonConnector, planner: Rpc) -> None:
    code = f"NEW-{uuid4().hex[:6]}"
    since = now_of(connector)
    product = planner_of_tryton.new_item(planner, code, "New shelf", [("RM-TUBE-30", 2)], ["Assemble"])
    [item] = everything(connector, ItemRecord, since)
    assert (item.number, item.active) == (code, True)
    since = now_of(connector)
    planner("model.product.product.write", [product], {"active": False})
    [item] = everything(connector, ItemRecord, since)
    assert (item.number, item.active) == (code, False)
    assert code not in set(connector.fetch_keys(ItemRecord))


def test_a_cursor_stays_behind_the_clock_so_that_late_commits_are_not_missed(connector: TrytonConnector) -> None:
    [*_, last] = connector.fetch(ItemRecord, cursor="")
    behind = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(last.cursor)
    assert dt.timedelta(seconds=25) < behind < dt.timedelta(seconds=60)


def test_a_row_that_cannot_be_read_is_set_aside_with_its_reason(connector: TrytonConnector, planner: Rpc) -> None:
    since = now_of(connector)
    [unit] = planner.ids("product.uom", ["name", "=", "Unit"])
    [template] = planner.create(
        "product.template", {"name": "No code", "type": "goods", "default_uom": unit, "products": [["create", [{}]]]}
    )
    pages = list(connector.fetch(ItemRecord, cursor=since))
    assert [refused.reason for page in pages for refused in page.refused] == ["This product has no code."]
    planner("model.product.template.write", [template], {"code": f"MENDED-{template}"})


def test_the_check_names_version_company_and_plant_time(connector: TrytonConnector) -> None:
    assert connector.check() == "Tryton 8.2.0, company Talbrueck Metall GmbH, plant time Europe/Berlin."
