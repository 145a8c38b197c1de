"""What people, machines and ERPs do to work orders.

``person`` is the Person who acts, or None for a machine; ``by`` is the name of who decided at a desk (a personnel
number or a user name). ``now`` is the doorway's clock; ``occurred_at`` when it happened as claimed.
"""

from mes.execution.services.arrivals import apply_work_orders, vanish_work_orders
from mes.execution.services.byproducts import report_byproduct, reverse_byproduct
from mes.execution.services.completion import complete_work_order
from mes.execution.services.components import issue_component, return_component
from mes.execution.services.counters import read_counter
from mes.execution.services.floor import complete_operation, pause_operation, start_operation
from mes.execution.services.holds import hold_work_order, release_hold
from mes.execution.services.late import report_late
from mes.execution.services.orders import (
    cancel_work_order,
    close_work_order,
    create_work_order,
    link_work_order,
    release_work_order,
)
from mes.execution.services.pieces import Scrap
from mes.execution.services.proposals import accept_proposal, reject_proposal
from mes.execution.services.recall import Preview, Recall, hold_all, preview_hold_all
from mes.execution.services.reports import report_production, reverse_report
from mes.execution.services.snapshot import bill_has_changed

__all__ = [
    "Preview",
    "Recall",
    "Scrap",
    "accept_proposal",
    "apply_work_orders",
    "bill_has_changed",
    "cancel_work_order",
    "close_work_order",
    "complete_operation",
    "complete_work_order",
    "create_work_order",
    "hold_all",
    "hold_work_order",
    "issue_component",
    "link_work_order",
    "pause_operation",
    "preview_hold_all",
    "read_counter",
    "reject_proposal",
    "release_hold",
    "release_work_order",
    "report_byproduct",
    "report_late",
    "report_production",
    "return_component",
    "reverse_byproduct",
    "reverse_report",
    "start_operation",
    "vanish_work_orders",
]
