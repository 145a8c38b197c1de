"""Paper that comes to a desk: a supervisor enters it for the moment at which it was made, under the terminal's rules."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse

from mes.access.models import Membership
from mes.core import live
from mes.execution.models import MachineInterval, Operation, ProductionReport
from mes.masterdata.models import Site
from tests.factories import make_person, make_reason, make_site, make_work_order
from tests.mes.execution.helpers import start

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def morning():
    live.forget()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def order():
    site = make_site()
    Site.objects.update(time_zone="Europe/Berlin")
    found = make_work_order(site=Site.objects.get(pk=site.pk), number="WO-1", order_quantity=100)
    make_reason(site=site, code="BURR")
    make_reason(site=site, code="DENT", name="Dent")
    return found


@pytest.fixture
def lead(client, order):
    user = User.objects.create_user("lead", password="x")
    Membership.objects.create(user=user, site=order.site, role="SUPERVISOR")
    client.force_login(user)
    return client


def page(order):
    return reverse("execution:late", args=[order.number])


def paper(order, **given):
    first = order.operations.get(position=1)
    return {
        "fact": str(uuid.uuid4()), "operation": str(first.pk), "occurred_at": "2026-03-03T07:30", "good": "12",
    } | given  # fmt: skip


def test_a_sheet_of_paper_becomes_one_report_at_its_moment(lead, order):
    start(order, "10", when=NOW - timedelta(hours=4))
    anna = make_person(site=order.site, number="1007")
    shown = lead.get(page(order)).content.decode()
    assert 'type="datetime-local"' in shown and "<option" in shown and "Dent" in shown
    sent = paper(
        order, person="1007", scrap_quantity_1="2", scrap_reason_1="BURR", scrap_quantity_3="1", scrap_reason_3="DENT",
        note="Server was down", rework="3",
    )  # fmt: skip
    answer = lead.post(page(order), sent, follow=True)
    assert "Entered: 12 good, 3 scrap." in answer.content.decode()
    report = ProductionReport.objects.get()
    assert (report.good_quantity, report.scrap_quantity, report.rework_quantity, report.person) == (12, 3, 3, anna)
    assert {(line.reason.code, line.quantity) for line in report.scrap_lines.all()} == {("BURR", 2), ("DENT", 1)}
    assert report.occurred_at == datetime(2026, 3, 3, 6, 30, tzinfo=UTC)
    assert (report.recorded_at, report.is_late, report.note) == (NOW, True, "Server was down")
    assert "entered 3 Mar 10:00" in " ".join(answer.content.decode().split())
    # The same form sent again books nothing more.
    lead.post(page(order), sent)
    assert ProductionReport.objects.count() == 1


def test_a_job_that_was_done_on_paper_as_a_whole_is_begun_and_finished_with_it(lead, order):
    sent = paper(order, good="100", begun_at="2026-03-03T06:00", finished="on")
    assert lead.post(page(order), sent).status_code == 302
    first = order.operations.get(position=1)
    assert (first.status, first.good_quantity) == ("COMPLETED", 100)
    interval = MachineInterval.objects.get()
    assert (interval.started_at.hour, interval.ended_at.hour, interval.ended_at.minute) == (5, 6, 30)
    offered = lead.get(page(order)).context["form"].fields["operation"].choices
    assert [words for _key, words in offered] == ["20 Step 2"]


def test_what_the_terminal_refuses_the_desk_refuses_and_keeps_what_was_typed(lead, order):
    answer = lead.post(page(order), paper(order, note="kept"))
    assert answer.status_code == 400 and "has not been started" in answer.content.decode()
    assert "kept" in answer.content.decode()
    whole = paper(order, good="500", begun_at="2026-03-03T06:00", finished="on")
    assert "left" in lead.post(page(order), whole).content.decode()
    # All or nothing: it is not begun either.
    assert Operation.objects.get(pk=whole["operation"]).started_at is None
    lea = make_person(site=order.site, number="9001")
    assert lead.post(page(order), whole | {"approved_by": "9001"}).status_code == 302
    assert ProductionReport.objects.get().approved_by == lea


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"occurred_at": "2026-03-03T11:00"}, "is still to come"),
        ({"occurred_at": "2026-02-01T11:00"}, "more than 7 days ago"),
        ({"begun_at": "2026-03-03T08:00"}, "begun after"),
        ({"occurred_at": "0001-01-01T00:00"}, "Enter a day"),
        ({"occurred_at": "9999-12-31T23:59"}, "Enter a day"),
        ({"occurred_at": "2026-03-29T02:30"}, "interpreted"),
        ({"occurred_at": "yesterday"}, "valid date/time"),
        ({"occurred_at": ""}, "required"),
        ({"good": "-1"}, "greater than or equal to 0"),
        ({"good": "NaN"}, "Enter a number"),
        ({"good": "9" * 40}, "digits"),
        ({"good": "1.5"}, "whole numbers"),
        ({"good": ""}, "Enter how many"),
        ({"good": "0"}, "Nothing to report"),
        ({"scrap_quantity_1": "2"}, "reason"),
        ({"scrap_quantity_1": "2", "scrap_reason_1": "NOPE"}, "valid choice"),
        ({"person": "4711"}, "Nobody with this"),
        ({"person": "a\x00b"}, "Null characters"),
        ({"operation": "0"}, "valid choice"),
        ({"operation": "9" * 30}, "valid choice"),
        ({"fact": "x"}, ""),
        ({"note": "x" * 4001}, "at most 4000"),
        ({"lot": "<script>" * 9}, "at most 64"),
    ],
)
def test_a_sheet_that_cannot_be_right_is_said_to_be_so_and_books_nothing(lead, order, given, words):
    answer = lead.post(page(order), paper(order, **({"begun_at": "2026-03-03T06:00"} | given)))
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not ProductionReport.objects.exists() and not MachineInterval.objects.exists()


def test_only_supervisors_of_the_site_enter_later(client, lead, order):
    other = make_work_order(site=make_site(code="P2"), number="WO-9")
    assert lead.get(page(other)).status_code == 404
    assert lead.post(page(order), paper(order, operation=str(other.operations.first().pk))).status_code == 400
    link = page(order)
    assert link in lead.get(reverse("execution:order", args=["WO-1"])).content.decode()
    for role in ("OPERATOR", "PLANNER", "VIEWER"):
        user = User.objects.create_user(role)
        Membership.objects.create(user=user, site=order.site, role=role)
        client.force_login(user)
        assert client.get(link).status_code == client.post(link, paper(order)).status_code == 403
        assert link not in client.get(reverse("execution:order", args=["WO-1"])).content.decode()
