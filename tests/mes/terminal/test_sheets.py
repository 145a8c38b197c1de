"""What is printed and what is scanned are the same: each code on paper does at a terminal what it says."""

import json
import re
from pathlib import Path

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from mes.access.models import Membership
from mes.core import live
from mes.core.check_character import is_whole
from mes.core.errors import DomainError
from mes.core.templatetags.lineside import command_code, job_code, reason_code
from mes.masterdata import services as masterdata
from mes.terminal.panels import commands, hotkeys, panels
from tests.factories import make_person, make_reason, make_site, make_work_order

pytestmark = pytest.mark.django_db

TEMPLATES = Path(__file__).parents[3] / "templates"
OF_THE_PAGE = {"COKAY", "CBACK"}


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()


@pytest.fixture
def lead(client):
    user = User.objects.create_user("lead", password="x")
    Membership.objects.create(user=user, site=make_site(), role="SUPERVISOR")
    client.force_login(user)
    return client


def scan(client, center, text):
    path = reverse("terminal:scan", args=[center.code])
    return client.post(path, json.dumps({"text": text}), content_type="application/json")


def test_every_command_on_the_sheet_stands_on_a_button_of_some_panel_and_is_told_from_typing(lead):
    standing = set(re.findall(r'data-scan="(C\w+)"', "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))))
    assert {command.key for command in commands} == standing | OF_THE_PAGE
    assert all(re.fullmatch(r"C[A-Z0-9]{3,}", command.key) for command in commands)
    page = lead.get("/sheets/commands").content.decode()
    assert page.count('class="qr"') == len(commands) and all(command_code(command.key) in page for command in commands)


def test_a_printed_badge_signs_its_person_on_and_the_earlier_one_does_not(lead):
    anna = make_person(name="Anna")
    masterdata.set_badge(person_id=anna.pk, badge="OLD-1")
    page = lead.post("/sheets/badges", {"person": [anna.pk]})
    ((person, text),) = page.context["issued"]
    assert person == anna and re.fullmatch(r"P[0-9A-Z]{13}", text) and is_whole(text)
    assert masterdata.find_by_badge(badge=text) == anna
    with pytest.raises(DomainError, match="not known"):
        masterdata.find_by_badge(badge="OLD-1")
    assert "no-store" in page["Cache-Control"]


def test_people_of_another_site_get_no_badge_here(lead):
    stranger = make_person(site=make_site(code="P2"))
    assert stranger not in lead.get("/sheets/badges").context["people"]
    assert lead.post("/sheets/badges", {"person": [stranger.pk, "x", "9" * 30]}).status_code == 302
    stranger.refresh_from_db()
    assert stranger.badge_hash == ""


def test_a_traveler_has_a_code_for_the_order_and_for_each_operation(lead):
    order = make_work_order(operations=3)
    page = lead.get(reverse("execution:traveler", args=[order.number])).content.decode()
    assert page.count('class="qr"') == 4
    assert all(job_code(one.pk) in page for one in order.operations.all())


def test_a_travelers_code_opens_its_operation_here_and_says_where_it_is_elsewhere(lead):
    first, second = make_work_order().operations.order_by("position")
    assert scan(lead, first.work_center, job_code(first.pk)).json() == {"job": str(first.pk)}
    elsewhere = scan(lead, first.work_center, job_code(second.pk))
    assert elsewhere.status_code == 404 and second.work_center.code in elsewhere.json()["detail"]


def test_a_travelers_code_that_was_read_wrongly_opens_nothing(lead):
    first = make_work_order().operations.get(position=1)
    code = job_code(first.pk)
    wrong_at_each_place = [code[:at] + ("1" if code[at] == "0" else "0") + code[at + 1 :] for at in range(len(code))]
    for wrong in [code[:-1], *wrong_at_each_place]:
        assert scan(lead, first.work_center, wrong).status_code == 404, wrong


def test_an_orders_number_opens_what_is_not_finished_here(lead):
    order = make_work_order(number="WO-77")
    first = order.operations.get(position=1)
    assert scan(lead, first.work_center, "wo-77").json() == {"job": str(first.pk)}


@pytest.mark.parametrize(
    "text",
    ["", "J000000000", "4006381333931", "x" * 5000, "<b>", "J٣٣٣٣٣٣٣٣", None, [], "J99999999", job_code(99999999)],
)
def test_what_is_no_code_is_said_back(lead, text):
    answer = scan(lead, make_work_order().operations.first().work_center, text)
    assert answer.status_code in (404, 422) and answer.json()["detail"]


def test_an_order_of_another_site_is_not_found_by_its_code(lead):
    theirs = make_work_order(site=make_site(code="P2")).operations.first()
    mine = make_work_order().operations.first()
    assert scan(lead, mine.work_center, job_code(theirs.pk)).status_code == 404
    assert lead.get(reverse("execution:traveler", args=[theirs.work_order.number])).status_code == 404


def read_pdf(answer):
    assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    return "".join(document[number].get_textpage().get_text_range() for number in range(len(document)))


def test_every_sheet_is_there_as_pdf_too(lead):
    order = make_work_order(operations=9)
    text = read_pdf(lead.get(reverse("execution:traveler", args=[order.number]) + "?form=pdf"))
    assert order.number in text and all(job_code(one.pk) in text for one in order.operations.all())
    text = read_pdf(lead.get("/sheets/commands?form=pdf"))
    assert all(command_code(command.key) in text for command in commands)


def test_reasons_are_printed_by_kind_for_the_own_sites_only(lead):
    burr = make_reason(name="Burr")
    tool = make_reason(name="Tool change", kind="STOP")
    gone = make_reason(name="Once upon a time", active=False)
    theirs = make_reason(name="Elsewhere", site=make_site(code="P2"))
    page = lead.get("/sheets/reasons").content.decode()
    assert all(reason_code(one.pk) in page and one.name in page for one in (burr, tool))
    assert gone.name not in page and theirs.name not in page
    text = read_pdf(lead.get("/sheets/reasons?form=pdf"))
    assert reason_code(burr.pk) in text and "Tool change" in text and "Elsewhere" not in text


def test_badges_as_pdf_are_new_ones_and_shown_this_once(lead):
    anna = make_person(name="Anna Groß", number="0815")
    answer = lead.post("/sheets/badges", {"person": [anna.pk], "form": "pdf"})
    assert "Anna Groß" in read_pdf(answer) and "0815" in read_pdf(answer) and "no-store" in answer["Cache-Control"]
    anna.refresh_from_db()
    assert anna.badge_hash


def test_every_key_of_the_help_stands_on_a_button_and_every_buttons_key_in_the_help():
    files = TEMPLATES.glob("**/terminal/*.html")
    on_buttons = {key for file in files for key in re.findall(r'aria-keyshortcuts="(\w+)"', file.read_text())}
    on_buttons |= {panel.shortcut.hotkey for panel in panels if panel.shortcut and panel.shortcut.hotkey}
    assert on_buttons == set(hotkeys.keys()) - {"Enter", "Escape"}
