"""Every page: readable by everyone, at every width, in light and in dark, and current by itself."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from mes.execution.models import Operation, OrderHold

pytestmark = pytest.mark.browser

PAGES = ["/", "/board/", "/trace/", "/t/", "/orders/WO-1042/", "TERMINAL"]


@pytest.fixture
def running(plant):
    """The order has run for a while, is late and was held once."""
    operation = plant.operations.get(position=1)
    operation.status, operation.good_quantity, operation.scrap_quantity = Operation.Status.RUNNING, 40, 2
    operation.started_at = timezone.now()
    operation.save()
    plant.status, plant.due_at = "RUNNING", timezone.now() - timedelta(hours=2)
    plant.save()
    return operation


def address(path, operation):
    return f"/t/{operation.work_center.code}/" if path == "TERMINAL" else path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(open_page, running, path, scheme):
    page = open_page(address(path, running), user="lead", scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_nothing_in_the_sheets(open_page, running):
    page = open_page(address("TERMINAL", running))
    page.click("#operator")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 800, 360])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_over_the_edge(open_page, running, path, width):
    page = open_page(address(path, running), user="lead", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_follows_the_device_until_a_person_chooses(open_page, plant):
    page = open_page("/board/", user="lead", scheme="dark")

    dark = "rgb(16, 18, 20)"
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.click("[data-theme-toggle]")
    expect(page.locator("body")).not_to_have_css("background-color", dark)
    page.reload()
    expect(page.locator("body")).not_to_have_css("background-color", dark)


def test_the_board_shows_a_hold_by_itself(open_page, running):
    page = open_page("/board/", user="lead")
    expect(page.locator("#attention-title + *, .attention").first).to_contain_text("Nothing needs attention")
    order = running.work_order
    OrderHold.objects.create(site=order.site, work_order=order, note="Wrong drawing", placed_at=timezone.now())
    expect(page.locator(".board")).to_contain_text("Wrong drawing")


def test_the_login_page_is_sound(open_page):
    page = open_page("/login/", user=None)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
