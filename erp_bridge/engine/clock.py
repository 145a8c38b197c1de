"""The one clock that leases and due times are compared with: the database's, where it has one of its own."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """Return the present by the database's clock.

    Workers on several hosts disagree about the time; the database is asked so that no lease is stolen or immortal
    because of it. SQLite has no clock of its own, and all its workers are on one host.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
