"""Whoever scans a container has its lot and its content in hand."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from mes.execution.models import OrderComponent
from mes.material.models import MaterialMovement
from tests.browser.hands import all_saved, scan
from tests.factories import make_item, make_lot

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page, plant):
    """A terminal whose job needs 20 of steel that is tracked by lot, with Anna signed on."""
    operation = plant.operations.get(position=1)
    steel = make_item(site=plant.site, number="STEEL", lot_tracked=True)
    make_lot(item=steel, number="S-1", quantity=Decimal(50))
    OrderComponent.objects.create(
        work_order=plant, operation=operation, position=9, item=steel, uom=steel.uom, required_quantity=20, backflush=False
    )  # fmt: skip
    page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    return page


def issued():
    return [(one.lot.number, one.quantity) for one in MaterialMovement.objects.all()]


@pytest.mark.parametrize("begins", ["with the sheet", "with the scan"])
def test_a_scanned_container_is_issued_whole(page, begins):
    if begins == "with the sheet":
        page.get_by_role("button", name="STEEL").click()
    scan(page, "K12-2-S-1")
    sheet = page.locator("dialog[open]")
    expect(sheet.locator("input[name=lot]")).to_have_value("S-1")
    expect(sheet.locator("[data-figure]")).to_have_value("12")
    page.click("dialog[open] .confirm")
    all_saved(page)
    assert issued() == [("S-1", 12)]


def test_a_lot_by_itself_leaves_the_quantity_that_is_missing(page):
    scan(page, "LS-1")
    sheet = page.locator("dialog[open]")
    expect(sheet.locator("input[name=lot]")).to_have_value("S-1")
    expect(sheet.locator("[data-figure]")).to_have_value("20")
