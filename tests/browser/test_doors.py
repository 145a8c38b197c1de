"""What people enter by mistake at each door of the pages: answered in words where they stand, and nothing of it booked."""

import re

import pytest
from playwright.sync_api import expect

from mes.execution.models import ProductionReport
from mes.terminal.models import TerminalEntry
from tests.browser.hands import all_saved, sign_on, start

pytestmark = pytest.mark.browser


@pytest.fixture
def running(plant, open_page):
    operation = plant.operations.get(position=1)
    page = open_page(f"/t/{operation.work_center.code}/")
    sign_on(page)
    start(page)
    return page


def paste(page, selector, text):
    """Put a text into a field as a program would, past what keys and the clipboard are limited to."""
    page.evaluate("([where, text]) => { document.querySelector(where).value = text; }", [selector, text])


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "Enter how many."), ("0", "Enter how many."), ("-5", "digits only"), ("12a", "digits only"),
        ("1,5", "digits only"), ("1e5", "digits only"), ("Infinity", "digits only"), ("\N{HAMMER}", "digits only"),
        ("1\x002", "digits only"), ("9" * 13, "digits only"), ("9" * 100_000, "digits only"), ("0.5", "whole number"),
    ],
    ids=lambda value: ascii(value[:12]),
)  # fmt: skip
def test_a_figure_that_cannot_be_is_said_at_the_field(running, text, words):
    running.click("#pad-3")
    paste(running, "#good-figure", text)
    running.click("#sheet-good .confirm")
    expect(running.locator("#sheet-good .sheet-problem")).to_contain_text(words)
    running.click("#sheet-good [data-close]")
    running.click("#pad-1")
    all_saved(running)
    assert [report.good_quantity for report in ProductionReport.objects.all()] == [1]


def test_much_scrap_is_asked_for_once_more(running):
    running.click("#pad-4")
    running.fill("#scrap-figure", "5000")
    button = running.locator("#sheet-scrap button[value=BURR]")
    button.click()
    expect(button).to_have_text("5000 – really?")
    running.fill("#scrap-figure", "5")
    expect(button).to_have_text("Burr")
    button.click()
    all_saved(running)
    expect(running.locator("#panel-last")).to_contain_text("Burr")
    assert [report.scrap_quantity for report in ProductionReport.objects.all()] == [5]


def test_a_wrong_pin_says_how_many_tries_are_left_and_keeps_the_number(plant, open_page):
    page = open_page(f"/t/{plant.operations.get(position=1).work_center.code}/")
    page.click("#operator")
    page.fill("#sign-number", "1007")
    page.fill("#sign-pin", "1111")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("#sign-on-problem")).to_have_text("PIN not right. 4 tries left.")
    expect(page.locator("#sign-number")).to_have_value("1007")
    expect(page.locator("#sign-pin")).to_have_value("")
    for number in ("", "9", "\N{HAMMER}", "1\x00007", "1" * 3_000_000):
        paste(page, "#sign-number", number)
        paste(page, "#sign-pin", "2580")
        page.click("#sheet-sign-on button[type=submit]")
        expect(page.locator("#sign-on-problem")).to_have_text(re.compile(".{15,}"))
        expect(page.locator("#sheet-sign-on")).to_be_visible()


def test_a_report_on_an_order_that_was_completed_meanwhile_is_refused_and_kept(running, plant):
    type(plant).objects.filter(pk=plant.pk).update(status="CLOSED")
    running.click("#pad-1")
    running.wait_for_function("async () => (await window.lineside.outbox.all()).some((one) => one.state !== 'waiting')")
    expect(running.locator("#toast")).to_contain_text("kept for the supervisor")
    assert TerminalEntry.objects.filter(state="REFUSED").count() == 1
    assert not ProductionReport.objects.exists()


@pytest.mark.parametrize(
    "user, password", [("lead", "wrong"), ("nobody", "x"), ("\N{HAMMER}", "x"), ("x" * 200_000, "x")]
)
def test_a_wrong_password_says_so(open_page, user, password):
    page = open_page("/login/", user=None)
    paste(page, "#id_username", user)
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    expect(page.locator("[role=alert]")).to_contain_text("correct")
