"""The WSGI application: threads, because requests are short and pages poll."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()


def _only_web_process_on_sqlite() -> TextIO | None:
    """Hold a lock for as long as this process lives: writers of several processes would starve each other on SQLite.

    :raises django.core.exceptions.ImproperlyConfigured: another web process serves the same file.
    """
    name = str(settings.DATABASES["default"]["NAME"])
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or "memory" in name:
        return None
    lock = Path(f"{name}.web").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ImproperlyConfigured(
            "Another web process serves this SQLite file. On SQLite run one web process with threads, "
            "or set DATABASE_URL to a PostgreSQL database."
        ) from None
    return lock


held = _only_web_process_on_sqlite()
