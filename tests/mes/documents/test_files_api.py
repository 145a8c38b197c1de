"""Documents and photos over the API: handed in, named, fetched; and what nothing names is removed."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from mes.documents import services
from mes.documents.models import StoredFile
from mes.documents.queries import path_of
from mes.documents.rules import UNCLAIMED
from mes.documents.tasks import remove_unclaimed
from mes.terminal.models import TerminalEntry
from tests import factories
from tests.api.callers import problem, with_key
from tests.mes.documents.helpers import PDF, make_document, make_revision, picture

pytestmark = pytest.mark.django_db
PHOTOS, FILES = "/api/v1/photos", "/api/v1/photos/files"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.LINESIDE_FILES = tmp_path


@pytest.fixture
def site():
    return factories.make_site()


@pytest.fixture
def client(site):
    return with_key(site)


def hand_in(client, content, address=FILES, kind="application/octet-stream", site="P1"):
    return client.send("POST", f"{address}?site={site}", raw=content, content_type=kind)


def shown(client, about="report", **more):
    center = factories.make_work_center()
    digest = hand_in(client, picture()).json()["sha256"]
    body = {
        "photo_id": str(uuid.uuid4()), "site": "P1", "work_center": center.code, "about": about,
        "of": str(uuid.uuid4()), "sha256": digest,
    }  # fmt: skip
    return body | more


def test_a_photo_is_handed_in_named_listed_and_fetched(client):
    body = shown(client, person=factories.make_person(number="77").number)
    made = client.send("POST", PHOTOS, body)
    assert (made.status_code, made.json()["person"], made.json()["of"]) == (201, "77", body["of"])
    assert client.send("POST", PHOTOS, body).json() == made.json()
    listed = client.get(f"{PHOTOS}?about=report&of={body['of']}").json()["items"]
    assert [one["photo_id"] for one in listed] == [body["photo_id"]]
    answer = client.get(made.json()["file"], headers={"Accept": "image/jpeg"})
    pixels = b"".join(answer.streaming_content)
    assert (answer.headers["Content-Type"], pixels[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_lists_of_photos_have_pages(client):
    for _ in range(3):
        client.send("POST", PHOTOS, shown(client))
    first = client.get(f"{PHOTOS}?limit=2").json()
    rest = client.get(first["next"]).json()
    assert (len(first["items"]), len(rest["items"])) == (2, 1)


def test_each_kind_of_photo_takes_its_own_right_to_look(site, client):
    body = shown(client, about="nonconformance")
    client.send("POST", PHOTOS, body)
    reader = with_key(site, "orders:read")
    assert reader.get(PHOTOS).json()["items"] == []
    problem(reader.get(f"{PHOTOS}/{body['photo_id']}"), 404, "not_found")
    problem(reader.get(f"{PHOTOS}/{body['photo_id']}/file"), 404, "not_found")
    assert len(with_key(site, "orders:read", "quality:read").get(PHOTOS).json()["items"]) == 1


@pytest.mark.parametrize(
    "content, kind, status, code",
    [
        (b"", "image/jpeg", 400, "body_empty"),
        (b"hello", "image/jpeg", 415, "file_type"),
        (PDF, "application/pdf", 415, "file_type"),
        (picture()[:80], "image/jpeg", 422, "file_damaged"),
        (b"\xff\xd8\xff" + bytes(15 * 1024 * 1024), "image/jpeg", 413, "file_too_large"),
        (picture(), "application/json", 415, "media_type_unsupported"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_problem(client, content, kind, status, code):
    problem(hand_in(client, content, kind=kind), status, code)
    assert not StoredFile.objects.exists()


def test_a_file_is_handed_in_for_ones_own_site_by_right_only(site, client):
    factories.make_site(code="P2")
    problem(hand_in(client, picture(), site="P2"), 404, "not_found")
    problem(client.send("POST", FILES, raw=picture(), content_type="image/jpeg"), 400)
    problem(hand_in(with_key(site, "orders:read"), picture()), 403, "scope_missing")


def test_a_body_that_is_no_file_stays_as_small_as_before(client):
    problem(client.send("POST", PHOTOS, raw=b" " * (1024 * 1024 + 1)), 413, "body_too_large")


def test_a_photo_without_its_pixels_or_of_nothing_is_refused(client):
    problem(client.send("POST", PHOTOS, shown(client, sha256="0" * 64)), 404, "photo_missing")
    problem(client.send("POST", PHOTOS, shown(client, about="weather")), 422, "photo_of_unknown")


def test_a_revision_is_uploaded_released_fetched_and_withdrawn(site, client):
    document = make_document(site)
    digest = hand_in(client, PDF, "/api/v1/documents/files", "application/pdf").json()["sha256"]
    address = f"/api/v1/documents/{document.pk}/revisions"
    made = client.send("POST", address, {"revision": "B", "sha256": digest, "change": "New jig"})
    assert (made.status_code, made.json()["status"]) == (201, "DRAFT")
    problem(client.send("POST", address, {"revision": "B", "sha256": digest}), 409, "revision_taken")
    problem(client.send("POST", address, {"revision": "C"}), 422, "revision_empty")
    problem(client.send("POST", address, {"revision": "C", "sha256": "1" * 64}), 422, "file_unknown")
    revision = f"/api/v1/document-revisions/{made.json()['id']}"
    problem(with_key(site, "documents:read").get(f"{revision}/file"), 404, "not_found")
    assert client.send("POST", f"{revision}/release").json()["status"] == "RELEASED"
    answer = with_key(site, "documents:read").get(f"{revision}/file")
    assert (answer.headers["Content-Type"], b"".join(answer.streaming_content)) == ("application/pdf", PDF)
    assert client.send("POST", f"{revision}/withdraw").json()["status"] == "WITHDRAWN"


def test_what_nothing_names_is_removed_after_a_time_and_what_is_named_stays(site, client):
    claimed = client.send("POST", PHOTOS, shown(client)).json()["sha256"]
    kept = make_revision(make_document(site), content=PDF).file.digest
    old = hand_in(client, picture(color=(1, 2, 3))).json()["sha256"]
    waits = hand_in(client, picture(color=(9, 9, 9))).json()["sha256"]
    center = factories.make_work_center()
    TerminalEntry.objects.create(
        id=uuid.uuid4(), site=site, work_center=center, action="photo", payload={"file": waits}, state="REFUSED",
        occurred_at=factories.NOW, recorded_at=factories.NOW,
    )  # fmt: skip
    remove_unclaimed()
    assert StoredFile.objects.count() == 4
    later = timezone.now() + UNCLAIMED + timedelta(hours=1)
    assert services.remove_unclaimed(now=later) == 1
    assert {one.digest for one in StoredFile.objects.all()} == {claimed, kept, waits}
    assert not path_of(old).exists() and path_of(claimed).exists() and path_of(waits).exists()
    assert services.remove_unclaimed(now=later) == 0


def test_a_file_that_another_site_names_stays_on_the_disk(site, client):
    digest = client.send("POST", PHOTOS, shown(client)).json()["sha256"]
    other = factories.make_site(code="P2")
    services.store_photo(site=other, content=picture(), now=factories.NOW)
    assert services.remove_unclaimed(now=factories.NOW + UNCLAIMED + timedelta(days=1)) == 1
    assert path_of(digest).exists()
