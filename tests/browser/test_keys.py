"""A terminal with a keyboard, and without the server's word on who is there; and the shift along its bottom."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mes.equipment.models import StopExplanation
from mes.masterdata.models import Shift, WorkUnit
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import hotkeys
from tests.browser.conftest import let_it_be_noon, until
from tests.browser.hands import all_saved, scan, sign_on
from tests.factories import make_work_order
from tests.mes.equipment.helpers import make_stop_reason, run, stop
from tests.mes.execution.helpers import start

pytestmark = pytest.mark.browser


@pytest.fixture
def terminal(open_page, operation):
    page = open_page(f"/t/{operation.work_center.code}/")
    expect(page.locator("#panel-job .job-item")).to_be_visible()
    return page


def put_down(page):
    """Take the focus off whatever has it, as a tap beside everything does."""
    page.evaluate("document.activeElement.blur()")


def test_keys_do_what_the_buttons_say_and_enter_takes_the_next_step(terminal, operation):
    page = terminal
    sign_on(page)
    put_down(page)
    page.keyboard.press("Enter")  # a setup is planned, so it comes first
    expect(page.locator("body")).to_have_attribute("data-state", "setup")
    expect(page.locator("#pad-7.primary")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-state", "run")
    page.keyboard.press("F2")
    expect(page.locator("#toast")).to_contain_text("+1 good")
    page.keyboard.press("F3")
    expect(page.locator("#sheet-scrap")).to_be_visible()
    page.keyboard.press("F2")
    page.keyboard.press("Escape")
    expect(page.locator("#sheet-scrap")).not_to_be_visible()
    page.keyboard.press("F8")
    expect(page.locator("#sheet-call-somebody")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("F9")
    expect(page.locator("#sheet-sign-on")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("F5")
    all_saved(page)
    assert TerminalEntry.objects.filter(action="report-good").count() == 1


def test_enter_after_what_was_typed_counts_nothing(terminal, operation):
    page = terminal
    sign_on(page)
    page.click("#pad-7")
    expect(page.locator("body")).to_have_attribute("data-state", "run")
    put_down(page)
    page.evaluate(
        """() => {
            let at = performance.now();
            for (const [code, key] of [['KeyA', 'a'], ['Digit1', '1'], ['Enter', 'Enter']]) {
                const event = new KeyboardEvent('keydown', {code, key, bubbles: true, cancelable: true});
                Object.defineProperty(event, 'timeStamp', {value: at += 200});
                document.body.dispatchEvent(event);
            }
        }"""
    )
    page.keyboard.press("F1")
    expect(page.locator("#sheet-help")).to_be_visible()
    all_saved(page)
    assert not TerminalEntry.objects.filter(action="report-good").exists()


def test_f7_goes_to_the_next_job(plant, terminal, operation):
    other = make_work_order(site=plant.site, number="WO-2000")
    other.operations.filter(position=1).update(work_center=operation.work_center)
    page = terminal
    expect(page.locator("[aria-keyshortcuts=F7]")).to_have_count(1)
    page.keyboard.press("F7")
    expect(page.locator(".job-number")).to_contain_text("WO-2000")
    page.keyboard.press("F7")
    expect(page.locator(".job-number")).to_contain_text("WO-1042")


def test_the_help_lists_the_keys_that_work(terminal):
    page = terminal
    page.keyboard.press("F1")
    expect(page.locator("#sheet-help kbd")).to_have_text(
        [one.key for one in sorted(hotkeys, key=lambda one: one.order)]
    )
    hint = page.evaluate("getComputedStyle(document.querySelector('#pad-1'), '::after').content")
    assert "F2" in hint


def test_who_signs_on_without_network_is_not_checked_and_is_once_it_is_back(terminal, operation):
    page = terminal
    page.route("**/t/**", lambda route: route.abort())
    page.click("#operator")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Badge …007X")
    expect(page.locator("[data-operator-unverified]")).to_be_visible()
    page.click("#pad-7")
    expect(page.locator("#pill")).to_have_class(re.compile("waiting|sending"))
    page.unroute("**/t/**")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("[data-operator-unverified]")).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-state", "run")
    page.click("#pad-1")
    all_saved(page)
    found = TerminalEntry.objects.order_by("recorded_at").values_list("person__name", "identity")
    assert list(found) == [("Anna Krüger", "UNVERIFIED"), ("Anna Krüger", "VERIFIED")]


def test_what_was_asked_before_the_connection_was_lost_does_not_say_that_it_is_back(terminal, operation):
    page, late = terminal, []

    def lost(route):
        if not late and "x-queue-length" in route.request.headers:
            late.append(route)
        else:
            route.abort()

    page.route("**/t/**", lost)
    while not late:
        page.wait_for_timeout(50)
    page.click("#operator")
    page.fill("#sign-number", "1007")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("1007")
    whole = {name: text for name, text in late[0].request.headers.items() if name != "if-none-match"}
    page.evaluate("() => document.addEventListener('drawn', () => { window.cameLate = true; })")
    with page.expect_response(lambda response: response.request == late[0].request):
        late[0].continue_(headers=whole)
    until(page, "() => window.cameLate")
    page.click("#pad-7")
    until(page, "async () => (await window.lineside.outbox.all()).length === 1")
    expect(page.locator("#sheet-sign-on")).to_be_hidden()


def test_a_number_without_network_asks_for_the_pin_once_it_is_back(terminal, operation):
    page = terminal
    page.route("**/t/**", lambda route: route.abort())
    page.click("#operator")
    page.fill("#sign-number", "1007")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("1007")
    page.click("#pad-7")
    until(page, "async () => (await window.lineside.outbox.all()).length === 1")
    page.unroute("**/t/**")
    expect(page.locator("body")).to_have_attribute("data-state", "run")
    page.click("#pad-1")
    expect(page.locator("#sign-on-problem")).to_contain_text("Enter your PIN")
    expect(page.locator("#sign-number")).to_have_value("1007")
    page.fill("#sign-pin", "2580")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("#operator")).not_to_contain_text("+1")
    page.click("#pad-1")
    all_saved(page)
    assert set(TerminalEntry.objects.values_list("action", "identity")) == {
        ("start", "UNVERIFIED"),
        ("report-good", "VERIFIED"),
    }


def test_an_unknown_code_without_network_is_nobodys_badge(terminal):
    page = terminal
    page.route("**/t/**", lambda route: route.abort())
    scan(page, "4006381333931")
    expect(page.locator("#toast")).to_contain_text("No connection")
    expect(page.locator("#operator")).to_have_class(re.compile("nobody"))


def test_the_shift_strip_shows_what_was_and_asks_for_what_is_missing(open_page, plant, operation):
    Shift.objects.create(
        site=plant.site, code="DAY", name="Day", starts_at=time(0), ends_at=time(0), weekdays="0123456"
    )
    make_stop_reason("TOOL", site=plant.site, name="Tool broke")
    unit = WorkUnit.objects.get(work_center=operation.work_center)
    let_it_be_noon(plant.site)
    begun, step = timezone.now() - timedelta(hours=3), timedelta(minutes=30)
    start(plant, "10", when=begun)
    stop(unit, when=begun + step)
    run(unit, when=begun + 2 * step)
    stop(unit, when=begun + 3 * step, reason="TOOL")
    run(unit, when=begun + 4 * step)
    page = open_page(f"/t/{operation.work_center.code}/")
    sign_on(page)
    line = page.locator(".shift-line svg")
    expect(line).to_have_attribute("aria-label", re.compile("Stops without a reason: 1"))
    assert line.evaluate("(one) => getComputedStyle(one).direction") == "ltr"
    # What goes on has grown to where now is, in the page alone.
    until(page, "() => Number(document.querySelector('.shift-line rect[data-grows]').getAttribute('width')) > 0")
    line.locator(".tap").click(force=True)
    page.click("dialog[open] button[value=TOOL]")
    expect(page.locator("#strip-explain")).to_have_count(0)
    expect(line).to_have_attribute("aria-label", re.compile("Stops without a reason: 0"))
    all_saved(page)
    assert StopExplanation.objects.count() == 2
