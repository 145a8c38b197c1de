"""Who is calling the API: a key, or a person signed in to our pages; what they may; and answering once what is repeated."""

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from rest_framework import authentication, permissions, throttling
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mes.access import services
from mes.access.queries import grant_of_key, grant_of_user
from mes.access.rules import RIGHTS, SiteGrant
from mes.core.api.problems import Refusal

log = logging.getLogger(__name__)

_KEY = re.compile(r"mes_[0-9a-f]{8}\.[A-Za-z0-9_-]{43}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_noted: dict[int, float] = {}


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """Reads ``Authorization: Api-Key mes_...``."""

    def authenticate(self, request: Request) -> tuple[None, SiteGrant] | None:
        """Return the key's grant, or None when the header is absent.

        :raises mes.core.api.problems.Refusal: the key is malformed, unknown, expired or revoked.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "api-key" or not _KEY.fullmatch(text.strip()):
            raise self._refusal("auth_invalid", "Send Authorization: Api-Key mes_<prefix>.<secret>.")
        now = timezone.now()
        found = grant_of_key(text.strip(), now=now)
        if found == "auth_expired":
            raise self._refusal("auth_expired", "This key has expired or was revoked. Ask for a new one.")
        if not isinstance(found, SiteGrant):
            raise self._refusal("auth_invalid", "This key is not known here.")
        _note_use(found)
        return None, found

    def authenticate_header(self, request: Request) -> str:
        return 'Api-Key realm="lineside"'

    def _refusal(self, code: str, detail: str) -> Refusal:
        refusal = Refusal(code, detail)
        refusal.auth_header = 'Api-Key realm="lineside"'  # type: ignore[attr-defined]
        return refusal


class SessionAuthentication(authentication.SessionAuthentication):
    """Takes the person who is signed in to our pages; what changes something needs the page's CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, SiteGrant] | None:
        """Return the person and their grant, or None for nobody."""
        user = getattr(request._request, "user", None)
        grant = grant_of_user(user)
        if grant is None:
            return None
        self.enforce_csrf(request)
        return user, grant


class HasScope(permissions.BasePermission):
    """Lets a request through when the caller has the right that the view declares for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True, or refuse.

        :raises mes.core.api.problems.Refusal: credentials are missing, or the named right is.
        """
        rights = getattr(view, "rights", {})
        method = str(request.method).replace("HEAD", "GET")
        if method not in view.allowed_methods and method != "OPTIONS":
            return True  # the answer is 405 for everybody
        if method in rights and rights[method] == "":
            return True
        if request.auth is None:
            refusal = Refusal("auth_missing", "Send Authorization: Api-Key mes_..., or sign in first.")
            refusal.auth_header = 'Api-Key realm="lineside"'  # type: ignore[attr-defined]
            raise refusal
        if method == "OPTIONS":
            return True
        if method not in rights:
            raise Refusal("forbidden", "This endpoint declares no right for that method, so that nobody has it.")
        if not request.auth.may(rights[method]):
            raise Refusal("scope_missing", f"This takes the right {rights[method]} ({RIGHTS[rights[method]].lower()}).")
        return True


class CallerThrottle(throttling.BaseThrottle):
    """Holds each caller to ``LINESIDE_API_RATE`` requests a minute in this process, so that one cannot drown the others.

    A bucket in memory: no request waits for Redis or the database to be told that it may go on.
    """

    _buckets: ClassVar[dict[str, tuple[float, float]]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def allow_request(self, request: Request, view: Any) -> bool:
        """Say whether the caller still has a token."""
        per_minute = float(settings.LINESIDE_API_RATE)
        if per_minute <= 0:
            return True
        caller = request.auth.actor if request.auth else f"ip:{request.META.get('REMOTE_ADDR', '')}"
        now = time.monotonic()
        with self._lock:
            if len(self._buckets) > 10_000:
                self._buckets.clear()
            tokens, before = self._buckets.get(caller, (per_minute, now))
            tokens = min(per_minute, tokens + (now - before) * per_minute / 60)
            self._buckets[caller] = (tokens - 1 if tokens >= 1 else tokens, now)
        self._wait = (1 - tokens) * 60 / per_minute
        return tokens >= 1

    def wait(self) -> float:
        return max(self._wait, 1.0)


def idempotency_key(request: Request, *, required: bool = True) -> str:
    """Return the request's ``Idempotency-Key``, or "" where it is absent and not required.

    :raises mes.core.api.problems.Refusal: it is missing or malformed.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not key:
        if required:
            raise Refusal(
                "idempotency_key_missing",
                "This makes a fact. Send an Idempotency-Key header (a UUID), so that a repetition makes no second one.",
            )
        return ""
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Refusal("idempotency_key_format", "Use 8 to 64 of A-Z a-z 0-9 _ - in Idempotency-Key.")
    return str(key)


def answered_once(request: Request, content: Any, work: Callable[[], tuple[int, Any]], *, key: str = "") -> Response:
    """Do ``work`` once for the request's idempotency key and answer; a repetition gets the first answer again.

    ``content`` is the validated body, of which the fingerprint is made; ``key`` an id in the body that stands for the
    header. Without either the work is simply done.

    :raises mes.access.services.IdempotencyKeyReused: the key came before with other content.
    """
    key = key or idempotency_key(request, required=False)
    if not key:
        status, body = work()
        return Response(body, status=status)
    status, body, repeated = services.answer_once(
        caller=request.auth.actor,
        key=key,
        endpoint=f"{request.method} {request.path}"[:200],
        fingerprint=fingerprint(content),
        now=timezone.now(),
        work=lambda: _plain(work()),
    )
    return Response(body, status=status, headers={"Idempotency-Replayed": "true"} if repeated else None)


def fingerprint(content: Any) -> str:
    """Return a hash of validated content that does not depend on the order or spelling in which it was sent."""
    text = json.dumps(content, cls=JSONEncoder, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], json.loads(json.dumps(answer[1], cls=JSONEncoder))


def _note_use(grant: SiteGrant) -> None:
    """Write down the use of a key, at most once a minute; a busy database may skip it."""
    if grant.key_id is None or _noted.get(grant.key_id, -60.0) > time.monotonic() - 60:
        return
    _noted[grant.key_id] = time.monotonic()
    try:
        services.note_use(key_id=grant.key_id, now=timezone.now())
    except DatabaseError as error:
        log.warning("The use of key %s was not noted: %s", grant.actor, error)
