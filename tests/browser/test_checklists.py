"""A checklist before the start, as the person at the terminal meets it: refused, filled in, started."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mes.documents.models import Photo
from mes.execution import gates
from quality.models import InspectionResult, Reading
from quality.queries import sample_id
from tests.browser.conftest import until
from tests.browser.hands import all_saved, sign_on
from tests.mes.documents.helpers import picture
from tests.quality.test_checklists import checklist

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _files(tmp_path, settings):
    settings.LINESIDE_FILES = tmp_path / "files"


def test_what_is_asked_before_the_start_is_ticked_written_and_chosen(open_page, plant):
    operation = plant.operations.get(position=1)
    checklist(work_center=operation.work_center)
    gates.complete_snapshot(plant)
    page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}")
    sign_on(page)
    page.click("#pad-7")
    sheet = page.locator("dialog[open]")
    expect(sheet.locator(".keys")).to_have_count(0)
    sheet.locator("label.tick").click()
    sheet.locator("textarea").fill("T-12")
    sheet.locator("label.pick:has-text('half')").click()
    chosen = {"name": "press.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    sheet.locator("[data-photo]").set_input_files(chosen)
    expect(sheet.locator("canvas")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    sheet.locator(".confirm").click()
    all_saved(page)
    expect(page.locator("#pad-7[data-comes-first]")).to_have_count(0)
    page.click("#pad-7")
    all_saved(page)
    expect(page.locator(".bar-state")).to_contain_text("Running")
    assert sorted(Reading.objects.values_list("raw", "passed")) == [("T-12", True), ("half", True), ("ok", True)]
    result = InspectionResult.objects.get()
    assert (result.verdict, result.person.number) == ("PASSED", "1007")
    deadline = time.monotonic() + 60
    while not Photo.objects.exists():
        assert time.monotonic() < deadline, "no photo arrived"
        time.sleep(0.05)
    office = open_page(f"/quality/checks/{result.order_check_id}/start/", user="lead")
    expect(office.locator("body")).to_contain_text("T-12")
    expect(office.locator(".photos img")).to_be_visible()
    assert Photo.objects.get().subject == sample_id(result.order_check, "start")


def test_without_network_the_list_is_filled_in_the_job_is_started_and_both_arrive_in_that_order(open_page, plant):
    operation = plant.operations.get(position=1)
    checklist(work_center=operation.work_center)
    gates.complete_snapshot(plant)
    page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}")
    sign_on(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-7")
    sheet = page.locator("dialog[open]")
    sheet.locator("label.tick").click()
    sheet.locator("textarea").fill("T-12")
    sheet.locator("label.pick:has-text('half')").click()
    sheet.locator(".confirm").click()
    until(page, "async () => (await window.lineside.outbox.all()).length === 1")
    page.click("#pad-7")
    until(page, "async () => (await window.lineside.outbox.all()).length === 2")
    page.unroute("**/entries")
    all_saved(page)
    expect(page.locator(".bar-state")).to_contain_text("Running")


def test_whoever_finishes_too_early_gets_the_check_that_comes_before_the_end(open_page, plant):
    operation = plant.operations.get(position=1)
    checklist(work_center=operation.work_center, trigger="END")
    gates.complete_snapshot(plant)
    page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}")
    sign_on(page)
    page.click("#pad-7")
    all_saved(page)
    expect(page.locator("#pad-9[data-comes-first]")).to_be_visible()
    page.click("#pad-9")
    expect(page.locator("dialog[open]")).to_contain_text("Guard")
