"""Devices as people meet them: enrolled with a code, used without a login, revoked with entries still on board."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from mes.execution.models import ProductionReport
from mes.terminal import services
from mes.terminal.models import Device, TerminalEntry
from tests.browser.hands import all_saved, scan

pytestmark = pytest.mark.browser


@pytest.fixture
def operation(plant):
    found = plant.operations.get(position=1)
    found.status = "RUNNING"
    found.save()
    return found


def revoke():
    services.revoke(device_id=Device.objects.get().pk, by="lead", now=timezone.now())


def test_a_device_books_without_a_login(enroll, operation):
    page = enroll(operation.work_center)
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_contain_text("Anna")
    page.click("#pad-1")
    all_saved(page)
    assert TerminalEntry.objects.get().device.name == "Tablet 1"


def test_what_a_revoked_device_still_holds_is_handed_over_and_not_booked(enroll, operation):
    page = enroll(operation.work_center)
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_contain_text("Anna")
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pad-1")
    page.wait_for_function("async () => (await window.lineside.outbox.all()).length === 2")
    page.unroute("**/entries")
    revoke()
    expect(page.locator("h1")).to_have_text("This device was revoked", timeout=60000)
    expect(page.locator("#revoked-queue")).to_have_text("It holds nothing that is not handed over.", timeout=60000)
    assert list(TerminalEntry.objects.values_list("code", flat=True)) == ["device_revoked"] * 2
    assert not ProductionReport.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_about_devices_are_sound(open_page, enroll, operation, scheme):
    enroll(operation.work_center)
    page = open_page("/devices/", user="lead", scheme=scheme, width=1280)
    page.fill("#device-name", "Press 2")
    page.click("main form button.primary")
    expect(page.locator("#enrollment-code")).to_be_visible()
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(page.url.split("/devices/")[0] + "/enroll/")
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
