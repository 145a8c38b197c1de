"""T1 and T8: how long until a terminal's first action is possible, and until a tap is answered, in a real Chromium.

The server is the one of production: granian, with the collected and compressed files that whitenoise serves.
"""

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from benchmarks.harness import Row
from benchmarks.plant import operation, person, site
from deploy.processes import Crew, answers, free_port, wait_until, web_command
from mes.masterdata import services as masterdata
from mes.terminal import services as devices
from tests import servers

PROMISE = "< 1 s"
READY = """() => { window.ready = new Promise((told) => {
    const look = () => {
        const able = window.lineside && window.lineside.outbox.db && document.querySelector('.pad button:not([aria-disabled])');
        if (able) { told(performance.now()); } else { requestAnimationFrame(look); }
    };
    look();
}); }"""
"""A button of the pad can be tapped and what it enters can be stored: in milliseconds since the page was asked for."""
EMPTY = "() => { const load = performance.getEntriesByType('navigation')[0]; return load.domContentLoadedEventEnd; }"
ANSWERED = """() => { window.answered = new Promise((told) => {
    let touched = 0;
    const toast = document.getElementById('toast');
    const before = toast.dataset.entry;
    document.addEventListener('pointerdown', (event) => { touched = event.timeStamp; }, { capture: true, once: true });
    new MutationObserver((_changes, observer) => {
        if (touched && !toast.hidden && toast.dataset.entry !== before) {
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => told(performance.now() - touched)));
        }
    }).observe(toast, { attributes: true, childList: true, subtree: true });
}); }"""
"""From the touch to the frame in which the toast says what was entered, how much and for which order."""
TAPS = 30
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def first_action(rounds: int) -> list[Row]:
    """T1: with nothing in the browser's cache and with everything in it, against an empty answer of the same server.

    T8: from a touch to the frame in which the page answers it.
    """
    program = servers.chromium_program()
    if program is None:
        print(f"T1 is left out: Chromium is not on this machine; it installs with: {servers.INSTALL['Chromium']}")
        return []
    # Its synchronous API runs an event loop in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where this benchmark runs

    center = operation().work_center
    _, code = devices.make_code(site=site(), name=f"Bench {os.getpid()}", by="bench", now=timezone.now())
    with _production() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page()
        page.goto(f"{base}/enroll/?code={code}")
        page.click("button[type=submit]")
        page.wait_for_url("**/t/**")
        enrolled: Any = {"cookies": page.context.cookies()}
        page.context.close()
        masterdata.set_pin(person_id=person().pk, pin="2580")
        taken = _loads(lambda: browser.new_context(storage_state=enrolled), base, center.code, rounds=rounds)
        answers_of_taps = _taps(browser.new_context(storage_state=enrolled), base, center.code)
        browser.close()
    empty = statistics.median(taken["empty"])
    return [
        Row(
            "T1", f"terminal, first action possible, {what}", f"{_ms(statistics.median(taken[kind]))}",
            f"{_ms(empty)}: an empty page", f"{statistics.median(taken[kind]) / empty:.1f}", PROMISE,
        )
        for kind, what in (("cold", "cold cache"), ("warm", "warm cache"))
    ] + [
        Row(
            "T8", f"terminal, a tap is answered, {len(answers_of_taps)} taps",
            f"p50 {_ms(statistics.median(answers_of_taps))}, p95 {_ms(answers_of_taps[-len(answers_of_taps) // 20])}",
            "16.7 ms: one frame", f"{statistics.median(answers_of_taps) / 16.7:.1f}", "p95 < 100 ms",
        )
    ]  # fmt: skip


def _loads(context: Callable[[], Any], base: str, center: str, *, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each load by kind; a round has one of each, after one round that counts for nothing."""
    taken: dict[str, list[float]] = {"cold": [], "warm": [], "empty": []}
    for _ in range(rounds + 1):
        window = context()
        page = window.new_page()
        page.goto(f"{base}/healthz")
        taken["empty"].append(page.evaluate(EMPTY))
        page.add_init_script(f"({READY})()")
        for kind in ("cold", "warm"):
            page.goto(f"{base}/t/{center}/")
            taken[kind].append(page.evaluate("() => window.ready"))
            # The service worker that keeps the page for times without network is at work until then.
            page.wait_for_load_state("networkidle")
            page.evaluate("() => window.lineside.installed")
        window.close()
    return {kind: loads[1:] for kind, loads in taken.items()}


def _taps(window: Any, base: str, center: str) -> list[float]:
    """Return the milliseconds until each of many taps on +1 was answered on the screen, shortest first."""
    page = window.new_page()
    page.goto(f"{base}/t/{center}/")
    page.click("#operator")
    page.fill("#sheet-sign-on [name=number]", person().number)
    # As fingers type: a text that is there at once is a scan.
    page.locator("#sheet-sign-on [name=pin]").press_sequentially("2580", delay=120)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sheet-sign-on", state="hidden")
    taken = []
    for _ in range(TAPS):
        page.evaluate(f"({ANSWERED})()")
        page.click("#pad-1")
        taken.append(page.evaluate("() => window.answered"))
    window.close()
    return sorted(taken)


@contextmanager
def _production() -> Iterator[str]:
    """Run the web process as it runs in production, and give its address."""
    call_command("collectstatic", interactive=False, verbosity=0)
    port = free_port(0)
    crew = Crew(Path(os.environ["LINESIDE_VAR"]) / "logs", os.environ)
    try:
        crew.start("web", web_command(port))
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{base}/healthz"), seconds=180, complaint="The web process is silent.", crew=crew)
        yield base
    finally:
        crew.stop()


def _ms(value: float) -> str:
    return f"{value:.0f} ms"


BENCHMARKS = {"T1": first_action}
