"""What the page has not brought to the server: kept, sent once, taken back, asked about when it is old."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from mes.execution.models import ProductionReport
from tests.browser.conftest import until
from tests.browser.hands import all_saved, sign_on, start

pytestmark = pytest.mark.browser


def test_a_report_waits_while_the_server_is_away_and_is_sent_once_under_the_same_id(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    tried = []

    def away(route):
        tried.append(json.loads(route.request.post_data)["id"])
        route.abort()

    page.route("**/entries", away)
    page.click("#pad-1")
    expect(page.locator("[data-counter$=':good']")).to_have_text("1")
    expect(page.locator("[data-pill]")).to_contain_text("waiting since")
    page.unroute("**/entries")
    all_saved(page)
    assert set(tried) == {str(ProductionReport.objects.get().pk)}


def test_whoever_asks_what_waits_before_the_disk_is_open_gets_the_answer_and_no_error(terminal, operation):
    page = terminal()
    asked_at_once = """async () => {
        const again = new window.lineside.outbox.constructor({ changed() {}, settled() {}, limit: 9, fates: "" });
        again.open();
        return await again.all();
    }"""
    assert page.evaluate(asked_at_once) == []


def test_what_waits_is_taken_back_from_the_list_and_both_are_booked(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    all_saved(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pill")
    page.locator("#entries [data-back]:visible").click()
    expect(page.locator("#entries li")).to_have_count(2)
    expect(page.locator("#entries [data-back]:visible")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("[data-counter$=':good']")).to_have_text("0")
    page.unroute("**/entries")
    all_saved(page)
    assert sorted(ProductionReport.objects.values_list("good_quantity", flat=True)) == [-1, 1]


def test_an_answer_that_was_lost_on_the_way_books_nothing_twice(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    lost = []

    def lose_first_answer(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/entries", lose_first_answer)
    with page.expect_response("**/entries"):
        page.click("#pad-1")
    all_saved(page)
    operation.refresh_from_db()
    assert (lost, operation.good_quantity, ProductionReport.objects.count()) == ([200], 1, 1)


def test_a_refusal_is_shown_in_words_and_kept_until_it_is_understood(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-3")
    for digit in "999":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .confirm")).to_contain_text("999 – really?")
    page.click("#sheet-good .confirm")
    expect(page.locator("[data-pill]")).to_have_text("1 needs attention")
    # Over-delivery is what a supervisor may allow; nobody is here to do so.
    page.click("#sheet-step-up [data-close]")
    page.click("#pill")
    expect(page.locator("#entries [data-problem]")).to_have_text(re.compile(".{20,}"))
    page.click("#entries [data-understood]")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


def test_what_waited_for_half_a_day_asks_whether_it_is_still_right_and_holds_its_lane(terminal):
    page = terminal()
    sign_on(page)
    start(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pad-1")
    until(page, "async () => (await window.lineside.outbox.all()).length === 2")
    # The first of the two has lain there since yesterday; not while it is being sent, which writes down what it knows of it.
    until(
        page,
        """async () => {
            const outbox = window.lineside.outbox;
            const done = await outbox.alone(async () => {
                const first = (await outbox.all())[0];
                first.occurred_at = new Date(Date.parse(first.occurred_at) - 14 * 3600 * 1000).toISOString();
                await outbox.run('readwrite', (store) => store.put(first));
                return "done";
            });
            return done === "done";
        }""",
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
