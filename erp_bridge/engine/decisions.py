"""What people decide about messages: send again, dismiss, correct, settle a doubt. Each with a name and a reason."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from erp_bridge.engine import clock, codec, leases, nudge, outbox, points, registry, states
from erp_bridge.engine.states import State
from erp_bridge.models import Decision, OutboundMessage, Stream
from mes.core.errors import DomainError, InvalidInput, NotFound


class MovedOn(DomainError):
    """The message is no longer where the person saw it."""

    code = "message_moved_on"
    title = "This message has moved on"


def retry(*, message_id: int, by: AbstractBaseUser | None, reason: str = "") -> OutboundMessage:
    """Have a refused message sent again under its own key, or a waiting one at once.

    What might have been booked after all is looked for first. Asking twice is asking once.

    :raises MovedOn: it is settled, being sent, or for a person to decide.
    """
    with transaction.atomic():
        message = _locked(message_id)
        now = clock.now()
        points.reached("in replay")
        if message.state == State.DEAD:
            to = State.DOUBT if message.doubt_since is not None else State.PENDING
            fields = {"due_at": now, "crashes": 0, "absent": 0, "waits_for": ""}
            _move(message, to, "RETRY", by, reason, **fields)
        elif message.state in (State.PENDING, State.DOUBT):
            # What is in doubt keeps its settle time: to look too early is how a booking is made twice.
            if message.state == State.PENDING:
                states.note(message, due_at=now)
            _record(message, "RETRY", message.state, by, reason)
        else:
            raise MovedOn(_("The message is %(state)s; there is nothing to send again.") % _state(message))
        Stream.objects.filter(pk=message.stream_id).update(failures=0)
        _wake(message)
    return message


def retry_all(*, messages: Iterable[int], by: AbstractBaseUser | None, reason: str = "") -> tuple[int, int]:
    """Have each of the messages sent again; return how many were, and how many had moved on meanwhile."""
    done = passed = 0
    for message_id in messages:
        try:
            retry(message_id=message_id, by=by, reason=reason)
            done += 1
        except MovedOn:
            passed += 1
    return done, passed


def dismiss(*, message_id: int, by: AbstractBaseUser | None, reason: str) -> OutboundMessage:
    """Give a message up: the ERP is not told of this fact, for a reason that a person answers for.

    :raises MovedOn: it is settled, or may be at the ERP already.
    :raises mes.core.errors.InvalidInput: without a reason.
    """
    _need(reason)
    with transaction.atomic():
        message = _locked(message_id)
        if message.state not in (State.DEAD, State.REVIEW, State.PENDING):
            raise MovedOn(_("The message is %(state)s; it cannot be dismissed now.") % _state(message))
        _move(message, State.DISCARDED, "DISMISS", by, reason)
        _wake(message)
    return message


def settle(
    *, message_id: int, posted: bool, by: AbstractBaseUser | None, reason: str, reference: str = ""
) -> OutboundMessage:
    """Decide what became of a message that only a person can find out about: booked (as ``reference``), or not.

    :raises MovedOn: it does not wait for this decision.
    :raises mes.core.errors.InvalidInput: without a reason, or booked without the ERP's number.
    """
    _need(reason)
    if posted and not reference.strip():
        raise InvalidInput(_("Enter the number under which the ERP has booked it."), field="reference")
    with transaction.atomic():
        message = _locked(message_id)
        if message.state != State.REVIEW:
            raise MovedOn(_("The message is %(state)s; it waits for no decision.") % _state(message))
        if posted:
            _move(
                message,
                State.DONE,
                "POSTED",
                by,
                reason,
                reference=reference.strip()[:200],
                outcome="PERSON",
                doubt_since=None,
            )
        else:
            fields = {"due_at": clock.now(), "doubt_since": None, "absent": 0, "outcome": "PERSON"}
            _move(message, State.PENDING, "NOT_POSTED", by, reason, **fields)
        _wake(message)
    return message


def correct(*, message_id: int, event: Mapping[str, Any], by: AbstractBaseUser | None, reason: str) -> OutboundMessage:
    """Replace a refused message by a copy that says something else; return the copy.

    The refused one is kept as it was. The copy is a new fact with a new key, at the end of its stream.

    :raises MovedOn: it is not refused, or it may be booked after all (send it again first).
    :raises mes.core.errors.InvalidInput: the copy cannot be read as this kind of event, or says the same.
    """
    _need(reason)
    with transaction.atomic():
        message = _locked(message_id)
        if message.state != State.DEAD:
            raise MovedOn(_("Only a refused message can be corrected."))
        if message.doubt_since is not None:
            raise MovedOn(_("It may have been booked after all: send it again first, which looks for it."))
        copied = _checked(message, event)
        _move(message, State.SUPERSEDED, "CORRECT", by, reason)
        now = clock.now()
        stream_id, seq = outbox.take_places(message.connection_id, message.stream.key, 1, now)
        event_id = uuid4()
        connection = message.connection
        copy = OutboundMessage.objects.create(
            connection=connection, stream_id=stream_id, seq=seq, flow=message.flow,
            key=outbox.key_of(site=connection.site, connection=connection.name, flow=message.flow, event_id=event_id),
            kind=message.kind, version=message.version, event_id=message.event_id, event=copied,
            sha256=codec.digest(copied), strict=message.strict, occurred_at=message.occurred_at, recorded_at=now,
            due_at=now, supersedes=message,
        )  # fmt: skip
        _record(copy, "CORRECTED_COPY", "", by, reason)
        _wake(message)
    return copy


def hold(*, stream_id: int, held: bool) -> None:
    """Stop, or let go on, what one ERP is told about one subject."""
    with transaction.atomic():
        leases.make_due(stream_id, now=clock.now())
        Stream.objects.filter(pk=stream_id).update(held=held)


def _state(message: OutboundMessage) -> dict[str, str]:
    return {"state": message.get_state_display().lower()}


def _locked(message_id: int) -> OutboundMessage:
    stream_id = OutboundMessage.objects.filter(pk=message_id).values_list("stream_id", flat=True).first()
    if stream_id is None:
        raise NotFound(_("There is no such message."))
    # The stream's row first, as everywhere: its lock keeps the worker from going to rest meanwhile.
    leases.make_due(stream_id, now=clock.now())
    return OutboundMessage.objects.select_related("connection", "stream").get(pk=message_id)


def _move(
    message: OutboundMessage, to: str, what: str, by: AbstractBaseUser | None, reason: str, **fields: Any
) -> None:
    before = message.state
    if not states.move(message, to, now=clock.now(), **fields):
        raise MovedOn(_("Something else happened to the message meanwhile. Look at it again."))
    _record(message, what, before, by, reason)


def _record(message: OutboundMessage, what: str, before: str, by: AbstractBaseUser | None, reason: str) -> None:
    Decision.objects.create(
        message=message, what=what, state_before=before, state_after=message.state, reason=reason.strip(),
        decided_by=by, decided_at=clock.now(),
    )  # type: ignore[misc]  # fmt: skip


def _need(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(_("Say why; whoever looks at this next year will want to know."), field="reason")


def _checked(message: OutboundMessage, event: Mapping[str, Any]) -> dict[str, Any]:
    kind = registry.event_type(message.kind)
    data = dict(event)
    if unknown := sorted(set(data) - set(message.event)):
        raise InvalidInput(
            _("%(kind)s has no field %(names)s.") % {"kind": message.kind, "names": ", ".join(unknown)}, field="event"
        )
    for fixed in ("event_id", "site", "subject"):
        if data.get(fixed) != message.event.get(fixed):
            raise InvalidInput(
                _("%(field)s says which fact this is, and stays as it was.") % {"field": fixed}, field="event"
            )
    try:
        copied = codec.dump(codec.load(kind, data))
    except codec.Unreadable as error:
        raise InvalidInput(str(error), field="event") from error
    if copied == message.event:
        raise InvalidInput(_("The copy says the same as the original; send that one again instead."), field="event")
    return copied


def _wake(message: OutboundMessage) -> None:
    stream_id = message.stream_id
    transaction.on_commit(lambda: nudge.wake(stream_id), robust=True)
