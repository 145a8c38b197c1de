"""Decisions about orders on plain values."""

from collections.abc import Mapping
from typing import Any

HARMLESS = ("due_at", "planned_start_at", "priority", "reference")
"""What an ERP may change on a running order without asking: nobody has to do anything differently."""

WEIGHTY = (
    "item", "uom", "order_quantity", "bom", "routing", "over_delivery_percent", "under_delivery_percent", "definition",
)  # fmt: skip
"""What changes the work itself."""


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return ``{field: [ours, theirs]}`` for what differs; both hold plain JSON values under the same names."""
    return {name: [ours[name], theirs[name]] for name in theirs if ours[name] != theirs[name]}


def is_stale(*, stored: str, arriving: str) -> bool:
    """Return whether a version is older than the stored one; without a version on both sides nothing is stale."""
    return bool(stored and arriving) and arriving < stored
