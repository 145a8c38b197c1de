"""People at a terminal: who reports, who allows, who left without a word."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.templatetags.static import static
from django.utils import timezone
from playwright.sync_api import expect

from labor.models import LaborSegment
from mes.access.models import FloorRole
from mes.core.check_character import check_character
from mes.core.templatetags.lineside import command_code, job_code, reason_code
from mes.execution import services as execution
from mes.execution.models import ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import ReasonCode
from tests.browser.hands import all_saved, scan, sign_on, start
from tests.factories import make_person, make_reason
from tests.mes.core.test_check_character import EXAMPLES

pytestmark = pytest.mark.browser


@pytest.fixture
def lea(plant):
    """A supervisor with badge and PIN."""
    person = make_person(site=plant.site, number="9001", name="Lea Vogt")
    masterdata.set_pin(person_id=person.pk, pin="8520")
    masterdata.set_badge(person_id=person.pk, badge="P9001Q")
    FloorRole.objects.create(person=person, role="SUPERVISOR")
    return person


@pytest.fixture
def marek(plant):
    person = make_person(site=plant.site, number="1012", name="Marek")
    masterdata.set_badge(person_id=person.pk, badge="M77X")
    return person


def allow(page, *, number="9001", badge=""):
    if badge:
        scan(page, badge)
        expect(page.locator("#step-up-problem")).to_contain_text("Badge read")
    else:
        page.fill("#step-up-number", number)
        page.click("#step-up-pin")
    for digit in "8520":
        page.click(f"#sheet-step-up [data-key='{digit}']")
    page.click("#sheet-step-up button[type=submit]")


@pytest.mark.parametrize("badge", ["", "P9001Q"])
def test_a_supervisor_allows_more_than_was_ordered_where_it_is_asked(terminal, lea, badge):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-3")
    for digit in "150":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .confirm")).to_contain_text("really?")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-step-up [data-what]")).to_contain_text("Supervisor can allow")
    assert Axe().run(page).violations_count == 0
    allow(page, badge=badge)
    all_saved(page)
    report = ProductionReport.objects.get()
    assert (report.good_quantity, report.person.name, report.approved_by) == (150, "Anna Krüger", lea)
    expect(page.locator("#operator")).to_contain_text("Anna")


def test_a_wrong_pin_of_the_supervisor_says_so_and_the_entry_waits_in_the_list(terminal, lea):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-3")
    for digit in "150":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    page.click("#sheet-good .confirm")
    page.fill("#step-up-number", "9001")
    page.fill("#step-up-pin", "1111")
    page.click("#sheet-step-up button[type=submit]")
    expect(page.locator("#step-up-problem")).to_contain_text("4 tries left")
    page.click("#sheet-step-up [data-close]")
    page.click("#pill")
    page.click("#entries [data-allow]")
    allow(page)
    all_saved(page)
    assert ProductionReport.objects.get().approved_by == lea


def test_a_hold_is_lifted_at_the_terminal_by_a_supervisor(terminal, operation, lea):
    execution.hold_work_order(work_order_id=operation.work_order_id, by="quality", now=timezone.now(), note="Drawing")
    page = terminal()
    sign_on(page)
    page.click("#panel-job [data-do=lift-hold]")
    allow(page)
    expect(page.locator("#panel-job .hold")).to_have_count(0, timeout=30000)
    assert operation.work_order.holds.get().released_by == "9001"


def test_one_takes_back_ones_own_entry_while_another_reports(terminal, marek):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-1")
    all_saved(page)
    scan(page, "M77X")
    expect(page.locator("[data-operator-name]")).to_have_text("Marek")
    expect(page.locator("[data-operator-more]")).to_have_text("+1")
    page.click("#panel-last [data-do=undo]")
    expect(page.locator("#panel-last")).to_contain_text("taken back", timeout=30000)
    assert {report.person.name for report in ProductionReport.objects.all()} == {"Anna Krüger"}


def test_anothers_entry_takes_the_supervisor(terminal, marek, lea):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-1")
    all_saved(page)
    page.click("#operator")
    page.click("#people-here [data-leave]")
    scan(page, "M77X")
    expect(page.locator("[data-operator-name]")).to_have_text("Marek")
    page.click("#panel-last [data-do=undo]")
    expect(page.locator("#sheet-step-up [data-what]")).to_contain_text("Anna Krüger reported this")
    allow(page)
    expect(page.locator("#panel-last")).to_contain_text("taken back", timeout=30000)
    reversal = ProductionReport.objects.get(reverses__isnull=False)
    assert (reversal.person.name, reversal.approved_by) == ("Marek", lea)


def test_whoever_worked_here_lately_signs_on_with_two_taps_and_the_pin(terminal):
    """The device knows how long their PIN is from the time before, and signs them on with its last digit."""
    page = terminal()
    sign_on(page)
    start(page)
    all_saved(page)
    page.click("#operator")
    page.click("#people-here [data-leave]")
    page.reload()
    expect(page.locator("#panel-job .job-item")).to_be_visible()
    page.evaluate(
        "() => { window.taps = 0; document.addEventListener('pointerdown', () => { window.taps += 1; }, true); }"
    )
    page.click("#operator")
    page.click(".recent [data-value='1007']")
    for digit in "2580":
        page.click(f"#sheet-sign-on [data-key='{digit}']")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    assert page.evaluate("window.taps") == 2 + len("2580")


def test_five_wrong_pins_are_mended_on_the_spot(terminal, plant, lea):
    page = terminal()
    page.click("#operator")
    for _ in range(5):
        page.fill("#sign-number", "1007")
        page.fill("#sign-pin", "1111")
        with page.expect_response("**/sign-on"):
            page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("#sheet-step-up [data-what]")).to_contain_text("A supervisor unlocks it")
    allow(page)
    expect(page.locator("#toast")).to_contain_text("Anna Krüger may try again")
    page.fill("#sign-number", "1007")
    page.fill("#sign-pin", "2580")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")


def test_what_is_printed_is_scanned_badge_traveler_command(terminal, plant, operation):
    anna = plant.site.people.get(number="1007")
    badge = masterdata.issue_badge(person_id=anna.pk)
    page = terminal()
    page.goto(page.url.split("?")[0])
    expect(page.locator("#panel-job")).to_be_visible()
    scan(page, badge)
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    scan(page, job_code(operation.pk))
    expect(page.locator("#panel-job .job-number")).to_contain_text("WO-1042")
    scan(page, command_code("CRUN"))
    expect(page.locator(".bar-state")).to_contain_text("Running", timeout=30000)
    scan(page, command_code("CGOOD1"))
    all_saved(page)
    scan(page, command_code("CGOOD"))
    expect(page.locator("#sheet-good")).to_be_visible()
    scan(page, command_code("CGOOD1"))
    expect(page.locator("#toast")).to_contain_text("cannot be done just now")
    scan(page, command_code("CBACK"))
    expect(page.locator("#sheet-good")).to_be_hidden()
    scan(page, command_code("CPAUSE"))
    expect(page.locator(".bar-state")).to_contain_text("Paused", timeout=30000)
    for code in (command_code("CRUN"), job_code(operation.pk), reason_code(1), badge):
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        scan(page, wrong)
        expect(page.locator("#toast")).to_contain_text(f"“{wrong}” was read wrongly")
    scan(page, "CRUN")
    expect(page.locator("#toast")).to_contain_text("“CRUN” was read wrongly")
    expect(page.locator(".bar-state")).to_contain_text("Paused")
    assert ProductionReport.objects.get().good_quantity == 1


def test_the_page_reckons_check_characters_as_the_server_does(terminal):
    texts = [*EXAMPLES, *(f"J{key:08}" for key in range(0, 5000, 37))]
    found = terminal().evaluate(
        """async ([file, texts]) => {
            const { checkCharacter, isWhole } = await import(file);
            return texts.map((text) => [checkCharacter(text), isWhole(text + checkCharacter(text)), isWhole(text.toLowerCase() + "0")]);
        }""",
        [static("terminal/check_character.js"), texts],
    )
    assert found == [[check_character(text), True, False] for text in texts]


def test_a_reason_is_scanned_from_paper(terminal, plant, operation):
    burr = ReasonCode.objects.get(code="BURR")
    page = terminal()
    sign_on(page)
    scan(page, reason_code(burr.pk))
    expect(page.locator("#toast")).to_contain_text("Start the job first.")
    start(page)
    expect(page.locator("#sheet-scrap")).to_have_count(1)
    scan(page, reason_code(burr.pk))
    all_saved(page)
    line = ProductionReport.objects.get().scrap_lines.get()
    assert (line.reason, line.quantity) == (burr, 1)
    # In an open sheet it answers what the sheet asks, and another kind of reason does not.
    page.click("#nonconform")
    scan(page, reason_code(make_reason(site=plant.site, kind="STOP", name="Tool").pk))
    expect(page.locator("#toast")).to_contain_text("Expected: one of the choices")
    scan(page, reason_code(ReasonCode.objects.get(code="CRACK").pk))
    expect(page.locator("#sheet-nonconform input[value=CRACK]")).to_be_checked()


def test_work_that_belongs_to_no_order_is_chosen_where_people_clock_on(terminal, plant, operation):
    make_reason(site=plant.site, kind="INDIRECT", code="CLEAN", name="Cleaning")
    page = terminal()
    sign_on(page)
    start(page)
    expect(page.locator("#panel-crew")).to_contain_text("Anna")
    page.click("#my-time")
    page.click("#sheet-my-time button:has-text('Cleaning')")
    all_saved(page)
    expect(page.locator("#panel-crew")).not_to_contain_text("Anna")
    page.click("#my-time")
    page.click("#sheet-my-time [data-do=other-work-end]")
    all_saved(page)
    segment = LaborSegment.objects.get(activity="INDIRECT")
    assert (segment.reason.code, segment.person.number, segment.ended_at is not None) == ("CLEAN", "1007", True)


def test_a_travelers_code_of_another_work_center_says_where_to_go(terminal, plant):
    other = plant.operations.get(position=2)
    page = terminal()
    scan(page, job_code(other.pk))
    expect(page.locator("#toast")).to_contain_text(other.work_center.code)
