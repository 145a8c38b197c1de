"""What people, machines and ERPs do to work orders.

``person`` is the Person who acts, or None for a machine; ``by`` is the name of who decided at a desk (a personnel
number or a user name). ``now`` is the doorway's clock; ``occurred_at`` when it happened as claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.masterdata.models import Person
from mes.material.models import MaterialMovement


@dataclass(frozen=True)
class Scrap:
    """So many scrapped pieces, with the code of a SCRAP reason at the order's site."""

    quantity: Decimal
    reason: str


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
