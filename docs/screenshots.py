"""Takes the pictures of README and docs from a running demo: ``python docs/screenshots.py http://127.0.0.1:8000``.

Needs Chromium (``apt-get install chromium``) and the ``dev`` requirements. Every page is taken in light and in dark.
"""

import argparse
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


def shots(center: str, order: str) -> list[tuple[str, str, tuple[int, int]]]:
    """Return what to take: name of the picture, address, size of the window."""
    return [
        ("terminal", f"/t/{center}/", WIDE),
        ("terminal-phone", f"/t/{center}/", PHONE),
        ("board", "/board/", WIDE),
        ("order", f"/orders/{order}/", WIDE),
        ("bridge", "/bridge/", WIDE),
        ("admin", "/admin/", WIDE),
    ]


def busiest(page, base: str) -> tuple[str, str]:
    """Return the work center and the order to show: running ones if there are, else the first."""
    page.goto(base + "/board/")
    for _try in range(60):
        if page.locator("a.tile.run").count():
            break
        page.wait_for_timeout(1000)
    tile = page.locator("a.tile.run" if page.locator("a.tile.run").count() else "a.tile").first
    center = tile.get_attribute("href").strip("/").split("/")[-1]
    order = page.locator(".orders th a").first.get_attribute("href").strip("/").split("/", 1)[1]
    return center, order


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
            for name, address, (width, height) in shots(*busiest(page, given.base)):
                page.set_viewport_size({"width": width, "height": height})
                answer = page.goto(given.base + address)
                if name == "terminal":
                    sign_on(page, given.number, given.pin)
                page.wait_for_timeout(1500)
                target = given.folder / f"{name}-{scheme}.png"
                page.screenshot(path=target)
                size = target.stat().st_size
                ok = answer is not None and answer.ok and size <= LARGEST
                failed |= not ok
                print(f"{'ok  ' if ok else 'BAD '} {target.name} {size // 1000} kB {address}")
            context.close()
        browser.close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
