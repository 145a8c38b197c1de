"""What the terminal's doors have in common: who may come in, how a body is read, how a refusal is said."""

import json
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.utils.translation import gettext as _
from django.views import csrf

from mes.core.api.parsing import is_too_deep
from mes.core.errors import DomainError, InvalidInput
from mes.terminal.panels import TextInvalid
from mes.terminal.rules import short_ref

SEE = "orders:read"
BOOK = "reports:write"
LONGEST_BODY = 262_144

CLIENT = 2
"""The version of what terminal pages send; the one before is understood too. Rises when a page must be loaded again."""


class ClientOutdated(DomainError):
    """The page is older than the release before this one."""

    code = "client_outdated"
    title = "Reload this page"
    status = 426


class CsrfStale(DomainError):
    """The page's form token does not match its cookie any more."""

    code = "csrf_stale"
    title = "The page's key has expired"
    status = 403


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a request.

    :raises InvalidInput: it cannot be read, or holds what no database can keep.
    """
    try:
        raw = request.body
        if len(raw) > LONGEST_BODY or is_too_deep(raw):
            raise ValueError("more than a terminal sends")
        body = json.loads(raw)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise TextInvalid(_("The entry holds a sign that is none. Enter it again.")) from error
    except (ValueError, RecursionError, RequestDataTooBig, RawPostDataException) as error:
        # The last of them: it was sent as a form, which was read while its token was looked for.
        raise InvalidInput(_("The entry could not be read. Enter it again.")) from error
    if not isinstance(body, dict):
        raise InvalidInput(_("The entry could not be read. Enter it again."))
    if "\\u0000" in json.dumps(body):
        raise TextInvalid(_("The entry holds a sign that is none. Enter it again."))
    return body


def problem(error: DomainError, *, status: int, kept: UUID | None = None) -> JsonResponse:
    """Answer a refusal as problem+json; ``kept`` is the id under which a supervisor finds what was entered."""
    body: dict[str, Any] = {
        "code": error.code,
        "title": str(error.title),
        "detail": error.detail,
        "status": status,
        "field": error.field,
        "kept": bool(kept),
        "step_up": error.step_up,
    }
    if kept:
        body["ref"] = short_ref(kept)
        body["detail"] += " " + _("Your entry is kept for the supervisor (ref %(ref)s).") % {"ref": body["ref"]}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def check_client(request: HttpRequest) -> None:
    """Refuse a page that was loaded before the release before this one.

    :raises ClientOutdated: it must be loaded again; what it holds stays on the device.
    """
    sent = request.headers.get("X-Terminal-Version", str(CLIENT - 1))
    if not sent.isascii() or not sent.isdigit() or int(sent[:9]) < CLIENT - 1:
        raise ClientOutdated(_("This page is out of date. Reload it; what was entered here is kept."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Tell a page of ours that its form token is stale, so that it fetches a new one; others get Django's words."""
    if "application/json" in request.headers.get("Accept", ""):
        return problem(CsrfStale(_("The page's key has expired. It is fetched again.")), status=403)
    return csrf.csrf_failure(request, reason)
