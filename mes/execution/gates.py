"""What apps above have a say in: vetoes on starting, reporting and completing, and what they add to a snapshot.

Registered by those apps in their ``apps.py``.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Exists

from mes.execution.models import Operation, WorkOrder

Gate = Callable[[Operation], None]
"""Raises a DomainError to forbid; returns to allow. Called in the transaction, with order and operation locked."""

ReportGate = Callable[[Operation, datetime], None]
"""The same for good pieces that were made at a moment."""

Addition = Callable[[WorkOrder], None]
"""Called in the transaction after an order's operations were copied anew: those it had before are gone."""

_start_gates: list[Gate] = []
_report_gates: list[tuple[ReportGate, Exists | None]] = []
_complete_gates: list[Gate] = []
_additions: list[Addition] = []


def may_start(gate: Gate) -> None:
    """Ask ``gate`` before every start of an operation. Only from ``AppConfig.ready``."""
    if gate not in _start_gates:
        _start_gates.append(gate)


def may_report(gate: ReportGate, *, concerning: Exists | None = None) -> None:
    """Ask ``gate`` before good pieces of an operation are booked. Only from ``AppConfig.ready``.

    ``concerning`` tells whether the gate has a say in an operation (``OuterRef("pk")``) at all. It is asked in the question
    that reads the operation, so that a gate costs nothing where it has none.
    """
    if all(known is not gate for known, _ in _report_gates):
        _report_gates.append((gate, concerning))


def concerns() -> dict[str, Exists]:
    """Return what to annotate operations with that :func:`check_report` is asked about."""
    return {f"concerns_{place}": asked for place, (_, asked) in enumerate(_report_gates) if asked is not None}


def add_to_snapshot(addition: Addition) -> None:
    """Let ``addition`` freeze on an order what else its work goes by. Only from ``AppConfig.ready``."""
    if addition not in _additions:
        _additions.append(addition)


def may_complete(gate: Gate) -> None:
    """Ask ``gate`` before every completion of an operation. Only from ``AppConfig.ready``."""
    if gate not in _complete_gates:
        _complete_gates.append(gate)


def check_start(operation: Operation) -> None:
    """Ask every registered gate whether the operation may start."""
    for gate in _start_gates:
        gate(operation)


def check_report(operation: Operation, at: datetime) -> None:
    """Ask every registered gate whether good pieces that were made at this moment may be booked."""
    for place, (gate, _) in enumerate(_report_gates):
        if getattr(operation, f"concerns_{place}", True):
            gate(operation, at)


def tell_snapshot(order: WorkOrder) -> None:
    """Let every registered addition freeze what it adds to the order's new operations."""
    for addition in _additions:
        addition(order)


def check_complete(operation: Operation) -> None:
    """Ask every registered gate whether the operation may be completed."""
    for gate in _complete_gates:
        gate(operation)
