"""A real Chromium in front of a live server, with a small plant behind it.

Pages ask the server every two seconds and draw what changed. So a test waits with ``expect``, which looks until it is so,
and reads positions and sizes in one ``page.evaluate``; it never looks once and never sleeps.
"""

import os
import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.masterdata import services as masterdata
from mes.terminal import services as terminals
from tests.factories import make_person, make_reason, make_work_order

PATIENCE = 60_000
"""Milliseconds until a page is given up on: a machine may be busy, and a page that is right is not waited for."""

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def let_it_be_noon(site):
    """Move a site to where it is about noon: the last hours were on one day there, whenever this runs. Returns its zone."""
    site.time_zone = f"Etc/GMT{timezone.now().hour - 12:+d}"
    site.save()
    return ZoneInfo(site.time_zone)


def until(page, script, arg=None, patience=PATIENCE):
    """Wait until a script says yes, one that must be waited for included: ``wait_for_function`` takes its first answer."""
    deadline = time.monotonic() + patience / 1000
    while not page.evaluate(script, arg):
        assert time.monotonic() < deadline, f"never came true: {script} {arg}"
        page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def playwright():
    """Playwright, for whoever starts a browser of their own."""
    # Its synchronous API runs an event loop in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - only where browser tests run

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright, chromium):
    """Chromium as installed on this machine."""
    started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def plant(transactional_db):
    """An order of two operations, ready to start; Anna with PIN 2580; a device and a lead who can sign in."""
    live.forget()
    order = make_work_order(number="WO-1042", order_quantity=Decimal(100))
    anna = make_person(site=order.site, number="1007", name="Anna Krüger")
    masterdata.set_pin(person_id=anna.pk, pin="2580")
    masterdata.set_badge(person_id=anna.pk, badge="P1007X")
    for code, name in (("BURR", "Burr"), ("DIM", "Out of dimension"), ("CRACK", "Crack")):
        make_reason(site=order.site, code=code, name=name)
    for name, role in (("device", "OPERATOR"), ("lead", "SUPERVISOR")):
        user = User.objects.create_user(name, password="demo-plant")
        Membership.objects.create(user=user, site=order.site, role=role)
    return order


@pytest.fixture
def open_page(browser, live_server, client, plant):
    """Open an address as a user, in a window of a size and scheme; complaints of the page fail the test."""
    contexts, complaints = [], []

    def _open(path, *, user="device", width=1280, height=800, scheme="light", touch=False):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=touch, service_workers="block"
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user:
            client.force_login(User.objects.get(username=user))
            value = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.goto(live_server.url + path)
        return page

    yield _open
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def operation(plant):
    """The first operation of the order."""
    return plant.operations.get(position=1)


@pytest.fixture
def terminal(open_page, operation):
    """Open the terminal where the first operation is done, and show it."""

    def _open(**how):
        page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}", **how)
        page.locator("#panel-job .job-item").wait_for()
        return page

    return _open


@pytest.fixture
def enroll(browser, live_server, plant):
    """Make a fresh browser window a device, as people do it, and open its terminal; it has no login."""
    contexts = []

    def _enroll(work_center=None, name="Tablet 1", **how):
        _, code = terminals.make_code(
            site=plant.site, work_center=work_center, name=name, by="lead", now=timezone.now()
        )
        size = {"width": how.get("width", 1280), "height": how.get("height", 800)}
        context = browser.new_context(viewport=size, color_scheme=how.get("scheme", "light"))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{live_server.url}/enroll/?code={code}")
        page.click("button[type=submit]")
        page.wait_for_url("**/t/**")
        page.wait_for_load_state()
        return page

    yield _enroll
    for context in contexts:
        context.close()
