"""Callers of the API for tests: a client with a fresh key, or with a person signed in."""

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from mes.access import services
from mes.access.models import Membership
from mes.access.rules import RIGHTS
from mes.masterdata.models import Site


class ApiClient(Client):
    """A client that never raises what the server should answer, and speaks JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(raise_request_exception=False, **kwargs)

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        """Send a JSON body (or raw bytes as they are) and return the response."""
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        content_type = headers.pop("content_type", "application/json")
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.generic(method, path, data, content_type=content_type, headers=extra)


def with_key(site: Site, *rights: str, **given: Any) -> ApiClient:
    """Return a client with a new key for the site; without rights named it has them all."""
    _, text = services.create_key(
        name="test", site=site, scopes=rights or RIGHTS, now=given.pop("now", None) or timezone.now(), **given
    )
    client = ApiClient(headers={"Authorization": f"Api-Key {text}"})
    client.key = text  # type: ignore[attr-defined]
    return client


def with_role(site: Site, role: str, *, csrf: bool = False) -> ApiClient:
    """Return a client with somebody of that role signed in."""
    user = get_user_model().objects.create_user(f"{role.lower()}-{site.code}", password="x")  # noqa: S106
    Membership.objects.create(user=user, site=site, role=role)
    client = ApiClient(enforce_csrf_checks=csrf)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def problem(response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Check that the response is a problem of this status and code, in the one form there is, and return it."""
    assert response.status_code == status, (response.status_code, response.content[:600])
    assert response.headers["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"} <= set(body)
    assert body["status"] == status
    assert body["type"].endswith("#" + body["code"])
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["detail"] and "Traceback" not in body["detail"]
    if code is not None:
        assert body["code"] == code, body
    return body
