"""Material at the terminal: issued, called for, and put out beside the product."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mes.andon.models import Call
from mes.execution.models import OrderComponent
from mes.material.models import Lot, MaterialMovement
from tests.browser.hands import all_saved, sign_on, start
from tests.factories import make_item

pytestmark = pytest.mark.browser


def test_material_is_issued_by_tapping_a_lot(terminal, operation):
    steel = make_item(site=operation.work_order.site, name="Steel", lot_tracked=True)
    lot = Lot.objects.create(site=steel.site, item=steel, number="S-1", quantity=50, created_at=timezone.now())
    OrderComponent.objects.create(
        work_order=operation.work_order, operation=operation, position=9, item=steel, uom=steel.uom,
        required_quantity=20, backflush=False,
    )  # fmt: skip
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#panel-material button.choice")
    page.click("#panel-material .lot-key")
    page.click("#panel-material dialog[open] .confirm")
    all_saved(page)
    lot.refresh_from_db()
    assert lot.quantity == 30


def test_more_than_the_bill_tolerates_is_asked_for_once_more_and_then_booked(terminal, operation):
    steel = make_item(site=operation.work_order.site, name="Steel", lot_tracked=True)
    lot = Lot.objects.create(site=steel.site, item=steel, number="S-1", quantity=50, created_at=timezone.now())
    component = OrderComponent.objects.create(
        work_order=operation.work_order, operation=operation, position=9, item=steel, uom=steel.uom,
        required_quantity=20, tolerance=Decimal("0.1"), backflush=False,
    )  # fmt: skip
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#panel-material button.choice")
    page.click("#panel-material .lot-key")
    page.fill(f"#issue-figure-{component.pk}", "30")
    confirm = page.locator("#panel-material dialog[open] .confirm")
    confirm.click()
    expect(confirm).to_contain_text("30 – really?")
    lot.refresh_from_db()
    assert lot.quantity == 50
    confirm.click()
    all_saved(page)
    lot.refresh_from_db()
    assert lot.quantity == 20


def test_what_is_short_is_called_for_by_one_tap(terminal, operation):
    steel = make_item(site=operation.work_order.site, name="Steel", lot_tracked=True)
    Lot.objects.create(site=steel.site, item=steel, number="S-1", quantity=5, created_at=timezone.now())
    component = OrderComponent.objects.create(
        work_order=operation.work_order, operation=operation, position=9, item=steel, uom=steel.uom,
        required_quantity=20, backflush=False,
    )  # fmt: skip
    page = terminal()
    sign_on(page)
    page.click(f"#short-{component.pk}")
    all_saved(page)
    call = Call.objects.get()
    assert (call.kind, call.status) == ("MATERIAL", "RAISED")
    assert call.note.startswith("15 ") and steel.number in call.note and operation.work_order.number in call.note


@pytest.mark.parametrize("at_once", [True, False])
def test_a_by_product_is_put_out_and_taken_back_by_one_tap(terminal, operation, at_once):
    make_item(site=operation.work_order.site, number="CHIPS", name="Chips")
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#material-byproduct")
    page.fill("#byproduct-item", "CHIPS")
    page.click("#sheet-byproduct [data-key='3']")
    if at_once:
        # The offer stands for ten seconds, which a busy machine may take.
        page.evaluate(
            "() => ['#sheet-byproduct .confirm', '#toast [data-undo-last]'].forEach((one) => document.querySelector(one).click())"
        )
    else:
        page.click("#sheet-byproduct .confirm")
        all_saved(page)
        expect(page.locator("#panel-last li").first).to_contain_text("+3 pcs Chips")
        page.locator("#panel-last [data-do=undo]").first.click()
    all_saved(page)
    expect(page.locator("#panel-last li").first).to_contain_text("takes back")
    moved = MaterialMovement.objects.filter(item__number="CHIPS").order_by("recorded_at")
    assert [movement.quantity for movement in moved] == [3, -3]
