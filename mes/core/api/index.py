"""The way in: what the API offers, which problems it answers with, and its schema."""

import threading
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView
from rest_framework import serializers
from rest_framework.response import Response

from mes.core.api.problems import STANDARD, TYPE_PREFIX
from mes.core.api.views import ApiView
from mes.core.errors import DomainError


class IndexView(ApiView):
    """What there is."""

    rights = {"GET": ""}

    class Output(serializers.Serializer):
        version = serializers.CharField()
        schema = serializers.CharField()
        docs = serializers.CharField()
        problems = serializers.CharField()
        resources = serializers.ListField(child=serializers.CharField())

    @extend_schema(operation_id="index", responses=Output)
    def get(self, request: Any) -> Response:
        """List the addresses of the API."""
        self.no_filters()
        resources = sorted({"/" + route for route in routes() if route.startswith("api/v1/")})
        return Response(
            {
                "version": "1",
                "schema": "/api/v1/schema/",
                "docs": "/api/docs/",
                "problems": "/api/v1/problems",
                "resources": resources,
            }
        )


class ProblemsView(ApiView):
    """What can go wrong."""

    rights = {"GET": ""}

    class Output(serializers.Serializer):
        class Kind(serializers.Serializer):
            code = serializers.CharField()
            type = serializers.CharField()
            status = serializers.IntegerField()
            title = serializers.CharField()
            meaning = serializers.CharField()

        items = Kind(many=True)

    @extend_schema(operation_id="problems_list", responses=Output)
    def get(self, request: Any) -> Response:
        """List every kind of problem: its code, status and meaning."""
        self.no_filters()
        known = {code: (status, title, title + ".") for code, (status, title) in STANDARD.items()}
        for error in _kinds(DomainError):
            words = " ".join((error.__doc__ or error.title).split())
            known[error.code] = (error.status, str(error.title), words)
        items = [
            {"code": code, "type": TYPE_PREFIX + code, "status": status, "title": title, "meaning": meaning}
            for code, (status, title, meaning) in sorted(known.items())
        ]
        return Response({"items": items})


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI schema."""

    rights = {"GET": ""}
    authentication_classes = []
    one_at_a_time = threading.Lock()
    """What writes it keeps shared notes as it goes: two who ask a new process at once would trip over each other's."""

    def _get_schema_response(self, request: Any) -> Response:
        with self.one_at_a_time:
            return super()._get_schema_response(request)


class DocsView(SpectacularSwaggerView):
    """The schema to read and to try, without a connection to anywhere else."""

    rights = {"GET": ""}
    authentication_classes = []


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Yield the route of every address, as written in the URLconf."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)


def _kinds(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)
