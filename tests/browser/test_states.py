"""Every page of the floor's wireframes when there is nothing to show, when the network is gone, and for who may not look.

With ``LINESIDE_PAGE_PICTURES`` naming a directory, each state is recorded there, light and dark, on a wide screen and on a
phone. How the pages look when they are full is recorded from a running demo by ``docs/screenshots.py --pages``.
"""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import expect

from mes.access.models import Membership
from mes.core import live
from mes.masterdata.models import WorkCenter, WorkUnit
from tests.factories import make_site

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("LINESIDE_PAGE_PICTURES", "")

EMPTY = {
    # a page: what it says when there is nothing, and where that comes from
    "/": "Nothing needs attention",
    "/board/": "Released orders appear here by themselves",
    "/andon/": "At a terminal: Call, then whom",
    "/oee/": "A planner adds shifts",
    "/oee/P1/CNC-01/": "A planner adds shifts",
    "/oee/P1/CNC-01/?days=7": "A planner adds shifts",
    "/wall/P1/": "Nothing needs attention",
    "/oee/pareto/": "A planner adds shifts",
    "/stops/": "Every stop has its reason",
    "/maintenance/": "Nobody waits for maintenance",
    "/quality/": "Plans are made under Planning",
    "/labor/": "Time begins by itself when somebody starts work",
    "/trace/": "Lots come with material that is received",
    "/trace/?lot=(01)09501101530003(10)AB-1": "AB-1",
    "/entries/": "Everything that was entered at terminals is booked",
    "/devices/": "Make a code above",
    "/t/CNC/": "There is no released job for CNC",
}
LIVE = ["/board/", "/andon/", "/oee/", "/quality/", "/wall/P1/"]
CLOSED = {
    # a page: the right that whoever looks lacks
    "/board/": "orders:read",
    "/andon/": "orders:read",
    "/trace/": "material:read",
    "/oee/": "performance:read",
    "/oee/pareto/": "performance:read",
    "/wall/P1/": "performance:read",
    "/stops/": "equipment:read",
    "/maintenance/": "equipment:read",
    "/quality/": "quality:read",
    "/labor/": "labor:read",
    "/devices/": "devices:manage",
}


@pytest.fixture
def plant(transactional_db):
    """A site with one machine and nothing else; who leads it, and somebody who was given no role yet."""
    live.forget()
    site = make_site(code="P1", name="New works")
    center = WorkCenter.objects.create(site=site, code="CNC", name="Turning")
    WorkUnit.objects.create(site=site, work_center=center, code="CNC-01", name="CNC-01")
    for name in ("lead", "guest"):
        User.objects.create_user(name, password="demo-plant")
    Membership.objects.create(user=User.objects.get(username="lead"), site=site, role="SUPERVISOR")
    return site


def record(page, state, path, scheme, width):
    if PICTURES:
        name = path.split("?")[0].strip("/").replace("/", "-") or "home"
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{state}-{name}-{scheme}-{width}.png", full_page=True)


def look(page, state, paths, scheme, width):
    """Open each page; return what is wrong with it: violations of axe, and what runs over the edge."""
    wrong = []
    base = page.url.split("/", 3)[:3]
    for path, words in paths.items():
        page.goto("/".join(base) + path)
        expect(page.locator("main")).to_contain_text(words)
        if found := Axe().run(page).response["violations"]:
            wrong.append((path, [one["id"] for one in found]))
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append((path, "runs over the edge"))
        record(page, state, path, scheme, width)
    return wrong


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_a_page_with_nothing_to_show_says_what_comes_next(open_page, scheme, width):
    page = open_page("/", user="lead", scheme=scheme, width=width)
    assert look(page, "empty", EMPTY, scheme, width) == []


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 360)])
def test_who_may_not_look_reads_which_right_and_role_it_takes_and_whom_to_ask(open_page, scheme, width):
    page = open_page("/", user="guest", scheme=scheme, width=width)
    assert look(page, "closed", CLOSED, scheme, width) == []
    expect(page.locator("main")).to_contain_text("Supervisor")
    expect(page.locator("main")).to_contain_text("Ask IT")


@pytest.mark.parametrize("path", LIVE)
def test_a_page_without_a_network_says_since_when_its_figures_are_old(open_page, path):
    page = open_page(path, user="lead")
    expect(page.locator(".live")).to_have_text("Live")
    page.context.set_offline(True)
    lamp = page.locator(".live.lost")
    expect(lamp).to_contain_text("Connection lost. Last update")
    assert any(sign.isdigit() for sign in lamp.text_content())
    expect(page.locator("[data-live]")).to_have_class(re.compile("stale"))
    record(page, "stale", path, "light", 1280)
    page.context.set_offline(False)
    expect(page.locator(".live")).to_have_text("Live")


def test_what_is_not_there_and_what_cannot_be_read_say_what_to_do(open_page, plant):
    page = open_page("/", user="lead")
    wrong = {"/orders/WO-9/": "Go to the home page", "/oee/?day=yesterday": "is not a date", "/t/NO/": "home page"}
    assert look(page, "error", wrong, "light", 1280) == []


def test_all_pages_are_in_the_menu_by_keyboard_too(open_page, plant):
    page = open_page("/board/", user="lead", width=360)
    expect(page.locator("#menu")).to_be_hidden()
    page.focus(".menu-button")
    page.keyboard.press("Enter")
    expect(page.locator("#menu a[aria-current]")).to_have_text("Board")
    for name in ("Calls", "Stops by reason", "Maintenance", "Devices"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "menu-button"
