"""What happens when a tap arrives from a terminal, and when a supervisor decides on one that was refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata.models import Person, WorkCenter
from mes.terminal.models import Device, TerminalEntry
from mes.terminal.rules import OLDEST_ENTRY, Reading, needs_confirmation

State = TerminalEntry.State
Identity = TerminalEntry.Identity


class EntryMismatch(DomainError):
    """A tap came with an id under which something else is stored."""

    code = "entry_id_reused"
    title = gettext_lazy("This id was used for something else")
    status = 422


class EntryOld(DomainError):
    """The tap is so old that a person should say whether it is still right."""

    code = "entry_old"
    title = gettext_lazy("Is this still right?")


class EntryTooOld(InvalidInput):
    """The tap is older than any terminal is believed to have been without network."""

    code = "entry_too_old"


class EntryDecided(DomainError):
    """A supervisor has decided on the entry already."""

    code = "entry_decided"
    title = gettext_lazy("Already decided")


class NoteMissing(InvalidInput):
    """Whoever dismisses an entry says why."""

    code = "note_missing"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A tap as it came from a terminal; ``person`` is None where it is not clear who it was."""

    id: UUID
    work_center: WorkCenter
    action: str
    payload: dict[str, Any]
    person: Person | None
    clock: Reading
    label: str = ""
    is_verified: bool = True
    """Whether the person proved who they are; without network a terminal takes their word."""
    confirmed: bool = False
    device: Device | None = None
    approved_by: Person | None = None
    allowed: frozenset[str] = frozenset()
    """What ``approved_by`` allowed and may allow."""


@dataclass(frozen=True)
class Outcome:
    """What became of a tap: whether it was known already, and what to say."""

    said: str
    repeated: bool


def accept_entry(*, arrival: Arrival, now: datetime, confirm_after: timedelta, work: Callable[[], str]) -> Outcome:
    """Do ``work`` once for this id, and store the tap and its answer in the same transaction.

    A tap that was saved or decided on before is answered as then, without doing anything. One that was refused before is
    tried again, since a person may have mended the reason meanwhile. A refusal is stored too, with everything that was
    sent, so that a supervisor can decide on it, and raised.

    :raises EntryMismatch: the id belongs to another tap.
    :raises EntryOld: it is older than ``confirm_after`` and nobody confirmed it.
    :raises EntryTooOld: it is older than ``OLDEST_ENTRY``.
    :raises DomainError: what ``work`` raised.
    """
    identity = Identity.VERIFIED if arrival.is_verified else Identity.UNVERIFIED
    facts = {
        "site_id": arrival.work_center.site_id,
        "work_center": arrival.work_center,
        "device": arrival.device,
        "action": arrival.action,
        "payload": arrival.payload,
        "label": arrival.label,
        "person": arrival.person,
        "identity": identity,
        "occurred_at": arrival.clock.at,
        "clock_offset": arrival.clock.offset,
        "clock_flag": arrival.clock.flag,
        "confirmed": arrival.confirmed,
        "recorded_at": now,
    }
    try:
        with transaction.atomic():
            entry, is_new = TerminalEntry.objects.select_for_update(of=["self"]).get_or_create(
                id=arrival.id, defaults=facts | {"state": State.SAVED}
            )
            if not is_new:
                _same(entry, arrival)
                if entry.state != State.REFUSED:
                    return Outcome(_answer(entry), repeated=True)
            _check_age(arrival, now=now, confirm_after=confirm_after)
            entry.said, entry.code, entry.state = work(), "", State.SAVED
            entry.person, entry.identity, entry.confirmed = arrival.person, identity, arrival.confirmed
            entry.approved_by = arrival.approved_by
            entry.save()
            return Outcome(entry.said, repeated=False)
    except EntryMismatch:
        raise
    except DomainError as refusal:
        # A transaction of its own: what the refused work wrote is rolled back, the refusal stays.
        refused = {"state": State.REFUSED, "said": refusal.detail, "code": refusal.code, "confirmed": arrival.confirmed}
        TerminalEntry.objects.update_or_create(id=arrival.id, defaults=refused, create_defaults=facts | refused)
        raise


def book_entry(
    *,
    entry_id: UUID,
    payload: dict[str, Any],
    person: Person | None,
    by: str,
    now: datetime,
    work: Callable[[TerminalEntry], str],
    note: str = "",
) -> TerminalEntry:
    """Book a refused tap after all, as it is or with the ``payload`` and for the ``person`` that a supervisor chose.

    What was entered stays beside what was booked.

    :raises NotFound: there is no such entry.
    :raises EntryDecided: it does not wait any more.
    :raises DomainError: what ``work`` raised; the entry goes on waiting.
    """
    with transaction.atomic():
        entry = _waiting(entry_id)
        entry.said = work(entry)
        entry.state, entry.code = State.SAVED, ""
        entry.booked_payload = payload if payload != entry.payload else None
        entry.booked_person = person if person and person.pk != entry.person_id else None
        entry.decided_by, entry.decided_at, entry.decision_note = by, now, note
        entry.save()
        return entry


def dismiss_entry(*, entry_id: UUID, by: str, now: datetime, note: str) -> TerminalEntry:
    """Take a refused tap off the list without booking it; it stays stored, with the reason.

    :raises NoteMissing: no reason was given.
    :raises NotFound: there is no such entry.
    :raises EntryDecided: it does not wait any more.
    """
    if not note.strip():
        raise NoteMissing(_("Say why this is not booked."), field="note")
    with transaction.atomic():
        entry = _waiting(entry_id)
        entry.state = State.DISMISSED
        entry.decided_by, entry.decided_at, entry.decision_note = by, now, note.strip()[:4000]
        entry.save()
        return entry


def _waiting(entry_id: UUID) -> TerminalEntry:
    entry = (
        TerminalEntry.objects.select_for_update(of=["self"])
        .select_related("work_center__site", "person")
        .filter(pk=entry_id)
        .first()
    )
    if entry is None:
        raise NotFound(_("There is no such entry."))
    if entry.state != State.REFUSED:
        raise EntryDecided(
            _("%(who)s has decided on this entry already.") % {"who": entry.decided_by or _("The terminal")}
        )
    return entry


def _same(entry: TerminalEntry, arrival: Arrival) -> None:
    if (entry.action, entry.payload) != (arrival.action, arrival.payload):
        raise EntryMismatch(
            _("Another entry is stored under this id, so this one was not booked. Enter it again."),
            entry=str(entry.id),
        )


def _check_age(arrival: Arrival, *, now: datetime, confirm_after: timedelta) -> None:
    at = arrival.clock.at
    if at < now - OLDEST_ENTRY:
        raise EntryTooOld(
            _("This entry is older than %(days)s days. A supervisor decides on it.") % {"days": OLDEST_ENTRY.days},
            field="occurred_at",
        )
    if not arrival.confirmed and needs_confirmation(occurred_at=at, now=now, after=confirm_after):
        hours = int((now - at).total_seconds() // 3600)
        raise EntryOld(_("This was entered %(hours)s h ago. Is it still right?") % {"hours": hours})


def _answer(entry: TerminalEntry) -> str:
    if entry.state == State.DISMISSED:
        return _("%(who)s decided not to book this: %(why)s") % {"who": entry.decided_by, "why": entry.decision_note}
    return entry.said
