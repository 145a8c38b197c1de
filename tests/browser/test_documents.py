"""Documents at the terminal: large, in the page, read by whoever stands there before they start."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mes.documents.models import ReadConfirmation
from mes.masterdata import services as masterdata
from tests.browser.conftest import until
from tests.browser.hands import all_saved, sign_on
from tests.factories import make_person
from tests.mes.documents.helpers import drawn_pdf, make_document, make_revision, picture

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _files(tmp_path, settings):
    settings.LINESIDE_FILES = tmp_path / "files"


@pytest.fixture
def instruction(operation):
    document = make_document(
        operation.work_order.site, number="WI-100", title="Deburring", places=[(operation.work_order.item, "10")],
        needs_reading=True, blocks_start=True,
    )  # fmt: skip
    return make_revision(document, "B", content=drawn_pdf(), steps="")


def test_who_has_not_read_the_instruction_reads_it_before_the_start(terminal, operation, instruction):
    page = terminal()
    sign_on(page)
    row = page.locator(f"#document-{instruction.pk}")
    expect(row.locator(".unread")).to_be_visible()
    page.click("#pad-7")
    expect(page.locator("#toast")).to_contain_text("Read “WI-100 Deburring” rev B first")
    row.click()
    frame = page.locator("dialog[open] iframe")
    expect(frame).to_be_visible()
    height = frame.evaluate("(one) => one.getBoundingClientRect().height / innerHeight")
    assert height > 0.5, "a drawing is looked at, not guessed"
    page.click(f"#read-{instruction.pk}")
    expect(row.locator(".read")).to_be_visible()
    read = ReadConfirmation.objects.get()
    assert (read.person.number, read.revision, read.operation) == ("1007", instruction, operation)
    page.click("#pill")
    page.click("#entries [data-again]")
    all_saved(page)
    page.keyboard.press("Escape")
    expect(page.locator(".bar-state")).to_contain_text("Running")


def test_it_is_asked_of_each_person_and_anew_for_a_new_revision(terminal, operation, instruction):
    bela = make_person(site=operation.work_order.site, number="1008", name="Béla Tóth")
    masterdata.set_pin(person_id=bela.pk, pin="1357")
    page = terminal()
    sign_on(page)
    page.click(f"#document-{instruction.pk}")
    page.click(f"#read-{instruction.pk}")
    expect(page.locator(f"#document-{instruction.pk} .read")).to_be_visible()
    page.click("#operator")
    page.fill("#sign-number", "1008")
    page.fill("#sign-pin", "1357")
    page.click("#sign-on-form .confirm")
    expect(page.locator(f"#document-{instruction.pk} .unread")).to_be_visible()
    newer = make_revision(
        instruction.document, "C", content=picture("PNG", size=(1200, 600)), steps="Clamp it.\nTurn it."
    )
    expect(page.locator(f"#document-{newer.pk} .unread")).to_be_visible()
    page.click(f"#document-{newer.pk}")
    until(
        page,
        "() => { const one = document.querySelector('dialog[open] img'); return one.complete && one.naturalWidth === 1200; }",
    )
    expect(page.locator("dialog[open] .document-steps")).to_contain_text("Turn it.")
    assert Axe().run(page).response["violations"] == []


def test_a_confirmation_waits_without_network_in_front_of_the_start(terminal, operation, instruction):
    page = terminal()
    sign_on(page)
    page.context.set_offline(True)
    page.click(f"#document-{instruction.pk}")
    page.click(f"#read-{instruction.pk}")
    page.click("#pad-7")
    expect(page.locator("#pill")).to_contain_text("2 waiting")
    page.context.set_offline(False)
    all_saved(page)
    expect(page.locator(".bar-state")).to_contain_text("Running")
    assert ReadConfirmation.objects.get().person.number == "1007"
