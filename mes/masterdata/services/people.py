"""People, their badges and their PINs."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.check_character import with_check
from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Person
from mes.masterdata.records import Applied, PersonRecord
from mes.masterdata.services import sync

BADGE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that nobody mixes up and every keyboard layout types alike for a scanner."""
PIN_TRIES = 5
PIN_MIN_LENGTH = 4


class BadgeUnknown(DomainError):
    """No active person carries this badge. Revoked badges get the same words."""

    code = "badge_unknown"
    title = gettext_lazy("Unknown badge")
    status = 401


class BadgeRevoked(BadgeUnknown):
    """The badge was revoked. Whoever holds it reads that it is unknown; ``person_id`` is whose it was."""

    def __init__(self, detail: str, *, person_id: int) -> None:
        super().__init__(detail, field="badge")
        self.person_id = person_id


class PinWrong(DomainError):
    """The PIN does not match."""

    code = "pin_wrong"
    title = gettext_lazy("PIN not right")
    status = 401


class PersonLocked(DomainError):
    """Too many wrong PINs: even the right one is refused until a supervisor unlocks."""

    code = "pin_locked"
    title = gettext_lazy("Locked")
    status = 423
    step_up = "people:unlock"


class PinTooShort(InvalidInput):
    """A PIN must be hard enough to guess."""

    code = "pin_too_short"


class BadgeTaken(DomainError):
    """Someone else carries this badge."""

    code = "badge_taken"


@transaction.atomic
def apply_people(records: Sequence[PersonRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the people equal the records, badges and PINs left alone; parked for a site."""
    sites = sync.site_index(record.site for record in records)

    def row(record: PersonRecord) -> sync.Row:
        values = {"name": record.name, "active": record.active}
        return sync.Row((sites[record.site], record.number), values, sync.digest(record), record.external_id)

    rows, parked = sync.sort_out(records, row, key="number")
    applied, _ = sync.write(Person, rows, key_fields=("site_id", "number"), owner=owner, now=sync.clock(now))
    return applied + parked


def vanish_people(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the people that ``owner`` no longer has; keys are personnel numbers.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(Person, present_keys, key_fields=("number",), owner=owner, now=sync.clock(now))


def badge_hash(badge: str) -> str:
    """Return what is stored of a badge: its HMAC, so that a stolen table opens no door."""
    return hmac.new(settings.SECRET_KEY.encode(), b"badge:" + badge.strip().encode(), hashlib.sha256).hexdigest()


def find_by_badge(*, badge: str) -> Person:
    """Return the active person who carries the badge.

    :raises BadgeUnknown: nobody does.
    :raises BadgeRevoked: the badge was revoked, in the same words.
    """
    hashed = badge_hash(badge)
    person = Person.objects.select_related("site").filter(badge_hash=hashed, active=True).first()
    words = _("This badge is not known here. Ask your supervisor.")
    if person is None:
        raise BadgeUnknown(words, field="badge")
    if person.badge_revoked_at:
        raise BadgeRevoked(words, person_id=person.pk)
    return person


@transaction.atomic
def set_badge(*, person_id: int, badge: str) -> Person:
    """Give a person a badge; an earlier one stops working.

    :raises BadgeTaken: someone else carries it.
    """
    person = Person.objects.select_for_update(of=["self"]).get(pk=person_id)
    hashed = badge_hash(badge) if badge.strip() else ""
    other = Person.objects.filter(badge_hash=hashed).exclude(pk=person_id).first() if hashed else None
    if other:
        raise BadgeTaken(
            _("%(person)s carries this badge. Take it from them first.") % {"person": other}, field="badge"
        )
    person.badge_hash, person.badge_revoked_at = hashed, None
    person.save(update_fields=["badge_hash", "badge_revoked_at"])
    return person


@transaction.atomic
def issue_badge(*, person_id: int) -> str:
    """Give a person a new badge and return its text, which is shown this once: only its hash is kept.

    An earlier badge stops working.
    """
    text = with_check("P" + "".join(secrets.choice(BADGE_SIGNS) for _ in range(12)))
    set_badge(person_id=person_id, badge=text)
    return text


@transaction.atomic
def revoke_badge(*, person_id: int, now: datetime) -> Person:
    """Make the person's badge useless, and keep it so that its use is recognised."""
    person = Person.objects.select_for_update(of=["self"]).get(pk=person_id)
    person.badge_revoked_at = now
    person.save(update_fields=["badge_revoked_at"])
    return person


@transaction.atomic
def set_pin(*, person_id: int, pin: str) -> Person:
    """Give a person a PIN, and unlock them.

    :raises PinTooShort: fewer than four digits.
    """
    if len(pin) < PIN_MIN_LENGTH or not pin.isdecimal():
        raise PinTooShort(_("A PIN has at least %(n)s digits.") % {"n": PIN_MIN_LENGTH}, field="pin")
    person = Person.objects.select_for_update(of=["self"]).get(pk=person_id)
    person.pin_hash, person.pin_attempts = make_password(pin), 0
    person.save(update_fields=["pin_hash", "pin_attempts"])
    return person


def check_pin(*, person_id: int, pin: str) -> None:
    """Return if the PIN is the person's. The try is counted before it is looked at, so parallel guesses count too.

    :raises PersonLocked: five wrong tries; the right PIN gets the same answer.
    :raises PinWrong: naming the tries that are left.
    """
    attempts = _count_try(person_id)
    person = Person.objects.only("pin_hash").get(pk=person_id)
    if not person.pin_hash or not check_password(pin, person.pin_hash):
        left = PIN_TRIES - attempts
        if left <= 0:
            raise PersonLocked(_("Locked. A supervisor unlocks it with their badge and PIN."), field="pin")
        words = _("PIN not right. %(n)s tries left.") if left > 1 else _("PIN not right. %(n)s try left.")
        raise PinWrong(words % {"n": left}, field="pin")
    Person.objects.filter(pk=person_id).update(pin_attempts=0)


@transaction.atomic
def _count_try(person_id: int) -> int:
    # The row lock makes parallel tries count one after another; update() touches no tracked field here.
    person = Person.objects.select_for_update(of=["self"]).only("pin_attempts").get(pk=person_id)
    if person.pin_attempts >= PIN_TRIES:
        raise PersonLocked(_("Locked. A supervisor unlocks it with their badge and PIN."), field="pin")
    attempts = person.pin_attempts + 1
    Person.objects.filter(pk=person_id).update(pin_attempts=attempts)
    return attempts


def unlock_pin(*, person_id: int) -> None:
    """Let a person who mistyped their PIN too often try again."""
    Person.objects.filter(pk=person_id).update(pin_attempts=0)
