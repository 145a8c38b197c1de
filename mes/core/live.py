"""Pages that stay current by asking again: a body per scope in process memory, and a 304 for whoever has it already."""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import reverse
from django.utils.translation import get_language

PROBE_SECONDS = 0.5
"""How often at most this process asks the database whether anything changed: what 500 pages share."""
REBUILD_SECONDS = 5.0
"""How old a body may be although no source changed: shifts end and orders become late without an event."""
MOST_SCOPES = 1000
PAGE_AGE = 7 * 24 * 3600
"""Seconds for which a page may ask on before somebody has to open it anew."""

Source = Callable[[], object]

_sources: dict[str, Source] = {}
_lock = threading.Lock()


@dataclass
class _Body:
    version: object
    built_at: float
    etag: str
    content: bytes

    @cached_property
    def packed(self) -> bytes:
        """The same in a seventh of the bytes; it holds no secret that its length could betray."""
        return gzip.compress(self.content, 6, mtime=0)


class _State:
    probed_at: float = -1e9
    version: object = None
    bodies: OrderedDict[str, _Body]

    def __init__(self) -> None:
        self.bodies = OrderedDict()


_state = _State()


def watch(key: str, source: Source) -> None:
    """Ask ``source`` (one cheap query, such as a table's last id) whether pages may have changed. From ``ready`` only."""
    _sources[key] = source


def forget() -> None:
    """Drop what is remembered, so that the next request sees everything anew (a test, a rolled-back database)."""
    with _lock:
        _state.probed_at = -1e9
        _state.bodies.clear()


def version() -> object:
    """Return what changes when anything that a live page shows may have changed; asked at most twice a second."""
    now = time.monotonic()
    if now - _state.probed_at >= PROBE_SECONDS:
        _state.version = tuple((key, source()) for key, source in _sources.items())
        _state.probed_at = now
    return _state.version


def respond(
    request: HttpRequest, *, scope: str, build: Callable[[], bytes], content_type: str = "application/json"
) -> HttpResponse:
    """Answer a poll of ``scope``: 304 when the caller has the current body, else the body.

    ``build`` runs only when a source changed since the body was built; it must not depend on the user. Neither the
    session nor the user is read here, which is what keeps a poll cheap.
    """
    body = _current(scope, build)
    if request.headers.get("If-None-Match") == body.etag:
        response: HttpResponse = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(body.packed, content_type=content_type, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(body.content, content_type=content_type)
    response["ETag"] = body.etag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "no-cache, private"
    return response


@dataclass(frozen=True)
class Page:
    """A page whose body is asked for at ``view``. What it may show is signed into that address: a poll reads no session."""

    view: str
    salt: str

    def address(self, shown: Any) -> str:
        """Return where the page asks for the body of what it shows: sites' codes, a unit's key, anything JSON can say."""
        return f"{reverse(self.view)}?page={signing.dumps(shown, salt=self.salt, compress=True)}"

    def answer(self, request: HttpRequest, draw: Callable[[Any], str]) -> HttpResponse:
        """Answer with the body that ``draw`` makes of what the page shows, or 304; 401 where its address is not ours."""
        try:
            shown = signing.loads(request.GET.get("page", ""), salt=self.salt, max_age=PAGE_AGE)
        except signing.BadSignature:
            return HttpResponse(status=401)
        scope = f"{self.salt}/{shown}/{get_language()}"
        return respond(
            request, scope=scope, build=lambda: draw(shown).encode(), content_type="text/html; charset=utf-8"
        )


def _current(scope: str, build: Callable[[], bytes]) -> _Body:
    seen = version()
    now = time.monotonic()
    body = _state.bodies.get(scope)
    if body is None or body.version != seen or now - body.built_at > REBUILD_SECONDS:
        content = build()
        # Weak, because it is the same for what travels packed and unpacked.
        etag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        body = _Body(version=seen, built_at=now, etag=etag, content=content)
        with _lock:
            _state.bodies[scope] = body
            _state.bodies.move_to_end(scope)
            while len(_state.bodies) > MOST_SCOPES:
                _state.bodies.popitem(last=False)
    return body
