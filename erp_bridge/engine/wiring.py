"""The table connections × flows as this process knows it: who is to be told of what, and how often."""

import threading
import time as clock
from collections import defaultdict
from dataclasses import dataclass
from datetime import time

from erp_bridge.engine import registry
from erp_bridge.engine.limits import limits
from erp_bridge.models import Connection, FlowState
from erp_bridge.sdk.cadence import BadCadence, Cadence
from mes.masterdata.models import Shift, Site


@dataclass(frozen=True)
class Wire:
    """One flow of one connection that is switched on."""

    connection: int
    name: str
    flow: str
    cadence: Cadence
    zone: str
    shift_ends: tuple[time, ...]
    needs_approval: bool = False


_lock = threading.Lock()
_table: dict[str, dict[str, list[Wire]]] = {}
_read_at = float("-inf")


def wires(site: str, flow: str) -> list[Wire]:
    """Return the connections of the site that carry the flow now.

    The table is read again when it is older than ``limits().wiring`` seconds, so the cost in a reporting transaction
    is next to nothing; a flow that is switched on takes effect within that time in every process.
    """
    global _table, _read_at
    if clock.monotonic() - _read_at >= limits().wiring:
        with _lock:
            _table = _read()
            _read_at = clock.monotonic()
    return _table.get(site, {}).get(flow, [])


def forget() -> None:
    """Read the table again at the next question. Called where this process itself changes it."""
    global _read_at
    _read_at = float("-inf")


def enroll(connection: Connection) -> list[FlowState]:
    """Give the connection a state for every flow its kind of ERP can carry, and return all of them. Safe to repeat."""
    if connection.connector in registry.connectors:
        connector = registry.connectors[connection.connector]
        known = set(FlowState.objects.filter(connection=connection).values_list("flow", flat=True))
        for flow in registry.flows:
            if flow.key not in known and registry.carries(connector, flow):
                FlowState.objects.get_or_create(connection=connection, flow=flow.key)
    forget()
    return list(FlowState.objects.filter(connection=connection))


def _read() -> dict[str, dict[str, list[Wire]]]:
    table: dict[str, dict[str, list[Wire]]] = defaultdict(lambda: defaultdict(list))
    pushes = {flow.key: flow for flow in registry.pushes()}
    states = FlowState.objects.filter(enabled=True, connection__enabled=True, flow__in=pushes)
    zones: dict[str, tuple[str, tuple[time, ...]]] = {}
    for state in states.select_related("connection").order_by("connection_id"):
        site = state.connection.site
        if site not in zones:
            zones[site] = plant_time(site)
        zone, shift_ends = zones[site]
        try:
            cadence = state.cadence_of(pushes[state.flow].cadence)
        except BadCadence:
            # What was typed in is refused at the door; should it get past, the flow keeps its own cadence.
            cadence = pushes[state.flow].cadence
        table[site][state.flow].append(
            Wire(
                state.connection_id,
                state.connection.name,
                state.flow,
                cadence,
                zone,
                shift_ends,
                state.needs_approval and pushes[state.flow].approval is not None,
            )
        )
    return table


def plant_time(site: str) -> tuple[str, tuple[time, ...]]:
    """Return the site's time zone and the local times at which its shifts end."""
    found = Site.objects.filter(code=site).first()
    if found is None:
        return "UTC", ()
    ends = Shift.objects.filter(site=found, active=True).values_list("ends_at", flat=True)
    return found.time_zone, tuple(sorted(set(ends)))
