"""The supervisor's day in a real browser: a forgotten timer is found, ended and vouched for."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from labor import services
from labor.models import DayApproval, LaborSegment
from mes.masterdata.models import Person
from tests.factories import make_operation

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
