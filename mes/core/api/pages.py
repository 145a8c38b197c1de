"""Lists in pages by cursor: a page costs the same however far in it is, and no row is skipped or shown twice."""

import base64
import binascii
import json
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from mes.core.api.fields import decimal_text

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


class CursorPagination(BasePagination):
    """Pages by the values of the ordering's fields in the last row shown (keyset).

    ``ordering`` of the view names the fields, the last of them unique; ``-`` in front means downwards; none of them
    may be null. ``?limit=`` is 1 to 500 (more is taken as 500), ``?cursor=`` is opaque.
    """

    params = ("limit", "cursor")

    def paginate_queryset(self, queryset: QuerySet, request: Any, view: Any = None) -> list[Any]:
        """Return the rows of the page asked for.

        :raises rest_framework.exceptions.ValidationError: ``page_invalid``.
        """
        self.request = request
        self.limit = _limit(request.query_params.get("limit"))
        self.ordering: tuple[str, ...] = tuple(getattr(view, "ordering", None) or ("pk",))
        backwards, position = self._read(request.query_params.get("cursor"))
        order = tuple(_flip(name) for name in self.ordering) if backwards else self.ordering
        if position is not None:
            try:
                queryset = queryset.filter(_beyond(order, position))
            except (DjangoValidationError, ValueError, TypeError) as error:
                raise _invalid("cursor", "This cursor is not from this list. Begin again without one.") from error
        rows = list(queryset.order_by(*order)[: self.limit + 1])
        more = len(rows) > self.limit
        rows = rows[: self.limit]
        if backwards:
            rows.reverse()
        self.next = self._link(False, rows[-1]) if rows and (more or backwards) else None
        self.previous = self._link(True, rows[0]) if rows and (more if backwards else position is not None) else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with its neighbors, in the body and as ``Link`` header (RFC 8288)."""
        links = [f'<{url}>; rel="{rel}"' for rel, url in (("next", self.next), ("prev", self.previous)) if url]
        return Response(
            {"items": data, "next": self.next, "prev": self.previous},
            headers={"Link": ", ".join(links)} if links else None,
        )

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["items", "next", "prev"],
            "properties": {"items": schema, "next": link, "prev": link},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows a page; more than 500 is taken as 500.",
                "schema": {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "From next or prev of another page.",
                "schema": {"type": "string"},
            },
        ]

    def _link(self, backwards: bool, row: Any) -> str:
        values = [_plain(_value(row, name.lstrip("-"))) for name in self.ordering]
        text = json.dumps([int(backwards), values], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        params = self.request.query_params.copy()
        params["cursor"] = cursor
        return str(self.request.build_absolute_uri(f"{self.request.path}?{params.urlencode()}"))

    def _read(self, cursor: str | None) -> tuple[bool, list[Any] | None]:
        if cursor is None:
            return False, None
        try:
            text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            backwards, values = json.loads(text)
            right = len(values) == len(self.ordering) and all(_storable(value) for value in values)
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise _invalid("cursor", "This is no cursor of ours. Begin again without one.") from error
        if not right or backwards not in (0, 1):
            raise _invalid("cursor", "This cursor is not from this list. Begin again without one.")
        return bool(backwards), values


def _storable(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return "\x00" not in value and value.isprintable() and len(value) <= 200


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or int(text) < 1:
        raise _invalid("limit", "Write a whole number from 1 to 500.")
    return min(int(text), MAX_LIMIT)


def _invalid(name: str, message: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(message, code="page_invalid")]})


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else "-" + name


def _beyond(order: tuple[str, ...], position: list[Any]) -> Q:
    """Return the condition of lying after ``position`` in the order: (a, b) > (x, y) written out."""
    condition = Q()
    for index, name in enumerate(order):
        comparison = "lt" if name.startswith("-") else "gt"
        step = Q(**{f"{name.lstrip('-')}__{comparison}": position[index]})
        for earlier in range(index):
            step &= Q(**{order[earlier].lstrip("-"): position[earlier]})
        condition |= step
    return condition


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, (int, str)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return decimal_text(value) if hasattr(value, "quantize") else str(value)
