"""Where files are, and which photos show a thing."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet

from mes.documents.models import Photo
from mes.masterdata.models import Site


def path_of(digest: str) -> Path:
    """Return where the file with this digest is kept. A digest is ours, never a name that somebody sent."""
    return Path(settings.LINESIDE_FILES) / digest[:2] / digest


def photos_of(about: str, subjects: Collection[UUID], site: Site) -> QuerySet[Photo]:
    """Return the photos of these things of a site, in the order in which they arrived."""
    found = Photo.objects.filter(site=site, about=about, subject__in=subjects)
    return found.select_related("file", "person").order_by("recorded_at", "pk")


def last_change() -> object:
    """Return what changes when a photo arrived: for pages that ask again."""
    return Photo.objects.aggregate(at=Max("recorded_at"))["at"]
