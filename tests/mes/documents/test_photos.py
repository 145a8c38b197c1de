"""Photos from the terminal: handed in, named by an entry, seen by whoever may see what they show."""

import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.documents.models import Photo, StoredFile
from mes.documents.queries import path_of
from mes.documents.rules import LARGEST_PHOTO
from mes.terminal.models import TerminalEntry
from quality.models import Nonconformance
from tests.factories import make_person, make_reason, make_site, make_work_order
from tests.mes.documents.helpers import huge_png, picture, picture_with_a_place

pytestmark = pytest.mark.django_db


class Floor:
    """A terminal of a running operation with Anna signed on."""

    def __init__(self, client):
        from mes.masterdata import services as masterdata  # noqa: PLC0415

        self.client = client
        self.order = make_work_order()
        self.operation = self.order.operations.get(position=1)
        self.center = self.operation.work_center
        self.reason = make_reason(site=self.order.site)
        anna = make_person(site=self.order.site, number="1007", name="Anna Krüger")
        masterdata.set_pin(person_id=anna.pk, pin="2580")
        user = User.objects.create_user("device", password="x")
        Membership.objects.create(user=user, site=self.order.site, role="OPERATOR")
        client.force_login(user)
        answer = self.post("sign-on", {"number": "1007", "pin": "2580"})
        self.token = answer.json()["token"]

    def post(self, name, body):
        url = reverse(f"terminal:{name}", args=[self.center.code])
        return self.client.post(url, json.dumps(body), content_type="application/json")

    def hand_in(self, content, media_type="image/jpeg", client=None, **more):
        url = reverse("documents:hand-in-photo", args=[self.center.code])
        return (client or self.client).post(url, content, content_type=media_type, **more)

    def do(self, action, entry_id=None, **payload):
        entry = {
            "id": str(entry_id or uuid.uuid4()), "action": action, "payload": {"operation": self.operation.pk} | payload,
            "occurred_at": timezone.now().isoformat(), "person": self.token,
        }  # fmt: skip
        return self.post("entries", entry)

    def nonconform(self, entry_id):
        assert self.do("start", activity="RUN").status_code == 200
        return self.do("nonconform", entry_id, quantity="2", reason=self.reason.code)


@pytest.fixture
def floor(client):
    return Floor(client)


def photographed(floor, subject=None):
    subject = subject or uuid.uuid4()
    file = floor.hand_in(picture_with_a_place()).json()["file"]
    assert floor.do("photo", about="nonconformance", of=str(subject), file=file).status_code == 200
    return Photo.objects.latest("recorded_at")


def test_a_photo_of_a_nonconformance_is_shown_on_its_page(floor):
    subject = uuid.uuid4()
    assert floor.nonconform(subject).status_code == 200
    photo = photographed(floor, subject)
    assert (photo.person.name, photo.site, photo.work_center) == ("Anna Krüger", floor.order.site, floor.center)
    page = floor.client.get(reverse("quality:nonconformance", args=[Nonconformance.objects.get().pk]))
    address = reverse("documents:photo", args=[photo.pk])
    assert f'src="{address}"' in page.content.decode()
    answer = floor.client.get(address)
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xff\xd8\xff") and b"Secret" not in content
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"] == f'inline; filename="photo-{photo.pk}.jpg"'


def test_the_same_photo_sent_twice_is_one(floor):
    entry_id, subject = uuid.uuid4(), uuid.uuid4()
    for _ in range(2):
        file = floor.hand_in(picture()).json()["file"]
        floor.do("photo", entry_id, about="nonconformance", of=str(subject), file=file)
    assert (Photo.objects.count(), StoredFile.objects.count()) == (1, 1)


def test_a_photo_may_arrive_before_what_it_shows(floor):
    subject = uuid.uuid4()
    photographed(floor, subject)
    floor.nonconform(subject)
    page = floor.client.get(reverse("quality:nonconformance", args=[Nonconformance.objects.get().pk]))
    assert reverse("documents:photo", args=[Photo.objects.get().pk]) in page.content.decode()


def test_a_photo_for_the_next_shift_is_shown_with_the_handover(floor):
    subject = uuid.uuid4()
    assert floor.do("hand-over", subject, note="Jaw is worn").status_code == 200
    file = floor.hand_in(picture()).json()["file"]
    assert floor.do("photo", about="handover", of=str(subject), file=file).status_code == 200
    live.forget()
    page = floor.client.get(reverse("terminal:terminal", args=[floor.center.code])).content.decode()
    assert f'src="{reverse("documents:photo", args=[Photo.objects.get().pk])}"' in page


REFUSED = {
    "more bytes than are taken": (b"\xff\xd8\xff" + b"x" * LARGEST_PHOTO, 413, "file_too_large", "at most 15 MB"),
    "a program that is called photo.jpg": (b"MZ\x90\x00" + b"\x00" * 60, 415, "file_type", "This is no photo."),
    "an SVG with a script": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", 415, "file_type", "no photo"),
    "a page": (b"<!doctype html><script>alert(1)</script>", 415, "file_type", "no photo"),
    "a PDF": (b"%PDF-1.4", 415, "file_type", "no photo"),
    "nothing": (b"", 422, "file_empty", "There is nothing in this file."),
    "60,000 by 60,000 pixels": (huge_png(), 422, "image_too_large", "at most 40 million"),
    "half a picture": (picture(size=(400, 400))[:900], 422, "file_damaged", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_no_photo_is_refused_in_words_and_leaves_nothing(floor, row, settings):
    content, status, code, words = REFUSED[row]
    answer = floor.hand_in(content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
    assert not StoredFile.objects.exists()
    assert not [path for path in settings.LINESIDE_FILES.rglob("*") if path.is_file()]


def test_a_body_is_read_no_further_than_what_is_taken(floor):
    answer = floor.hand_in(picture(), CONTENT_LENGTH=str(10**12))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


def test_a_photo_that_was_refused_loses_nothing_else_and_is_answered_in_words(floor):
    answer = floor.do("photo", about="nonconformance", of=str(uuid.uuid4()), file="")
    assert (answer.status_code, answer.json()["code"]) == (404, "photo_missing")
    assert answer.json()["kept"] is True
    assert TerminalEntry.objects.filter(state="REFUSED", action="photo").exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 64, "%2e%2e/x"])
def test_a_file_is_named_by_its_digest_and_nothing_else(floor, name):
    answer = floor.do("photo", about="nonconformance", of=str(uuid.uuid4()), file=name)
    assert answer.json()["code"] == "photo_missing"


def test_photos_are_taken_of_what_apps_named_only(floor):
    file = floor.hand_in(picture()).json()["file"]
    answer = floor.do("photo", about="somebody", of=str(uuid.uuid4()), file=file)
    assert answer.json()["code"] == "photo_of_unknown"


def test_another_sites_file_and_photo_are_not_there(floor):
    photo = photographed(floor)
    stranger = User.objects.create_user("stranger")
    Membership.objects.create(user=stranger, site=make_site(code="P2"), role="QUALITY")
    client = Client()
    client.force_login(stranger)
    assert client.get(reverse("documents:photo", args=[photo.pk])).status_code == 404
    StoredFile.objects.update(site=make_site(code="P2"))
    answer = floor.do("photo", about="nonconformance", of=str(uuid.uuid4()), file=photo.file.digest)
    assert answer.json()["code"] == "photo_missing"


def test_who_is_not_signed_in_hands_in_and_sees_nothing(floor):
    photo = photographed(floor)
    assert Client().get(reverse("documents:photo", args=[photo.pk])).status_code == 302
    assert floor.hand_in(picture(), client=Client()).status_code == 401


def test_a_file_that_is_gone_from_the_disk_is_not_found(floor):
    photo = photographed(floor)
    path_of(photo.file.digest).unlink()
    assert floor.client.get(reverse("documents:photo", args=[photo.pk])).status_code == 404
