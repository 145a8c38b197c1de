"""Where files are, which documents count where and who has read them, and which photos show a thing."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from mes.core import persons
from mes.documents.models import DocumentPlace, DocumentRevision, Photo, ReadConfirmation, StoredFile
from mes.execution.models import Operation
from mes.masterdata.models import Person, Site, WorkCenter
from mes.terminal.models import TerminalEntry


def path_of(digest: str) -> Path:
    """Return where the file with this digest is kept. A digest is ours, never a name that somebody sent."""
    return Path(settings.LINESIDE_FILES) / digest[:2] / digest


@dataclass(frozen=True)
class Shown:
    """A revision that counts somewhere, and the numbers under which those are told of who confirmed that they read it."""

    revision: DocumentRevision
    readers: list[str] = field(default_factory=list)


def that_count(work_center: WorkCenter, operation: Operation | None) -> QuerySet[DocumentRevision]:
    """Return the released revisions that count at a work center, for one of its operations (with its order) or for none."""
    where = Q(work_center=work_center)
    if operation is not None:
        where |= Q(item_id=operation.work_order.item_id, operation__in=["", operation.number])
    places = DocumentPlace.objects.filter(where, document=OuterRef("document"))
    found = DocumentRevision.objects.filter(
        Exists(places), status=DocumentRevision.Status.RELEASED, document__active=True,
        document__site_id=work_center.site_id,
    )  # fmt: skip
    return found.select_related("document", "file").order_by("-document__needs_reading", "document__number")


def shown_at(work_center: WorkCenter, operation: Operation | None) -> list[Shown]:
    """Return what counts there, what must be read first, with who has read it."""
    revisions = list(that_count(work_center, operation))
    readers: dict[int, list[str]] = defaultdict(list)
    needing = [one.pk for one in revisions if one.document.needs_reading]
    if needing:
        found = ReadConfirmation.objects.filter(revision__in=needing, person__isnull=False).order_by("person__number")
        for revision_id, number in found.values_list("revision_id", "person__number").distinct():
            readers[revision_id].append(persons.told_number(number, site_id=work_center.site_id))
    return [Shown(one, readers[one.pk]) for one in revisions]


def unread_before_start(operation: Operation, person: Person | None) -> DocumentRevision | None:
    """Return the first revision that the person must read before they start the operation, or None."""
    blocking = that_count(operation.work_center, operation).filter(document__blocks_start=True)
    if person is not None:
        read = ReadConfirmation.objects.filter(revision=OuterRef("pk"), person=person)
        blocking = blocking.exclude(Exists(read))
    return blocking.first()


def photos_of(about: str, subjects: Collection[UUID], site: Site) -> QuerySet[Photo]:
    """Return the photos of these things of a site, in the order in which they arrived."""
    found = Photo.objects.filter(site=site, about=about, subject__in=subjects)
    return found.select_related("file", "person").order_by("recorded_at", "pk")


def unclaimed(files: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Return those of the files that no photo, no revision and no entry that waits for a supervisor names."""
    waiting = TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED, site=OuterRef("site"))
    return files.exclude(
        Exists(Photo.objects.filter(file=OuterRef("pk")))
        | Exists(DocumentRevision.objects.filter(file=OuterRef("pk")))
        | Exists(waiting.alias(handed_in=KT("payload__file")).filter(handed_in=OuterRef("digest")))
    )


def last_change() -> object:
    """Return what changes when a photo arrived, or a document counts, does no more, or was read: for pages that ask again."""
    return (
        Photo.objects.aggregate(at=Max("recorded_at"))["at"],
        ReadConfirmation.objects.aggregate(at=Max("recorded_at"))["at"],
        DocumentRevision.objects.aggregate(released=Max("released_at"), withdrawn=Max("withdrawn_at")),
    )
