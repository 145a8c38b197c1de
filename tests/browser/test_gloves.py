"""Hands in gloves and eyes at a distance: sizes, distances, what needs no scrolling and no keyboard."""

import pytest
from playwright.sync_api import expect

from mes.masterdata.models import Item
from tests.browser.conftest import until
from tests.browser.hands import sign_on, start

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 800, 360])
def test_targets_are_large_enough_for_gloves_and_captions_for_distance(terminal, width):
    page = terminal(width=width)
    sign_on(page)
    start(page)
    small = page.evaluate(
        """() => Array.from(document.querySelectorAll('button, a[href], select')).filter((one) => one.offsetParent
            && !one.closest('.skip') && !one.classList.contains('skip'))
            .map((one) => [one.id || one.textContent.trim(), one.getBoundingClientRect(), one])
            .filter(([, box]) => box.height < 63.5 || box.width < 63.5).map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )
    assert small == []
    primary, *captions = page.evaluate(
        """() => [document.getElementById('pad-1').getBoundingClientRect().height].concat(Array.from(
            document.querySelectorAll('.pad button'), (one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert primary >= 96
    assert len(captions) == 9 and min(captions) >= 20


CLOSE_TOGETHER = """() => {
    const shown = Array.from(document.querySelectorAll('.pad button, .shortcuts button, .bar-end button')).filter((one) => one.offsetParent);
    const boxes = shown.map((one) => [one.id, one.getBoundingClientRect(), one.closest('.pad, .shortcuts, .bar-end')]);
    const close = [];
    boxes.forEach(([name, a, zone], at) => boxes.slice(at + 1).forEach(([other, b, place]) => {
        if (zone !== place) { return; }
        const across = Math.max(a.left, b.left) - Math.min(a.right, b.right);
        const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
        const gap = Math.max(across, down);
        if (gap < 11.5) { close.push(`${name} ${other} ${gap}`); }
    }));
    return close;
}"""


@pytest.mark.parametrize("width", [1280, 800, 360])
def test_targets_are_far_enough_apart_for_gloves(terminal, width):
    page = terminal(width=width)
    sign_on(page)
    start(page)
    assert page.evaluate(CLOSE_TOGETHER) == []


def test_nothing_is_behind_a_hover_and_no_gesture_does_more_than_a_tap(terminal):
    """No style that waits for a pointer shows or enlarges anything; the page neither zooms on a double tap nor pulls to reload."""
    page = terminal(width=320)
    revealing = page.evaluate(
        """() => Array.from(document.styleSheets).flatMap((sheet) => Array.from(sheet.cssRules)).filter((rule) => /:hover/.test(rule.selectorText || '')
            && /display|visibility|block-size|height|content|transform/.test(Array.from(rule.style).join(' '))).map((rule) => rule.cssText)"""
    )
    assert revealing == []
    style = page.evaluate(
        "(({touchAction, overscrollBehaviorY}) => [touchAction, overscrollBehaviorY])(getComputedStyle(document.body))"
    )
    assert style == ["manipulation", "none"]
    # WCAG 1.4.10: at 320 px nothing has to be scrolled sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pad_is_as_high_whatever_can_be_done_next(terminal, width):
    page = terminal(width=width, height=800)
    high = "() => document.querySelector('.pad').offsetHeight"
    before = page.evaluate(high)
    sign_on(page)
    start(page)
    expect(page.locator("#pad-1.primary")).to_be_visible()
    assert page.evaluate(high) == before


def test_primary_actions_need_no_scrolling_on_a_ten_inch_tablet(terminal):
    page = terminal(width=1280, height=800)
    ends = page.evaluate(
        "() => Array.from(document.querySelectorAll('.pad button'), (one) => one.getBoundingClientRect().bottom)"
    )
    assert len(ends) == 9 and max(ends) <= 800


@pytest.mark.parametrize("height", [740, 800])
def test_good_pieces_are_entered_on_a_phone_without_scrolling(terminal, height):
    page = terminal(width=360, height=height)
    sign_on(page)
    start(page)
    for opener, sheet in (("#pad-3", "#sheet-good"), ("#by-counter", "#sheet-counter"), ("#pad-5", "#sheet-rework")):
        page.click(opener)
        keys = f"{sheet} .figure, {sheet} .quick .key, {sheet} .keys .key, {sheet} .confirm"
        expect(page.locator(f"{sheet} .confirm")).to_be_visible()
        hidden = page.evaluate(
            """(keys) => Array.from(document.querySelectorAll(keys)).map((one) => [one.id || one.textContent, one.getBoundingClientRect(), one])
                .filter(([, box, one]) => box.top < 0 || box.bottom > innerHeight || box.height < 63.5
                    || !one.contains(document.elementFromPoint(box.left + box.width / 2, box.bottom - 2)))
                .map(([name, box]) => `${name} ${box.top} to ${box.bottom}`)""",
            keys,
        )
        assert hidden == [], sheet
        if sheet != "#sheet-good":
            page.keyboard.press("Escape")


def test_what_is_said_never_covers_the_pad(terminal):
    page = terminal(width=360, height=740)
    sign_on(page)
    start(page)
    covered = """() => {
        const a = document.querySelector('#toast').getBoundingClientRect(), b = document.querySelector('.pad').getBoundingClientRect();
        return a.top < b.bottom && a.bottom > b.top;
    }"""
    for scrolled in (
        "0",
        "pad.getBoundingClientRect().top - 8",
        "pad.getBoundingClientRect().bottom - innerHeight + 8",
    ):
        page.evaluate(
            f"() => {{ const pad = document.querySelector('.pad'); scrollTo(0, 0); scrollTo(0, {scrolled}); }}"
        )
        page.evaluate("document.querySelector('#pad-1').click()")
        expect(page.locator("#toast")).to_contain_text("+1 good")
        until(page, f"() => !({covered})()")


def test_the_screens_keyboard_comes_only_when_it_is_asked_for(terminal, operation):
    Item.objects.update(lot_tracked=True)
    page = terminal(touch=True)
    sign_on(page)
    expecting_none = page.evaluate(
        """() => Array.from(document.querySelectorAll('[name=lot], [name=item], [name=number], [name=pin]'), (one) => one.inputMode)"""
    )
    assert len(expecting_none) >= 8 and set(expecting_none) == {"none"}
    page.click("#operator")
    name = page.locator("#sign-number")
    # A real keyboard types all the same.
    name.press_sequentially("Anna", delay=150)
    expect(name).to_have_value("Anna")
    page.click("#sheet-sign-on [data-keyboard]")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("inputmode", "text")
    expect(page.locator("#sheet-sign-on [data-keyboard]")).to_have_attribute("aria-pressed", "true")
    page.click("#sign-pin")
    expect(name).to_have_attribute("inputmode", "none")
    expect(page.locator("#sheet-sign-on [data-keyboard]")).to_have_attribute("aria-pressed", "false")
