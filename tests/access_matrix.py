"""Every address x every kind of caller x own and other site: what is answered. ``python -m tests.access_matrix`` writes
the table anew into access_matrix.csv; read the difference before you commit it, for each cell is a promise. With a pattern
(``python -m tests.access_matrix '^quality/'``) only what it matches is tried anew, and what has no row yet.

A cell is the status at one's own site, or ``own/other`` where the address names a thing that belongs to a site. ``login``
is a redirect to the sign-in page, ``302`` any other one. Nothing is changed by trying: what is posted is empty or wrong.
"""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("access_matrix.csv")
HOW = "If it is meant: python -m tests.access_matrix, read the difference, commit it."

Row = dict[str, str]


def routes() -> Iterator[tuple[str, Any]]:
    """Yield every address of the product with what answers it."""
    from django.urls import get_resolver  # noqa: PLC0415

    for route, callback in _walk(get_resolver().url_patterns, ""):
        yield _readable(route), callback


def _readable(route: str) -> str:
    """Write a pattern that is an expression like the others: ``<name>`` for what is named in it or, in histories, counted."""
    for name in ("<object_id>", "<history_id>"):
        route = route.replace("([^/]+)", name, 1)
    return re.sub(r"[\^$]|\\Z", "", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route))


def _walk(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    from django.urls import URLResolver  # noqa: PLC0415

    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def methods_of(route: str, callback: Any) -> list[str]:
    """Return what is tried on an address: what an API declares, else reading and writing."""
    if hasattr(callback, "cls") and hasattr(callback.cls, "rights"):
        return sorted(callback.cls.rights)
    if route.startswith("admin/"):
        writes = re.search(r"(add|change|delete)/$", route) and "<path:object_id>/delete" not in route
        return ["GET", "POST"] if writes and "password" not in route else ["GET"]
    return ["GET", "POST"]


def read() -> dict[tuple[str, str], Row]:
    """Return the committed table by method and address."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["method"], row["address"]): row for row in csv.DictReader(file)}


def write(rows: list[Row], callers: list[str]) -> None:
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["method", "address", *callers], lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["address"], row["method"])))


if __name__ == "__main__":
    import pytest

    wanted = sys.argv[1] if len(sys.argv) > 1 else "."
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--write-access-matrix", wanted, "tests/test_access.py"]))
