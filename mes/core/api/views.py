"""The view that every endpoint of the API is made of."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db.models import Q, QuerySet
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from mes.core.actor import set_actor
from mes.core.api.input import Filters
from mes.core.api.pages import CursorPagination
from mes.core.api.problems import Refusal
from mes.core.errors import NotFound


class Grant(Protocol):
    """What a caller may do where; who grants it is not the doorway's business."""

    actor: str
    """``user:<name>`` or ``key:<prefix>``"""
    everywhere: bool
    """True: no site is closed to this caller."""

    def may(self, right: str) -> bool:
        """Say whether the caller has the right at any site."""
        ...

    def sites(self, right: str) -> frozenset[str]:
        """Return the codes of the sites at which the caller has the right (all of them where ``everywhere``)."""
        ...


def decided_by(request: Any) -> str:
    """Return the name under which a caller's decision is written down."""
    return str(request.auth.actor).removeprefix("user:")


class ApiView(APIView):
    """An endpoint. ``rights`` names, for each method it offers, the right that the caller must have; "" means anybody.

    A method that is not in ``rights`` is refused, so that a forgotten declaration fails closed.
    """

    rights: ClassVar[Mapping[str, str]] = {}
    ordering: ClassVar[tuple[str, ...]] = ("pk",)
    pagination_class = CursorPagination
    also_answers: ClassVar[tuple[int, ...]] = ()
    """Statuses of problems that only this endpoint answers with, for the schema."""
    no_writing: ClassVar[str] = ""
    """What to do instead, said with 405: who owns this, or how a fact is corrected."""

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        offered = ", ".join(method for method in self.allowed_methods if method != "OPTIONS")
        detail = f"This address offers {offered}. {self.no_writing}".strip()
        raise MethodNotAllowed(str(request.method)[:20], detail=detail)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        set_actor("")
        super().initial(request, *args, **kwargs)
        if request.auth is not None:
            set_actor(request.auth.actor)

    @property
    def right(self) -> str:
        """The right that this request is made under."""
        return self.rights.get(str(self.request.method).replace("HEAD", "GET"), "")

    def here(self, queryset: QuerySet, *, site: str = "site__code") -> QuerySet:
        """Return the rows that lie at the caller's sites; ``site`` is the path to the site's code."""
        grant: Grant = self.request.auth
        if grant.everywhere:
            return queryset
        return queryset.filter(Q(**{f"{site}__in": grant.sites(self.right)}))

    def one(self, queryset: QuerySet, *, site: str = "site__code", what: str, **lookup: Any) -> Any:
        """Return the one row at the caller's sites.

        :raises mes.core.errors.NotFound: there is none, or not for this caller.
        """
        row = self.here(queryset, site=site).filter(**lookup).first()
        if row is None:
            asked = ", ".join(str(value) for value in lookup.values())
            raise NotFound(f"There is no {what} {asked[:100]} at your sites.")
        return row

    def site_allowed(self, code: str) -> str:
        """Return the site code if the caller may act there.

        :raises mes.core.errors.NotFound: no such site, or not for this caller.
        """
        grant: Grant = self.request.auth
        if not grant.everywhere and code not in grant.sites(self.right):
            raise NotFound(f"There is no site {code[:64]} for you.", field="site")
        return code

    def body(self, serializer: type[BaseSerializer], *, optional: bool = False) -> dict[str, Any]:
        """Return the validated body; ``optional`` lets an empty body stand for an empty object.

        :raises rest_framework.exceptions.ValidationError: naming each field at fault.
        :raises mes.core.api.problems.Refusal: the body is missing, too large, or not JSON.
        """
        if has_body(self.request):
            data = self.request.data
        elif optional:
            data = {}
        else:
            raise Refusal("body_empty", "The body is empty. Send a JSON object.")
        read = serializer(data=[] if data is None else data)  # null is as wrong as a list
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def filters(self, serializer: type[Filters]) -> dict[str, Any]:
        """Return the validated query string of a list."""
        return serializer.read(self.request.query_params, besides=CursorPagination.params)

    def no_filters(self) -> None:
        """Refuse any query string."""
        Filters.read(self.request.query_params)

    def page(self, queryset: QuerySet, serializer: type[BaseSerializer], **context: Any) -> Response:
        """Return a page of the rows."""
        pages = CursorPagination()
        rows = pages.paginate_queryset(queryset, self.request, view=self)
        return pages.get_paginated_response(serializer(rows, many=True, context=context).data)


def has_body(request: Any) -> bool:
    """Say whether the request has a body that can be read as JSON, by its headers.

    :raises mes.core.api.problems.Refusal: chunked without a length, too large, or of another type.
    """
    meta = request.META
    length = str(meta.get("CONTENT_LENGTH") or "")
    if not length and meta.get("HTTP_TRANSFER_ENCODING"):
        raise Refusal("length_required", "Say the length of the body: chunked bodies are not read.")
    if length and not (length.isascii() and length.isdigit()):
        raise Refusal("bad_request", "The Content-Length header is not a number.")
    if int(length or 0) == 0:
        return False
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Refusal("body_too_large", "The body is larger than 1 MiB. Send it in parts.")
    if not meta.get("CONTENT_TYPE"):
        raise Refusal("media_type_unsupported", "Say Content-Type: application/json.")
    return True
