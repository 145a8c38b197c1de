"""Scanners of every kind, and what the terminal answers them: in words and by ear."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import until
from tests.browser.hands import all_saved, scan, sign_on, start

pytestmark = pytest.mark.browser


HEAR = """
    window.heard = []; window.locks = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
        const voice = make.call(this);
        const begin = voice.start.bind(voice);
        voice.start = (at) => { window.heard.push(voice.frequency.value); begin(at); };
        return voice;
    };
    if (navigator.wakeLock) {
        const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
        navigator.wakeLock.request = (kind) => { window.locks += 1; return ask(kind); };
    }
"""


def test_done_not_recognized_and_refused_sound_different_until_somebody_wants_quiet(terminal, operation):
    page = terminal()
    page.add_init_script(HEAR)
    page.reload()
    sign_on(page)
    start(page)
    all_saved(page)
    page.evaluate("window.heard = []")
    page.click("#pad-1")
    until(page, "() => window.heard.length === 1")
    scan(page, "4006381333931")
    until(page, "() => window.heard.length === 3")
    page.route("**/entries", lambda route: route.fulfill(status=409, json={"code": "x", "detail": "No.", "kept": True}))
    page.click("#pad-1")
    until(page, "() => window.heard.length === 6")
    done, unknown, _again, _good, refused, low = (round(one) for one in page.evaluate("window.heard"))
    assert len({done, unknown, refused, low}) == 4
    assert page.evaluate("!navigator.wakeLock || window.locks >= 1")
    page.keyboard.press("F1")
    page.uncheck("#sound")
    page.keyboard.press("Escape")
    scan(page, "4006381333931")
    expect(page.locator("#toast")).to_contain_text("4006381333931")
    assert page.evaluate("window.heard.length") == 6


def test_a_badge_signs_on_and_an_unknown_scan_says_what_was_read(terminal):
    page = terminal()
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    scan(page, "4006381333931")
    expect(page.locator("#toast")).to_contain_text("4006381333931")


def put_in(page, text, end=""):
    """Put a text into the field that has the focus, as an input method does: without keys, but for the one that ends it."""
    page.evaluate(
        """(end) => document.addEventListener('input', () => setTimeout(() => document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', {key: end || 'Shift', bubbles: true, cancelable: true})), 0), {once: true})""",
        end,
    )
    page.keyboard.insert_text(text)


def test_a_scanner_that_types_into_fields_without_keys_is_read_all_the_same(terminal):
    """Handhelds put a scan in as an input method does: at once, and no key says what it was."""
    page = terminal(touch=True)
    page.touchscreen.tap(5, 700)
    expect(page.locator("#scan-sink")).to_be_focused()
    put_in(page, "4006381333931")
    expect(page.locator("#toast")).to_contain_text("4006381333931")
    expect(page.locator("#scan-sink")).to_have_value("")
    # In a field it takes its text out again, whatever stood there.
    page.tap("#operator")
    page.locator("#sign-number").press_sequentially("12", delay=150)
    page.wait_for_timeout(150)  # as long as it takes from a key to a scanner
    put_in(page, "P1007X", end="Enter")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("#sheet-sign-on")).to_be_hidden()
    # What somebody types slowly is typing, also where it is put in without keys.
    page.tap("#operator")
    page.tap("#sign-number")
    for sign in "Anna":
        put_in(page, sign, end="Tab" if sign == "a" else "")
        page.wait_for_timeout(150)  # slower than any scanner
    expect(page.locator("#sign-number")).to_have_value("Anna")
    # A word that the screen's keyboard proposes is none of ours.
    page.tap("#sheet-sign-on [data-keyboard]")
    put_in(page, " Krüger", end="Tab")
    expect(page.locator("#sign-number")).to_have_value("Anna Krüger")


def test_a_scan_never_ends_up_in_the_pin_field(terminal):
    page = terminal()
    page.click("#operator")
    page.click("#sign-pin")
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("#sign-pin")).to_have_value("")
