"""What apps above plug in: of what photos can be taken. And what documents forbid: starting what one has not read."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mes.core.errors import DomainError
from mes.core.registry import Registry
from mes.documents import queries
from mes.execution.models import Operation
from mes.masterdata.models import Person


@dataclass(frozen=True, kw_only=True)
class PhotoSubject:
    """A kind of thing that photos are taken of; ``right`` is what one needs to look at them."""

    key: str
    right: str


photo_subjects: Registry[PhotoSubject] = Registry(PhotoSubject)


class DocumentUnread(DomainError):
    """A document must be read before the work is started."""

    code = "document_unread"
    title = "Read this first"


def check_start(operation: Operation, person: Person | None) -> None:
    """Refuse to start before the person who starts has confirmed the revision that counts now.

    :raises DocumentUnread: naming what is to be read, and where.
    """
    revision = queries.unread_before_start(operation, person)
    if revision is None:
        return
    what = {"document": revision.document, "revision": revision.revision}
    if person is None:
        raise DocumentUnread(
            _("“%(document)s” rev %(revision)s must be read before the start. Say who starts it.") % what,
            field="person",
        )
    raise DocumentUnread(
        _("Read “%(document)s” rev %(revision)s first: open it under Documents and confirm that you have read it.")
        % what
    )
