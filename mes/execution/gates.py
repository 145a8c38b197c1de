"""Vetoes from above: what may forbid starting or completing, registered by other apps in their ``apps.py``."""

from collections.abc import Callable

from mes.execution.models import Operation

Gate = Callable[[Operation], None]
"""Raises a DomainError to forbid; returns to allow. Called in the transaction, with order and operation locked."""

_start_gates: list[Gate] = []
_complete_gates: list[Gate] = []


def may_start(gate: Gate) -> None:
    """Ask ``gate`` before every start of an operation. Only from ``AppConfig.ready``."""
    if gate not in _start_gates:
        _start_gates.append(gate)


def may_complete(gate: Gate) -> None:
    """Ask ``gate`` before every completion of an operation. Only from ``AppConfig.ready``."""
    if gate not in _complete_gates:
        _complete_gates.append(gate)


def check_start(operation: Operation) -> None:
    """Ask every registered gate whether the operation may start."""
    for gate in _start_gates:
        gate(operation)


def check_complete(operation: Operation) -> None:
    """Ask every registered gate whether the operation may be completed."""
    for gate in _complete_gates:
        gate(operation)
