"""The supervisor's day in a real browser: a forgotten timer is found, ended and vouched for."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from labor import services
from labor.models import DayApproval, LaborSegment
from mes.masterdata.models import Person, Shift
from tests.browser.conftest import until
from tests.browser.hands import scan
from tests.factories import make_operation, make_person
from tests.mes.execution.helpers import start

pytestmark = pytest.mark.browser


@pytest.fixture
def forgotten(plant):
    """Anna began a job two days ago at eight and never said when she stopped."""
    anna = Person.objects.get(number="1007")
    began = (timezone.now() - timedelta(days=2)).replace(hour=8, minute=0, second=0, microsecond=0)
    operation = make_operation(site=plant.site)
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=began, now=began)
    services.clock_out(person=anna, occurred_at=began + timedelta(hours=14), now=began + timedelta(hours=14))
    return LaborSegment.objects.get()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_the_day_is_readable_by_everyone(open_page, forgotten, scheme, width):
    page = open_page(f"/labor/P1/{forgotten.started_at.date()}/", user="lead", scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_board_leads_to_a_forgotten_timer_which_is_ended_and_approved(open_page, forgotten):
    page = open_page("/board/", user="lead")
    page.get_by_text("was never ended").first.click()
    row = page.locator("tr", has_text="Present")
    row.locator("input[name=ended_at]").fill("16:30")
    row.get_by_role("button", name="Set the end").click()
    expect(page.locator(".note")).to_contain_text("The end is set.")
    page.get_by_role("button", name="Approve the day").click()
    expect(page.locator(".state", has_text="Approved")).to_be_visible()
    forgotten.refresh_from_db()
    assert (forgotten.minutes, DayApproval.objects.get().minutes) == (510, 510)


def test_after_the_shift_the_terminal_asks_whose_time_runs_on_and_stops_nothing_by_itself(open_page, plant):
    now, site = timezone.now(), plant.site
    begins, ends = ((now - timedelta(minutes=ago)).astimezone(ZoneInfo(site.time_zone)).time() for ago in (60, 5))
    Shift.objects.create(site=site, code="OVER", name="Over", starts_at=begins, ends_at=ends, weekdays="0123456")
    operation, earlier = plant.operations.get(position=1), now - timedelta(minutes=50)
    anna, marek = Person.objects.get(number="1007"), make_person(site=site, number="1012", name="Marek")
    start(plant, "10", when=earlier)
    services.clock_on(person=anna, operation_id=operation.pk, occurred_at=earlier, now=earlier)
    later = earlier + timedelta(minutes=1)
    services.clock_on(person=marek, operation_id=operation.pk, occurred_at=later, now=later)
    page = open_page(f"/t/{operation.work_center.code}/")
    hers = page.locator("dialog[open]:has-text('Anna Krüger: still working on WO-1042/10?')")
    theirs = page.locator("dialog[open]:has-text('Marek: still working on WO-1042/10?')")
    expect(hers).to_be_visible()
    # Who scans their badge now answers; the sheet waits.
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    until(page, "() => performance.now() - document.querySelector('dialog[open]').dataset.openedAt > 700")
    hers.get_by_role("button", name="Clock off now").click()
    expect(hers).to_be_hidden()
    expect(theirs).to_be_visible()
    until(page, "() => performance.now() - document.querySelector('dialog[open]').dataset.openedAt > 700")
    # Marek is not here: a supervisor would end his time; it runs on as long as nobody does.
    theirs.get_by_role("button", name="Clock off now").click()
    expect(page.locator("#sheet-step-up [data-what]")).to_have_text(
        "Marek is not signed on here. A supervisor ends the time."
    )
    page.keyboard.press("Escape")
    theirs.get_by_role("button", name="Yes, still working").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    until(page, "async () => (await window.lineside.outbox.all()).length === 0")
    running = {one.person.name: one.ended_at is None for one in LaborSegment.objects.all()}
    assert running == {"Anna Krüger": False, "Marek": True}
