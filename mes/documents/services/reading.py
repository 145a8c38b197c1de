"""Who has read what."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import NotFound
from mes.documents.events import DocumentRead
from mes.documents.models import DocumentRevision, ReadConfirmation
from mes.execution.models import Operation
from mes.masterdata.models import Person, WorkCenter


class DocumentUnknown(NotFound):
    """There is no such revision at the site."""

    code = "document_unknown"


@transaction.atomic
def confirm_reading(
    *,
    confirmation_id: UUID,
    revision_id: int,
    operation: Operation | None,
    work_center: WorkCenter,
    person: Person,
    occurred_at: datetime,
    now: datetime,
) -> ReadConfirmation:
    """Keep that a person has read a revision; the same id again is the same confirmation.

    A revision that was withdrawn while the terminal had no network was read all the same: the fact says which one it was.

    :raises DocumentUnknown: the site has no such revision, or it never counted.
    """
    known = ReadConfirmation.objects.filter(pk=confirmation_id).first()
    if known:
        return known
    found = DocumentRevision.objects.select_related("document__site").exclude(status=DocumentRevision.Status.DRAFT)
    revision = found.filter(pk=revision_id, document__site_id=work_center.site_id).first()
    if revision is None:
        raise DocumentUnknown(_("There is no such document here. Reload the page."), field="revision")
    at = effective_time(claimed=occurred_at, now=now)
    row = ReadConfirmation.objects.create(
        id=confirmation_id, site=work_center.site, revision=revision, person=person, operation=operation,
        work_center=work_center, occurred_at=at, recorded_at=now,
    )  # fmt: skip
    bus.publish(
        DocumentRead(
            event_id=row.pk, site=work_center.site.code, subject=f"document/{revision.document.number}",
            occurred_at=at, confirmation_id=row.pk, document=revision.document.number, revision=revision.revision,
            person=person.number, work_order=operation.work_order.number if operation else "",
            operation=operation.number if operation else "",
        )
    )  # fmt: skip
    return row
