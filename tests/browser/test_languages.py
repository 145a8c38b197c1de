"""Every state of the terminal in every language: nothing that axe finds, nothing that runs over an edge, nothing unread.

One walk through the states serves all: in each, axe looks at it, and it is measured on a phone, a tablet and a screen.
"""

import gzip
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from mes.execution.models import Operation, OrderComponent, OrderHold
from mes.masterdata.models import Person
from mes.material.models import Lot
from tests.browser.test_terminal import scan
from tests.factories import make_item

pytestmark = pytest.mark.browser

LANGUAGES = [code for code, _name in settings.LANGUAGES]
WIDTHS = (360, 800, 1280)
BUDGET = 60_000

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


class Look:
    """What is wrong in the states that were walked through, by state."""

    def __init__(self, page):
        self.page, self.axe, self.wrong = page, Axe(), {}

    def at(self, state):
        found = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            found += [f"{width} px: {one}" for one in self.page.evaluate(OVER_THE_EDGE)]
        results = self.axe.run(self.page)
        for one in results.response["violations"]:
            found.append(f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}")
        if found:
            self.wrong[state] = found

    def sheets(self):
        """Open every sheet that there is at this moment, one after the other."""
        for name in self.page.evaluate("Array.from(document.querySelectorAll('dialog'), (one) => one.id)"):
            if self.page.evaluate(
                "(id) => { const d = document.getElementById(id); d && d.showModal(); return !!d; }", name
            ):
                self.at(name)
                self.page.evaluate("(id) => { const d = document.getElementById(id); d && d.close(); }", name)


def set_status(operation, status):
    Operation.objects.filter(pk=operation.pk).update(status=status, started_at=timezone.now())


def walk(page, look, operation):
    """Bring the terminal into each of its states, as they come in a day."""
    order = operation.work_order
    look.at("nobody signed on")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    look.at("signed on")
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
    look.at("without network")
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
    page = open_page("/healthz", scheme="dark" if language == "de" else "light")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    # The device's clock is three hours ahead, which has a state of its own.
    page.add_init_script("const real = Date.now; Date.now = () => real() + 3 * 3600 * 1000;")
    page.goto(f"{live_server.url}/t/{operation.work_center.code}/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("#clock-note")).to_be_visible()
    look = Look(page)
    walk(page, look, operation)
    assert look.wrong == {}


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
