"""What the page itself must say: a scanner gone wild, a full device, somebody else's entry, a server that does not answer."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from mes.execution.models import OrderComponent, ProductionReport
from mes.masterdata import services as masterdata
from mes.material.models import Lot, MaterialMovement
from tests.browser.hands import all_saved, scan, sign_on, start
from tests.factories import make_item, make_person
from tests.words.table import Row


@dataclass
class Shown:
    """A plant whose terminal can be opened in a browser."""

    open: Any
    plant: Any
    operation: Any

    def signed_on(self):
        page = self.open()
        sign_on(page)
        return page


def anothers_badge(shown):
    marek = make_person(site=shown.plant.site, number="1012", name="Marek")
    masterdata.set_badge(person_id=marek.pk, badge="M77X")
    page = shown.signed_on()
    start(page)
    page.click("#pad-3")
    page.click("#sheet-good [data-key='7']")
    scan(page, "M77X")
    expect(page.locator("#toast")).to_contain_text(
        "Hello, Marek. First finish or discard the entry that Anna Krüger began."
    )
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    page.click("#sheet-good .confirm")
    all_saved(page)
    assert ProductionReport.objects.get().person.name == "Anna Krüger"


def left_with_a_form_open(shown):
    page = shown.open()
    page.clock.install()
    page.reload()
    expect(page.locator("#panel-job .job-item")).to_be_visible()
    sign_on(page)
    start(page)
    page.click("#pad-3")
    page.click("#sheet-good [data-key='7']")
    page.clock.fast_forward(60 * 60 * 1000 - 20000)
    expect(page.locator("#lapse-note")).to_contain_text("Anna Krüger, are you still here?")
    page.clock.fast_forward(30000)
    expect(page.locator("[data-operator-name]")).to_have_text("Sign on")
    expect(page.locator("#toast")).to_contain_text("Anna Krüger was signed off. What was begun is kept.")
    expect(page.locator("#good-figure")).to_have_value("7")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-sign-on")).to_be_visible()
    assert not ProductionReport.objects.exists()
    # Somebody else does not finish it, whatever they tap; who began it does.
    other = make_person(site=shown.plant.site, number="1012", name="Marek")
    masterdata.set_badge(person_id=other.pk, badge="P1012X")
    scan(page, "P1012X")
    expect(page.locator("[data-operator-name]")).to_have_text("Marek")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .sheet-problem")).to_contain_text("Anna Krüger began this.")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("#good-figure")).to_have_value("7")
    page.click("#sheet-good .confirm")
    expect(page.locator("#panel-last")).to_contain_text("+7")
    report = ProductionReport.objects.get()
    assert (report.good_quantity, report.person.name) == (7, "Anna Krüger")


def supplier_label(shown):
    """Typed by the scanner as it types: FNC1 is Ctrl and the key of the right bracket."""
    steel = make_item(site=shown.plant.site, number="STEEL", name="Steel", lot_tracked=True)
    lot = Lot.objects.create(site=steel.site, item=steel, number="L-7", quantity=50, created_at=timezone.now())
    OrderComponent.objects.create(
        work_order=shown.plant, operation=shown.operation, position=9, item=steel, uom=steel.uom, required_quantity=20,
        backflush=False,
    )  # fmt: skip
    page = shown.signed_on()
    start(page)
    expect(page.locator("#panel-material input[name=lot]")).not_to_have_count(0)
    scan_label(page, "]C1010950600013435217991231", "10L-7", "21S9")
    expect(page.locator("#toast")).to_contain_text("Label read: lot L-7 · use by 31 Dec 1999")
    field = page.locator("dialog[open] input[name=lot]")
    expect(field).to_have_value("L-7")
    page.locator("dialog[open] [data-close]").first.click()
    scan_label(page, "]C1059012")
    expect(page.locator("#toast")).to_contain_text("The label has a field (0590) that GS1 does not know.")
    expect(field).to_have_value("")
    # Without the server the label stays as it is, and is read when the entry arrives.
    page.route("**/scan", lambda route: route.abort())
    page.route("**/entries", lambda route: route.abort())
    scan_label(page, "]C110L-7", "21S9")
    expect(field).to_have_value("]C110L-7\x1d21S9")
    page.locator("dialog[open] [data-figure]").fill("5")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator("[data-pill]")).to_have_text(re.compile("^1 waiting since"))
    page.unroute("**/entries")
    page.evaluate("window.lineside.outbox.flush()")
    all_saved(page)
    assert MaterialMovement.objects.get().lot == lot


def scan_label(page, *fields):
    """Send what a scanner sends for a label: keys by position, between the fields Ctrl+], then Enter."""
    page.evaluate(
        """(fields) => {
            let at = performance.now();
            const keys = {']': ['BracketRight', false], '-': ['Minus', false]};
            const send = (code, key, shiftKey, ctrlKey) => {
                const event = new KeyboardEvent('keydown', {code, key, shiftKey, ctrlKey, bubbles: true, cancelable: true});
                Object.defineProperty(event, 'timeStamp', {value: at += 8});
                document.activeElement.dispatchEvent(event);
            };
            fields.forEach((field, index) => {
                if (index) { send('ControlLeft', 'Control', false, true); send('BracketRight', ']', false, true); }
                for (const sign of field) {
                    const letter = /[A-Z]/i.test(sign);
                    const [code, shift] = keys[sign] || [letter ? 'Key' + sign.toUpperCase() : 'Digit' + sign, /[A-Z]/.test(sign)];
                    send(code, sign, shift, false);
                }
            });
            send('Enter', 'Enter', false, false);
        }""",
        list(fields),
    )


def four_kilobytes(shown):
    page = shown.signed_on()
    page.focus("#pad-7")
    scan(page, "A" * 4096)
    expect(page.locator("#toast")).to_contain_text("The scanner sent more than any label holds")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


def enter_and_tab(shown):
    """After a scan they press no button."""
    page = shown.signed_on()
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


def clock_ahead(shown):
    page = shown.open()
    page.clock.install(time=timezone.now() + timedelta(hours=3))
    page.reload()
    expect(page.locator("#clock-note")).to_have_text(
        "The clock of this device is 3 h ahead. Times are corrected; tell IT."
    )
    sign_on(page)
    start(page)
    page.click("#pad-1")
    expect(page.locator("#panel-last")).to_contain_text("+1")
    assert abs(ProductionReport.objects.get().occurred_at - timezone.now()) < timedelta(minutes=30)


def full_device(shown):
    """Nearly full it calls for help; full it refuses before the work step, and loses nothing."""
    page = shown.signed_on()
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


def stale_token(shown):
    """The page fetches a new one by itself and sends the entry again, once."""
    page = shown.signed_on()
    start(page)
    all_saved(page)
    page.context.clear_cookies(name="csrftoken")
    page.click("#pad-1")
    expect(page.locator("#panel-last")).to_contain_text("+1")
    all_saved(page)
    assert ProductionReport.objects.count() == 1


def no_answer(shown):
    page = shown.signed_on()
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


ROWS = [
    Row(9, "another's badge while a form is open", anothers_badge, stage="page"),
    Row(10, "left with a form open", left_with_a_form_open, stage="page"),
    Row(27, "labels of suppliers, with the server and without", supplier_label, stage="page"),
    Row(28, "four kilobytes from a scanner", four_kilobytes, stage="page"),
    Row(28, "Enter and Tab after a scan", enter_and_tab, stage="page"),
    Row(34, "a clock three hours ahead", clock_ahead, stage="page"),
    Row(36, "a device nearly full, then full", full_device, stage="page"),
    Row(43, "stale form token", stale_token, stage="page"),
    Row(44, "a server that does not answer", no_answer, stage="page"),
]
