"""What people do about work units: record stops, explain them, call maintenance.

A standstill is named by its work unit and a moment within it, so that the name stays true when late news move its
edges. ``person`` is the Person who acts, ``by`` the name of who decided at a desk.
"""

from mes.equipment.services.maintenance import acknowledge_maintenance, finish_maintenance, request_maintenance
from mes.equipment.services.states import follow_operation, follow_order
from mes.equipment.services.stops import (
    end_stop,
    explain_stops,
    join_stops,
    record_stop,
    report_stop,
    split_stop,
    take_back_entry,
)

__all__ = [
    "acknowledge_maintenance",
    "end_stop",
    "explain_stops",
    "finish_maintenance",
    "follow_operation",
    "follow_order",
    "join_stops",
    "record_stop",
    "report_stop",
    "request_maintenance",
    "split_stop",
    "take_back_entry",
]
