"""Keeping files and photos; releasing and withdrawing revisions; confirming that one has read them."""

from mes.documents.services.files import store_document, store_photo, too_large
from mes.documents.services.photos import take_photo

__all__ = ["store_document", "store_photo", "take_photo", "too_large"]
