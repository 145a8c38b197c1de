"""What happens to API keys, and the answering of repeated requests."""

import json
import secrets
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.access.events import BadgeRefused, PinUnlocked, StepUpGranted
from mes.access.models import AnsweredRequest, ApiKey, known_scopes
from mes.access.queries import digest_of, forget_keys, rights_of_person
from mes.access.rules import RIGHTS
from mes.core import bus
from mes.core.errors import DomainError
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person, Site

LAST_USED_EVERY = timedelta(minutes=1)
ANSWERS_KEPT = timedelta(days=45)


class IdempotencyKeyReused(DomainError):
    """The same idempotency key came with another request."""

    code = "idempotency_key_reused"
    title = gettext_lazy("The key was used for something else")
    status = 422


class NotTheirs(DomainError):
    """The person has not the right that is asked for."""

    code = "step_up_right"
    title = gettext_lazy("May not allow this")
    status = 403


class _SomeoneElseWasFirst(Exception):
    """Another transaction has answered under the same key meanwhile."""


def create_key(
    *, name: str, site: Site, scopes: Iterable[str], now: datetime, person: str = "", expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is shown this once and kept nowhere.

    :raises django.core.exceptions.ValidationError: a scope is no right.
    """
    rights = sorted(set(scopes))
    known_scopes(rights)
    prefix = secrets.token_hex(4)
    text = f"mes_{prefix}.{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=name,
        site=site,
        prefix=prefix,
        digest=digest_of(text),
        scopes=rights,
        created_at=now,
        created_by=person,
        expires_at=expires_at,
    )
    return key, text


def revoke_key(*, key: ApiKey, now: datetime) -> None:
    """End a key: here at once, in other processes within seconds."""
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
    forget_keys()


def step_up(*, person: Person, pin: str, right: str, subject: str, now: datetime) -> None:
    """Return if the person may and does allow ``subject`` (an entry's id, or whom it is about), and write it down.

    Not to be called in a transaction: the count of a wrong PIN must stay.

    :raises mes.masterdata.services.people.PinWrong, mes.masterdata.services.PersonLocked: it is not their PIN.
    :raises NotTheirs: they have not the right. It is looked at after the PIN, so that only they learn what they may.
    """
    masterdata.check_pin(person_id=person.pk, pin=pin)
    if right not in rights_of_person(person):
        what = RIGHTS.get(right, right).lower()
        raise NotTheirs(
            _("%(name)s may not allow this. It takes the right %(right)s (%(what)s).")
            % {"name": person.name, "right": right, "what": what},
            field="number",
        )
    with transaction.atomic():
        bus.publish(
            StepUpGranted(
                event_id=uuid.uuid4(),
                site=person.site.code,
                subject=subject,
                occurred_at=now,
                person=person.number,
                right=right,
            )
        )


@transaction.atomic
def note_revoked_badge(*, person: Person, place: str, now: datetime) -> None:
    """Write down that somebody held up a person's revoked badge, and at which work center."""
    bus.publish(
        BadgeRefused(event_id=uuid.uuid4(), site=person.site.code, subject=person.number, occurred_at=now, place=place)
    )


@transaction.atomic
def unlock_person(*, person: Person, by: str, now: datetime) -> None:
    """Let a person try their PIN again, who mistyped it too often; ``by`` is who allowed it."""
    masterdata.unlock_pin(person_id=person.pk)
    bus.publish(
        PinUnlocked(event_id=uuid.uuid4(), site=person.site.code, subject=person.number, occurred_at=now, by=by)
    )


def note_use(*, key_id: int, now: datetime) -> None:
    """Write down that the key was used, at most once a minute whoever else notes it."""
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_EVERY)
    ApiKey.objects.filter(unused, pk=key_id).update(last_used_at=now)


def answer_once(
    *, caller: str, key: str, endpoint: str, fingerprint: str, now: datetime, work: Callable[[], tuple[int, Any]]
) -> tuple[int, Any, bool]:
    """Do ``work`` once for this caller and key, and return its status and body, and whether they are a repetition.

    The answer is stored in the transaction of the work itself: both are there or neither. Two at once: the second waits
    for the first (its unique row) and then repeats the first's answer.

    :raises IdempotencyKeyReused: the key came before with another request.
    """
    if (earlier := _earlier(caller, key, endpoint, fingerprint)) is not None:
        return earlier
    try:
        with transaction.atomic():
            status, body = work()
            try:
                with transaction.atomic():
                    AnsweredRequest.objects.create(
                        caller=caller,
                        key=key,
                        endpoint=endpoint,
                        fingerprint=fingerprint,
                        status=status,
                        body=json.dumps(body),
                        answered_at=now,
                    )
            except IntegrityError as error:
                raise _SomeoneElseWasFirst from error
            return status, body, False
    except _SomeoneElseWasFirst:
        again = _earlier(caller, key, endpoint, fingerprint)
        if again is None:
            raise
        return again


def forget_old_answers(*, now: datetime) -> int:
    """Delete answers that nobody repeats any more and return how many; the facts themselves stay for ever."""
    deleted, _rows = AnsweredRequest.objects.filter(answered_at__lt=now - ANSWERS_KEPT).delete()
    return deleted


def _earlier(caller: str, key: str, endpoint: str, fingerprint: str) -> tuple[int, Any, bool] | None:
    earlier = AnsweredRequest.objects.filter(caller=caller, key=key).first()
    if earlier is None:
        return None
    if (earlier.endpoint, earlier.fingerprint) != (endpoint, fingerprint):
        raise IdempotencyKeyReused(
            _("This key was used at %(time)s for another request. Take a new key.")
            % {"time": f"{earlier.answered_at:%Y-%m-%dT%H:%M:%SZ}"},
            first_used_at=earlier.answered_at.isoformat(),
        )
    return earlier.status, json.loads(earlier.body), True
