"""The outermost doorway of the API: an id for every request, and problems for what fails before a view is reached."""

import logging
import re
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse

from mes.core.actor import acting_as
from mes.core.api.problems import MEDIA_TYPE, is_beyond_every_column, problem_response

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)

_FILE = re.compile(r"(image/|application/(pdf|octet-stream)\b)", re.ASCII)
LARGEST_FILE = 30 * 1024 * 1024
"""Bytes of a file; whoever takes files may take smaller ones only."""
_TOO_LARGE = "The file is larger than 30 MiB. Make it smaller."


class ApiMiddleware:
    """Gives every request an id (the caller's own, if it is harmless) and every error under /api the form of a problem.

    It stands first, because Django itself answers in HTML for an unknown host, an unknown address, a body too large.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_as(""):  # whoever acts in this request acts in no other that this thread serves
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        given = request.META.pop("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid4())
        # structlog and everything behind read the header: they see only the clean one.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.request_id = request_id  # type: ignore[attr-defined]
        if request.path_info.startswith("/api/"):
            response = _early_refusal(request) or self.get_response(request)
            response = _as_problem(request, response)
            response.headers.setdefault("Cache-Control", "no-store")
        else:
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Answer 400 where a page was sent what no column holds and nothing in front of the database has noticed.

        :raises django.core.exceptions.BadRequest: it was.
        """
        if is_beyond_every_column(exception):
            log.warning("What was sent to %s cannot be kept: %s", request.path_info, exception)
            raise BadRequest("A number, a date or a text is none that can be kept here.") from exception


def _early_refusal(request: HttpRequest) -> HttpResponse | None:
    """Refuse what no view should have to think about."""
    if not request.path_info.isprintable() or "\ufffd" in request.path_info or "//" in request.path_info:
        return problem_response(request, 404)
    query = request.META.get("QUERY_STRING", "")
    if len(query) > 4096:
        return problem_response(request, 400, detail="The query string is longer than 4,096 characters.")
    try:
        texts = [text for name, values in request.GET.lists() for text in (name, *values)]
    except TooManyFieldsSent:
        return problem_response(request, 400, detail="The query string has too many parts.")
    if any("\x00" in text or not _encodable(text) for text in texts):
        return problem_response(
            request, 400, code="text_invalid", detail="The query string has characters that cannot be."
        )
    length = request.META.get("CONTENT_LENGTH") or "0"
    is_file = _FILE.match(request.META.get("CONTENT_TYPE", ""))
    limit = LARGEST_FILE if is_file else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if length.isascii() and length.isdigit() and int(length) > limit:
        return problem_response(request, 413, detail=_TOO_LARGE if is_file else "")
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return response
    problem = problem_response(request, response.status_code)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            problem.headers[name] = response.headers[name]
    return problem
