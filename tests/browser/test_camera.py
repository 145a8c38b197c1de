"""Scanning with a camera: what stands before it is a real QR code in a real stream of pictures."""

import random
import re

import pytest
import segno
from django.contrib.auth.models import User
from django.templatetags.static import static
from playwright.sync_api import expect

from mes.core.templatetags.lineside import job_code
from mes.masterdata import services as masterdata
from tests.browser.conftest import FLAGS, PATIENCE

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 640, 480
TEXTS = [
    "COKAY", "J00000042", "PABCDEFGHJKLM", "S-4711/b", "Größe 12 µm", "0123456789012345", "https://id.example/01/04012345123456/10/ABC",
    "x" * 150, "A1 $%*+-./:" * 20,
]  # fmt: skip

DRAW_AND_READ = """async ({rows, turn, tilt, module}) => {
    const { readQr } = await import('%s');
    const [width, height, size] = [640, 480, rows.length];
    const picture = new ImageData(width, height);
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
            // Seen from the side, and lit from the side.
            const w = 1 + tilt * (x - width / 2) + tilt / 2 * (y - height / 2);
            const [a, b] = [(x - width / 2) * w / module, (y - height / 2) * w / module];
            const [u, v] = [Math.floor(a * c + b * s + size / 2), Math.floor(b * c - a * s + size / 2)];
            const ink = rows[v] && rows[v][u] ? 40 : 210;
            const gray = ink * (0.5 + 0.5 * x / width) + ((x * 7 + y * 13) %% 17) - 8;
            picture.data.set([gray, gray, gray, 255], (y * width + x) * 4);
        }
    }
    return readQr(picture);
}"""


def rows_of(text, **how):
    return [[int(one) for one in row] for row in segno.make(text, micro=False, **how).matrix]


def test_a_code_is_read_however_it_is_held(open_page, plant):
    page = open_page(f"/t/{plant.operations.get(position=1).work_center.code}/")
    address = static("terminal/qr.js")
    wrong = []
    for text in TEXTS:
        rows = rows_of(text, error="m")
        for turn, tilt in ((0, 0), (0.3, 0), (0.8, 0), (3.5, 0), (0.1, 0.0004), (-0.4, -0.0004)):
            how = {"rows": rows, "turn": turn, "tilt": tilt, "module": 330 // len(rows)}
            if tilt and len(rows) > 41:
                continue  # Hundreds of signs, seen from the side: nobody prints that for a floor.
            read = page.evaluate(DRAW_AND_READ % address, how)
            if read != text:
                wrong.append((text, turn, tilt, read))
    assert wrong == []


def test_every_version_and_level_is_corrected(open_page, plant):
    page = open_page(f"/t/{plant.operations.get(position=1).work_center.code}/")
    rng, cases = random.Random(5), []
    for version in range(1, 21):
        for level in "LMQH":
            text = "".join(rng.choice("ABC-0189") for _ in range(6 * version))
            rows = rows_of(text, error=level, version=version, boost_error=False)
            for _ in range(1 if level == "L" else 3):
                row, column = rng.randrange(9, len(rows) - 8), rng.randrange(9, len(rows))
                rows[row][column] ^= 1
            cases.append((text, rows))
    read = page.evaluate(
        """async ([address, all]) => {
            const { decodeMatrix } = await import(address);
            return all.map(decodeMatrix);
        }""",
        [static("terminal/qr.js"), [rows for _text, rows in cases]],
    )
    assert read == [text for text, _rows in cases]


@pytest.fixture
def held_before_the_camera(playwright, chromium, live_server, client, plant, tmp_path):
    """Open a page in a browser whose camera sees a printed code."""
    started = []

    def _open(text, path, *, allowed=True):
        film = tmp_path / "camera.y4m"
        film.write_bytes(filmed(text))
        fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS + fake)
        started.append(browser)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800},
            permissions=["camera"] if allowed else [],
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE)
        client.force_login(User.objects.get(username="device"))
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield _open
    for browser in started:
        browser.close()


def filmed(text):
    """Return a film (YUV4MPEG2) of three pictures of a sheet of paper with the code on it."""
    rows = rows_of(text, error="m")
    module = 240 // len(rows)
    left, top = (WIDTH - module * len(rows)) // 2 + 30, (HEIGHT - module * len(rows)) // 2 - 20
    luma = bytearray(b"\xd2" * (WIDTH * HEIGHT))
    for row, line in enumerate(rows):
        for column, ink in enumerate(line):
            for y in range(module if ink else 0):
                at = (top + row * module + y) * WIDTH + left + column * module
                luma[at : at + module] = b"\x28" * module
    picture = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    return f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n".encode() + picture * 3


def test_a_traveler_held_before_the_camera_opens_its_job(held_before_the_camera, plant):
    operation = plant.operations.get(position=1)
    page = held_before_the_camera(job_code(operation.pk), f"/t/{operation.work_center.code}/")
    page.click("#camera")
    expect(page.locator("#sheet-camera")).to_be_hidden()
    expect(page).to_have_url(re.compile(f"job={operation.pk}$"))
    assert page.evaluate("document.querySelector('#sheet-camera video').srcObject") is None


def test_a_badge_is_read_where_somebody_signs_on(held_before_the_camera, plant):
    badge = masterdata.issue_badge(person_id=plant.site.people.get(number="1007").pk)
    page = held_before_the_camera(badge, f"/t/{plant.operations.get(position=1).work_center.code}/")
    page.click("#operator")
    page.click("#sheet-sign-on [data-camera]")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")
    expect(page.locator("#sheet-sign-on")).to_be_hidden()


def test_a_camera_that_may_not_be_used_is_said(held_before_the_camera, plant):
    page = held_before_the_camera("COKAY", f"/t/{plant.operations.get(position=1).work_center.code}/", allowed=False)
    page.click("#camera")
    expect(page.locator("#sheet-camera .sheet-problem")).to_contain_text("may not use the camera")
