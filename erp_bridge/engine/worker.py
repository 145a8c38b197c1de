"""Claims what is due and drains it. Every way to wake a worker ends here: the sweep, a nudge, a person, a command."""

import contextlib
import logging
import random
import time
from collections.abc import Iterable

from erp_bridge.engine import circuit, clock, connections, points
from erp_bridge.engine.drain import Drain, go_idle
from erp_bridge.engine.leases import Lease, LeaseLost
from erp_bridge.engine.limits import limits
from erp_bridge.models import Connection, OutboundMessage, Stream
from erp_bridge.sdk.connector import Connector
from erp_bridge.sdk.errors import Misconfigured

logger = logging.getLogger(__name__)

State = OutboundMessage.State


class Bench:
    """The connectors that one worker has open, one per connection, for the length of a sweep."""

    def __init__(self) -> None:
        self._open: dict[int, Connector] = {}
        self.tired = False
        """An ERP was at fault since this was last looked at."""

    def connector(self, connection: Connection) -> Connector:
        """Return the connector of the connection, opened at the first call.

        :raises erp_bridge.sdk.errors.Misconfigured: it cannot be opened.
        """
        if connection.pk not in self._open:
            circuit.ensure(connection.pk)
            self._open[connection.pk] = connections.open_connector(connection)
        return self._open[connection.pk]

    def drop(self, connection: Connection) -> None:
        """Close the connection's connector: after a failure the next call begins afresh."""
        self.tired = True
        if connector := self._open.pop(connection.pk, None):
            connections.close_connector(connector)

    def close(self) -> None:
        for connector in self._open.values():
            connections.close_connector(connector)
        self._open.clear()


def sweep(*, budget: float | None = None, only: Iterable[int] | None = None) -> int:
    """Drain every stream that is due, until none is or ``budget`` seconds have passed; return how many calls were made.

    ``only`` narrows it to some connections. Correct at any number of times, from any number of processes at once.
    """
    deadline = time.monotonic() + (limits().sweep_budget if budget is None else budget)
    wake_forgotten()
    bench = Bench()
    calls = 0
    try:
        while time.monotonic() < deadline:
            made, claimed = _round(bench, deadline, set(only) if only is not None else None)
            calls += made
            if not claimed:
                break
    finally:
        bench.close()
    return calls


def drain_stream(stream_id: int) -> int:
    """Drain one stream if it is due, free, and its connection may be spoken to; return how many calls were made."""
    going, _ = circuit.usable(clock.now())
    if not Stream.objects.filter(pk=stream_id, connection__in=going).exists():
        return 0
    bench = Bench()
    try:
        return drain(stream_id, bench, deadline=time.monotonic() + limits().sweep_budget) or 0
    finally:
        bench.close()


def wake_forgotten() -> int:
    """Make due what nobody would look at: idle streams that own due messages, and messages of workers that vanished."""
    now = clock.now()
    due = OutboundMessage.objects.filter(
        state__in=[State.PENDING, State.SENDING, State.DOUBT],
        due_at__lte=now,
        stream__due_at__isnull=True,
        stream__blocked=False,
        stream__lease_until__lt=now,
    )
    orphaned = OutboundMessage.objects.filter(state=State.SENDING, stream__lease_until__lt=now).exclude(
        stream__due_at__lte=now
    )
    forgotten = set(due.values_list("stream_id", flat=True)[:500]) | set(
        orphaned.values_list("stream_id", flat=True)[:500]
    )
    for stream_id in sorted(forgotten):
        Stream.objects.filter(pk=stream_id, lease_until__lt=now).update(due_at=now)
    return len(forgotten)


def drain(stream_id: int, bench: Bench, *, deadline: float, calls_allowed: int | None = None) -> int | None:
    """Do all that is due in one stream; return how many calls were made, None if another worker has it."""
    lease = Lease.claim(stream_id)
    if lease is None:
        return None
    points.reached("after claim")
    connection = lease.stream.connection
    try:
        connector = bench.connector(connection)
    except Misconfigured as error:
        connections.pause(connection, reason=str(error))
        with contextlib.suppress(LeaseLost):
            go_idle(lease, not_before=lease.now)
        return 0
    work = Drain(lease, connector, deadline=deadline, calls_allowed=calls_allowed)
    try:
        tired = work.run()
    except LeaseLost:
        logger.warning("Stream %s passed to another worker; this one stops.", lease.stream)
        tired = True
    if tired:
        bench.drop(connection)
    return work.calls


def _round(bench: Bench, deadline: float, only: set[int] | None) -> tuple[int, int]:
    now = clock.now()
    going, on_trial = circuit.usable(now)
    if only is not None:
        going, on_trial = [each for each in going if each in only], [each for each in on_trial if each in only]
    calls = claimed = 0
    for stream_id in _due(going, limits().sweep_claims):
        if time.monotonic() >= deadline:
            break
        made = _drain_safely(stream_id, bench, deadline)
        claimed += made is not None
        calls += made or 0
        if bench.tired:
            bench.tired = False
            break  # The circuit may be open by now: look before anything more is claimed.
    for connection_id in on_trial:
        made = _try(connection_id, bench, deadline)
        claimed += bool(made)
        calls += made
    return calls, claimed


def _drain_safely(stream_id: int, bench: Bench, deadline: float, calls_allowed: int | None = None) -> int | None:
    try:
        return drain(stream_id, bench, deadline=deadline, calls_allowed=calls_allowed)
    except Exception:
        # The sweep must not die of one stream. Its lease runs out, and what it was sending is in doubt by then.
        logger.exception("Stream %s could not be drained", stream_id)
        return None


def _due(connection_ids: list[int], count: int) -> list[int]:
    """Return streams that are due: the longest waiting, shuffled so that workers do not all reach for the same one."""
    now = clock.now()
    found = list(
        Stream.objects.filter(connection__in=connection_ids, due_at__lte=now, lease_until__lt=now, held=False)
        .order_by("due_at")
        .values_list("pk", flat=True)[: 3 * count]
    )
    random.shuffle(found)
    return found[:count]


def _try(connection_id: int, bench: Bench, deadline: float) -> int:
    """Make one call to an ERP that did not answer for a while, if this worker wins the right to it."""
    streams = _due([connection_id], 1)
    if not streams:
        return 0
    token = circuit.win_trial(connection_id, clock.now())
    if token is None:
        return 0
    try:
        return _drain_safely(streams[0], bench, deadline, calls_allowed=1) or 0
    finally:
        circuit.end_trial(connection_id, token, clock.now())
