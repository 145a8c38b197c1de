"""What apps above have a say in: vetoes on starting, reporting and completing, and what they add to a snapshot.

Registered by those apps in their ``apps.py``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from mes.execution.models import Operation, WorkOrder
from mes.masterdata.models import Person

Gate = Callable[[Operation], None]
"""Raises a DomainError to forbid; returns to allow. Called in the transaction, with order and operation locked."""

StartGate = Callable[[Operation, Person | None], None]
"""The same for a start, with who starts; None where nobody was named."""

ReportGate = Callable[[Operation, datetime], None]
"""The same for good pieces that were made at a moment."""

ComesFirst = Callable[[Operation, str], str]
"""Told ``START`` or ``END``, returns the terminal's sheet in which what comes before it is done, or "" where nothing does."""

Addition = Callable[[WorkOrder], Iterable[int]]
"""Called in the transaction after an order's operations were copied anew: those it had before are gone.

Returns the ids of the operations whose reports a gate wants to be asked about: it costs nothing at the others.
"""

_start_gates: list[StartGate] = []
_report_gates: list[ReportGate] = []
_complete_gates: list[Gate] = []
_comes_first: list[ComesFirst] = []
_additions: list[Addition] = []


def may_start(gate: StartGate) -> None:
    """Ask ``gate`` before every start of an operation. Only from ``AppConfig.ready``."""
    if gate not in _start_gates:
        _start_gates.append(gate)


def may_report(gate: ReportGate) -> None:
    """Ask ``gate`` before good pieces of a gated operation are booked. Only from ``AppConfig.ready``."""
    if gate not in _report_gates:
        _report_gates.append(gate)


def add_to_snapshot(addition: Addition) -> None:
    """Let ``addition`` freeze on an order what else its work goes by. Only from ``AppConfig.ready``."""
    if addition not in _additions:
        _additions.append(addition)


def may_complete(gate: Gate) -> None:
    """Ask ``gate`` before every completion of an operation. Only from ``AppConfig.ready``."""
    if gate not in _complete_gates:
        _complete_gates.append(gate)


def comes_first(find: ComesFirst) -> None:
    """Let a terminal open what ``find`` names when somebody starts or finishes too early. Only from ``AppConfig.ready``."""
    if find not in _comes_first:
        _comes_first.append(find)


def sheet_before(operation: Operation, moment: str) -> str:
    """Return the sheet of what has to be done before the operation's ``START`` or ``END``, or ""."""
    return next((sheet for find in _comes_first if (sheet := find(operation, moment))), "")


def check_start(operation: Operation, person: Person | None) -> None:
    """Ask every registered gate whether this person may start the operation."""
    for gate in _start_gates:
        gate(operation, person)


def check_report(operation: Operation, at: datetime) -> None:
    """Ask every registered gate whether good pieces that were made at this moment may be booked."""
    if operation.gated:
        for gate in _report_gates:
            gate(operation, at)


def complete_snapshot(order: WorkOrder) -> None:
    """Let every registered addition freeze what it adds to the order's new operations, and mark those that are gated."""
    gated = {operation for addition in _additions for operation in addition(order)}
    order.operations.filter(pk__in=gated).update(gated=True)


def check_complete(operation: Operation) -> None:
    """Ask every registered gate whether the operation may be completed."""
    for gate in _complete_gates:
        gate(operation)
