"""How an event is written down, and how one entry is chained to the next; plain Python, so that anybody can check it."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from mes.core.event import Event

GENESIS = "0" * 64
"""The hash before the first entry."""
_ENVELOPE = ("event_id", "site", "subject", "occurred_at")


def as_data(event: Event) -> dict[str, Any]:
    """Return what the event says besides its envelope, as JSON values: decimals, ids and times as text."""
    return {
        field.name: _plain(getattr(event, field.name))
        for field in dataclasses.fields(event)
        if field.name not in _ENVELOPE
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"An event must not hold a {type(value).__name__}: the journal could not write it down exactly.")


def instant(moment: datetime) -> str:
    """Return the moment in UTC, to the microsecond, always in the same form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def chained(previous: str, entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the previous hash and the entry's canonical JSON (sorted names, no blanks, UTF-8)."""
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()
