"""Finds flows and connectors: every module in ``flows/`` and ``connectors/``, then installed entry points."""

import inspect
import pkgutil
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from erp_bridge.sdk.connector import Connector
from erp_bridge.sdk.flow import Flow, Pull, Push
from mes.core.event import Event
from mes.core.registry import Registry

flows: Registry[type[Flow]] = Registry(Flow)
connectors: Registry[type[Connector]] = Registry(Connector)

_pushes: dict[type[Event], tuple[type[Push], ...]] = {}


def load() -> None:
    """Register everything once. Safe to repeat. Called by ``ErpBridgeConfig.ready``.

    :raises TypeError: a plug-in is not a flow or connector.
    :raises ValueError: two share one key.
    """
    _scan("erp_bridge.flows", flows)
    _scan("erp_bridge.connectors", connectors)
    for entry_point in entry_points(group="lineside.flows"):
        flows.add(entry_point.load())
    for entry_point in entry_points(group="lineside.connectors"):
        connectors.add(entry_point.load())
    _pushes.clear()


def pushes() -> list[type[Push]]:
    """Return the flows that go up."""
    return [flow for flow in flows if issubclass(flow, Push)]


def pulls() -> list[type[Pull]]:
    """Return the flows that come down, each behind those that it names as ``after``.

    :raises graphlib.CycleError: they wait for each other.
    """
    found = {flow.key: flow for flow in flows if issubclass(flow, Pull)}
    graph = {key: [each for each in flow.after if each in found] for key, flow in found.items()}
    return [found[key] for key in TopologicalSorter(graph).static_order()]


def pushes_of(event_type: type[Event]) -> tuple[type[Push], ...]:
    """Return the flows that tell an ERP of events of this type."""
    if event_type not in _pushes:
        _pushes[event_type] = tuple(flow for flow in pushes() if issubclass(event_type, flow.event))
    return _pushes[event_type]


def event_type(kind: str) -> type[Event]:
    """Return the class of events stored under ``kind``.

    :raises LookupError: no such event is known to this version.
    """
    for known in _subclasses(Event):
        if known.kind() == kind:
            return known
    raise LookupError(f"No event is called {kind!r} here; the module that defines it is not installed.")


def carries(connector: type[Connector], flow: type[Flow]) -> bool:
    """Return whether this kind of ERP has a place for what the flow moves."""
    if issubclass(flow, Pull):
        return flow.record in connector.reads
    return issubclass(flow, Push) and flow.document in connector.writes


def _subclasses(base: type[Event]) -> list[type[Event]]:
    return [each for child in base.__subclasses__() for each in (child, *_subclasses(child))]


def _scan(package: str, registry: Registry[Any]) -> None:
    found = import_module(package)
    for module_info in pkgutil.walk_packages(found.__path__, f"{package}."):
        module = import_module(module_info.name)
        entry: Any
        for _, entry in inspect.getmembers(module, inspect.isclass):
            if issubclass(entry, registry.kind) and entry.__module__ == module.__name__ and getattr(entry, "key", None):
                registry.add(entry)
