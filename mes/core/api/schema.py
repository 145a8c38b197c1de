"""How endpoints describe themselves: every answer, every problem and the right each one takes."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from mes.core.api.problems import MEDIA_TYPE, STANDARD

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and how to mend it."},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable and never translated."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
ALWAYS = (400, 404, 405, 406, 429, 500, 503)
WITH_RIGHT = (401, 403)
WITH_BODY = (409, 411, 413, 415, 422)


class ProblemAutoSchema(AutoSchema):
    """Adds to each operation what every operation can answer, and the right it takes."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        statuses = {*ALWAYS, *getattr(self.view, "also_answers", ())}
        right = getattr(self.view, "rights", {}).get(method, "")
        if right:
            statuses |= set(WITH_RIGHT)
            operation["x-right"] = right
            line = f"Takes the right `{right}`."
            operation["description"] = "\n\n".join(filter(None, [operation.get("description", ""), line]))
        if method in ("POST", "PUT", "PATCH"):
            statuses |= set(WITH_BODY)
        for status in sorted(statuses):
            operation["responses"].setdefault(str(status), _problem(status))
        return operation

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        """Name a serializer by the view class it lives in."""
        return str(type(serializer).__qualname__).replace("View", "").replace(".", "")

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        return [parts[2]] if len(parts) > 2 else ["index"]


def _problem(status: int) -> dict[str, Any]:
    title = next((title for _, (known, title) in STANDARD.items() if known == status), "Problem")
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def add_problem_component(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the form of a problem among the schema's components (a spectacular post-processing hook)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    return result


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Tells the schema about keys."""

    target_class = "mes.access.api.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key mes_<prefix>.<secret>`. A key has one site and some rights, named at each operation.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """Tells the schema about people signed in to our pages."""

    target_class = "mes.access.api.SessionAuthentication"
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class DescribedField(OpenApiSerializerFieldExtension):
    """Lets our own fields say what they take, each for itself."""

    target_class = "rest_framework.fields.Field"
    match_subclasses = True
    priority = 1

    @classmethod
    def _matches(cls, target: Any) -> bool:
        return hasattr(target, "describe")

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        described: dict[str, Any] = self.target.describe()
        return described
