"""Events are written down for the ERP here, in the transaction of the fact they tell. Nothing is mapped, nothing is sent."""

from collections import defaultdict
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID, uuid5

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from erp_bridge.engine import codec, links, nudge, registry, wiring
from erp_bridge.models import NEVER, OutboundMessage, Stream
from erp_bridge.sdk.flow import Push
from mes.core import persons
from mes.core.event import Event

NAMESPACE = UUID("6f1c1bb4-35c8-5e6c-9d0e-2f4a3f7a1c55")

_TAKE_PLACES = """
INSERT INTO erp_bridge_stream (connection_id, key, next_seq, due_at, lease_until, failures, held, blocked)
VALUES (%s, %s, %s, %s, %s, 0, %s, %s)
ON CONFLICT (connection_id, key) DO UPDATE SET
    next_seq = erp_bridge_stream.next_seq + %s,
    due_at = CASE
        WHEN erp_bridge_stream.due_at IS NULL OR erp_bridge_stream.due_at > excluded.due_at
        THEN COALESCE(excluded.due_at, erp_bridge_stream.due_at)
        ELSE erp_bridge_stream.due_at
    END
RETURNING id, next_seq
"""


def enqueue(event: Event, *, only_flow: str = "", only_connection: int = 0) -> int:
    """Write one message per connection and flow that tells of the event, and return how many.

    A roll-up is one flow's word to one connection, and names them; what is published on the bus goes to all.

    Runs in the caller's transaction. The stream's row is written first: its lock makes the order of commits the order
    of places, so no reader ever sees a later message without an earlier one.
    """
    flows = registry.pushes_of(type(event))
    if not flows:
        return 0
    by_connection: dict[int, list[tuple[type[Push], wiring.Wire]]] = defaultdict(list)
    for flow in flows:
        if only_flow not in ("", flow.key):
            continue
        for wire in wiring.wires(event.site, flow.key):
            if only_connection not in (0, wire.connection):
                continue
            by_connection[wire.connection].append((flow, wire))
    if not by_connection:
        return 0
    now = timezone.now()
    words = _Told(event, now)
    return sum(_write(words, connection_id, by_connection[connection_id]) for connection_id in sorted(by_connection))


def key_of(*, site: str, connection: str, flow: str, event_id: UUID) -> str:
    """Return the idempotency key: made of the fact, so that telling it twice is telling it once."""
    return uuid5(NAMESPACE, f"{site}|{connection}|{flow}|{event_id}").hex


def told(event: Event) -> dict[str, Any]:
    """Return what is written down of an event for ERPs: of a site in privacy mode nobody is named in it."""
    return persons.told_event(codec.dump(event), site=event.site)


class _Told:
    """What all messages of one event have in common, adapted for the database once."""

    def __init__(self, event: Event, now: datetime) -> None:
        data = told(event)  # it never changes, so it cannot forget
        adapt = database.ops.adapt_datetimefield_value
        self.event = event
        self.now = now
        self.is_reversal = getattr(event, "reverses", None) is not None
        self.columns = [
            event.kind(), event.version, event.event_id.hex, codec.canonical(data), codec.digest(data),
            adapt(event.occurred_at), adapt(now),
        ]  # fmt: skip


def _write(words: _Told, connection_id: int, pairs: list[tuple[type[Push], wiring.Wire]]) -> int:
    event, now = words.event, words.now
    due = [wire.cadence.after(now, zone=wire.zone, shift_ends=wire.shift_ends) for _, wire in pairs]
    stream_id, first = take_places(connection_id, event.subject, len(pairs), min(filter(None, due), default=None))
    adapt = database.ops.adapt_datetimefield_value
    parameters: list[Any] = []
    for place, ((flow, wire), when) in enumerate(zip(pairs, due, strict=True)):
        key = key_of(site=event.site, connection=wire.name, flow=flow.key, event_id=event.event_id)
        # A reversal must not pass the dead letter of what it reverses.
        strict = flow.strict or words.is_reversal
        parameters += [connection_id, stream_id, first + place, flow.key, key, strict, adapt(when), *words.columns]
    with database.cursor() as cursor:
        cursor.execute(_insert(len(pairs)), parameters)
    if any(flow.urgent and when is not None and when <= now for (flow, _), when in zip(pairs, due, strict=True)):
        transaction.on_commit(partial(nudge.wake, stream_id), robust=True)
    return len(pairs)


@cache
def _insert(rows: int) -> str:
    """Return the statement that writes so many messages.

    It is written out because it runs with every report on the floor, where the ORM would take longer than the database.
    That an event is told once is the constraint's business: telling it again changes nothing.
    """
    given = [
        "connection_id", "stream_id", "seq", "flow", "key", "strict", "due_at", "kind", "version", "event_id", "event",
        "sha256", "occurred_at", "recorded_at",
    ]  # fmt: skip
    usual = {
        "state": "'PENDING'", "attempts": "0", "crashes": "0", "absent": "0", "waits_for": "''", "outcome": "''",
        "code": "''", "detail": "''", "reference": "''",
    }  # fmt: skip
    row = f"({', '.join([*['%s'] * len(given), *usual.values()])})"
    return (
        f"INSERT INTO erp_bridge_outboundmessage ({', '.join([*given, *usual])}) "  # noqa: S608  nothing from outside
        f"VALUES {', '.join([row] * rows)} ON CONFLICT DO NOTHING"
    )


def take_places(connection_id: int, subject: str, count: int, due_at: datetime | None) -> tuple[int, int]:
    """Return the stream of the subject and the first of ``count`` places taken in it, making it due by ``due_at``."""
    adapt = database.ops.adapt_datetimefield_value
    parameters: list[Any] = [
        connection_id, subject, count + 1, adapt(due_at), adapt(NEVER), False, False, count,
    ]  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(_TAKE_PLACES, parameters)
        stream_id, next_seq = cursor.fetchone()
    return stream_id, next_seq - count


def wake_linked(event: Any) -> None:
    """Make due what waited for the order to get its counterpart in an ERP. Rows only, in the publisher's transaction."""
    _wake(site=event.site, waits_for=links.waits_for(event.subject))


def wake_approved(event: Any) -> None:
    """Make due what waited for this approval. Rows only, in the publisher's transaction."""
    for flow in registry.pushes():
        if flow.approval is not None and isinstance(event, flow.approval.event):
            _wake(site=event.site, waits_for=flow.approval.given(event))


def _wake(*, site: str, waits_for: str) -> None:
    now = timezone.now()
    waiting = OutboundMessage.objects.filter(
        state=OutboundMessage.State.PENDING, waits_for=waits_for, connection__site=site
    )
    streams = list(waiting.values_list("stream_id", flat=True).distinct())
    for stream_id in sorted(streams):
        Stream.objects.filter(pk=stream_id).update(due_at=now)
    waiting.update(due_at=now)
    for stream_id in streams:
        transaction.on_commit(partial(nudge.wake, stream_id), robust=True)
