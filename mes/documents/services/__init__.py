"""Keeping files and photos; releasing and withdrawing revisions; confirming that one has read them."""

from mes.documents.services.files import remove_unclaimed, store_document, store_photo, too_large
from mes.documents.services.photos import take_photo
from mes.documents.services.reading import confirm_reading
from mes.documents.services.revisions import add_revision, release_revision, withdraw_revision

__all__ = [
    "add_revision",
    "confirm_reading",
    "release_revision",
    "remove_unclaimed",
    "store_document",
    "store_photo",
    "take_photo",
    "too_large",
    "withdraw_revision",
]
