"""The breaker of a connection: an ERP that does not answer is left in peace, then tried by one call at a time."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection as database
from django.db.models import F, Q

from erp_bridge.engine.limits import limits
from erp_bridge.models import Circuit, Connection

State = Circuit.State

_ANSWERED = """
UPDATE erp_bridge_circuit SET
    state = 'CLOSED', failures = 0, failed_stream = NULL, several_streams = %s, trips = 0, open_until = NULL,
    probe_token = NULL, last_ok_at = %s
WHERE connection_id = %s AND (failures > 0 OR state <> 'CLOSED' OR last_ok_at IS NULL OR last_ok_at < %s)
"""
"""Written out because it goes with every answer, where the ORM would take longer than the database."""


def usable(now: datetime) -> tuple[list[int], list[int]]:
    """Return the connections that may be spoken to, and those whose pause is over and that one call may try."""
    going: list[int] = []
    on_trial: list[int] = []
    for connection in Connection.objects.filter(enabled=True, paused=False).select_related("circuit"):
        circuit = getattr(connection, "circuit", None)
        if circuit is None or circuit.state == State.CLOSED:
            going.append(connection.pk)
        elif circuit.open_until is None or circuit.open_until <= now:
            on_trial.append(connection.pk)
    return going, on_trial


def win_trial(connection_id: int, now: datetime) -> UUID | None:
    """Return a token if this worker is the one that may try, for as long as a lease lasts."""
    token = uuid4()
    won = (
        Circuit.objects.filter(connection_id=connection_id, state__in=[State.OPEN, State.HALF_OPEN])
        .filter(Q(open_until=None) | Q(open_until__lte=now))
        .update(state=State.HALF_OPEN, probe_token=token, open_until=now + timedelta(seconds=limits().lease))
    )
    return token if won else None


def end_trial(connection_id: int, token: UUID, now: datetime) -> None:
    """Give the trial back if nothing came of it (there was no call to make)."""
    Circuit.objects.filter(connection_id=connection_id, state=State.HALF_OPEN, probe_token=token).update(
        state=State.OPEN, probe_token=None, open_until=now
    )


def answered(connection_id: int, now: datetime) -> None:
    """Note that the ERP answered, whatever it said: what was counted against it is forgotten.

    That there is a row is seen to where the connection is opened.
    """
    adapt = database.ops.adapt_datetimefield_value
    with database.cursor() as cursor:
        cursor.execute(_ANSWERED, [False, adapt(now), connection_id, adapt(now - timedelta(seconds=5))])


def failed(connection_id: int, *, stream_id: int | None, now: datetime, error: str) -> None:
    """Count a call that found nobody, no answer, or *not now*; open the circuit when there are too many in a row.

    One order that the ERP chokes on does not open it: the failures must come from at least two streams.
    """
    circuit = ensure(connection_id)
    others = ~Q(failed_stream=stream_id) & Q(failed_stream__isnull=False)
    mine = Circuit.objects.filter(connection_id=connection_id)
    mine.filter(others).update(several_streams=True)
    mine.update(failures=F("failures") + 1, failed_stream=stream_id, last_error_at=now, last_error=error[:1000])
    pause = min(limits().breaker_cap, limits().breaker_pause * 2**circuit.trips)
    mine.filter(
        Q(state=State.HALF_OPEN) | Q(state=State.CLOSED, several_streams=True, failures__gte=limits().breaker_failures)
    ).update(
        state=State.OPEN, open_until=now + timedelta(seconds=pause), trips=F("trips") + 1, probe_token=None, failures=0,
        several_streams=False, failed_stream=None,
    )  # fmt: skip


def close(connection_id: int) -> None:
    """Try again at once: a person says that the ERP is back."""
    ensure(connection_id)
    Circuit.objects.filter(connection_id=connection_id).update(
        state=State.CLOSED,
        failures=0,
        failed_stream=None,
        several_streams=False,
        trips=0,
        open_until=None,
        probe_token=None,
    )


def ensure(connection_id: int) -> Circuit:
    """Return the breaker of the connection, made if there is none yet."""
    return Circuit.objects.get_or_create(connection_id=connection_id)[0]
