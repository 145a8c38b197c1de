"""Handing out a file that somebody sent, so that a browser does nothing with it but show it."""

from pathlib import Path

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase

SHUT = "default-src 'none'; frame-ancestors 'self'; sandbox"
"""For a picture: whatever a browser takes it for, nothing in it runs, loads or belongs to our pages."""
SHUT_PDF = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; object-src 'self'; frame-ancestors 'self'"
)
"""For a PDF: the same but for the sandbox, in which Chromium shows none; its viewer is a world of its own."""
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


def served(path: Path, media_type: str, name: str) -> HttpResponseBase:
    """Answer with a file, as what its content was found to be and under a name of ours.

    :raises Http404: it is not there.
    """
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(opened, content_type=media_type, filename=f"{name}.{_ENDINGS[media_type]}")
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = SHUT_PDF if media_type == "application/pdf" else SHUT
    response["Cache-Control"] = "private, max-age=3600"
    return response
