"""Runs what is due: pulls, roll-ups, nightly comparisons. A cadence is a word; a due time is a row; a run has a lease."""

import logging
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from erp_bridge.engine import circuit, clock, connections, intake, outbox, registry, wiring
from erp_bridge.engine.delivery import backoff
from erp_bridge.engine.limits import limits
from erp_bridge.models import NEVER, Connection, FlowState, OutboundMessage
from erp_bridge.sdk import errors
from erp_bridge.sdk.cadence import Cadence
from erp_bridge.sdk.flow import Flow, Pull, Push
from mes.core.errors import DomainError

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)
"""How far a roll-up looks back past its last run. Free: an unchanged roll-up is the same event."""
COMPARE_AT = Cadence("daily", at=time(2, 30))


class RunLost(RuntimeError):
    """The run took longer than its lease, and another worker has begun it anew."""


class FlowRun:
    """One run of one flow of one connection, under a lease taken by compare-and-set."""

    def __init__(self, state: FlowState) -> None:
        self.state = state
        self.token = state.lease_token

    @classmethod
    def claim(cls, state_id: int, *, now: datetime, even_if_not_due: bool = False) -> "FlowRun | None":
        """Return the run if the flow is due (or asked for by a person) and nobody else runs it."""
        free = FlowState.objects.filter(pk=state_id, lease_until__lt=now)
        if not even_if_not_due:
            free = free.filter(Q(due_at__lte=now) | Q(compare_due_at__lte=now), enabled=True)
        token = uuid4()
        if not free.update(lease_token=token, lease_until=now + timedelta(seconds=limits().job_lease)):
            return None
        return cls(FlowState.objects.select_related("connection").get(pk=state_id))

    def still_mine(self) -> None:
        """Lengthen the lease.

        :raises RunLost: it has passed to another worker.
        """
        until = clock.now() + timedelta(seconds=limits().job_lease)
        if not FlowState.objects.filter(pk=self.state.pk, lease_token=self.token).update(lease_until=until):
            raise RunLost(str(self.state))

    def finish(self, **fields: object) -> None:
        """Give the flow back with what came of the run."""
        FlowState.objects.filter(pk=self.state.pk, lease_token=self.token).update(
            lease_token=None, lease_until=NEVER, **fields
        )


def run_due(*, down: bool, only: Iterable[int] | None = None) -> int:
    """Run every flow that is due in one direction; return how many ran. Correct at any number of times at once."""
    now = clock.now()
    _give_due_times(now)
    going, on_trial = circuit.usable(now)
    wanted = (
        set(going) | set(on_trial)
        if down
        else set(Connection.objects.filter(enabled=True).values_list("pk", flat=True))
    )
    if only is not None:
        wanted &= set(only)
    flows = [flow.key for flow in (registry.pulls() if down else _collecting())]
    due = FlowState.objects.filter(Q(due_at__lte=now) | Q(compare_due_at__lte=now), enabled=True, flow__in=flows)
    ran = 0
    order = {flow.key: place for place, flow in enumerate([*registry.pulls(), *registry.pushes()])}
    for state_id, _ in sorted(
        due.filter(connection__in=wanted).values_list("pk", "flow"), key=lambda row: order.get(row[1], 0)
    ):
        run = FlowRun.claim(state_id, now=clock.now())
        if run is not None:
            _run(run)
            ran += 1
    return ran


def run_now(state: FlowState, *, compare: bool = False) -> str:
    """Run one flow because a person asks for it; return one sentence about what came of it.

    :raises mes.core.errors.DomainError: it is running already.
    """
    now = clock.now()
    run = FlowRun.claim(state.pk, now=now, even_if_not_due=True)
    if run is None:
        raise DomainError(f"{state.flow} is running already; wait for it.")
    if compare:
        run.state.compare_due_at = now
    run.state.due_at = now
    return _run(run)


def cadence_of(state: FlowState) -> Cadence:
    """Return the cadence in force for the flow of this connection."""
    return state.cadence_of(registry.flows[state.flow].cadence)


def next_due(state: FlowState, moment: datetime) -> datetime | None:
    """Return when the flow is due after ``moment``, in the time of its plant; None: only by hand."""
    zone, shift_ends = wiring.plant_time(state.connection.site)
    return cadence_of(state).after(moment, zone=zone, shift_ends=shift_ends)


def collect(state: FlowState, flow: type[Push], *, since: datetime, until: datetime) -> int:
    """Write down the roll-ups of the period for this connection; return how many were new."""
    told = 0
    wire = next((w for w in wiring.wires(state.connection.site, flow.key) if w.connection == state.connection_id), None)
    if wire is None:
        return 0
    for event in flow().collect(since=since, until=until):
        if event.site != state.connection.site:
            continue
        key = outbox.key_of(site=event.site, connection=wire.name, flow=flow.key, event_id=event.event_id)
        if not OutboundMessage.objects.filter(connection=state.connection_id, key=key).exists():
            with transaction.atomic():
                outbox.enqueue(event, only_flow=flow.key, only_connection=state.connection_id)
            told += 1
    return told


def _run(run: FlowRun) -> str:
    flow: type[Flow] = registry.flows[run.state.flow]
    started = clock.now()
    try:
        words = _pull(run, flow) if issubclass(flow, Pull) else _collect(run, flow, started)
    except RunLost:
        logger.warning("The run of %s passed to another worker; this one stops.", run.state)
        return "Another worker has taken over."
    except (errors.CallFailed, DomainError) as error:
        return _failed(run, error, str(error))
    except Exception as error:
        logger.exception("%s failed", run.state)
        return _failed(run, error, f"Our own fault: {type(error).__name__}: {error}")
    now = clock.now()
    run.finish(
        due_at=next_due(run.state, started), last_run_at=started, last_ok_at=now, last_error="", failures=0,
        lag_seconds=round((now - started).total_seconds()),
    )  # fmt: skip
    return words


def _pull(run: FlowRun, flow: type[Pull]) -> str:
    state = run.state
    circuit.ensure(state.connection_id)
    connector = connections.open_connector(state.connection)
    try:
        done = intake.pull(state, flow, connector, still_mine=run.still_mine)
        vanished = 0
        if state.compare_due_at is not None and state.compare_due_at <= clock.now():
            vanished = intake.compare(state, flow, connector)
            FlowState.objects.filter(pk=state.pk, lease_token=run.token).update(compare_due_at=_next_compare(state))
    finally:
        connections.close_connector(connector)
    circuit.answered(state.connection_id, clock.now())
    counts = ", ".join(f"{number} {word}" for word, number in done.counts().items() if number) or "nothing new"
    return f"{flow.label or flow.key}: {counts}" + (f", {vanished} gone" if vanished else "") + "."


def _collect(run: FlowRun, flow: type[Flow], until: datetime) -> str:
    since = (run.state.collected_until or until - timedelta(days=1)) - OVERLAP
    told = collect(run.state, flow, since=since, until=until) if issubclass(flow, Push) else 0
    FlowState.objects.filter(pk=run.state.pk, lease_token=run.token).update(collected_until=until)
    return f"{flow.label or flow.key}: {told} written down for the ERP."


def _failed(run: FlowRun, error: Exception, words: str) -> str:
    now = clock.now()
    connection_id = run.state.connection_id
    if isinstance(error, errors.Misconfigured):
        connections.pause(run.state.connection, reason=words)
    elif isinstance(error, errors.NotSent | errors.Busy | errors.OutcomeUnknown):
        circuit.failed(connection_id, stream_id=-run.state.pk, now=now, error=words)
    failures = run.state.failures + 1
    due_at = now + max(backoff(failures), timedelta(seconds=getattr(error, "retry_after", None) or 0))
    regular = next_due(run.state, now)
    fields = {"compare_due_at": _next_compare(run.state)} if isinstance(error, DomainError) else {}
    run.finish(
        due_at=min(due_at, regular) if regular and isinstance(error, errors.CallFailed) else regular, last_run_at=now,
        last_error=words[:2000], last_error_at=now, failures=failures, **fields,
    )  # fmt: skip
    return words


def _give_due_times(now: datetime) -> None:
    """Give flows that have never run their first due time: those that come down at once, roll-ups with their cadence."""
    collecting = {flow.key for flow in _collecting()}
    fresh = FlowState.objects.filter(enabled=True, due_at=None, last_run_at=None).select_related("connection")
    for state in fresh:
        flow = registry.flows[state.flow] if state.flow in registry.flows else None
        if flow is None or (issubclass(flow, Push) and flow.key not in collecting):
            continue
        due_at = next_due(state, now)
        if due_at is not None and issubclass(flow, Pull):
            due_at = now
        compare_due_at = _next_compare(state) if issubclass(flow, Pull) and flow.vanish is not None else None
        FlowState.objects.filter(pk=state.pk, due_at=None).update(due_at=due_at, compare_due_at=compare_due_at)


def _next_compare(state: FlowState) -> datetime | None:
    zone, _ = wiring.plant_time(state.connection.site)
    return COMPARE_AT.after(clock.now(), zone=zone)


def collecting_flows() -> list[str]:
    """Return the keys of the flows that roll something up."""
    return [flow.key for flow in _collecting()]


def _collecting() -> list[type[Push]]:
    return [flow for flow in registry.pushes() if flow.collect is not Push.collect]
