"""Checks and nonconformances as operators and quality meet them: real taps in a real browser."""

import pytest
from playwright.sync_api import expect

from mes.execution import gates
from mes.execution.models import Operation, WorkOrder
from mes.masterdata.models import Person
from quality.models import Disposition, InspectionResult, Nonconformance, Reading
from tests.browser.hands import all_saved, scan, sign_on, start
from tests.quality.helpers import make_plan

pytestmark = pytest.mark.browser


@pytest.fixture
def operation(plant):
    operation = plant.operations.get(position=1)
    make_plan(item=plant.item, operation=operation.number)
    gates.complete_snapshot(plant)
    return operation


def counted(page):
    """Count the taps from here on, as a person makes them."""
    page.evaluate("window.taps = 0; document.addEventListener('pointerdown', () => { window.taps += 1; }, true)")


def test_what_is_not_as_it_should_be_takes_three_taps_and_can_hold_the_order(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    expect(page.locator("#nonconform")).to_be_visible(timeout=30000)
    counted(page)
    page.click("#nonconform")
    page.click("#sheet-nonconform label:has(input[value=BURR])")
    page.click("#sheet-nonconform .confirm")
    assert page.evaluate("window.taps") == 3
    all_saved(page)
    row = Nonconformance.objects.get()
    assert (row.quantity, row.reason.code, row.person) == (1, "BURR", Person.objects.get(number="1007"))
    expect(page.locator("#panel-quality")).to_contain_text(row.number, timeout=30000)
    page.click("#nonconform")
    page.click("#sheet-nonconform label:has(input[value=CRACK])")
    page.click("#sheet-nonconform .keys [data-key='7']")
    page.click("#sheet-nonconform label.tick")
    page.click("#sheet-nonconform .confirm")
    all_saved(page)
    expect(page.locator(".bar-state")).to_contain_text("On hold", timeout=30000)
    assert WorkOrder.objects.get().held and Nonconformance.objects.get(reason__code="CRACK").quantity == 7


def test_the_first_piece_is_judged_while_it_is_entered_and_opens_the_series(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    check = page.locator("#panel-quality .choice:has-text('First piece')")
    expect(check).to_contain_text("Due", timeout=30000)
    check.click()
    sheet = page.locator("dialog[open]")
    for key in ("1", "2", ".", "0", "8"):
        sheet.locator(f"[data-key='{key}']").click()
    expect(sheet.locator("[data-verdict=nok]")).to_contain_text("0.03 above the limit")
    sheet.locator("[data-key=back]").click()
    sheet.locator("[data-key='2']").click()
    expect(sheet.locator("[data-verdict=ok]")).to_contain_text("in tolerance")
    sheet.locator("label.pick.ok").click()
    sheet.locator(".confirm").click()
    all_saved(page)
    expect(page.locator("#panel-quality")).to_contain_text("Nothing is due", timeout=30000)
    assert InspectionResult.objects.get().verdict == "PASSED"
    page.click("#pad-1")
    all_saved(page)
    operation.refresh_from_db()
    assert operation.good_quantity == 1


def test_a_value_out_of_tolerance_is_told_like_something_to_look_at(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.locator("#panel-quality .choice:has-text('First piece')").click(timeout=30000)
    sheet = page.locator("dialog[open]")
    for key in ("1", "2", ".", "0", "8"):
        sheet.locator(f"[data-key='{key}']").click()
    sheet.locator("label.pick.ok").click()
    sheet.locator(".confirm").click()
    expect(page.locator("#toast.info")).to_contain_text("out of tolerance", timeout=30000)
    assert InspectionResult.objects.get().verdict == "FAILED"


def test_a_series_piece_before_the_first_is_refused_in_words(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-1")
    expect(page.locator("#toast")).to_contain_text("Open “Checks” at the terminal", timeout=30000)
    assert not Operation.objects.get(pk=operation.pk).good_quantity


def test_a_gauge_types_its_value_with_a_decimal_comma_into_the_field(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    check = page.locator("#panel-quality .choice:has-text('First piece')")
    expect(check).to_be_visible(timeout=30000)
    check.click()
    page.evaluate(
        """() => {
            const send = (code, key) => document.activeElement.dispatchEvent(
                new KeyboardEvent('keydown', {code, key, bubbles: true, cancelable: true}));
            for (const sign of '12,034') { sign === ',' ? send('Comma', ',') : send('Digit' + sign, sign); }
            send('Enter', 'Enter');
        }"""
    )
    field = page.locator("dialog[open] [data-reading]")
    expect(field).to_have_value("12,034")
    expect(page.locator("dialog[open] [data-verdict=ok]")).to_be_visible()
    page.locator("dialog[open] label.pick.nok").click()
    page.locator("dialog[open] .confirm").click()
    all_saved(page)
    expect(page.locator("#panel-quality")).to_contain_text("Failed", timeout=30000)
    assert sorted(Reading.objects.values_list("raw", "passed")) == [("12,034", True), ("nok", False)]


def test_a_badge_scanned_into_a_value_is_no_value(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    check = page.locator("#panel-quality .choice:has-text('First piece')")
    expect(check).to_be_visible(timeout=30000)
    check.click()
    scan(page, "P1007X")
    page.locator("dialog[open] label.pick.ok").click()
    page.locator("dialog[open] .confirm").click()
    expect(page.locator("#toast")).to_contain_text("is not a value", timeout=30000)
    assert not Reading.objects.exists()


def test_quality_decides_about_the_parts_on_one_page(open_page, plant, operation):
    from tests.quality.test_nonconformances import found  # noqa: PLC0415

    operation.status = "RUNNING"
    operation.save()
    row = found(plant, 5, reason="BURR")
    page = open_page("/quality/", user="lead")
    page.click(f"text={row.number}")
    page.fill("#decide-quantity", "2")
    page.click("button[value=SCRAP]")
    expect(page.locator("[role=status], .messages").first).to_be_visible()
    page.fill("#decide-quantity", "3")
    page.fill("#decide-note", "Deburred by hand")
    page.click("button[value=REWORK]")
    expect(page.locator("h1 ~ p .state, .head .state").first).to_contain_text("Closed")
    assert sorted(Disposition.objects.values_list("kind", "quantity")) == [("REWORK", 3), ("SCRAP", 2)]
