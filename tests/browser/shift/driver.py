"""The floor as people meet it: a clock on the wall, terminals with a scanner, a desk; taps and scans are counted.

Server and browsers have the same clock, and it moves only when the script says so: nothing is waited for but what the
page is to show, and every minute is exact. With ``LINESIDE_SHIFT_PICTURES`` naming a directory, ``picture`` records what
the screens show then, light and dark, on a wide screen and on a tablet held upright.
"""

import os
import re
from collections import defaultdict
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from playwright.sync_api import Page, expect

from mes.core import live
from mes.core.templatetags.lineside import job_code
from mes.execution.models import Operation
from mes.masterdata.models import Site, WorkCenter
from mes.terminal import services as devices
from tests.browser.conftest import PATIENCE, until
from tests.browser.hands import scan
from tests.browser.shift.plant import PIN

ZONE = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 3, 2, tzinfo=ZONE)
PICTURES = os.environ.get("LINESIDE_SHIFT_PICTURES", "")
VIEWS = [
    (scheme, width, height) for scheme in ("light", "dark") for width, height in ((1280, 800), (800, 1280))
]  # fmt: skip
COUNT_TAPS = """() => {
    window.taps = window.clicks = 0;
    document.addEventListener('pointerdown', () => { window.taps += 1; }, true);
    document.addEventListener('click', () => { window.clicks += 1; }, true);
}"""


TIMERS_ARE_RIGHT = """() => !window.lineside || [...document.querySelectorAll('[data-since]')].every(
    (one) => one.textContent === window.lineside.since(one.dataset.since, one.hasAttribute('data-coarse')))"""


def moment(clock: str) -> datetime:
    """Return the moment of the day that a clock on the wall (``06:00``) shows."""
    hour, minute = clock.split(":")
    return DAY.replace(hour=int(hour), minute=int(minute))


class Floor:
    """The plant with its clock, and every window that is open in it."""

    def __init__(self, browser, live_server, traveller: time_machine.Traveller, badges: dict[str, str]):
        self.browser, self.base, self.traveller, self.badges = browser, live_server.url, traveller, badges
        self.now = moment("06:00")
        self.windows: list[Page] = []
        self.taps: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.complaints: list[str] = []

    def at(self, clock: str) -> None:
        """Let the clock go on to this time, for the server first: no device is ever ahead of it."""
        self.now = moment(clock)
        self.traveller.move_to(self.now)
        live.forget()
        for page in self.windows:
            page.context.clock.set_fixed_time(self.now)

    def window(self, path: str, **how) -> Page:
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 800}, timezone_id=str(ZONE), reduced_motion="reduce",
            service_workers="block", **how,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.clock.set_fixed_time(self.now)
        context.add_init_script(f"({COUNT_TAPS})()")
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # What a terminal asks by itself is put aside: whoever wants to answer opens it, and how soon it asks is a matter of
        # real seconds, which this script has none of.
        page.add_locator_handler(
            page.locator("dialog[data-by-itself]"),
            lambda: page.evaluate("document.querySelectorAll('dialog[data-by-itself]').forEach((one) => one.close())"),
        )
        self.windows.append(page)
        page.goto(self.base + path)
        return page

    def terminal(self, center: str) -> "Terminal":
        """Enroll a device at a work center and stand before it."""
        place = WorkCenter.objects.get(code=center)
        _, code = devices.make_code(
            site=Site.objects.get(), work_center=place, name=f"Tablet {center}", by="lea", now=self.now
        )
        page = self.window(f"/enroll/?code={code}", has_touch=True)
        page.locator("button[type=submit]").tap()
        page.wait_for_url("**/t/**")
        expect(page.locator("#panel-job .card")).to_be_visible()
        return Terminal(self, page)

    def desk(self, path: str) -> "Desk":
        """Sign Lea in at a desk."""
        page = self.window("/login/?next=" + path)
        page.fill("#id_username", "lea")
        page.fill("#id_password", "demo-plant")
        page.click("button[type=submit]")
        page.wait_for_url("**" + path)
        return Desk(self, page)

    def most_taps(self) -> dict[str, tuple[int, int]]:
        """Return for each task the most taps and scans that it took."""
        return {name: max(counted) for name, counted in self.taps.items()}

    def close(self) -> None:
        for page in self.windows:
            page.context.close()


class Screen:
    """One window of the floor."""

    def __init__(self, floor: Floor, page: Page):
        self.floor, self.page = floor, page

    def picture(self, name: str) -> None:
        """Record what the screen shows, if pictures are wanted."""
        if not PICTURES:
            return
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        for scheme, width, height in VIEWS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": height})
            # Timers are drawn once a second.
            until(self.page, TIMERS_ARE_RIGHT)
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.page.screenshot(path=folder / f"{self.floor.now:%H%M}-{name}-{width}-{scheme}.png")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1280, "height": 800})

    def shows(self, where: str, words: str) -> None:
        """Wait until a part of the page says so."""
        expect(self.page.locator(where)).to_contain_text(words)


class Desk(Screen):
    """A supervisor's browser."""

    def go(self, path: str) -> None:
        self.page.goto(self.floor.base + path)

    def ask(self, path: str) -> list[dict[str, Any]]:
        """Return what the API lists to whoever is signed in here."""
        answer = self.page.request.get(self.floor.base + path)
        assert answer.ok, answer.text()
        return answer.json()["items"]

    def click(self, where: str) -> None:
        self.page.click(where)

    def fill(self, where: str, text: str) -> None:
        self.page.fill(where, text)


class Terminal(Screen):
    """A terminal, which several people use: each scans their badge, then taps."""

    def tap(self, where: str) -> None:
        """Tap something, and wait until the page has taken it for a click, which the browser decides a little later."""
        clicks = self.page.evaluate("window.clicks")
        self.page.locator(where).tap()
        until(self.page, "(clicks) => window.clicks > clicks", clicks)

    def scan(self, text: str) -> None:
        self.scans += 1
        scan(self.page, text)

    scans = 0

    @contextmanager
    def task(self, name: str):
        """Count the taps and scans that a task takes, and go on once everything of it is saved."""
        taps, scans = self.page.evaluate("window.taps"), self.scans
        yield
        until(
            self.page,
            "async () => { window.left = await window.lineside.outbox.all(); return window.left.every((one) => one.state !== 'waiting'); }",
        )
        refused = self.page.evaluate("window.left.map((one) => [one.said, one.problem && one.problem.detail])")
        assert not refused, f"{self.floor.now:%H:%M} {name}: {refused}"
        self.floor.taps[name].append((self.page.evaluate("window.taps") - taps, self.scans - scans))

    # --- who, and what they look at -----------------------------------------------------------------------------

    def badge(self, name: str) -> None:
        """Scan a badge: whoever it belongs to is who taps from here on."""
        with self.task("change operator"):
            self.scan(self.floor.badges[name])
            expect(self.page.locator("[data-operator-name]")).to_have_text(name)

    def traveler(self, job: str) -> None:
        """Scan the traveler of a job (``WO-501/10``), which chooses it."""
        order, _, number = job.partition("/")
        operation = Operation.objects.get(work_order__number=order, number=number)
        self.scan(job_code(operation.pk))
        expect(self.page.locator("#panel-job .job-number")).to_contain_text(re.compile(rf"{order}\s*/\s*{number}\b"))

    def state(self, words: str) -> None:
        """Wait until the bar says what the job does."""
        expect(self.page.locator(".bar-state")).to_contain_text(words)

    def digits(self, sheet: str, number: str) -> None:
        for digit in number:
            self.tap(f"#sheet-{sheet} .keys [data-key='{digit}']")

    # --- the job ------------------------------------------------------------------------------------------------

    def setup(self, machine: str) -> None:
        with self.task("start setup, choosing the machine"):
            self.tap("#pad-6")
            self.tap(f"#sheet-start-setup button[value={machine}]")
        self.state("Setup")

    def run(self, machine: str = "") -> None:
        with self.task("start the next job, choosing the machine" if machine else "start or resume a job"):
            self.tap("#pad-7")
            if machine:
                self.tap(f"#sheet-start-run button[value={machine}]")
        self.state("Running")

    def pause(self) -> None:
        with self.task("pause"):
            self.tap("#pad-8")

    def finish(self) -> None:
        with self.task("finish"):
            self.tap("#pad-9")
            self.tap("#sheet-finish .confirm")
        self.state("Completed")

    def good(self, quantity: str) -> None:
        """One tap where the pad has the figure, else the figure and a tap before and after it."""
        if quantity in ("1", "10"):
            with self.task("report good"):
                self.tap("#pad-1" if quantity == "1" else "#pad-2")
            return
        with self.task(f"report good, typed, {len(quantity)} digits"):
            self.tap("#pad-3")
            self.digits("good", quantity)
            self.tap("#sheet-good .confirm")

    def scrap(self, reason: str) -> None:
        with self.task("scrap 1 with reason"):
            self.tap("#pad-4")
            self.tap(f"#sheet-scrap button[value={reason}]")

    def undo(self, said: str) -> None:
        """Take back the entry on top of the list, which reads as said."""
        self.shows("#panel-last li >> nth=0", said)
        with self.task("undo the last report"):
            self.tap("#panel-last [data-do=undo] >> nth=0")

    def issue(self, lot: str, quantity: str) -> None:
        """Scan a lot, enter how much of it, issue it."""
        with self.task(f"issue a lot, {len(quantity)} digits"):
            self.scan("L" + lot)
            self.digits(self._sheet(), quantity)
            self.tap("dialog[open] .confirm")

    def _sheet(self) -> str:
        expect(self.page.locator("dialog[open]")).to_be_visible()
        return self.page.locator("dialog[open]").get_attribute("id").removeprefix("sheet-")

    # --- quality ------------------------------------------------------------------------------------------------

    def nonconform(self, reason: str, quantity: str = "", *, hold: bool = False) -> None:
        with self.task(
            "nonconformance" + (f", {len(quantity)} digits" if quantity else "") + (", hold" if hold else "")
        ):
            self.tap("#nonconform")
            self.tap(f"#sheet-nonconform label:has(input[value={reason}])")
            self.digits("nonconform", quantity)
            if hold:
                self.tap("#sheet-nonconform label.tick")
            self.tap("#sheet-nonconform .confirm")

    def lift_hold(self, supervisor: str) -> None:
        """The supervisor lifts the hold on the job, where it is shown, with badge and PIN."""
        with self.task("lift a hold, badge and PIN"):
            self.tap("#panel-job [data-do=lift-hold]")
            expect(self.page.locator("#sheet-step-up")).to_be_visible()
            self.scan(self.floor.badges[supervisor])
            expect(self.page.locator("#step-up-problem")).to_contain_text("Badge read")
            self.digits("step-up", PIN)
            self.tap("#sheet-step-up button[type=submit]")
            expect(self.page.locator("#sheet-step-up")).to_be_hidden()
        expect(self.page.locator("#panel-job .hold")).to_have_count(0)

    # --- machines -----------------------------------------------------------------------------------------------

    def stop(self, machine: str, reason: str = "") -> None:
        """The machine stands still: for a reason, or for one that is given later."""
        row = f".machine:has-text('{machine}')"
        with self.task("stop a machine"):
            self.tap(f"{row} [data-sheet^='stop-']")
            self.tap(f"dialog[open] button[value={reason}]" if reason else "dialog[open] .later")
        self.shows(row, "Stopped")

    def runs_again(self, machine: str) -> None:
        row = f".machine:has-text('{machine}')"
        with self.task("runs again"):
            self.tap(f"{row} [data-do='runs-again']")
        self.shows(row, "Running")

    def explain(self, machine: str, clock: str, reason: str) -> None:
        """Give the stop of a machine that began then its reason."""
        with self.task("explain a stop later"):
            self.tap(f".choices [data-sheet^='explain-']:has-text('{machine}'):has-text('{clock}')")
            self.tap(f"dialog[open] button[value={reason}]")

    # --- people -------------------------------------------------------------------------------------------------

    def my_time(self, deed: str) -> None:
        """Clock in or out, take a break, join or leave the job that is shown."""
        with self.task("my time"):
            self.tap("#my-time")
            if deed == "clock-in":
                self.picture("my-time")
            self.tap(f"#sheet-my-time [data-do={deed}]")

    def call(self, kind: str, unit: str = "") -> None:
        with self.task("call somebody"):
            self.tap("#call-somebody")
            self.picture("calling")
            self.tap(f"[id^=call-{kind}-]:has-text('{unit}')" if unit else f"#call-{kind}")

    def hand_over(self, note: str) -> None:
        with self.task("hand over"):
            self.tap("#hand-over")
            self.page.fill("#handover-note", note)
            self.picture("handing-over")
            self.tap("#sheet-hand-over .confirm")

    def take_over(self) -> None:
        with self.task("take over"):
            self.tap("#read-handover")
            self.picture("taking-over")
            self.tap("#take-over")
        expect(self.page.locator("#read-handover")).to_have_count(0)
