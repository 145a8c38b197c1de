"""Whether the process lives, and whether it can take work."""

import shutil
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

LEAST_FREE_BYTES = 256 * 1024 * 1024
_migrated: set[str] = set()


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process lives. It looks at nothing else: a slow database must not restart the web server."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, is migrated, and the disk has room; 503 and the reason otherwise."""
    checks: dict[str, Any] = {"database": "ok", "migrations": "ok", "disk": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            checks["migrations"] = "Some migrations are not applied. Run: manage.py migrate"
    except DatabaseError:
        checks["database"] = "The database does not answer."
        checks["migrations"] = "not known"
    free = shutil.disk_usage(settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR).free
    if free < LEAST_FREE_BYTES:
        checks["disk"] = f"Only {free // (1024 * 1024)} MiB are free."
    ready = all(value == "ok" for value in checks.values())
    response = JsonResponse({"status": "ok" if ready else "not ready", "checks": checks}, status=200 if ready else 503)
    if not ready:
        response.headers["Retry-After"] = "5"
    return response


def _is_migrated() -> bool:
    """Remember a yes: what is migrated stays so while this process runs, and looking costs a query per app."""
    if "yes" in _migrated:
        return True
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    _migrated.add("yes")
    return True
