"""Events are written down for the ERP here, in the transaction of the fact they tell. Nothing is mapped, nothing is sent."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from erp_bridge.engine import codec, links, nudge, registry, wiring
from erp_bridge.models import NEVER, OutboundMessage, Stream
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
    by_connection: dict[int, list[tuple[type, wiring.Wire]]] = defaultdict(list)
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
    data = codec.dump(event)
    common = {
        "kind": event.kind(),
        "version": event.version,
        "event_id": event.event_id,
        "event": data,
        "sha256": codec.digest(data),
        "strict": False,
        "occurred_at": event.occurred_at,
        "recorded_at": now,
    }
    told = 0
    for connection_id in sorted(by_connection):
        told += _write(connection_id, event, by_connection[connection_id], common, now)
    return told


def key_of(*, site: str, connection: str, flow: str, event_id: UUID) -> str:
    """Return the idempotency key: made of the fact, so that telling it twice is telling it once."""
    return uuid5(NAMESPACE, f"{site}|{connection}|{flow}|{event_id}").hex


def _write(
    connection_id: int, event: Event, pairs: list[tuple[type, wiring.Wire]], common: dict[str, Any], now: datetime
) -> int:
    due = [wire.cadence.after(now, zone=wire.zone, shift_ends=wire.shift_ends) for _, wire in pairs]
    stream_id, first = take_places(connection_id, event.subject, len(pairs), min(filter(None, due), default=None))
    reverses = getattr(event, "reverses", None) is not None
    OutboundMessage.objects.bulk_create(
        [
            OutboundMessage(
                connection_id=connection_id,
                stream_id=stream_id,
                seq=first + place,
                flow=flow.key,
                key=key_of(site=event.site, connection=wire.name, flow=flow.key, event_id=event.event_id),
                due_at=when,
                # A reversal must not pass the dead letter of what it reverses.
                **common | {"strict": flow.strict or reverses},
            )
            for place, ((flow, wire), when) in enumerate(zip(pairs, due, strict=True))
        ],
        ignore_conflicts=True,
    )
    if any(flow.urgent and when is not None and when <= now for (flow, _), when in zip(pairs, due, strict=True)):
        transaction.on_commit(lambda: nudge.wake(stream_id), robust=True)
    return len(pairs)


def take_places(connection_id: int, subject: str, count: int, due_at: datetime | None) -> tuple[int, int]:
    """Return the stream of the subject and the first of ``count`` places taken in it, making it due by ``due_at``."""
    adapt = database.ops.adapt_datetimefield_value
    parameters = [
        connection_id, subject, count + 1, adapt(due_at), adapt(NEVER), False, False, count,
    ]  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(_TAKE_PLACES, parameters)
        stream_id, next_seq = cursor.fetchone()
    return stream_id, next_seq - count


def wake_linked(event: Any) -> None:
    """Make due what waited for the order to get its counterpart in an ERP. Rows only, in the publisher's transaction."""
    now = timezone.now()
    waiting = OutboundMessage.objects.filter(
        state=OutboundMessage.State.PENDING, waits_for=links.waits_for(event.subject), connection__site=event.site
    )
    streams = list(waiting.values_list("stream_id", flat=True).distinct())
    for stream_id in sorted(streams):
        Stream.objects.filter(pk=stream_id).update(due_at=now)
    waiting.update(due_at=now)
    for stream_id in streams:
        transaction.on_commit(lambda stream_id=stream_id: nudge.wake(stream_id), robust=True)
