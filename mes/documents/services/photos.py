"""Photos of what was found or left on the floor."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import InvalidInput, NotFound
from mes.documents import gates
from mes.documents.events import PhotoTaken
from mes.documents.models import Photo, StoredFile
from mes.masterdata.models import Person, WorkCenter


class PhotoMissing(NotFound):
    """The picture itself is not here."""

    code = "photo_missing"


class PhotoOfUnknown(InvalidInput):
    """There is nothing of this kind that photos are taken of."""

    code = "photo_of_unknown"


@transaction.atomic
def take_photo(
    *,
    photo_id: UUID,
    about: str,
    subject: UUID,
    digest: str,
    work_center: WorkCenter,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> Photo:
    """Keep that a photo (stored before, by its ``digest``) was taken of something; the same id again is the same photo.

    The thing itself need not be here yet: what was found may wait for a supervisor while its photo is safe.

    :raises PhotoOfUnknown: ``about`` is nothing that photos are taken of.
    :raises PhotoMissing: the site has no such picture.
    """
    if about not in gates.photo_subjects:
        raise PhotoOfUnknown(_("Photos cannot be taken of this. Reload the page."), field="about")
    known = Photo.objects.filter(pk=photo_id).first()
    if known:
        return known
    stored = StoredFile.objects.select_for_update(of=("self",))  # so that nobody removes it as unclaimed meanwhile
    file = stored.filter(site_id=work_center.site_id, digest=digest).first()
    if file is None:
        raise PhotoMissing(_("The photo itself did not arrive. Take it again."), field="photo")
    at = effective_time(claimed=occurred_at, now=now)
    photo = Photo.objects.create(
        id=photo_id, site=work_center.site, about=about, subject=subject, file=file, work_center=work_center,
        person=person, occurred_at=at, recorded_at=now,
    )  # fmt: skip
    bus.publish(
        PhotoTaken(
            event_id=photo.pk, site=work_center.site.code, subject=f"center/{work_center.code}", occurred_at=at,
            photo_id=photo.pk, about=about, of=subject, digest=digest, person=person.number if person else "",
        )
    )  # fmt: skip
    return photo
