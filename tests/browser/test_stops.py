"""A stop at the terminal, explained later at the office, and the figures that follow: in a real browser."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from mes.core import live
from mes.core.templatetags.lineside import job_code, reason_code
from mes.equipment import services
from mes.equipment.models import MaintenanceRequest, ShiftBreak, StateChange, StopExplanation, StopReason
from mes.masterdata.models import ReasonCode, Shift, WorkUnit
from tests.browser.conftest import let_it_be_noon, until
from tests.browser.hands import scan, sign_on
from tests.factories import make_work_center
from tests.mes.equipment.helpers import make_stop_reason, run, stop
from tests.mes.execution.helpers import pause, report, start

pytestmark = pytest.mark.browser

PAGES = ["/oee/", "/oee/P1/UNIT/", "/oee/pareto/", "/stops/", "/maintenance/", "/wall/P1/"]


@pytest.fixture
def unit(plant):
    """The machine of the first operation, at a site that works around the clock."""
    Shift.objects.create(
        site=plant.site, code="DAY", name="Day and night", starts_at=time(0), ends_at=time(0), weekdays="0123456"
    )
    machine = make_stop_reason("MACHINE", site=plant.site, name="Machine")
    StopReason.objects.create(reason=machine, loss="FAILURE", calls_maintenance=True)
    make_stop_reason("SPINDLE", site=plant.site, name="Spindle", parent=machine)
    for code, name in (("TOOL", "Tool change"), ("WAIT", "No material"), ("PEOPLE", "Nobody here")):
        make_stop_reason(code, site=plant.site, name=name)
    return WorkUnit.objects.get(work_center=plant.operations.get(position=1).work_center)


@pytest.fixture
def worked(plant, unit):
    """A day with a setup, running, stops of every kind, pieces and a pause; all of it some time ago."""
    now = timezone.now().replace(microsecond=0)
    begun = now - timedelta(hours=5)
    zone = let_it_be_noon(plant.site)
    step = (now - begun) / 20

    def at(part: float) -> datetime:
        return (begun + step * part).replace(microsecond=0)

    start(plant, "10", when=at(0), activity="SETUP")
    start(plant, "10", when=at(2))
    report(plant, "10", good=40, scrap={"BURR": 2}, when=at(4))
    stop(unit, when=at(5), reason="TOOL")
    run(unit, when=at(6))
    stop(unit, when=at(8))
    run(unit, when=at(10))
    report(plant, "10", good=20, when=at(11))
    stop(unit, when=at(12), reason="MACHINE")
    run(unit, when=at(13))
    pause(plant, "10", when=at(16))
    start(plant, "10", when=at(18))
    ShiftBreak.objects.create(
        shift=Shift.objects.get(),
        starts_at=at(14).astimezone(zone).time().replace(second=0),
        ends_at=at(15).astimezone(zone).time().replace(second=0),
    )
    live.forget()
    return at


def test_a_stop_takes_two_taps_and_its_reason_can_wait(open_page, plant, unit):
    start(plant, "10", when=timezone.now() - timedelta(minutes=30))
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    page.click(f"#stop-{unit.pk}")
    page.click(f"#sheet-stop-{unit.pk} .later")
    expect(page.locator(".machine")).to_contain_text("Stopped", timeout=30_000)
    expect(page.locator("[data-pill]")).to_have_text("All saved", timeout=30_000)
    page.click(f"#runs-{unit.pk}")
    expect(page.locator(".machine")).to_contain_text("Running", timeout=30_000)
    assert StateChange.objects.filter(work_unit=unit, state="STOPPED").count() == 1


def test_a_reason_is_given_at_once_in_two_taps(open_page, plant, unit):
    start(plant, "10", when=timezone.now() - timedelta(minutes=30))
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    page.click(f"#stop-{unit.pk}")
    page.click(f"#sheet-stop-{unit.pk} button:has-text('Tool change')")
    expect(page.locator(".machine")).to_contain_text("Tool change", timeout=30_000)
    (said,) = StopExplanation.objects.all()
    assert (said.reason.code, said.person.number) == ("TOOL", "1007")


def test_a_scanned_reason_is_that_of_the_machine_that_stands_still(open_page, plant, unit):
    WorkUnit.objects.create(site=plant.site, work_center=unit.work_center, code="SECOND")
    start(plant, "10", when=timezone.now() - timedelta(minutes=30), work_unit=unit.code)
    reason = ReasonCode.objects.get(kind="STOP", code="TOOL")
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    scan(page, reason_code(reason.pk))
    expect(page.locator("#toast")).to_contain_text("Tap the machine first")
    page.click(f"#stop-{unit.pk}")
    page.click(f"#sheet-stop-{unit.pk} .later")
    expect(page.locator(f"#sheet-stop-{unit.pk}[data-asks]")).to_have_count(1)
    scan(page, reason_code(reason.pk))
    expect(page.locator(f".machine:has(#stop-{unit.pk})")).to_contain_text("Tool change")
    (said,) = StopExplanation.objects.all()
    assert (said.reason, said.work_unit) == (reason, unit)


def test_the_terminal_asks_by_itself_why_a_machine_stands_still(open_page, plant, unit):
    """Once for each stop, answered by one tap; never over what is open, and whatever is scanned instead puts it aside."""
    start(plant, "10", when=timezone.now() - timedelta(minutes=30))
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    page.click("#pad-3")
    expect(page.locator("#sheet-good")).to_be_visible()
    stop(unit, when=timezone.now() - timedelta(minutes=10))
    asking = page.locator(f"#sheet-stop-{unit.pk}")
    expect(page.locator(f"#stop-{unit.pk}")).to_contain_text("Reason")
    expect(asking).to_be_hidden()
    page.keyboard.press("Escape")
    expect(asking).to_be_visible()
    scan(page, job_code(plant.operations.get(position=1).pk))
    expect(asking).to_be_hidden()
    # Put aside, it does not come again: not even when the page is loaded anew.
    asked = page.evaluate("localStorage.getItem('lineside-asked-' + location.pathname.split('/')[2])")
    assert f"{unit.pk} " in asked
    run(unit, when=timezone.now() - timedelta(minutes=5))
    stop(unit, when=timezone.now() - timedelta(minutes=4))
    page.evaluate(
        "() => { window.taps = 0; document.addEventListener('pointerdown', () => { window.taps += 1; }, true); }"
    )
    expect(asking).to_be_visible()
    until(page, "() => performance.now() - document.querySelector('dialog[open]').dataset.openedAt > 700")
    asking.locator("button[value=TOOL]").click()
    expect(page.locator("[data-pill]")).to_have_text("All saved")
    assert page.evaluate("window.taps") == 1
    until(page, "async () => (await window.lineside.outbox.all()).length === 0")
    assert StopExplanation.objects.get(reason__code="TOOL").work_unit == unit


def test_a_stop_is_explained_later_at_the_terminal_and_the_rest_at_the_office(open_page, plant, unit, worked):
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    waiting = page.locator(".choices [data-sheet^='explain-']")
    expect(waiting).to_have_count(2, timeout=30_000)
    waiting.first.click()
    page.click("dialog[open] button:has-text('No material')")
    expect(waiting).to_have_count(1, timeout=30_000)

    office = open_page("/stops/", user="lead")
    office.locator("input[type=checkbox][name=stop]").check()
    office.select_option("#bulk-reason", "PEOPLE")
    office.click("button.primary:has-text('Explain')")
    expect(office.locator(".note")).to_contain_text("1 stop has its reason")
    expect(office.locator(".attention.calm")).to_contain_text("Every stop has its reason")
    assert sorted(StopExplanation.objects.values_list("reason__code", flat=True)) == [
        "MACHINE",
        "PEOPLE",
        "TOOL",
        "WAIT",
    ]


def test_maintenance_is_called_seen_and_done(open_page, plant, unit):
    page = open_page(f"/t/{unit.work_center.code}/")
    sign_on(page)
    page.click(f"#stop-{unit.pk}")
    page.click(f"#call-{unit.pk}")
    expect(page.locator(".machine")).to_contain_text("Maintenance is called", timeout=30_000)
    office = open_page("/maintenance/", user="lead")
    office.click("button:has-text('I am coming')")
    expect(page.locator(".machine")).to_contain_text("Maintenance comes", timeout=30_000)
    office.fill("input[name=outcome]", "Greased")
    office.click("button:has-text('Done')")
    expect(office.locator("main")).to_contain_text("Nobody waits for maintenance")
    assert MaintenanceRequest.objects.get().outcome == "Greased"


def test_the_figures_follow_by_themselves(open_page, plant, unit, worked):
    page = open_page("/oee/", user="lead")
    known = page.locator(".figures > div", has_text="Known").locator(".figure-value").first
    before = known.inner_text()
    late = StateChange.objects.filter(work_unit=unit, state="STOPPED").order_by("started_at")[1]
    services.explain_stops(
        explanation_id=uuid4(),
        stops=[(unit.pk, late.started_at)],
        reason="WAIT",
        person=None,
        now=timezone.now(),
    )
    expect(known).not_to_have_text(before, timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(open_page, unit, worked, path, scheme):
    page = open_page(path.replace("UNIT", unit.code), user="lead", scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_over_the_edge(open_page, unit, worked, path, width):
    page = open_page(path.replace("UNIT", unit.code), user="lead", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
def test_the_wall_fills_a_screen_and_is_read_from_afar(open_page, plant, unit, worked, width, height):
    for number in range(22):
        make_work_center(site=plant.site, code=f"MACHINE-{number:02}")
    page = open_page("/wall/P1/", user="lead", width=width, height=height)
    expect(page.locator(".wall-tile")).to_have_count(24)
    seen = page.evaluate(
        """() => ({
            tall: document.documentElement.scrollHeight, wide: document.documentElement.scrollWidth,
            digits: Math.min(...[...document.querySelectorAll('.wall-number, .wall-oee b, .wall-factors dd, .wall-clock')]
                .map((one) => parseFloat(getComputedStyle(one).fontSize))),
            cut: [...document.querySelectorAll('.wall-tile')].filter((one) => one.scrollHeight > one.clientHeight + 1).length,
        })"""
    )
    assert seen == {"tall": height, "wide": width, "digits": pytest.approx(height * 0.04), "cut": 0}
