"""Taking a file in: checked by its content, made harmless, kept under its digest outside of what is served."""

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from mes.core.errors import InvalidInput
from mes.documents import queries, rules
from mes.documents.models import StoredFile
from mes.masterdata.models import Site


class FileTooLarge(InvalidInput):
    """The file has more bytes than are taken."""

    code = "file_too_large"
    title = "This file is too large"
    status = 413


class FileType(InvalidInput):
    """The file is of a kind that is not taken, whatever its name says."""

    code = "file_type"
    title = "Not such a file"
    status = 415


class FileEmpty(InvalidInput):
    """There is nothing in the file."""

    code = "file_empty"
    title = "This file is empty"


class FileDamaged(InvalidInput):
    """The file cannot be read to its end."""

    code = "file_damaged"
    title = "This file is damaged"


class ImageTooLarge(InvalidInput):
    """The picture has more pixels than are taken."""

    code = "image_too_large"
    title = "This picture is too large"


def too_large(limit: int) -> FileTooLarge:
    """Return the refusal of more bytes than ``limit``."""
    return FileTooLarge(
        _("This file is too large: at most %(n)s MB. Take the photo again with less detail.")
        % {"n": limit // (1024 * 1024)},
        field="file",
    )


def store_photo(*, site: Site, content: bytes, now: datetime) -> StoredFile:
    """Keep a photo (JPEG, PNG or WebP) as a JPEG without place, camera or anything else but its pixels; twice is once.

    :raises FileEmpty, FileTooLarge, FileType, FileDamaged, ImageTooLarge: saying what would be taken.
    """
    _check_size(content, rules.LARGEST_PHOTO)
    if rules.kind_of(content) not in rules.PICTURES:
        raise FileType(_("This is no photo. Take a photo, or choose a JPEG, PNG or WebP file."), field="file")
    return _keep(site, _clean(content, as_photo=True), now)


def store_document(*, site: Site, content: bytes, now: datetime) -> StoredFile:
    """Keep the file of a document: a PDF as it is, a JPEG, PNG or WebP encoded anew; twice is once.

    :raises FileEmpty, FileTooLarge, FileType, FileDamaged, ImageTooLarge: saying what would be taken.
    """
    _check_size(content, rules.LARGEST_DOCUMENT)
    kind = rules.kind_of(content)
    if kind == rules.PDF:
        try:
            rules.check_pdf(content)
        except rules.Unreadable as error:
            raise FileDamaged(_("This PDF is not whole. Save it again and choose it anew."), field="file") from error
        return _keep(site, rules.Picture(content, rules.PDF, 0, 0), now)
    if kind not in rules.PICTURES:
        raise FileType(_("This is neither a PDF nor a picture. Choose a PDF, JPEG, PNG or WebP file."), field="file")
    return _keep(site, _clean(content, as_photo=False), now)


def remove_unclaimed(*, now: datetime) -> int:
    """Remove files that nothing has named ``rules.UNCLAIMED`` after they were handed in, and return how many.

    What an entry names that waits for a supervisor stays.
    """
    old = StoredFile.objects.filter(stored_at__lt=now - rules.UNCLAIMED)
    keys = list(queries.unclaimed(old).order_by("pk").values_list("pk", flat=True))
    return sum(_remove(key) for key in keys)


@transaction.atomic
def _remove(key: int) -> bool:
    """Remove one file under its lock, so that nothing names it meanwhile."""
    locked = StoredFile.objects.select_for_update(of=("self",)).filter(pk=key)
    file = queries.unclaimed(locked).first()
    if file is None:
        return False
    digest = file.digest
    file.delete()
    if not StoredFile.objects.filter(digest=digest).exists():
        with suppress(FileNotFoundError):
            os.unlink(queries.path_of(digest))
    return True


def _check_size(content: bytes, limit: int) -> None:
    if not content:
        raise FileEmpty(_("There is nothing in this file. Choose another one."), field="file")
    if len(content) > limit:
        raise too_large(limit)


def _clean(content: bytes, *, as_photo: bool) -> rules.Picture:
    try:
        return rules.clean_picture(content, as_photo=as_photo)
    except rules.TooManyPixels as error:
        raise ImageTooLarge(
            _("This picture has too many pixels: at most %(n)s million. Make it smaller.")
            % {"n": rules.MOST_PIXELS // 1_000_000},
            field="file",
        ) from error
    except rules.Unreadable as error:
        raise FileDamaged(_("This picture cannot be read. Take it again."), field="file") from error


def _keep(site: Site, file: rules.Picture, now: datetime) -> StoredFile:
    digest = hashlib.sha256(file.content).hexdigest()
    path = queries.path_of(digest)
    if not path.exists():
        _write(path, file.content)
    row, is_new = StoredFile.objects.get_or_create(
        site=site,
        digest=digest,
        defaults={
            "media_type": file.media_type, "size": len(file.content), "width": file.width, "height": file.height,
            "stored_at": now,
        },
    )  # fmt: skip
    if not is_new:
        # Handed in again: it waits anew for what will name it.
        StoredFile.objects.filter(pk=row.pk, stored_at__lt=now).update(stored_at=now)
    if not path.exists():
        _write(path, file.content)  # it was removed just now, as nothing had named it
    return row


def _write(path: Path, content: bytes) -> None:
    """Write the file whole or not at all: a row may name it only once it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=settings.LINESIDE_FILES)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
