"""Pages draw what changed on the server under people's hands, and no tap is lost by it."""

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mes.core import live
from mes.execution import services
from mes.execution.models import Operation, OrderHold, ProductionReport
from tests.browser.conftest import until
from tests.browser.hands import all_saved, sign_on, start

pytestmark = pytest.mark.browser


@pytest.fixture
def running(plant, open_page):
    """The terminal with Anna at work, on a screen that is touched."""
    operation = plant.operations.get(position=1)
    page = open_page(f"/t/{operation.work_center.code}/", touch=True)
    sign_on(page)
    start(page)
    expect(page.locator("#pad-1")).to_be_enabled()
    return page


class Finger:
    """A finger on the screen, which the browser's own automation can only tap with."""

    def __init__(self, page):
        self.page, self.line = page, page.context.new_cdp_session(page)

    def down(self, selector):
        expect(self.page.locator(selector)).to_be_visible()
        x, y = self.page.evaluate(
            """(selector) => { const box = document.querySelector(selector).getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2]; }""",
            selector,
        )
        self.line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})

    def up(self):
        self.page.evaluate("document.addEventListener('click', () => { window.clicked = true; }, true)")
        self.line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def clicked(self):
        """Wait until the browser has made a click of it, which it does a little after the finger is up."""
        until(self.page, "() => window.clicked === true")


def somebody_else_reports(quantity):
    operation = Operation.objects.get(position=1)
    services.report_production(
        report_id=uuid.uuid4(),
        operation_id=operation.pk,
        good_quantity=quantity,
        person=None,
        occurred_at=timezone.now(),
        now=timezone.now(),
    )
    live.forget()


def test_a_tap_that_begins_before_a_redraw_and_ends_after_it_counts(running):
    finger = Finger(running)
    finger.down("#pad-1")
    with running.expect_response(lambda answer: "/state" in answer.url and answer.status == 200):
        somebody_else_reports(Decimal(40))
    finger.up()
    finger.clicked()
    all_saved(running)
    assert sorted(ProductionReport.objects.values_list("good_quantity", flat=True)) == [1, 40]
    expect(running.locator("[data-counter$=':good']")).to_have_text("41")


def test_what_stays_is_the_same_element_after_a_redraw_and_keeps_the_focus(running):
    running.evaluate("() => { window.kept = document.getElementById('pad-1'); window.kept.focus(); }")
    somebody_else_reports(Decimal(40))
    expect(running.locator("[data-counter$=':good']")).to_have_text("40")
    assert running.evaluate(
        "() => [document.getElementById('pad-1'), document.activeElement].every((one) => one === window.kept)"
    )


def test_a_sheet_stays_as_it_was_opened_and_the_page_is_current_when_it_is_closed(running, plant):
    running.click("#pad-3")
    with running.expect_response(lambda answer: "/state" in answer.url and answer.status == 200):
        OrderHold.objects.create(site=plant.site, work_order=plant, note="Wrong drawing", placed_at=timezone.now())
        type(plant).objects.filter(pk=plant.pk).update(held=True)
        live.forget()
    expect(running.locator("#panel-job")).to_contain_text("Wrong drawing")
    expect(running.locator("#sheet-good")).to_be_visible()
    running.click("#sheet-good [data-close]")
    expect(running.locator("#pad-1")).to_have_attribute("data-why", "The order is on hold.")


def test_a_link_on_the_board_is_followed_though_the_board_is_drawn_meanwhile(plant, open_page):
    page = open_page("/board/", user="lead", touch=True)
    finger = Finger(page)
    finger.down("a[href='/orders/WO-1042/']")
    with page.expect_response(lambda answer: "/board/" in answer.url and answer.status == 200):
        OrderHold.objects.create(site=plant.site, work_order=plant, note="Wrong drawing", placed_at=timezone.now())
        live.forget()
    finger.up()
    page.wait_for_url("**/orders/WO-1042/")
