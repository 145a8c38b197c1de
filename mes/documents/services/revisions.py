"""Revisions of documents: added as drafts, released, withdrawn. One counts at a time; what was stays readable."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import DomainError, InvalidInput
from mes.core.tongues import Translations, set_translations
from mes.documents.events import RevisionReleased, RevisionWithdrawn
from mes.documents.models import Document, DocumentRevision, StoredFile

Status = DocumentRevision.Status


class RevisionEmpty(InvalidInput):
    """A revision has a file or steps."""

    code = "revision_empty"
    title = "There is nothing to read"


class RevisionTaken(DomainError):
    """The document has a revision of that name."""

    code = "revision_taken"
    title = "There is such a revision"


class FileUnknown(InvalidInput):
    """The file that is to be a revision's is not here."""

    code = "file_unknown"


class RevisionReleasedBefore(DomainError):
    """The revision was released, so it never changes again."""

    code = "revision_released"
    title = "Released already"


class RevisionNotReleased(DomainError):
    """Only what counts can be withdrawn."""

    code = "revision_not_released"


@transaction.atomic
def add_revision(
    *, document_id: int, revision: str, file: StoredFile | None, steps: str, change: str, now: datetime,
    translations: Translations | None = None,
) -> DocumentRevision:  # fmt: skip
    """Add a draft: a stored file, steps (one a line), or both, and what of them is translated.

    :raises RevisionEmpty: it has neither.
    :raises RevisionTaken: the document has one of that name.
    :raises FileUnknown: the file was removed meanwhile, as nothing named it.
    """
    document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if DocumentRevision.objects.filter(document=document, revision=revision).exists():
        raise RevisionTaken(
            _("%(document)s has a revision %(revision)s already. Choose another name.")
            % {"document": document.number, "revision": revision},
            field="revision",
        )
    if file is not None and not StoredFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).exists():
        raise FileUnknown(_("The file is not here any more. Hand it in again."), field="file")
    if file is None and not steps.strip():
        raise RevisionEmpty(_("A revision needs a file or steps. Add one of them."), field="file")
    made = DocumentRevision.objects.create(
        document=document, revision=revision, file=file, steps=steps, change=change, created_at=now
    )
    set_translations(row=made, translations=translations or {})
    return made


@transaction.atomic
def release_revision(*, revision_id: int, by: str, now: datetime) -> DocumentRevision:
    """Make a revision the one that counts, at every terminal at once; the one that counted before is withdrawn.

    :raises RevisionReleasedBefore: it counts already.
    :raises RevisionEmpty: there is nothing in it.
    """
    row = _locked(revision_id)
    if row.status == Status.RELEASED:
        raise RevisionReleasedBefore(f"{row} counts already.")
    if row.file_id is None and not row.steps.strip():
        raise RevisionEmpty(f"{row} has neither a file nor steps. Add one of them.", field="file")
    before = DocumentRevision.objects.filter(document=row.document, status=Status.RELEASED).first()
    if before is not None:
        before.status, before.withdrawn_at, before.withdrawn_by = Status.WITHDRAWN, now, by
        before.save(update_fields=["status", "withdrawn_at", "withdrawn_by"])
    row.status, row.released_at, row.released_by = Status.RELEASED, now, by
    row.withdrawn_at, row.withdrawn_by = None, ""
    row.save(update_fields=["status", "released_at", "released_by", "withdrawn_at", "withdrawn_by"])
    bus.publish(
        RevisionReleased(
            event_id=uuid.uuid4(), site=row.document.site.code, subject=f"document/{row.document.number}",
            occurred_at=now, document=row.document.number, revision=row.revision,
            replaces=before.revision if before else "", digest=row.file.digest if row.file else "", by=by,
        )
    )  # fmt: skip
    return row


@transaction.atomic
def withdraw_revision(*, revision_id: int, by: str, now: datetime) -> DocumentRevision:
    """Take the revision that counts away from every terminal, without another in its place.

    :raises RevisionNotReleased: it does not count.
    """
    row = _locked(revision_id)
    if row.status != Status.RELEASED:
        raise RevisionNotReleased(f"{row} does not count: there is nothing to withdraw.")
    row.status, row.withdrawn_at, row.withdrawn_by = Status.WITHDRAWN, now, by
    row.save(update_fields=["status", "withdrawn_at", "withdrawn_by"])
    bus.publish(
        RevisionWithdrawn(
            event_id=uuid.uuid4(), site=row.document.site.code, subject=f"document/{row.document.number}",
            occurred_at=now, document=row.document.number, revision=row.revision, by=by,
        )
    )  # fmt: skip
    return row


def _locked(revision_id: int) -> DocumentRevision:
    document_id = DocumentRevision.objects.values_list("document_id", flat=True).get(pk=revision_id)
    Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    return DocumentRevision.objects.select_related("document__site", "file").get(pk=revision_id)
