"""The terminal as an operator meets it: real taps in a real browser."""

import pytest
from playwright.sync_api import expect

from mes.execution.models import Operation, ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import Item, WorkUnit
from tests.browser.hands import all_saved, scan, sign_on, start
from tests.factories import make_person

pytestmark = pytest.mark.browser


def test_from_start_to_finish(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-1")
    page.click("#pad-2")
    page.click("#pad-3")
    page.keyboard.press("Control+A")
    for digit in "25":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    page.click("#pad-4")
    page.click("#sheet-scrap button[value=BURR]")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("Burr")
    page.click("#pad-8")
    expect(page.locator(".bar-state")).to_contain_text("Paused")
    page.click("#pad-7")
    expect(page.locator(".bar-state")).to_contain_text("Running")
    page.click("#pad-9")
    page.click("#sheet-finish .confirm")
    expect(page.locator(".bar-state")).to_contain_text("Completed")
    operation.refresh_from_db()
    assert (operation.status, operation.good_quantity, operation.scrap_quantity) == (Operation.Status.COMPLETED, 36, 1)


def test_a_pack_is_what_is_proposed_where_the_item_has_one(terminal, operation):
    Item.objects.update(pack_quantity=24)
    page = terminal()
    sign_on(page)
    start(page)
    expect(page.locator("#pad-2")).to_contain_text("+24")
    page.click("#pad-2")
    page.click("#pad-3")
    expect(page.locator("#good-figure")).to_have_value("24")
    page.click("#sheet-good [data-key='+24']")
    page.click("#sheet-good .confirm")
    all_saved(page)
    operation.refresh_from_db()
    assert operation.good_quantity == 72
    # What is left over at the end is less than a pack; more than two packs is asked for once more.
    page.click("#pad-3")
    for digit in "49":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .confirm")).to_contain_text("49 – really?")


def test_pieces_are_reported_by_the_machines_counter(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    for shown, button in (("1200", "Counting starts at"), ("1230", "Report by counter")):
        expect(page.locator("#sheet-counter .confirm")).to_contain_text(button)
        page.click("#pad-3")
        page.click("#by-counter")
        for digit in shown:
            page.click(f"#sheet-counter [data-key='{digit}']")
        page.click("#sheet-counter .confirm")
        all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("+30")
    # Less than before is a question, not a fault.
    page.click("#pad-3")
    page.click("#by-counter")
    page.click("#sheet-counter [data-key='5']")
    page.click("#sheet-counter .pick:has([value=RESET])")
    page.click("#sheet-counter .confirm")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("+5")
    operation.refresh_from_db()
    assert operation.good_quantity == 35


def test_the_first_digit_takes_the_place_of_what_is_proposed_every_time_a_sheet_is_opened(terminal):
    page = terminal()
    sign_on(page)
    start(page)
    for digit in "57":
        page.click("#pad-3")
        page.click(f"#sheet-good [data-key='{digit}']")
        expect(page.locator("#good-figure")).to_have_value(digit)
        page.click("#sheet-good [data-close]")


def test_the_last_entry_is_taken_back_by_one_tap(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    # Both at once: the offer stands for ten seconds, which a busy machine may take.
    page.evaluate("() => ['#pad-1', '#toast [data-undo-last]'].forEach((one) => document.querySelector(one).click())")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("taken back")
    assert sorted(ProductionReport.objects.values_list("good_quantity", flat=True)) == [-1, 1]


def test_a_terminal_can_be_installed_like_an_app(terminal, live_server):
    page = terminal()
    address = page.evaluate("document.querySelector('link[rel=manifest]').href")
    manifest = page.evaluate("async (address) => (await fetch(address)).json()", address)
    assert (manifest["start_url"], manifest["display"]) == ("/t/", "fullscreen")
    sizes = page.evaluate(
        """async ([address, icons]) => Promise.all(icons.map(async (icon) => {
            const picture = await createImageBitmap(await (await fetch(new URL(icon.src, address))).blob());
            return `${picture.width}x${picture.height}`;
        }))""",
        [address, [one for one in manifest["icons"] if one["type"] == "image/png"]],
    )
    assert sizes == [one["sizes"] for one in manifest["icons"] if one["type"] == "image/png"]


def test_a_second_person_joins_the_job(terminal, operation):
    marek = make_person(site=operation.work_order.site, number="1012", name="Marek")
    masterdata.set_badge(person_id=marek.pk, badge="M77X")
    page = terminal()
    sign_on(page)
    start(page)
    scan(page, "M77X")
    expect(page.locator("[data-operator-name]")).to_have_text("Marek")
    page.click("#my-time")
    page.click("#sheet-my-time button[data-do=join]")
    expect(page.locator("#panel-crew")).to_contain_text("Marek")
    expect(page.locator("#panel-crew")).to_contain_text("Anna")


def test_a_paused_job_goes_on_on_another_machine(terminal, operation):
    center = operation.work_center
    WorkUnit.objects.create(site=center.site, work_center=center, code="M-1", name="One")
    WorkUnit.objects.create(site=center.site, work_center=center, code="M-2", name="Two")
    page = terminal()
    sign_on(page)
    page.click("#pad-7")
    page.click("#sheet-start-run button[value='M-1']")
    expect(page.locator(".job-number")).to_contain_text("M-1")
    page.click("#pad-8")
    page.click("#other-machine")
    page.click("#sheet-start-run button[value='M-2']")
    all_saved(page)
    expect(page.locator(".job-number")).to_contain_text("M-2")
    expect(page.locator("#other-machine")).to_have_count(0)
    assert list(operation.machine_intervals.order_by("started_at").values_list("work_unit__code", flat=True)) == [
        "M-1",
        "M-2",
    ]


def test_scrap_of_several_reasons_is_one_entry(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-4")
    page.click("#scrap-several")
    page.click("#sheet-scrap [data-key='+1']")
    page.click("#sheet-scrap button[value=BURR]")
    expect(page.locator("#scrap-figure")).to_have_value("1")
    page.click("#sheet-scrap button[value=CRACK]")
    page.click("#sheet-scrap button[value=DIM]")
    expect(page.locator("#sheet-scrap [data-lines] li")).to_have_count(3)
    expect(page.locator("#sheet-scrap .confirm")).to_have_text("Report scrap 4")
    page.click("#sheet-scrap [data-lines] li:has-text('Out of dimension') button")
    page.click("#sheet-scrap .confirm")
    expect(page.locator("#toast")).to_contain_text("3 scrap · 2 Burr, 1 Crack")
    all_saved(page)
    report = ProductionReport.objects.get()
    lines = {line.reason.code: line.quantity for line in report.scrap_lines.all()}
    assert (report.scrap_quantity, lines) == (3, {"BURR": 2, "CRACK": 1})
    # One reason is still one tap, also after that.
    page.click("#pad-4")
    expect(page.locator("#sheet-scrap [data-lines] li")).to_have_count(0)
    page.click("#sheet-scrap button[value=DIM]")
    all_saved(page)
    assert ProductionReport.objects.count() == 2
