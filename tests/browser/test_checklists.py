"""A checklist before the start, as the person at the terminal meets it: refused, filled in, started."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mes.documents.models import Photo
from mes.execution import gates
from quality.models import InspectionResult, Reading
from quality.queries import sample_id
from tests.browser.test_terminal import all_saved, sign_on
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
    expect(page.locator("#toast")).to_contain_text("Open “Checks” at the terminal and fill it in")
    page.click("#pill")
    expect(page.locator("#entries [data-problem]")).to_contain_text("Guard, Tool, Oil")
    page.keyboard.press("Escape")
    page.locator("#panel-quality .choice:has-text('Before the operation is started')").click()
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
    page.click("#pill")
    page.click("#entries [data-again]")
    all_saved(page)
    page.keyboard.press("Escape")
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
