"""What the terminal's doors have in common: who may come in, how a body is read, how a refusal is said."""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from mes.core.errors import DomainError, InvalidInput

SEE = "orders:read"
RIGHT = "reports:write"
LONGEST_BODY = 16_384


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a request.

    :raises InvalidInput: it cannot be read, or holds what no database can keep.
    """
    raw = request.body
    try:
        if len(raw) > LONGEST_BODY:
            raise ValueError("too long")
        body = json.loads(raw)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeError, RecursionError) as error:
        raise InvalidInput(_("The entry could not be read. Enter it again.")) from error
    if not isinstance(body, dict) or "\\u0000" in json.dumps(body):
        raise InvalidInput(_("The entry could not be read. Enter it again."))
    return body


def problem(error: DomainError, *, status: int) -> JsonResponse:
    """Answer a refusal as problem+json."""
    body = {
        "code": error.code,
        "title": str(error.title),
        "detail": error.detail,
        "status": status,
        "field": error.field,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")
