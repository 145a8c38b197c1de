"""Takes the pictures of README and docs from a running demo: ``python docs/screenshots.py http://127.0.0.1:8000``.

With ``--pages FOLDER`` it records every page of the floor there instead, whole, at two widths, for people who look them
through; how pages look with nothing on them is recorded by ``tests/browser/test_states.py``.

Needs Chromium (``apt-get install chromium``) and the ``dev`` requirements. Every page is taken in light and in dark.
"""

import argparse
import base64
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "images"
LARGEST = 200_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = (1280, 800), (360, 760)
PAGES = [
    "/", "/board/", "/andon/", "/maintenance/", "/oee/", "/oee/pareto/?planned=yes&micro=yes", "/oee/pareto/?by=count",
    "/stops/", "/quality/", "/labor/", "/trace/", "/entries/", "/devices/", "/t/", "/bridge/",
]  # fmt: skip
FOUND = [
    # where a link leads to a page that has no address of its own, and the link
    ("/board/", ".orders th a"), ("/andon/", ".andon-call a"), ("/oee/", "table.oee th a"), ("/trace/", "tbody th a"),
    ("/quality/", "tbody th a"),
]  # fmt: skip


def shots(order: str) -> list[tuple[str, str, tuple[int, int]]]:
    """Return what to take: name of the picture, address ("" is a terminal where a job runs), size of the window."""
    return [
        ("terminal", "", WIDE),
        ("terminal-phone", "", PHONE),
        ("instruction", "", WIDE),
        ("board", "/board/", WIDE),
        ("order", f"/orders/{order}/", WIDE),
        ("oee", "/oee/", WIDE),
        ("stops-by-reason", "/oee/pareto/", WIDE),
        ("quality", "/quality/", WIDE),
        ("bridge", "/bridge/", WIDE),
        ("admin", "/admin/", WIDE),
    ]


def running_center(page, base: str) -> str:
    """Return a work center where a job runs and pieces were reported, or the first one if none is found in a while."""
    center = ""
    for _try in range(90):
        page.goto(base + "/board/")
        tiles = page.locator("a.tile.run")
        for index in range(tiles.count()):
            center = tiles.nth(index).get_attribute("href").strip("/").split("/")[-1]
            if not tiles.nth(index).locator(".bar").first.get_attribute("aria-label").startswith("0 "):
                return center
        page.wait_for_timeout(1000)
    return center or page.locator("a.tile").first.get_attribute("href").strip("/").split("/")[-1]


def instructed_center(page, base: str) -> str:
    """Return the work center with a job whose document is to be read, and the job: ``CENTER/?job=17``."""
    documents = page.request.get(f"{base}/api/v1/documents").json()["items"]
    places = [place for one in documents for place in one["places"]]
    center = next(place["work_center"] for place in places if place["work_center"])
    item = next(place["item"] for place in places if place["item"])
    orders = page.request.get(f"{base}/api/v1/work-orders").json()["items"]
    number = next(one["number"] for one in orders if one["item"] == item and one["status"] in ("RELEASED", "RUNNING"))
    operations = page.request.get(f"{base}/api/v1/operations?work_order={number}").json()["items"]
    return f"{center}/?job={operations[0]['id']}"


def record_pages(page, base: str, folder: Path, scheme: str) -> None:
    """Record every page of the floor, and one of each kind that others lead to."""
    addresses = list(PAGES)
    for start, link in FOUND:
        page.goto(base + start)
        if page.locator(link).count():
            addresses.append(page.locator(link).first.get_attribute("href"))
    for address in addresses:
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(base + address)
            page.wait_for_timeout(700)
            name = "-".join(re.findall(r"[\w-]+", address)) or "home"
            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            print(f"{'ok  ' if wide <= width else 'WIDE'} {address} {scheme} {width}")


def first_order(page, base: str) -> str:
    """Return the number of the first order on the board."""
    page.goto(base + "/board/")
    return page.locator(".orders th a").first.get_attribute("href").strip("/").split("/", 1)[1]


def side_by_side(browser, folder: Path) -> Path:
    """Put terminal and board beside each other, for the README."""
    target = folder / "terminal-and-board.png"
    images = [
        base64.b64encode((folder / name).read_bytes()).decode() for name in ("terminal-light.png", "board-dark.png")
    ]
    page = browser.new_page(viewport={"width": 1540, "height": 500})
    page.set_content(
        "<body style='margin:0;display:flex;gap:20px;padding:10px;background:#d9d9d3'>"
        + "".join(
            f"<img style='width:750px;height:469px;border-radius:10px' src='data:image/png;base64,{image}'>"
            for image in images
        )
    )
    page.wait_for_timeout(500)
    page.screenshot(path=target)
    page.close()
    return target


def sign_on(page, number: str, pin: str) -> None:
    """Let a person use the terminal."""
    page.click("#operator")
    page.fill("#sign-number", number)
    page.fill("#sign-pin", pin)
    page.click("#sheet-sign-on button[type=submit]")
    page.wait_for_selector("#operator:not(.nobody)")
    page.evaluate("document.getElementById('toast').hidden = true")


def main() -> int:
    """Take every picture; return 1 where one is too large or a page does not answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="address of the running demo")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--number", default="E001", help="who is signed on at the terminal")
    parser.add_argument("--pin", default="1234")
    parser.add_argument("--password", default="demo")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--pages", type=Path, help="record every page there, and no picture of the documentation")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
            page = context.new_page()
            page.goto(given.base + "/login/")
            page.fill("#id_username", given.user)
            page.fill("#id_password", given.password)
            page.click("button[type=submit]")
            page.wait_for_url(given.base + "/")
            if given.pages:
                given.pages.mkdir(parents=True, exist_ok=True)
                record_pages(page, given.base, given.pages, scheme)
                continue
            for name, address, (width, height) in shots(first_order(page, given.base)):
                if name == "instruction":
                    address = f"/t/{instructed_center(page, given.base)}"
                address = address or f"/t/{running_center(page, given.base)}/"
                page.set_viewport_size({"width": width, "height": height})
                answer = page.goto(given.base + address)
                if name == "terminal":
                    sign_on(page, given.number, given.pin)
                if name == "instruction":
                    page.locator("#panel-documents .choice").first.click()
                page.wait_for_timeout(1500)
                target = given.folder / f"{name}-{scheme}.png"
                page.screenshot(path=target)
                size = target.stat().st_size
                ok = answer is not None and answer.ok and size <= LARGEST
                failed |= not ok
                print(f"{'ok  ' if ok else 'BAD '} {target.name} {size // 1000} kB {address}")
            context.close()
        if not given.pages:
            size = side_by_side(browser, given.folder).stat().st_size
            failed |= size > LARGEST
            print(f"terminal-and-board.png {size // 1000} kB")
        browser.close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
