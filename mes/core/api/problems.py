"""Every error of the API in one form: RFC 9457 ``application/problem+json``, never HTML and never a stack."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mes.core.errors import DomainError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/api/v1/problems#"

STANDARD: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be understood"),
    "input_invalid": (400, "Some of what was sent is not valid"),
    "body_empty": (400, "The body is empty"),
    "json_parse": (400, "The body is not valid JSON"),
    "json_duplicate_key": (400, "A name stands twice in one JSON object"),
    "json_too_deep": (400, "The JSON is nested too deeply"),
    "text_invalid": (400, "A text has characters that cannot be stored"),
    "number_invalid": (400, "A number is not one that can be stored"),
    "idempotency_key_missing": (400, "The Idempotency-Key header is missing"),
    "idempotency_key_format": (400, "The Idempotency-Key header has the wrong form"),
    "auth_missing": (401, "Credentials are missing"),
    "auth_invalid": (401, "The credentials are not known"),
    "auth_expired": (401, "The credentials are no longer valid"),
    "scope_missing": (403, "The caller lacks a right"),
    "csrf_stale": (403, "The page's token is missing or too old"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "This cannot be done here"),
    "not_acceptable": (406, "The answer cannot be given in that form"),
    "conflict": (409, "This cannot be done now"),
    "idempotency_in_flight": (409, "The same request is being worked on"),
    "key_duplicate": (400, "The same number stands twice in one batch"),
    "cursor_gone": (410, "The cursor is no longer valid"),
    "length_required": (411, "The Content-Length header is missing"),
    "body_too_large": (413, "The body is too large"),
    "media_type_unsupported": (415, "The body is not in a form that is understood"),
    "unprocessable": (422, "This cannot be done as asked"),
    "idempotency_key_reused": (422, "The key was used for something else"),
    "too_many_requests": (429, "Too many requests"),
    "internal_error": (500, "Something went wrong here"),
    "unavailable": (503, "Not available for a moment"),
}
"""Codes of the doorway itself; the business adds its own (``DomainError`` and its kin)."""

_BY_STATUS = {
    400: "bad_request",
    401: "auth_missing",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    410: "cursor_gone",
    411: "length_required",
    413: "body_too_large",
    415: "media_type_unsupported",
    422: "unprocessable",
    429: "too_many_requests",
    503: "unavailable",
}
_DETAIL = {
    400: "The request is malformed. Check the address, the Host header and the body.",
    403: "Your session lacks the right, or its CSRF token is missing.",
    404: "Nothing is at this address. /api/v1/ lists what there is; addresses end without a slash.",
    405: "This address does not offer that method; the Allow header lists those it does.",
    413: "The body is larger than 1 MiB. Send it in parts.",
    500: "The fault is on our side and has been recorded under the request_id. Nothing was stored.",
    503: "The database did not answer in time. Nothing was stored: send the same request again.",
}


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; ``pointer`` is an RFC 6901 JSON pointer into the body ("" = the whole)."""

    pointer: str
    code: str
    detail: str


class Refusal(exceptions.APIException):
    """A refusal of the doorway itself, with a code from :data:`STANDARD` and, where one is at fault, a pointer."""

    def __init__(self, code: str, detail: str, *, pointer: str | None = None, retry_after: int | None = None) -> None:
        self.status_code = STANDARD[code][0]
        super().__init__(detail, code)
        self.code = code
        self.pointer = pointer
        self.retry_after = retry_after


def problem_body(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    request: Any,
    errors: list[FieldError] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the members of a problem; ``request`` gives its address and id."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": _printable(getattr(request, "path", "")),
        "code": code,
        "request_id": getattr(request, "request_id", "")
        or getattr(getattr(request, "_request", None), "request_id", ""),
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors or ()],
    }
    return body | {name: value for name, value in more.items() if name not in body}


def problem_response(request: HttpRequest, status: int, *, code: str = "", detail: str = "") -> HttpResponse:
    """Return a problem as a plain Django response, for what fails before or beside the API's own views."""
    code = code or _BY_STATUS.get(status, "internal_error" if status >= 500 else "bad_request")
    title = STANDARD[code][1]
    body = problem_body(
        status=status, code=code, title=title, detail=detail or _DETAIL.get(status, title), request=request
    )
    return HttpResponse(json.dumps(body, cls=JSONEncoder), status=status, content_type=MEDIA_TYPE)


def problem_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Return the problem that tells the caller of ``exc``; what nobody foresaw is logged and becomes a bare 500."""
    request = context.get("request")
    body, headers = _translate(exc, request)
    response = Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)
    response.exception = True
    return response


def is_beyond_every_column(exc: Exception) -> bool:
    """Tell whether something was sent that no column holds: a number of more than 64 bits, NUL, a day after year 9999."""
    if isinstance(exc, OverflowError):
        return "SQLite INTEGER" in str(exc) or "date value" in str(exc)
    return isinstance(exc, DataError)


def _translate(exc: Exception, request: Any) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(exc, DomainError):
        return _from_domain(exc, request)
    if isinstance(exc, exceptions.ValidationError):
        return _from_validation(exc, request), {}
    if isinstance(exc, exceptions.APIException):
        return _from_api(exc, request)
    headers: dict[str, str] = {}
    status = 500
    if isinstance(exc, Http404):
        status = 404
    elif isinstance(exc, PermissionDenied):
        status = 403
    elif isinstance(exc, RequestDataTooBig):
        status = 413
    elif isinstance(exc, (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)) or (
        is_beyond_every_column(exc)
    ):
        status = 400
    elif isinstance(exc, (OperationalError, InterfaceError)):
        status, headers = 503, {"Retry-After": "1"}
        log.warning("The database did not answer: %s", exc)
    else:
        log.error("Unforeseen error in the API", exc_info=exc)
    code = _BY_STATUS.get(status, "internal_error")
    title = STANDARD[code][1]
    detail = _DETAIL.get(status, title)
    return problem_body(status=status, code=code, title=title, detail=detail, request=request), headers


def _from_domain(exc: DomainError, request: Any) -> tuple[dict[str, Any], dict[str, str]]:
    errors = [FieldError("/" + exc.field.replace(".", "/"), exc.code, exc.detail)] if exc.field else []
    return (
        problem_body(
            status=exc.status,
            code=exc.code,
            title=str(exc.title),
            detail=exc.detail,
            request=request,
            errors=errors,
            **exc.facts,
        ),
        {},
    )


def field_errors(exc: exceptions.ValidationError, pointer: str = "") -> list[FieldError]:
    """Return what is wrong with each field, under the pointer of the thing that holds them."""
    return list(_flatten(exc.detail, pointer))


def _from_validation(exc: exceptions.ValidationError, request: Any) -> dict[str, Any]:
    errors = field_errors(exc)
    codes = {error.code for error in errors}
    code = codes.pop() if len(codes) == 1 else "input_invalid"
    title = STANDARD.get(code, STANDARD["input_invalid"])[1]
    first = errors[0] if errors else FieldError("", code, title)
    detail = f"{first.pointer}: {first.detail}" if first.pointer else first.detail
    if len(errors) > 1:
        detail += f" And {len(errors) - 1} more, see errors."
    return problem_body(status=exc.status_code, code=code, title=title, detail=detail, request=request, errors=errors)


def _from_api(exc: exceptions.APIException, request: Any) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    wait = getattr(exc, "wait", None) or getattr(exc, "retry_after", None)
    if wait:
        headers["Retry-After"] = str(max(1, int(wait)))
    status = exc.status_code
    named = getattr(exc, "code", "") or str(getattr(exc.detail, "code", ""))
    code = named if named in STANDARD else _BY_STATUS.get(status, "internal_error")
    pointer = getattr(exc, "pointer", None)
    detail = str(exc.detail)
    if isinstance(exc, exceptions.UnsupportedMediaType):
        detail = "Send JSON, and say Content-Type: application/json."
    errors = [FieldError(pointer, code, detail)] if pointer is not None else []
    return (
        problem_body(status=status, code=code, title=STANDARD[code][1], detail=detail, request=request, errors=errors),
        headers,
    )


def _flatten(detail: Any, pointer: str) -> Iterator[FieldError]:
    """Yield the errors of nested serializers with a pointer each."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else "/" + str(name).replace("~", "~0").replace("/", "~1")
            yield from _flatten(inner, pointer + step)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            if isinstance(inner, (dict, list)):
                yield from _flatten(inner, f"{pointer}/{index}")
            else:
                yield from _flatten(inner, pointer)
    elif detail:
        yield FieldError(_printable(pointer), str(getattr(detail, "code", "invalid")), _printable(str(detail)))


def _printable(text: str) -> str:
    """Return the text with what cannot be encoded or would disturb a reader escaped, and no longer than a line."""
    return text.encode("unicode_escape").decode("ascii")[:500] if not text.isprintable() else text[:500]
