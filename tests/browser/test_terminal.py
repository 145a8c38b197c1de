"""The terminal as an operator meets it: real taps in a real browser."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mes.andon.models import Call
from mes.execution.models import Operation, OrderComponent, ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import Item, WorkUnit
from mes.material.models import Lot, MaterialMovement
from tests.browser.conftest import until
from tests.factories import make_item, make_person

pytestmark = pytest.mark.browser


@pytest.fixture
def operation(plant):
    return plant.operations.get(position=1)


@pytest.fixture
def terminal(open_page, operation):
    def _open(**how):
        page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}", **how)
        expect(page.locator("#panel-job .job-item")).to_be_visible()
        return page

    return _open


def sign_on(page):
    page.click("#operator")
    page.fill("#sign-number", "1007")
    page.click("#sign-pin")
    for digit in "2580":
        page.click(f"#sheet-sign-on [data-key='{digit}']")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")


def all_saved(page):
    """Wait until the page holds nothing back; the browser reads its disk only after what was written to it before."""
    until(page, "async () => (await window.lineside.outbox.all()).length === 0")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


def scan(page, text):
    """Send what a scanner sends: keys by position, 8 ms apart (as their events say), then Enter."""
    page.evaluate(
        """(text) => {
            let at = performance.now();
            const send = (code, key, shiftKey) => {
                const event = new KeyboardEvent('keydown', {code, key, shiftKey, bubbles: true, cancelable: true});
                Object.defineProperty(event, 'timeStamp', {value: at += 8});
                document.activeElement.dispatchEvent(event);
            };
            for (const sign of text) {
                const letter = /[A-Z]/i.test(sign);
                const code = letter ? 'Key' + sign.toUpperCase() : sign === '-' ? 'Minus' : 'Digit' + sign;
                send(code, sign, /[A-Z]/.test(sign));
            }
            send('Enter', 'Enter', false);
        }""",
        text,
    )


def start(page):
    page.click("#pad-7")
    expect(page.locator(".bar-state")).to_contain_text("Running")


def test_from_start_to_finish(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-1")
    page.click("#pad-2")
    page.click("#pad-3")
    page.keyboard.press("Control+A")
    for digit in "25":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    page.click("#pad-4")
    page.click("#sheet-scrap button[value=BURR]")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("Burr")
    page.click("#pad-8")
    expect(page.locator(".bar-state")).to_contain_text("Paused")
    page.click("#pad-7")
    expect(page.locator(".bar-state")).to_contain_text("Running")
    page.click("#pad-9")
    page.click("#sheet-finish .confirm")
    expect(page.locator(".bar-state")).to_contain_text("Completed")
    operation.refresh_from_db()
    assert (operation.status, operation.good_quantity, operation.scrap_quantity) == (Operation.Status.COMPLETED, 36, 1)


def test_a_pack_is_what_is_proposed_where_the_item_has_one(terminal, operation):
    Item.objects.update(pack_quantity=24)
    page = terminal()
    sign_on(page)
    start(page)
    expect(page.locator("#pad-2")).to_contain_text("+24")
    page.click("#pad-2")
    page.click("#pad-3")
    expect(page.locator("#good-figure")).to_have_value("24")
    page.click("#sheet-good [data-key='+24']")
    page.click("#sheet-good .confirm")
    all_saved(page)
    operation.refresh_from_db()
    assert operation.good_quantity == 72
    # What is left over at the end is less than a pack; more than two packs is asked for once more.
    page.click("#pad-3")
    for digit in "49":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .confirm")).to_contain_text("49 – really?")


def test_pieces_are_reported_by_the_machines_counter(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    for shown, button in (("1200", "Counting starts at"), ("1230", "Report by counter")):
        expect(page.locator("#sheet-counter .confirm")).to_contain_text(button)
        page.click("#pad-3")
        page.click("#by-counter")
        for digit in shown:
            page.click(f"#sheet-counter [data-key='{digit}']")
        page.click("#sheet-counter .confirm")
        all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("+30")
    # Less than before is a question, not a fault.
    page.click("#pad-3")
    page.click("#by-counter")
    page.click("#sheet-counter [data-key='5']")
    page.click("#sheet-counter .pick:has([value=RESET])")
    page.click("#sheet-counter .confirm")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("+5")
    operation.refresh_from_db()
    assert operation.good_quantity == 35


def test_the_first_digit_takes_the_place_of_what_is_proposed_every_time_a_sheet_is_opened(terminal):
    page = terminal()
    sign_on(page)
    start(page)
    for digit in "57":
        page.click("#pad-3")
        page.click(f"#sheet-good [data-key='{digit}']")
        expect(page.locator("#good-figure")).to_have_value(digit)
        page.click("#sheet-good [data-close]")


def test_the_last_entry_is_taken_back_by_one_tap(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    # Both at once: the offer stands for ten seconds, which a busy machine may take.
    page.evaluate("() => ['#pad-1', '#toast [data-undo-last]'].forEach((one) => document.querySelector(one).click())")
    all_saved(page)
    expect(page.locator("#panel-last")).to_contain_text("taken back")
    assert sorted(ProductionReport.objects.values_list("good_quantity", flat=True)) == [-1, 1]


def test_a_report_waits_while_the_server_is_away_and_is_sent_once_under_the_same_id(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    tried = []

    def away(route):
        tried.append(json.loads(route.request.post_data)["id"])
        route.abort()

    page.route("**/entries", away)
    page.click("#pad-1")
    expect(page.locator("[data-counter$=':good']")).to_have_text("1")
    expect(page.locator("[data-pill]")).to_contain_text("waiting since")
    page.unroute("**/entries")
    all_saved(page)
    assert set(tried) == {str(ProductionReport.objects.get().pk)}


def test_what_waits_is_taken_back_from_the_list_and_both_are_booked(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    all_saved(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pill")
    page.locator("#entries [data-back]:visible").click()
    expect(page.locator("#entries li")).to_have_count(2)
    expect(page.locator("#entries [data-back]:visible")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("[data-counter$=':good']")).to_have_text("0")
    page.unroute("**/entries")
    all_saved(page)
    assert sorted(ProductionReport.objects.values_list("good_quantity", flat=True)) == [-1, 1]


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


def test_a_terminal_can_be_installed_like_an_app(terminal, live_server):
    page = terminal()
    address = page.evaluate("document.querySelector('link[rel=manifest]').href")
    manifest = page.evaluate("async (address) => (await fetch(address)).json()", address)
    assert (manifest["start_url"], manifest["display"]) == ("/t/", "fullscreen")
    sizes = page.evaluate(
        """async ([address, icons]) => Promise.all(icons.map(async (icon) => {
            const picture = await createImageBitmap(await (await fetch(new URL(icon.src, address))).blob());
            return `${picture.width}x${picture.height}`;
        }))""",
        [address, [one for one in manifest["icons"] if one["type"] == "image/png"]],
    )
    assert sizes == [one["sizes"] for one in manifest["icons"] if one["type"] == "image/png"]


def test_an_answer_that_was_lost_on_the_way_books_nothing_twice(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    lost = []

    def lose_first_answer(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/entries", lose_first_answer)
    with page.expect_response("**/entries"):
        page.click("#pad-1")
    all_saved(page)
    operation.refresh_from_db()
    assert (lost, operation.good_quantity, ProductionReport.objects.count()) == ([200], 1, 1)


def test_a_refusal_is_shown_in_words_and_kept_until_it_is_understood(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-3")
    for digit in "999":
        page.click(f"#sheet-good [data-key='{digit}']")
    page.click("#sheet-good .confirm")
    expect(page.locator("#sheet-good .confirm")).to_contain_text("999 – really?")
    page.click("#sheet-good .confirm")
    expect(page.locator("[data-pill]")).to_have_text("1 needs attention")
    # Over-delivery is what a supervisor may allow; nobody is here to do so.
    page.click("#sheet-step-up [data-close]")
    page.click("#pill")
    expect(page.locator("#entries [data-problem]")).to_have_text(re.compile(".{20,}"))
    page.click("#entries [data-understood]")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


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


def test_material_is_issued_by_tapping_a_lot(terminal, operation):
    steel = make_item(site=operation.work_order.site, name="Steel", lot_tracked=True)
    lot = Lot.objects.create(site=steel.site, item=steel, number="S-1", quantity=50, created_at=timezone.now())
    OrderComponent.objects.create(
        work_order=operation.work_order, operation=operation, position=9, item=steel, uom=steel.uom,
        required_quantity=20, backflush=False,
    )  # fmt: skip
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#panel-material button.choice")
    page.click("#panel-material .lot-key")
    page.click("#panel-material dialog[open] .confirm")
    all_saved(page)
    lot.refresh_from_db()
    assert lot.quantity == 30


def test_what_is_short_is_called_for_by_one_tap(terminal, operation):
    steel = make_item(site=operation.work_order.site, name="Steel", lot_tracked=True)
    Lot.objects.create(site=steel.site, item=steel, number="S-1", quantity=5, created_at=timezone.now())
    component = OrderComponent.objects.create(
        work_order=operation.work_order, operation=operation, position=9, item=steel, uom=steel.uom,
        required_quantity=20, backflush=False,
    )  # fmt: skip
    page = terminal()
    sign_on(page)
    page.click(f"#short-{component.pk}")
    all_saved(page)
    call = Call.objects.get()
    assert (call.kind, call.status) == ("MATERIAL", "RAISED")
    assert call.note.startswith("15 ") and steel.number in call.note and operation.work_order.number in call.note


def test_a_second_person_joins_the_job(terminal, operation):
    marek = make_person(site=operation.work_order.site, number="1012", name="Marek")
    masterdata.set_badge(person_id=marek.pk, badge="M77X")
    page = terminal()
    sign_on(page)
    start(page)
    scan(page, "M77X")
    expect(page.locator("[data-operator-name]")).to_have_text("Marek")
    page.click("#my-time")
    page.click("#sheet-my-time button[data-do=join]")
    expect(page.locator("#panel-crew")).to_contain_text("Marek")
    expect(page.locator("#panel-crew")).to_contain_text("Anna")


def test_what_waited_for_half_a_day_asks_whether_it_is_still_right_and_holds_its_lane(terminal):
    page = terminal()
    sign_on(page)
    start(page)
    page.route("**/entries", lambda route: route.abort())
    page.click("#pad-1")
    page.click("#pad-1")
    until(page, "async () => (await window.lineside.outbox.all()).length === 2")
    # The first of the two has lain there since yesterday; not while it is being sent, which writes down what it knows of it.
    until(
        page,
        """async () => {
            const outbox = window.lineside.outbox;
            const done = await outbox.alone(async () => {
                const first = (await outbox.all())[0];
                first.occurred_at = new Date(Date.parse(first.occurred_at) - 14 * 3600 * 1000).toISOString();
                await outbox.run('readwrite', (store) => store.put(first));
                return "done";
            });
            return done === "done";
        }""",
    )
    page.unroute("**/entries")
    page.evaluate("window.lineside.outbox.flush()")
    expect(page.locator("[data-pill]")).to_have_text("1 needs attention · 1 waiting")
    assert not ProductionReport.objects.exists()
    page.click("#pill")
    expect(page.locator("#entries [data-problem]").first).to_contain_text(
        "This was entered 14 h ago. Is it still right?"
    )
    page.locator("#entries [data-right]:visible").click()
    expect(page.locator("[data-pill]")).to_have_text("All saved")
    first, second = ProductionReport.objects.order_by("occurred_at")
    assert second.occurred_at - first.occurred_at > timedelta(hours=13)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_by_product_is_put_out_and_taken_back_by_one_tap(terminal, operation, at_once):
    make_item(site=operation.work_order.site, number="CHIPS", name="Chips")
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#material-byproduct")
    page.fill("#byproduct-item", "CHIPS")
    page.click("#sheet-byproduct [data-key='3']")
    if at_once:
        # The offer stands for ten seconds, which a busy machine may take.
        page.evaluate(
            "() => ['#sheet-byproduct .confirm', '#toast [data-undo-last]'].forEach((one) => document.querySelector(one).click())"
        )
    else:
        page.click("#sheet-byproduct .confirm")
        all_saved(page)
        expect(page.locator("#panel-last li").first).to_contain_text("+3 pcs Chips")
        page.locator("#panel-last [data-do=undo]").first.click()
    all_saved(page)
    expect(page.locator("#panel-last li").first).to_contain_text("takes back")
    moved = MaterialMovement.objects.filter(item__number="CHIPS").order_by("recorded_at")
    assert [movement.quantity for movement in moved] == [3, -3]


def test_a_paused_job_goes_on_on_another_machine(terminal, operation):
    center = operation.work_center
    WorkUnit.objects.create(site=center.site, work_center=center, code="M-1", name="One")
    WorkUnit.objects.create(site=center.site, work_center=center, code="M-2", name="Two")
    page = terminal()
    sign_on(page)
    page.click("#pad-7")
    page.click("#sheet-start-run button[value='M-1']")
    expect(page.locator(".job-number")).to_contain_text("M-1")
    page.click("#pad-8")
    page.click("#other-machine")
    page.click("#sheet-start-run button[value='M-2']")
    all_saved(page)
    expect(page.locator(".job-number")).to_contain_text("M-2")
    expect(page.locator("#other-machine")).to_have_count(0)
    assert list(operation.machine_intervals.order_by("started_at").values_list("work_unit__code", flat=True)) == [
        "M-1",
        "M-2",
    ]


def test_scrap_of_several_reasons_is_one_entry(terminal, operation):
    page = terminal()
    sign_on(page)
    start(page)
    page.click("#pad-4")
    page.click("#scrap-several")
    page.click("#sheet-scrap [data-key='+1']")
    page.click("#sheet-scrap button[value=BURR]")
    expect(page.locator("#scrap-figure")).to_have_value("1")
    page.click("#sheet-scrap button[value=CRACK]")
    page.click("#sheet-scrap button[value=DIM]")
    expect(page.locator("#sheet-scrap [data-lines] li")).to_have_count(3)
    expect(page.locator("#sheet-scrap .confirm")).to_have_text("Report scrap 4")
    page.click("#sheet-scrap [data-lines] li:has-text('Out of dimension') button")
    page.click("#sheet-scrap .confirm")
    expect(page.locator("#toast")).to_contain_text("3 scrap · 2 Burr, 1 Crack")
    all_saved(page)
    report = ProductionReport.objects.get()
    lines = {line.reason.code: line.quantity for line in report.scrap_lines.all()}
    assert (report.scrap_quantity, lines) == (3, {"BURR": 2, "CRACK": 1})
    # One reason is still one tap, also after that.
    page.click("#pad-4")
    expect(page.locator("#sheet-scrap [data-lines] li")).to_have_count(0)
    page.click("#sheet-scrap button[value=DIM]")
    all_saved(page)
    assert ProductionReport.objects.count() == 2
