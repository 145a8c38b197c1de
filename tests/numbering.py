"""Numbers for a test's rows that hang on its name only: what it sees does not depend on which tests ran before it."""

import functools
import itertools
import zlib

from django.apps import apps
from django.db import connection, models

from tests import factories

LOWEST, HIGHEST = 1_000, 60_000
KEPT = ("auth_permission", "django_")
"""Whoever empties the database fills these again, and goes on counting: their rows may be in the way."""


def begin(name: str) -> None:
    """Let every table, and what the factories call things, count on from where the name says. Call it in a test's database."""
    factories._n = itertools.count(_first(name, 1, 9_000))
    begins = [(_first(name + table, LOWEST, HIGHEST), table, column) for table, column in _counted()]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name NOT LIKE 'django_%' AND name <> 'auth_permission'")
            cursor.executemany(
                "INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)",
                [(first, table) for first, table, _ in begins],
            )
        else:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(t, c), n) FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS b(n, t, c)",
                [list(column) for column in zip(*begins, strict=True)],
            )


def _first(name: str, lowest: int, highest: int) -> int:
    return lowest + zlib.crc32(name.encode()) % (highest - lowest)


@functools.cache
def _counted() -> list[tuple[str, str]]:
    """Return table and column of every key that the database counts."""
    keys = [model._meta.pk for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    counted = [(key.model._meta.db_table, key.column) for key in keys if isinstance(key, models.AutoField)]
    return sorted((table, column) for table, column in counted if not table.startswith(KEPT))
