"""Documents: which counts where, what is released, who has read it, and what waits until they have."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mes.documents import queries, services
from mes.documents.gates import DocumentUnread
from mes.documents.models import Document, DocumentPlace, DocumentRevision, ReadConfirmation
from mes.documents.services.reading import DocumentUnknown
from mes.documents.services.revisions import RevisionEmpty, RevisionNotReleased, RevisionReleasedBefore
from mes.execution.services import start_operation
from mes.journal.models import JournalEntry
from tests.factories import NOW, make_item, make_operation, make_person, make_site, make_work_center
from tests.mes.documents.helpers import PDF, make_document, make_revision, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation():
    return make_operation(status="PENDING")


def counting(operation):
    return [shown.revision.document.title for shown in queries.shown_at(operation.work_center, operation)]


def read(revision, person, operation, confirmation_id=None):
    return services.confirm_reading(
        confirmation_id=confirmation_id or uuid.uuid4(), revision_id=revision.pk, operation=operation,
        work_center=operation.work_center, person=person, occurred_at=NOW, now=NOW,
    )  # fmt: skip


def start(operation, person):
    return start_operation(operation_id=operation.pk, person=person, occurred_at=NOW, now=NOW)


def test_a_document_counts_for_its_item_its_operation_or_its_work_center(operation):
    item, site = operation.work_order.item, operation.work_order.site
    for title, place in (
        ("of the item", item), ("of the operation", (item, operation.number)), ("of the center", operation.work_center),
        ("of another operation", (item, "99")), ("of another item", make_item()), ("elsewhere", make_work_center()),
    ):  # fmt: skip
        make_revision(make_document(site, title=title, places=[place]))
    assert sorted(counting(operation)) == ["of the center", "of the item", "of the operation"]
    shown = queries.shown_at(operation.work_center, None)
    assert [one.revision.document.title for one in shown] == ["of the center"]


def test_only_what_is_released_and_active_counts(operation):
    document = make_document(operation.work_order.site, places=[operation.work_center])
    draft = make_revision(document, released=False)
    assert counting(operation) == []
    services.release_revision(revision_id=draft.pk, by="planner", now=NOW)
    assert counting(operation) == ["Deburring"]
    Document.objects.update(active=False)
    assert counting(operation) == []


def test_releasing_a_revision_withdraws_the_one_before_and_says_so(operation):
    document = make_document(operation.work_order.site, places=[operation.work_center])
    first = make_revision(document, "A")
    second = make_revision(document, "B", content=PDF)
    first.refresh_from_db()
    assert (first.status, first.withdrawn_by, second.status) == ("WITHDRAWN", "planner", "RELEASED")
    said = JournalEntry.objects.filter(kind__contains="RevisionReleased").latest("pk")
    assert (said.data["revision"], said.data["replaces"]) == ("B", "A")
    assert said.data["digest"] == second.file.digest
    with pytest.raises(RevisionReleasedBefore):
        services.release_revision(revision_id=second.pk, by="planner", now=NOW)


def test_what_is_withdrawn_is_gone_from_the_terminal_and_can_come_back(operation):
    revision = make_revision(make_document(operation.work_order.site, places=[operation.work_center]))
    services.withdraw_revision(revision_id=revision.pk, by="planner", now=NOW)
    assert counting(operation) == []
    with pytest.raises(RevisionNotReleased):
        services.withdraw_revision(revision_id=revision.pk, by="planner", now=NOW)
    services.release_revision(revision_id=revision.pk, by="planner", now=NOW)
    assert counting(operation) == ["Deburring"]


def test_an_empty_revision_is_refused():
    with pytest.raises(RevisionEmpty):
        make_revision(make_document(make_site()), steps=" ")


def test_the_database_holds_to_one_released_revision_and_one_place_each(operation):
    document = make_document(operation.work_order.site)
    make_revision(document)
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentRevision.objects.create(
            document=document, revision="B", steps="x", status="RELEASED", created_at=NOW, released_at=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentPlace.objects.create(document=document)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(site=document.site, number="X", title="X", blocks_start=True)


def test_reading_is_a_fact_of_person_revision_and_operation_and_the_same_id_is_one(operation):
    revision = make_revision(
        make_document(operation.work_order.site, places=[operation.work_center], needs_reading=True)
    )
    anna = make_person(number="1007")
    confirmation_id = uuid.uuid4()
    first = read(revision, anna, operation, confirmation_id)
    assert read(revision, anna, operation, confirmation_id) == first
    assert (first.person, first.revision, first.operation, first.occurred_at) == (anna, revision, operation, NOW)
    assert queries.shown_at(operation.work_center, operation)[0].readers == ["1007"]
    assert JournalEntry.objects.filter(kind__contains="DocumentRead").count() == 1


def test_a_new_revision_is_asked_for_anew(operation):
    document = make_document(operation.work_order.site, places=[operation.work_center], needs_reading=True)
    anna = make_person(number="1007")
    first = make_revision(document, "A")
    read(first, anna, operation)
    make_revision(document, "B")
    assert queries.shown_at(operation.work_center, operation)[0].readers == []
    assert read(first, anna, operation).revision == first, "what was read without network was read all the same"


def test_a_draft_and_another_sites_document_cannot_be_read(operation):
    draft = make_revision(make_document(operation.work_order.site), released=False)
    strange = make_revision(make_document(make_site(code="P2")))
    for revision in (draft, strange):
        with pytest.raises(DocumentUnknown):
            read(revision, make_person(), operation)


def test_who_has_not_read_what_blocks_cannot_start_and_who_has_can(operation):
    document = make_document(
        operation.work_order.site, number="WI-7", places=[operation.work_center], needs_reading=True, blocks_start=True
    )
    revision = make_revision(document, "C")
    anna, bela = make_person(), make_person()
    read(revision, bela, operation)
    with pytest.raises(DocumentUnread) as refusal:
        start(operation, anna)
    assert refusal.value.detail == (
        "Read “WI-7 Deburring” rev C first: open it under Documents and confirm that you have read it."
    )
    with pytest.raises(DocumentUnread, match="Say who starts it"):
        start(operation, None)
    read(revision, anna, operation)
    assert start(operation, anna).status == "RUNNING"


def test_what_need_not_be_read_or_does_not_block_stops_nobody(operation):
    site = operation.work_order.site
    make_revision(make_document(site, places=[operation.work_center]))
    make_revision(make_document(site, places=[operation.work_center], needs_reading=True))
    assert start(operation, make_person()).status == "RUNNING"


def test_a_pdf_is_kept_as_it_is_and_a_drawing_loses_nothing_but_what_hides(files):
    site = make_site()
    stored = services.store_document(site=site, content=PDF, now=NOW)
    assert queries.path_of(stored.digest).read_bytes() == PDF
    again = services.store_document(site=site, content=PDF, now=NOW + timedelta(days=1))
    elsewhere = services.store_document(site=make_site(code="P2"), content=PDF, now=NOW)
    assert again == stored and elsewhere.digest == stored.digest and elsewhere != stored
    drawing = services.store_document(site=site, content=picture("PNG") + b"<script>", now=NOW)
    assert b"<script>" not in queries.path_of(drawing.digest).read_bytes()
    assert len([path for path in files.rglob("*") if path.is_file()]) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"), (b"<svg onload=alert(1)>", "file_type"), (b"<html>", "file_type"), (b"MZ", "file_type"),
        (b"GIF89a;", "file_type"), (b"\n" + PDF, "file_type"), (PDF[:-9], "file_damaged"), (picture()[:99], "file_damaged"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(content, code):
    from mes.core.errors import DomainError  # noqa: PLC0415

    with pytest.raises(DomainError) as refusal:
        services.store_document(site=make_site(), content=content, now=NOW)
    assert refusal.value.code == code
    assert not ReadConfirmation.objects.exists()
