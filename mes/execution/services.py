"""What people, machines and ERPs do to work orders.

``person`` is the Person who acts, or None for a machine; ``by`` is the name of who decided at a desk (a personnel
number or a user name). ``now`` is the doorway's clock; ``occurred_at`` when it happened as claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mes.execution.models import ChangeProposal, Operation, OrderHold, ProductionReport, WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.masterdata.models import Person
from mes.masterdata.records import Applied
from mes.material.models import MaterialMovement


@dataclass(frozen=True)
class Scrap:
    """So many scrapped pieces, with the code of a SCRAP reason at the order's site."""

    quantity: Decimal
    reason: str


def apply_work_orders(records: Sequence[WorkOrderRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Bring work orders up to date; what matters to a running order becomes a proposal. ``now``: None is the clock."""
    raise NotImplementedError


def vanish_work_orders(present_keys: Sequence[str], *, owner: str, now: datetime | None = None) -> int:
    """Cancel orders that have not started and that ``owner`` no longer has; running ones get a proposal."""
    raise NotImplementedError


def create_work_order(*, record: WorkOrderRecord, by: str, now: datetime) -> WorkOrder:
    """Make an order by hand, without an ERP; released at once if the record's status says so."""
    raise NotImplementedError


def release_work_order(*, work_order_id: int, by: str, now: datetime) -> WorkOrder:
    """Let the floor start a planned order: its bill and routing become a snapshot."""
    raise NotImplementedError


def hold_work_order(
    *, work_order_id: int, by: str, now: datetime, reason: str = "", note: str = "", source: str = ""
) -> OrderHold:
    """Forbid work on the order until the hold is lifted. ``reason`` is the code of a HOLD reason, or ""."""
    raise NotImplementedError


def release_hold(*, hold_id: int, by: str, now: datetime, note: str = "") -> OrderHold:
    """Lift one hold."""
    raise NotImplementedError


def cancel_work_order(*, work_order_id: int, by: str, now: datetime, reason: str = "") -> WorkOrder:
    """Cancel an order; one with reports must be completed instead."""
    raise NotImplementedError


def link_work_order(*, work_order_id: int, system: str, external_id: str, now: datetime) -> WorkOrder:
    """Say which order of an ERP a manual order is, so that what waited for that is sent."""
    raise NotImplementedError


def start_operation(
    *,
    operation_id: int,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    activity: str = "RUN",
    work_unit: str = "",
) -> Operation:
    """Start or resume setup (``SETUP``) or production (``RUN``) on a work unit (code; "": the center's only or first)."""
    raise NotImplementedError


def pause_operation(*, operation_id: int, person: Person | None, occurred_at: datetime, now: datetime) -> Operation:
    """Stop work for a while: a stop without quantity."""
    raise NotImplementedError


def complete_operation(
    *, operation_id: int, person: Person | None, occurred_at: datetime, now: datetime, approved_by: Person | None = None
) -> Operation:
    """Finish an operation; the last one completes the order where the site says so."""
    raise NotImplementedError


def report_production(
    *,
    report_id: UUID,
    operation_id: int,
    good_quantity: Decimal | None,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    scrap: Sequence[Scrap] = (),
    rework_quantity: Decimal = Decimal(0),
    from_rework: bool = False,
    lot: str = "",
    note: str = "",
    approved_by: Person | None = None,
) -> ProductionReport:
    """Record good, rework and scrapped pieces of an operation; the same report again returns the first.

    ``lot`` is the output lot. ``approved_by`` is the supervisor who allows over-delivery.
    """
    raise NotImplementedError


def reverse_report(
    *, reversal_id: UUID, report_id: UUID, person: Person | None, occurred_at: datetime, now: datetime, note: str = ""
) -> ProductionReport:
    """Take a report back by its negative, backflush included; once only."""
    raise NotImplementedError


def complete_work_order(
    *, work_order_id: int, by: str, now: datetime, person: Person | None = None, approved_by: Person | None = None
) -> WorkOrder:
    """Say that nothing more will be produced against the order."""
    raise NotImplementedError


def close_work_order(*, work_order_id: int, by: str, now: datetime) -> WorkOrder:
    """Close a completed order for good: nothing can be booked or reversed any more."""
    raise NotImplementedError


def issue_component(
    *,
    movement_id: UUID,
    work_order_id: int,
    item: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    uom: str = "",
    lot: str = "",
    operation: str = "",
) -> MaterialMovement:
    """Issue a component (item number) to an order by hand; ``uom`` "" is the item's own."""
    raise NotImplementedError


def return_component(
    *,
    movement_id: UUID,
    work_order_id: int,
    item: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    uom: str = "",
    lot: str = "",
    operation: str = "",
    reason: str = "",
) -> MaterialMovement:
    """Take material that was issued to an order back into stock."""
    raise NotImplementedError


def accept_proposal(*, proposal_id: int, by: str, now: datetime, note: str = "") -> ChangeProposal:
    """Do to the running order what the ERP asked for."""
    raise NotImplementedError


def reject_proposal(*, proposal_id: int, by: str, now: datetime, note: str = "") -> ChangeProposal:
    """Leave the order as it is."""
    raise NotImplementedError
