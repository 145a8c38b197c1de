"""What people read when the page itself must speak: a scanner gone wild, a full device, a server that does not answer.

The rows belong to the table in tests/mes/terminal/test_words.py.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from mes.execution.models import ProductionReport
from tests.browser.conftest import until
from tests.browser.test_terminal import operation, scan, sign_on, start, terminal  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


def test_w28_a_scanner_that_sends_four_kilobytes_does_nothing_and_says_so(terminal):  # noqa: F811
    page = terminal()
    sign_on(page)
    page.focus("#pad-7")
    scan(page, "A" * 4096)
    expect(page.locator("#toast")).to_contain_text("The scanner sent more than any label holds")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


def test_w28_enter_and_tab_after_a_scan_press_no_button(terminal):  # noqa: F811
    page = terminal()
    sign_on(page)
    page.focus("#pad-7")
    pressed = page.evaluate(
        """() => {
            let pressed = 0;
            document.getElementById('pad-7').addEventListener('click', () => { pressed += 1; });
            const send = (code, key) => document.activeElement.dispatchEvent(
                new KeyboardEvent('keydown', {code, key, bubbles: true, cancelable: true})) && key === 'Enter'
                && document.activeElement.click();
            for (const sign of '40063813') { send('Digit' + sign, sign); }
            for (const key of ['Enter', 'Tab', 'Enter', 'Tab']) { send(key, key); }
            return pressed;
        }"""
    )
    assert pressed == 0
    expect(page.locator("#toast")).to_contain_text("40063813")


def test_w36_nearly_full_calls_for_help_and_full_refuses_before_the_work_step(terminal):  # noqa: F811
    page = terminal()
    sign_on(page)
    start(page)
    page.route("**/entries", lambda route: route.abort())
    page.evaluate("window.lineside.outbox.limit = 10")
    for n in range(1, 10):
        page.click("#pad-1")
        expect(page.locator("[data-counter$=':good']")).to_have_text(str(n))
    expect(page.locator("[data-pill]")).to_have_text("Call IT. 9 entries are not sent")
    page.click("#pad-1")
    expect(page.locator("[data-counter$=':good']")).to_have_text("10")
    page.click("#pad-1")
    expect(page.locator("#toast")).to_contain_text("Cannot store on this device. Write on paper")
    expect(page.locator("[data-counter$=':good']")).to_have_text("10")
    page.unroute("**/entries")
    page.evaluate("window.lineside.outbox.flush()")
    expect(page.locator("[data-pill]")).to_have_text("All saved")
    assert ProductionReport.objects.count() == 10


def test_w44_what_the_server_does_not_answer_stays_in_the_queue_and_is_said_to_wait(terminal):  # noqa: F811
    page = terminal()
    sign_on(page)
    start(page)
    held = []
    page.route("**/entries", lambda route: held.append(route))
    page.click("#pad-1")
    # Nothing has failed yet, the answer is only not there: the page says so all the same, and goes on taking entries.
    expect(page.locator("[data-pill]")).to_have_text(re.compile("^1 waiting since"))
    expect(page.locator("#toast [data-fate]")).to_have_text("not sent yet")
    page.click("#pad-1")
    expect(page.locator("[data-pill]")).to_have_text(re.compile("^2 waiting since"))
    page.unroute("**/entries")
    expect(page.locator("[data-pill]")).to_have_text("All saved")
    assert held and ProductionReport.objects.count() == 2


def test_what_waited_for_half_a_day_asks_whether_it_is_still_right_and_holds_its_lane(terminal):  # noqa: F811
    page = terminal()
    sign_on(page)
    start(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pad-1")
    until(page, "async () => (await window.lineside.outbox.all()).length === 2")
    # The first of the two has lain there since yesterday.
    page.evaluate(
        """async () => {
            const outbox = window.lineside.outbox;
            const first = (await outbox.all())[0];
            first.occurred_at = new Date(Date.parse(first.occurred_at) - 14 * 3600 * 1000).toISOString();
            await outbox.run('readwrite', (store) => store.put(first));
        }"""
    )
    page.unroute("**/entries")
    page.evaluate("window.lineside.outbox.flush()")
    expect(page.locator("[data-pill]")).to_have_text("1 needs attention · 1 waiting")
    assert not ProductionReport.objects.exists()
    page.click("#pill")
    expect(page.locator("#entries [data-problem]").first).to_contain_text(
        "This was entered 14 h ago. Is it still right?"
    )
    page.locator("#entries [data-right]:visible").click()
    expect(page.locator("[data-pill]")).to_have_text("All saved")
    first, second = ProductionReport.objects.order_by("occurred_at")
    assert second.occurred_at - first.occurred_at > timedelta(hours=13)
