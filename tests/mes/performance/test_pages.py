"""The supervisor's pages in every state: with figures, empty, wrongly asked, signed out, and without the right."""

import csv
import io
from datetime import time
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.urls import reverse

from mes.core import live
from mes.equipment.models import PlannedStop
from mes.execution.models import WorkOrder
from mes.masterdata.models import Area, Shift, WorkCenter
from tests.factories import make_site, make_work_center
from tests.mes.equipment.helpers import run, stop
from tests.mes.performance.helpers import at, make_shift, text, vorne_shift

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def test_the_day_shows_the_figures_with_the_way_they_were_computed(lead):
    unit = vorne_shift()
    with time_machine.travel(at(480), tick=False):
        page = text(lead.get("/oee/"))
    for figure in ("88.8 %", "86.1 %", "97.8 %", "74.8 %", "100.0 %"):
        assert figure in page
    assert "373.00 min ÷ 420.00 min" in page and "314.13 min ÷ 420.00 min" in page
    assert f"/oee/P1/{unit.code}/" in page and "ran unplanned" in page


def test_a_units_page_has_timeline_table_and_formula(lead):
    unit = vorne_shift()
    page = text(lead.get(f"/oee/P1/{unit.code}/?day=2026-03-02"))
    assert 'role="img"' in page and "Tool" in page and "The timeline as a table" in page
    assert "47.00 min" in page and "19271 pcs" in page


def test_the_live_body_is_304_until_something_changes(lead):
    unit = vorne_shift()
    url = text(lead.get("/oee/")).split('data-live="')[1].split('"')[0]
    first = lead.get(url)
    assert first.status_code == 200
    assert lead.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    stop(unit, when=at(400))
    live.forget()
    assert lead.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("token", ["", "forged", "forged:token:here"])
def test_a_forged_page_is_not_served(client, token):
    assert client.get(f"/oee/live?page={token}").status_code == 401


def test_without_shifts_the_page_says_what_is_missing(lead):
    make_work_center()
    assert "No shift is known at this site" in text(lead.get("/oee/"))
    assert "No shift is known at this site" in text(lead.get("/oee/pareto/"))


def test_without_work_units_and_on_a_day_off_the_page_says_so(lead):
    make_shift(make_site(), weekdays="6")
    assert "No work unit yet" in text(lead.get("/oee/"))
    unit = make_work_center().work_units.get()
    assert "No shift on this day" in text(lead.get("/oee/?day=2026-03-02"))
    assert "No shift on this day" in text(lead.get(f"/oee/P1/{unit.code}/?day=2026-03-02"))
    assert "Nothing was planned in this period" in text(lead.get("/oee/pareto/?from=2026-03-02&to=2026-03-02"))


def test_what_is_not_known_has_a_dash_with_the_reason_and_not_a_zero(lead):
    make_shift(make_site())
    make_work_center()
    page = text(lead.get("/oee/"))
    assert "nothing is known" in page and "0.0 %" in page.split("Known")[1]


def test_a_planned_stop_over_the_whole_shift_leaves_no_value(lead):
    unit = vorne_shift()
    PlannedStop.objects.create(site=unit.site, starts_at=at(-10), ends_at=at(600), note="Holiday")
    page = text(lead.get("/oee/?day=2026-03-02"))
    assert "nothing was planned" in page and "74.8 %" not in page


@pytest.mark.parametrize("query", ["day=yesterday", "day=2026-99-99", "day=0001-01-01", "day=9999-12-31"])
def test_a_day_that_cannot_be_is_today(lead, query):
    vorne_shift()
    assert "Monday 2 March 2026" in text(lead.get(f"/oee/?{query}"))


def test_stops_by_reason_are_a_table_and_a_file(lead):
    unit = vorne_shift()
    stop(unit, when=at(360))
    run(unit, when=at(381))
    page = text(lead.get("/oee/pareto/?from=2026-03-02&to=2026-03-02"))
    assert "Without a reason" in page and "68.00 min in 2 stops" in page
    answer = lead.get("/oee/pareto/?from=2026-03-02&to=2026-03-02&as=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["reason"], row["minutes"], row["count"], row["EARLY"]) for row in rows] == [
        ("", "21.0000", "1", "21.0000"),
        ("TOOL", "47.0000", "1", "47.0000"),
    ]


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(lead):
    unit = vorne_shift()
    unit.site.reasons.filter(code="TOOL").update(name="=cmd()")
    answer = lead.get("/oee/pareto/?from=2026-03-02&to=2026-03-02&as=csv")
    assert "'=cmd()" in answer.content.decode() and ",=cmd()" not in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("from=2026-03-02&to=2026-03-02", ("2026-03-02", "2026-03-02")),
        ("from=2026-02-27&to=2026-03-01", ("2026-02-27", "2026-03-01")),
        ("from=2026-03-02&to=2026-03-01", ("2026-03-01", "2026-03-01")),
        ("to=2026-03-01", ("2026-02-23", "2026-03-01")),
        ("from=soon", ("2026-02-24", "2026-03-02")),
    ],
)
def test_the_days_that_are_asked_for_are_those_shown(lead, asked, told):
    vorne_shift()
    shown = lead.get(f"/oee/pareto/?{asked}").context["asked"]
    assert (shown.first.isoformat(), shown.last.isoformat()) == told


@pytest.mark.parametrize("path", ["/oee/", "/oee/pareto/", "/oee/P1/X/", "/stops/", "/maintenance/"])
def test_who_is_not_signed_in_is_sent_to_sign_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("path", ["/oee/", "/oee/pareto/", "/stops/", "/maintenance/"])
def test_who_has_no_role_may_not_see_it(client, path):
    client.force_login(get_user_model().objects.create_user("new"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(path).status_code == 403


def test_another_site_is_not_there(lead):
    other = make_site(code="P2")
    center = make_work_center(site=other)
    make_shift(other, starts_at=time(0), ends_at=time(0))
    assert lead.get("/oee/?site=P2").status_code == 404
    assert lead.get(f"/oee/P2/{center.code}/").status_code == 404
    assert lead.get("/oee/pareto/?site=P2").status_code == 404
    assert lead.get("/stops/?site=P2").status_code == 404


def test_stops_are_counted_drilled_into_and_filtered_by_shift(lead):
    unit = vorne_shift()
    stop(unit, when=at(360))
    run(unit, when=at(381))
    days = "from=2026-03-02&to=2026-03-02"
    assert "Number of stops" in text(lead.get(f"/oee/pareto/?{days}&by=count&planned=yes"))
    table = lead.get(f"/oee/pareto/?{days}&by=count").context["table"]
    assert sum(row.share for row in table.rows) == 1 and table.rows[0].share == Decimal(1) / 2
    reason = table.rows[1].code
    drilled = lead.get(f"/oee/pareto/?{days}&reason={reason}").context["table"]
    assert [(row.code, row.minutes) for row in drilled.rows] == [(unit.code, table.rows[1].minutes)]
    shifts = table.shifts
    assert lead.get(f"/oee/pareto/?{days}&shift={shifts[0]}").context["table"].shifts == shifts[:1]


def test_stops_are_those_of_an_area_or_of_what_was_being_made(lead):
    unit = vorne_shift()
    other = make_work_center(site=unit.site, code="OTHER").work_units.get()
    stop(other, when=at(100))
    hall = Area.objects.create(site=unit.site, code="HALL-A", name="Hall A")
    WorkCenter.objects.filter(pk=unit.work_center_id).update(area=hall)
    item = WorkOrder.objects.get().item
    days = "from=2026-03-02&to=2026-03-02"

    def stopped(query):
        return {row.code: row.minutes for row in lead.get(f"/oee/pareto/?{days}&{query}").context["table"].rows}

    everything, tool = stopped(""), {"TOOL": Decimal(47)}
    assert everything.keys() == {"", "TOOL"}
    assert stopped("area=HALL-A") == stopped(f"item={item.number}") == stopped(f"unit={unit.code}") == tool
    assert stopped("area=NOWHERE") == stopped("item=NOTHING") == stopped("unit=NO-SUCH") == everything
    assert stopped(f"area=HALL-A&unit={other.code}") == tool
    page = text(lead.get(f"/oee/pareto/?{days}&item={item.number}&area=HALL-A"))
    assert f'value="{item.number}" selected' in page and 'value="HALL-A" selected' in page
    assert "TOOL" in lead.get(f"/oee/pareto/?{days}&item={item.number}&as=csv").content.decode()


def test_a_day_of_a_unit_names_its_jobs_and_compares_with_the_day_before_and_is_a_file(lead):
    unit = vorne_shift()
    page = text(lead.get(f"/oee/P1/{unit.code}/?day=2026-03-02"))
    assert "Compared with the day before" in page and 'class="job-bar' in page
    lines = lead.get(f"/oee/P1/{unit.code}/?day=2026-03-02&as=csv").content.decode().splitlines()
    assert lines[0] == "shift,from,to,state,reason,job,minutes,note" and any(",RUN," in line for line in lines)


def test_the_week_of_a_unit_sums_its_shifts_and_leads_to_each_day(lead):
    unit = vorne_shift()
    with time_machine.travel(at(480), tick=False):
        page = text(lead.get(f"/oee/P1/{unit.code}/?day=2026-03-02&days=7"))
    assert "24 Feb 2026 – 2 Mar 2026" in page and "?day=2026-03-02#EARLY" in page
    # Six shifts of which nothing is known have no figure; the seventh alone makes up what is known of the week.
    assert page.count('role="img"') == 7 and page.count("86.1 %") >= 1
    assert "47.00 min" in page and "?day=2026-02-23&amp;days=7" in page
    assert "No shift is known" not in page and "420.00 min ÷ 2,940.00 min" in page


def test_a_week_without_shifts_says_what_is_missing(lead):
    unit = make_work_center(site=make_site()).work_units.get()
    assert "No shift is known at this site" in text(lead.get(f"/oee/P1/{unit.code}/?days=7"))


def test_no_cell_of_a_file_is_a_formula_a_shifts_code_least_of_all(lead):
    unit = vorne_shift()
    Shift.objects.update(code="=1+1")
    for address in (f"/oee/P1/{unit.code}/?day=2026-03-02&as=csv", "/oee/pareto/?from=2026-03-02&to=2026-03-02&as=csv"):
        rows = csv.reader(io.StringIO(lead.get(address).content.decode()))
        cells = {cell for row in rows for cell in row}
        assert "'=1+1" in cells and not any(cell.startswith("=") for cell in cells)
