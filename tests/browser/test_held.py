"""What nobody may use is on the terminal's screen before a scanner is in anybody's hand."""

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from mes.execution.models import OrderComponent
from mes.material import services
from tests.factories import make_item, make_lot, make_uom

pytestmark = pytest.mark.browser


@pytest.fixture
def coil(plant):
    """A lot of the coil that the first operation works up, with a second one beside it."""
    item = make_item(site=plant.site, number="COIL", name="Steel coil", lot_tracked=True)
    operation = plant.operations.get(position=1)
    OrderComponent.objects.create(
        work_order=plant, operation=operation, item=item, uom=make_uom(), position=9, required_quantity=Decimal(10)
    )
    make_lot(item=item, number="C-77", quantity=Decimal(40))
    return make_lot(item=item, number="C-78", quantity=Decimal(40))


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1280, 800), ("dark", 360, 740)])
def test_a_hold_appears_by_itself_says_why_and_who_and_is_gone_when_it_is_lifted(
    open_page, plant, coil, scheme, width, height
):
    operation = plant.operations.get(position=1)
    page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}", scheme=scheme, width=width, height=height)
    expect(page.locator("#panel-material")).to_contain_text("Steel coil")
    expect(page.locator("#panel-held")).to_be_hidden()
    held = services.hold_lot(lot_id=coil.pk, by="1007", now=timezone.now(), note="Edge cracks")
    expect(page.locator("#panel-held .hold")).to_contain_text("C-78")
    expect(page.locator("#panel-held .hold")).to_contain_text("Edge cracks")
    expect(page.locator("#panel-held .hold")).to_contain_text("Anna Krüger")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Steel coil").click()
    sheet = page.locator("dialog[open]")
    expect(sheet.locator(".lot-key")).to_have_count(1)
    expect(sheet.locator(".lot-key")).to_contain_text("C-77")
    expect(sheet.locator(".hold")).to_contain_text("C-78")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    services.release_lot_hold(hold_id=held.pk, by="lead", now=timezone.now())
    expect(page.locator("#panel-held")).to_be_hidden()
