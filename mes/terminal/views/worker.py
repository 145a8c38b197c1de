"""The script that lets a terminal's page be loaded again without network."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

SOURCE = Path(settings.BASE_DIR) / "static"


@cache
def _script(static_url: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in (".js", ".css", ".svg"):
            digest.update(path.read_bytes())
    text = (SOURCE / "terminal" / "worker.js").read_text()
    return text.replace("{version}", digest.hexdigest()[:16]).replace("{static}", static_url)


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker, whose version changes with any of our scripts, styles and symbols."""
    response = HttpResponse(_script(settings.STATIC_URL), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def worker_url() -> str:
    """Return where it is, or "" where this installation does not want one: pages then remove theirs."""
    return reverse("terminal:worker") if settings.LINESIDE_OFFLINE_PAGES else ""
