"""What happens when a tap arrives from a terminal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Person, WorkCenter
from mes.terminal.models import TerminalEntry

OLDEST_TAP = timedelta(days=45)
"""How long a terminal may have been without network and still be believed."""


class EntryMismatch(DomainError):
    """A tap came with an id under which something else is stored."""

    code = "entry_id_reused"
    title = "This id was used for something else"
    status = 422


@dataclass(frozen=True)
class Outcome:
    """What became of a tap: whether it was known already, and what to say."""

    said: str
    repeated: bool


def accept_entry(
    *,
    entry_id: UUID,
    work_center: WorkCenter,
    action: str,
    payload: dict[str, Any],
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    work: Callable[[], str],
) -> Outcome:
    """Do ``work`` once for this id, and store the tap and its answer in the same transaction.

    A tap that was saved before is answered as then, without doing anything. One that was refused before is tried again,
    since a person may have mended the reason meanwhile. A refusal is stored too, so that the office sees it, and raised.

    :raises EntryMismatch: the id belongs to another tap.
    :raises DomainError: what ``work`` raised.
    """
    if occurred_at < now - OLDEST_TAP:
        raise InvalidInput(
            f"This entry is older than {OLDEST_TAP.days} days and is not booked any more. Ask your supervisor to enter it.",
            field="occurred_at",
        )
    facts = {
        "site_id": work_center.site_id,
        "work_center": work_center,
        "action": action,
        "payload": payload,
        "person": person,
        "occurred_at": occurred_at,
        "recorded_at": now,
    }
    try:
        with transaction.atomic():
            entry, is_new = TerminalEntry.objects.select_for_update().get_or_create(
                id=entry_id, defaults=facts | {"state": TerminalEntry.State.SAVED}
            )
            if not is_new:
                _same(entry, action, payload)
                if entry.state == TerminalEntry.State.SAVED:
                    return Outcome(entry.said, repeated=True)
            entry.said = work()
            entry.code = ""
            entry.state = TerminalEntry.State.SAVED
            entry.save()
            return Outcome(entry.said, repeated=False)
    except EntryMismatch:
        raise
    except DomainError as refusal:
        # A transaction of its own: what the refused work wrote is rolled back, the refusal stays.
        refused = {"state": TerminalEntry.State.REFUSED, "said": refusal.detail, "code": refusal.code}
        TerminalEntry.objects.update_or_create(id=entry_id, defaults=refused, create_defaults=facts | refused)
        raise


def settle_entry(*, entry_id: UUID, by: str) -> None:
    """Take a refused tap off the attention list, because a person has seen to it."""
    with transaction.atomic():
        entry = TerminalEntry.objects.select_for_update().filter(id=entry_id, state=TerminalEntry.State.REFUSED).first()
        if entry is not None:
            entry.state = TerminalEntry.State.SETTLED
            entry.settled_by = by
            entry.save()


def _same(entry: TerminalEntry, action: str, payload: dict[str, Any]) -> None:
    if (entry.action, entry.payload) != (action, payload):
        raise EntryMismatch(
            "Another entry is stored under this id, so this one was not booked. Enter it again.", entry=str(entry.id)
        )
