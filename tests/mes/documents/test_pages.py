"""Documents where people meet them: the terminal, the admin, the API, and the file itself."""

import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.documents.models import DocumentRevision, ReadConfirmation
from mes.masterdata import services as masterdata
from mes.terminal import services as terminal
from mes.terminal.views.caller import COOKIE
from tests.api.callers import with_key
from tests.factories import make_person, make_site, make_work_order
from tests.mes.documents.helpers import PDF, make_document, make_revision, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    live.forget()
    return make_work_order()


def signed_in(site, role, name=None):
    user = User.objects.create_user(name or f"{role}-{site.code}", is_staff=True)
    Membership.objects.create(user=user, site=site, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_the_terminal_shows_what_counts_and_takes_the_confirmation(order):
    operation = order.operations.get(position=1)
    document = make_document(order.site, places=[(order.item, "10")], title="Deburr <left>", needs_reading=True)
    revision = make_revision(document, "B", content=PDF, steps="Clamp it.\nTurn it.")
    anna = make_person(site=order.site, number="1007")
    masterdata.set_pin(person_id=anna.pk, pin="2580")
    client = signed_in(order.site, "OPERATOR")
    page = client.get(reverse("terminal:terminal", args=[operation.work_center.code])).content.decode()
    assert "Deburr &lt;left&gt;" in page and "<li><bdi>Turn it.</bdi></li>" in page
    assert f'<iframe class="sheet-page" src="{reverse("documents:revision-file", args=[revision.pk])}#' in page

    def post(name, body):
        url = reverse(f"terminal:{name}", args=[operation.work_center.code])
        return client.post(url, json.dumps(body), content_type="application/json").json()

    token = post("sign-on", {"number": "1007", "pin": "2580"})["token"]
    entry = {
        "id": str(uuid.uuid4()), "action": "read", "occurred_at": timezone.now().isoformat(), "person": token,
        "payload": {"revision": revision.pk, "operation": operation.pk},
    }  # fmt: skip
    assert post("entries", entry)["said"] == "saved"
    assert post("entries", entry)["repeated"] is True
    row = ReadConfirmation.objects.get()
    assert (row.person, row.revision, row.operation) == (anna, revision, operation)
    live.forget()
    page = client.get(reverse("terminal:terminal", args=[operation.work_center.code])).content.decode()
    assert 'data-read-by="1007"' in page


def test_a_file_is_served_as_what_it_is_and_shut(order):
    client = signed_in(order.site, "VIEWER")
    for content, media_type, ending in ((PDF, "application/pdf", "pdf"), (picture("PNG"), "image/png", "png")):
        revision = make_revision(make_document(order.site), content=content)
        answer = client.get(reverse("documents:revision-file", args=[revision.pk]))
        assert answer["Content-Type"] == media_type
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"] == f'inline; filename="document-{revision.pk}.{ending}"'
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert ("sandbox" in answer["Content-Security-Policy"]) is (ending != "pdf")
        assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_file_is_for_its_site_and_a_draft_for_who_writes_it(order):
    revision = make_revision(make_document(order.site), content=PDF)
    draft = make_revision(make_document(order.site), content=PDF, released=False)
    url, draft_url = (reverse("documents:revision-file", args=[one.pk]) for one in (revision, draft))
    stranger = signed_in(make_site(code="P2"), "PLANNER")
    assert stranger.get(url).status_code == 404
    operator, planner = signed_in(order.site, "OPERATOR"), signed_in(order.site, "PLANNER")
    assert (operator.get(url).status_code, operator.get(draft_url).status_code) == (200, 404)
    assert (planner.get(url).status_code, planner.get(draft_url).status_code) == (200, 200)
    _, code = terminal.make_code(site=order.site, name="Tablet", by="test", now=timezone.now())
    _, token = terminal.enroll(code=code, now=timezone.now())
    device = Client()
    device.cookies[COOKIE] = token
    assert (device.get(url).status_code, device.get(draft_url).status_code) == (200, 404)
    assert Client().get(url).status_code == 302


def added(client, document, upload=None, **more):
    fields = {"document": document.pk, "revision": "A", "steps": "", "change": ""} | more
    if upload is not None:
        fields["upload"] = SimpleUploadedFile("../../evil.pdf", upload, content_type="application/pdf")
    return client.post(reverse("admin:documents_documentrevision_add"), fields)


def test_a_planner_adds_a_revision_with_its_file_and_releases_it(order):
    document = make_document(order.site, places=[order.item])
    planner = signed_in(order.site, "PLANNER")
    assert added(planner, document, PDF).status_code == 302
    revision = DocumentRevision.objects.get()
    assert (revision.status, revision.file.media_type) == ("DRAFT", "application/pdf")
    listed = reverse("admin:documents_documentrevision_changelist")
    planner.post(listed, {"action": "release", "_selected_action": [revision.pk]})
    revision.refresh_from_db()
    assert (revision.status, revision.released_by) == ("RELEASED", "PLANNER-P1")
    change = reverse("admin:documents_documentrevision_change", args=[revision.pk])
    page = planner.get(change).content.decode()
    assert 'name="upload"' not in page and 'name="steps"' not in page
    planner.post(change, {"revision": "Z", "steps": "other"})
    revision.refresh_from_db()
    assert (revision.revision, revision.steps) == ("A", "")
    planner.post(listed, {"action": "withdraw", "_selected_action": [revision.pk]})
    revision.refresh_from_db()
    assert revision.status == "WITHDRAWN"


def test_a_draft_gets_another_file(order):
    draft = make_revision(make_document(order.site), content=PDF, released=False)
    planner = signed_in(order.site, "PLANNER")
    upload = SimpleUploadedFile("x.bin", picture("PNG"))
    change = reverse("admin:documents_documentrevision_change", args=[draft.pk])
    assert planner.post(change, {"revision": "A", "steps": "", "change": "", "upload": upload}).status_code == 302
    draft.refresh_from_db()
    assert draft.file.media_type == "image/png"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a PDF nor a picture"), (b"MZ\x90", "neither a PDF nor a picture"),
        (PDF[:-9], "This PDF is not whole"), (None, "A revision needs a file or steps"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_the_form(order, content, words):
    answer = added(signed_in(order.site, "PLANNER"), make_document(order.site), content)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert not DocumentRevision.objects.exists()


def test_who_only_looks_adds_and_releases_nothing(order):
    draft = make_revision(make_document(order.site), released=False)
    operator = signed_in(order.site, "OPERATOR")
    assert added(operator, draft.document, PDF).status_code == 403
    listed = reverse("admin:documents_documentrevision_changelist")
    operator.post(listed, {"action": "release", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert draft.status == "DRAFT"
    assert operator.get(reverse("admin:documents_documentrevision_change", args=[draft.pk])).status_code == 302


def test_the_api_tells_documents_revisions_and_who_read_them(order):
    operation = order.operations.get(position=1)
    document = make_document(order.site, number="WI-9", places=[(order.item, "10")], needs_reading=True)
    revision = make_revision(document, "A", content=PDF)
    make_revision(document, "B", released=False)
    ReadConfirmation.objects.create(
        site=order.site, revision=revision, person=make_person(number="1007"), operation=operation,
        occurred_at=timezone.now(), recorded_at=timezone.now(),
    )  # fmt: skip
    make_revision(make_document(make_site(code="P2"), number="WI-X"))
    client = with_key(order.site, "documents:read")
    [found] = client.get("/api/v1/documents?number=WI-9").json()["items"]
    assert found["places"] == [{"item": order.item.number, "operation": "10", "work_center": None}]
    assert [(one["revision"], one["status"], one["sha256"]) for one in found["revisions"]] == [
        ("A", "RELEASED", revision.file.digest)
    ]
    assert [one["number"] for one in client.get("/api/v1/documents").json()["items"]] == ["WI-9"]
    [read] = client.get("/api/v1/document-readings").json()["items"]
    assert (read["document"], read["revision"], read["person"], read["operation"]) == ("WI-9", "A", "1007", "10")
    assert with_key(order.site, "orders:read").get("/api/v1/documents").status_code == 403
