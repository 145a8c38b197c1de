"""Photos as people at a terminal take them: shown before they are sent, kept without network, refused in words."""

import time

import pytest
from playwright.sync_api import expect

from mes.documents.models import Photo
from quality.models import Nonconformance
from tests.browser.conftest import until
from tests.browser.hands import all_saved, sign_on, start
from tests.mes.documents.helpers import picture

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _files(tmp_path, settings):
    settings.LINESIDE_FILES = tmp_path / "files"


@pytest.fixture
def terminal(open_page, plant):
    def _open(**how):
        operation = plant.operations.get(position=1)
        page = open_page(f"/t/{operation.work_center.code}/?job={operation.pk}", **how)
        sign_on(page)
        start(page)
        expect(page.locator("#nonconform")).to_be_visible()
        return page

    return _open


def arrived():
    """Return the photo once it is there: it follows what it shows."""
    deadline = time.monotonic() + 60
    while not Photo.objects.exists():
        assert time.monotonic() < deadline, "no photo arrived"
        time.sleep(0.05)
    return Photo.objects.get()


def report(page, content=None, name="photo.jpg"):
    page.click("#nonconform")
    page.click("#sheet-nonconform label:has(input[value=BURR])")
    if content is not None:
        chosen = {"name": name, "mimeType": "image/jpeg", "buffer": content}
        page.set_input_files("#sheet-nonconform [data-photo]", chosen)


def test_a_photo_goes_with_what_was_found_and_is_seen_on_its_page(terminal, open_page):
    page = terminal()
    report(page, picture(size=(2400, 1200)))
    expect(page.locator("#sheet-nonconform canvas")).to_be_visible()
    page.click("#sheet-nonconform .confirm")
    all_saved(page)
    photo, row = arrived(), Nonconformance.objects.get()
    assert (photo.subject, photo.person.number) == (row.reported_as, "1007")
    assert (photo.file.width, photo.file.height) == (1600, 800)
    office = open_page(f"/quality/nonconformances/{row.pk}/", user="lead")
    until(
        office,
        "() => { const one = document.querySelector('.photos img'); return one.complete && one.naturalWidth === 1600; }",
    )


def test_a_photo_waits_without_network_and_arrives_once(terminal):
    page = terminal()
    page.context.set_offline(True)
    report(page, picture())
    expect(page.locator("#sheet-nonconform canvas")).to_be_visible()
    page.click("#sheet-nonconform .confirm")
    expect(page.locator("#pill")).to_contain_text("2 waiting")
    assert not Nonconformance.objects.exists()
    page.context.set_offline(False)
    all_saved(page)
    assert arrived().subject == Nonconformance.objects.get().reported_as


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"MZ\x90\x00", "This is no photo."), (b"\xff\xd8\xff" + b"x" * (15 * 1024 * 1024), "too large: at most 15 MB")],
)
def test_what_is_no_photo_is_said_at_once_and_the_report_goes_without(terminal, content, words):
    page = terminal()
    report(page, content)
    expect(page.locator("#sheet-nonconform [data-photo-said]")).to_contain_text(words)
    expect(page.locator("#sheet-nonconform canvas")).to_be_hidden()
    page.click("#sheet-nonconform .confirm")
    all_saved(page)
    assert Nonconformance.objects.get() and not Photo.objects.exists()


def test_a_photo_can_be_left_out_again(terminal):
    page = terminal()
    report(page, picture())
    page.click("#sheet-nonconform [data-photo-drop]")
    expect(page.locator("#sheet-nonconform canvas")).to_be_hidden()
    page.click("#sheet-nonconform .confirm")
    all_saved(page)
    assert Nonconformance.objects.get() and not Photo.objects.exists()


def test_what_the_server_does_not_take_is_answered_and_loses_nothing_else(terminal):
    """A device that makes nothing small sends what it has: the server is the one that decides."""
    page = terminal()
    page.evaluate(
        "() => { HTMLCanvasElement.prototype.toBlob = (done) => done(new Blob(['MZ'], { type: 'image/jpeg' })); }"
    )
    report(page, picture())
    expect(page.locator("#sheet-nonconform canvas")).to_be_visible()
    page.click("#sheet-nonconform .confirm")
    expect(page.locator("#pill")).to_contain_text("1 needs attention")
    page.click("#pill")
    expect(page.locator("#entries")).to_contain_text("The photo itself did not arrive. Take it again.")
    page.click("#entries [data-understood]")
    all_saved(page)
    assert Nonconformance.objects.get() and not Photo.objects.exists()
