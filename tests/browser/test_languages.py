"""Every state of the terminal in every language: nothing that axe finds, nothing that runs over an edge, nothing unread.

One walk through the states serves all: in each, axe looks at it, and it is measured on a phone, a tablet and a screen.
"""

import gzip
import re
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from labor import services as labor
from mes.andon import services as andon
from mes.core.check_character import with_check
from mes.execution import gates
from mes.execution import services as execution
from mes.execution.models import Operation, OrderComponent, OrderHold
from mes.masterdata.models import Person, Shift, WorkUnit
from mes.material import services as material
from mes.material.models import Lot
from mes.terminal import services as terminal
from mes.terminal.models import Device
from tests.browser.hands import scan
from tests.factories import make_item, make_person, make_reason, make_stock_place
from tests.mes.documents.helpers import make_document, make_revision
from tests.mes.equipment.helpers import make_stop_reason, run, stop
from tests.quality.helpers import make_plan
from tests.quality.test_checklists import checklist

pytestmark = pytest.mark.browser

LANGUAGES = [code for code, _name in settings.LANGUAGES]
WIDTHS = (360, 800, 1280)
BUDGET = 60_000
TEMPLATES = Path(settings.BASE_DIR) / "templates"
LONG = "Werkzeugbruchüberwachungseinrichtung"

OVER_THE_EDGE = """() => {
    const wide = [];
    const look = (element, name) => {
        if (element.scrollWidth > element.clientWidth + 1) { wide.push(`${name}: ${element.scrollWidth} in ${element.clientWidth}`); }
    };
    look(document.documentElement, 'page');
    const sheet = document.querySelector('dialog[open]');
    if (sheet) { look(sheet, sheet.id); }
    for (const button of (sheet || document.body).querySelectorAll('button, a.button')) {
        if (button.getClientRects().length) { look(button, button.id || button.textContent.trim().slice(0, 40)); }
    }
    return wide;
}"""


AXE = """async (part) => {
    const found = await window.axe.run(part || document, { resultTypes: ['violations'] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
}"""
"""Loaded once per page, and asked for nothing but what is wrong: a sheet takes a fraction of a second."""


HIDDEN = """(id) => Array.from(document.querySelectorAll(`#${id} button.primary`)).filter((one) => one.getClientRects().length).map((one) => {
    const box = one.getBoundingClientRect();
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && one.contains(seen) ? '' : `${one.textContent.trim()}: ${box.top} to ${box.bottom}`;
}).filter(Boolean)"""
"""What a sheet is for, where it has to be scrolled to."""


class Look:
    """What is wrong in the states that were walked through, by state."""

    def __init__(self, page):
        self.page, self.axe, self.wrong, self.seen = page, Axe(), {}, set()

    def at(self, state, part=None):
        """Measure the page at each width and let axe look at it, or at the ``part`` of it that is open."""
        found = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            found += [f"{width} px: {one}" for one in self.page.evaluate(OVER_THE_EDGE)]
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self.axe.axe_script)
        found += self.page.evaluate(AXE, part)
        if found:
            self.wrong[state] = found

    def sheets(self):
        """Open every sheet that there is at this moment and was not seen yet, one after the other."""
        for name in self.page.evaluate("Array.from(document.querySelectorAll('dialog'), (one) => one.id)"):
            if name not in self.seen and self.page.evaluate(
                "(id) => { const d = document.getElementById(id); d && d.showModal(); return !!d; }", name
            ):
                self.at(name, part=f"#{name}")
                self.page.set_viewport_size({"width": 360, "height": 740})
                if hidden := self.page.evaluate(HIDDEN, name):
                    self.wrong[f"{name} on a phone"] = hidden
                self.seen.add(name)
                self.page.evaluate("(id) => { const d = document.getElementById(id); d && d.close(); }", name)


def set_status(operation, status):
    Operation.objects.filter(pk=operation.pk).update(status=status, started_at=timezone.now())


def sheets_of_templates():
    """Return, for each sheet of a template, the form of its name."""
    found = set()
    for file in TEMPLATES.glob("**/terminal/**/*.html"):
        for name in re.findall(r'<dialog[^>]*\bid="([^"]+)"', file.read_text()):
            found.add("[0-9]+".join(re.escape(part) for part in re.split(r"{{.*?}}", name)))
    return found


def furnish(order, operation):
    """Give the terminal something of everything that its panels can show, with long names."""
    site, center, now = order.site, operation.work_center, timezone.now()
    earlier = now - timedelta(minutes=50)
    anna = Person.objects.get(number="1007")
    unit = WorkUnit.objects.get(work_center=center)
    WorkUnit.objects.create(site=site, work_center=center, code=f"{unit.code}-2")
    machine = make_stop_reason("MACHINE", site=site, name=LONG)
    make_reason(site=site, kind="INDIRECT", name=LONG)
    make_stop_reason("SPINDLE", site=site, name=f"Spindel: {LONG}", parent=machine)
    make_plan(item=order.item, operation=operation.number)
    checklist(work_center=center)
    gates.complete_snapshot(order)
    document = make_document(site, title=LONG, number="WI-100", places=[(order.item, "10")], needs_reading=True)
    make_revision(document, "B", steps="Spannen.\nEntgraten.")
    execution.issue_component(
        movement_id=uuid.uuid4(), work_order_id=order.pk, item=operation.components.get().item.number, lot="S-1",
        quantity=Decimal(3), person=anna, occurred_at=earlier, now=earlier, operation=operation.number,
    )  # fmt: skip
    material.replenish_place(
        movement_id=uuid.uuid4(), place_id=make_stock_place(work_center=center, name=LONG).pk,
        item=operation.components.get().item, lot_number="S-1", quantity=Decimal(2), person=anna, occurred_at=earlier,
        now=earlier,
    )  # fmt: skip
    stop(unit, when=earlier)
    run(unit, when=earlier + timedelta(minutes=12))
    andon.raise_call(
        call_id=uuid.uuid4(), work_center_id=center.pk, kind="LEAD", person=anna, occurred_at=earlier, now=earlier
    )
    someone = make_person(site=site, number="1100", name="Maximiliane Freifrau von Hohenstaufen")
    # A shift that is over, and somebody whose time runs on.
    zone = ZoneInfo(site.time_zone)
    begins, ends = ((now - timedelta(minutes=ago)).astimezone(zone).time() for ago in (60, 5))
    Shift.objects.create(site=site, code="OVER", name="Over", starts_at=begins, ends_at=ends, weekdays="0123456")
    set_status(operation, "RUNNING")
    labor.clock_on(person=someone, operation_id=operation.pk, occurred_at=earlier, now=earlier)
    Operation.objects.filter(pk=operation.pk).update(status=operation.status, started_at=operation.started_at)
    andon.hand_over(
        handover_id=uuid.uuid4(), work_center_id=center.pk, person=someone, note=LONG, occurred_at=now, now=now
    )


def walk(page, look, operation):
    """Bring the terminal into each of its states, as they come in a day."""
    order = operation.work_order
    look.at("nobody signed on")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    look.at("signed on")
    expect(page.locator("#strip-explain, #start-crew")).to_have_count(2)
    look.sheets()
    for status, bar in (("SETUP", "setup"), ("PAUSED", "slow"), ("RUNNING", "run")):
        set_status(operation, status)
        expect(page.locator("body")).to_have_attribute("data-state", bar)
        look.at(status)
    expect(page.locator("#material-1, #panel-material .choice").first).to_be_visible()
    look.sheets()
    scan(page, "4006381333931")
    expect(page.locator("#toast")).to_contain_text("4006381333931")
    look.at("an unknown scan")

    page.route("**/t/**", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pad-1")
    expect(page.locator("#pill")).to_have_class(re.compile("waiting"))
    expect(page.locator("#age-note")).to_be_visible()
    scan(page, with_check("P1234567890AB"))
    expect(page.locator("[data-operator-unverified]")).to_be_visible()
    look.at("without network, somebody whom nobody has checked")
    page.click("#pill")
    look.at("what waits")
    page.keyboard.press("Escape")
    order.status = "CLOSED"
    order.save()
    page.unroute("**/t/**")
    expect(page.locator("#pill")).to_have_class(re.compile("bad"))
    expect(page.locator("#entries li")).to_have_count(2)
    look.at("needs attention")
    page.click("#pill")
    look.at("what was refused")
    page.keyboard.press("Escape")
    order.status = "RUNNING"
    order.save()
    OrderHold.objects.create(site=order.site, work_order=order, note="QN-88", placed_at=timezone.now())
    order.held = True
    order.save()
    expect(page.locator("body")).to_have_attribute("data-state", "down")
    look.at("on hold")
    set_status(operation, "COMPLETED")
    order.held, order.status = False, "COMPLETED"
    order.save()
    OrderHold.objects.update(released_at=timezone.now())
    expect(page.locator("body")).not_to_have_attribute("data-state", "down")
    look.at("completed")


def walk_doors(page, look, order, address):
    """Look at what stands before a terminal: choosing one, enrolling, testing a scanner, having been revoked."""
    for path in ("/t/", "/enroll/", "/enroll/?code=WRONG", "/t/scan-test/"):
        page.goto(address + path)
        look.at(path)
    page.keyboard.type("TEST")
    expect(page.locator("#arrived [data-found]")).to_be_visible()
    look.at("a scan that was tested")
    _, code = terminal.make_code(site=order.site, work_center=None, name=LONG, by="lead", now=timezone.now())
    page.context.clear_cookies(name="sessionid")
    page.goto(f"{address}/enroll/?code={code}")
    page.click("button[type=submit]")
    page.wait_for_url("**/t/")
    terminal.revoke(device_id=Device.objects.get().pk, by="lead", now=timezone.now())
    page.reload()
    expect(page.locator("#revoked-queue")).to_be_visible()
    look.at("revoked")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_sound_in(open_page, live_server, plant, language):
    operation = plant.operations.get(position=1)
    steel = make_item(site=plant.site, name="Werkstoffprüfungsbescheinigungspflichtiger Rundstahl", lot_tracked=True)
    Lot.objects.create(site=plant.site, item=steel, number="S-1", quantity=50, created_at=timezone.now())
    OrderComponent.objects.create(
        work_order=plant,
        operation=operation,
        position=9,
        item=steel,
        uom=steel.uom,
        required_quantity=20,
        backflush=False,
    )
    furnish(plant, operation)
    page = open_page("/healthz", scheme="dark" if language == "de" else "light")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    # Somebody is always at it, so that no sheet opens by itself in the midst of this.
    page.add_init_script(
        "setInterval(() => window.lineside && document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift' })), 500);"
    )
    # A page that axe kept busy for seconds may ask all the same.
    page.add_locator_handler(
        page.locator("dialog[data-by-itself]"),
        lambda: page.evaluate("document.querySelectorAll('dialog[data-by-itself]').forEach((one) => one.close())"),
    )
    # The device's clock is three hours ahead, which has a state of its own.
    page.add_init_script("const real = Date.now; Date.now = () => real() + 3 * 3600 * 1000;")
    page.goto(f"{live_server.url}/t/{operation.work_center.code}/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("#clock-note")).to_be_visible()
    look = Look(page)
    walk(page, look, operation)
    walk_doors(page, look, plant, live_server.url)
    assert look.wrong == {}
    unseen = {form for form in sheets_of_templates() if not any(re.fullmatch(form, name) for name in look.seen)}
    assert unseen == set(), "Sheets that no state of this walk opens: give furnish() what they need."


def test_whoever_has_a_language_of_their_own_gets_it_and_the_device_keeps_its_own(open_page, plant):
    operation = plant.operations.get(position=1)
    Person.objects.filter(number="1007").update(language="es")
    page = open_page(f"/t/{operation.work_center.code}/")
    page.click("#language")
    page.click("[data-language=de]")
    expect(page.locator("[data-pill]")).to_have_text("Alles gespeichert")
    scan(page, "P1007X")
    expect(page.locator("[data-pill]")).to_have_text("Todo guardado")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    page.click("#operator")
    page.click("#people-here [data-leave]")
    expect(page.locator("[data-pill]")).to_have_text("Alles gespeichert")


def test_where_people_write_a_comma_they_may(open_page, live_server, plant):
    operation = plant.operations.get(position=1)
    set_status(operation, "RUNNING")
    page = open_page("/healthz")
    page.context.add_cookies([{"name": "django_language", "value": "de", "url": live_server.url}])
    page.goto(f"{live_server.url}/t/{operation.work_center.code}/")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("body")).to_have_attribute("data-state", "run")
    page.click("#pad-3")
    page.fill("#good-figure", "")
    page.locator("#good-figure").press_sequentially("1,5", delay=120)
    expect(page.locator("#good-figure")).to_have_value("1.5")


def test_what_a_terminal_loads_of_ours_is_small(open_page, plant):
    """Scripts and styles together, compressed as they travel: under 60 kB, the page itself under 20."""
    operation = plant.operations.get(position=1)
    page = open_page(f"/t/{operation.work_center.code}/")
    expect(page.locator("#panel-job .job-item")).to_be_visible()
    loaded = page.evaluate(
        """async () => {
            const names = performance.getEntriesByType('resource').map((one) => one.name).filter((one) => /\\.(js|css)$/.test(one));
            return Promise.all(Array.from(new Set(names), async (name) => [name, await (await fetch(name)).text()]));
        }"""
    )
    sizes = {name.rsplit("/", 1)[-1]: len(gzip.compress(text.encode(), 6)) for name, text in loaded}
    assert {"terminal.js", "outbox.js", "terminal.css", "lineside.css"} <= sizes.keys()
    assert sum(sizes.values()) < BUDGET, sizes
    assert len(gzip.compress(page.content().encode(), 6)) < 20_000
