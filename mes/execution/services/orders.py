"""What people decide about whole orders: make, release, cancel, close, link."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution.events import WorkOrderLinked, WorkOrderStatusChanged
from mes.execution.models import MachineInterval, Operation, ProductionReport, WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.execution.services.snapshot import take_snapshot
from mes.masterdata.models import Item, Site, Uom
from mes.masterdata.rules import check_precision

Status = WorkOrder.Status

LINKS = UUID("a4fbb1d6-6f4f-5c7d-9a57-6ad7c9f3d4b0")


class WrongStatus(DomainError):
    """The order is not in a state in which this can be done."""

    code = "wo_status"
    title = "Not in this state"


class AlreadyExists(DomainError):
    """The number is taken at this site."""

    code = "wo_exists"
    title = "This order number is taken"


class AlreadyLinked(DomainError):
    """The order has another counterpart in that system."""

    code = "wo_linked"
    title = "Already linked"


def lock_order(work_order_id: int) -> WorkOrder:
    """Return the order with its row locked. Call in a transaction.

    :raises mes.core.errors.NotFound: there is no such order.
    """
    # `of`: nothing but the order's own row is to be locked on PostgreSQL.
    found = (
        WorkOrder.objects.select_for_update(of=("self",))
        .select_related("site", "item__uom", "item__site", "uom")
        .filter(pk=work_order_id)
    )
    order = found.first()
    if order is None:
        raise NotFound(_("There is no such work order here. Reload the page, or ask the planner."))
    return order


def set_status(order: WorkOrder, status: str, *, now: datetime, by: str = "", reason: str = "") -> None:
    """Move the locked order to a status, stamp the moment, keep history and tell everybody. No check of the way there."""
    order.status = status
    stamp = {Status.RELEASED: "released_at", Status.RUNNING: "started_at", Status.COMPLETED: "completed_at"}.get(
        Status(status)
    )
    if stamp and getattr(order, stamp) is None:
        setattr(order, stamp, now)
    order._change_reason = reason or None  # type: ignore[attr-defined]  # what simple-history reads
    order.save()
    tell_status(order, status, now=now, by=by, reason=reason)


def tell_status(order: WorkOrder, status: str, *, now: datetime, by: str = "", reason: str = "") -> None:
    """Publish that the order got a status, or was held or freed."""
    bus.publish(
        WorkOrderStatusChanged(
            event_id=uuid4(),
            site=order.site.code,
            subject=order.number,
            occurred_at=now,
            item=order.item.number,
            status=status,
            reason=reason,
            person=by,
        )
    )


def has_begun(order: WorkOrder) -> bool:
    """Return whether anybody has worked on the order: from then on its snapshot stands."""
    return (
        order.status not in (Status.PLANNED, Status.RELEASED, Status.CANCELLED)
        or ProductionReport.objects.filter(work_order=order).exists()
        or MachineInterval.objects.filter(operation__work_order=order).exists()
        or Operation.objects.filter(work_order=order).exclude(status=Operation.Status.PENDING).exists()
    )


@transaction.atomic
def create_work_order(*, record: WorkOrderRecord, by: str, now: datetime) -> WorkOrder:
    """Make an order by hand, without an ERP; released at once if the record's status says so.

    :raises mes.core.errors.InvalidInput: the quantity is not positive, or item, unit or site is not known.
    :raises mes.masterdata.rules.QuantityPrecision: the quantity is more exact than its unit.
    :raises AlreadyExists: the site has an order of this number.
    """
    if record.order_quantity <= 0:
        raise InvalidInput("The order quantity must be more than zero.", field="order_quantity")
    site = Site.objects.filter(code=record.site).first()
    if site is None:
        raise InvalidInput(f"There is no site {record.site}.", field="site")
    item = Item.objects.filter(site=site, number=record.item, active=True).first()
    if item is None:
        raise InvalidInput(f"There is no active item {record.item} at {site.code}.", field="item")
    uom = Uom.objects.filter(code=record.uom).first()
    if uom is None:
        raise InvalidInput(f"There is no unit {record.uom}. Use {item.uom.code}, the item's own.", field="uom")
    check_precision(record.order_quantity, decimals=uom.decimals, unit=uom.code, field="order_quantity")
    if WorkOrder.objects.filter(site=site, number=record.number).exists():
        raise AlreadyExists(f"{site.code} has an order {record.number} already. Choose another number.", field="number")
    order = WorkOrder(site=site, number=record.number, item=item, uom=uom, created_at=now)
    write_record(order, record)
    order._change_reason = f"made by {by}" if by else None  # type: ignore[attr-defined]
    order.save()
    if record.status == Status.RELEASED:
        _release(order, by=by, now=now)
    return order


def write_record(order: WorkOrder, record: WorkOrderRecord) -> None:
    """Put what a record says about an order onto the row (item, unit and status apart), without saving it."""
    order.order_quantity = record.order_quantity
    order.due_at = record.due_at
    order.planned_start_at = record.planned_start_at
    order.priority = record.priority
    order.bom = record.bom
    order.routing = record.routing
    order.reference = record.reference
    if record.over_delivery_percent is not None:
        order.over_delivery_percent = record.over_delivery_percent
    if record.under_delivery_percent is not None:
        order.under_delivery_percent = record.under_delivery_percent
    order.definition = definition_of(record)


def definition_of(record: WorkOrderRecord) -> dict[str, list[dict[str, Any]] | None] | None:
    """Return the order's own bill and routing as plain JSON, or None when the item's own are meant."""
    if record.components is None and record.steps is None:
        return None
    components = record.components and [
        {
            "item": line.item, "quantity": f"{line.quantity.normalize():f}", "uom": line.uom,
            "operation": line.operation, "backflush": line.backflush,
        }
        for line in record.components
    ]  # fmt: skip
    steps: Any = record.steps and [
        {
            "number": step.number, "name": step.name, "work_center": step.work_center,
            "setup_time": f"{step.setup_time.normalize():f}",
            "run_time_per_unit": f"{step.run_time_per_unit.normalize():f}",
        }
        for step in record.steps
    ]  # fmt: skip
    return {
        "components": None if record.components is None else list(components or ()),
        "steps": None if record.steps is None else list(steps or ()),
    }


@transaction.atomic
def release_work_order(*, work_order_id: int, by: str, now: datetime) -> WorkOrder:
    """Let the floor start a planned order: its bill and routing become a snapshot.

    :raises WrongStatus: it is not planned.
    :raises mes.execution.services.snapshot.NoRouting: nobody knows by which steps it is made.
    """
    order = lock_order(work_order_id)
    if order.status != Status.PLANNED:
        raise WrongStatus(f"{order.number} is {order.get_status_display().lower()}; only a planned order is released.")
    _release(order, by=by, now=now)
    return order


def _release(order: WorkOrder, *, by: str, now: datetime) -> None:
    take_snapshot(order)
    set_status(order, Status.RELEASED, now=now, by=by)


@transaction.atomic
def cancel_work_order(*, work_order_id: int, by: str, now: datetime, reason: str = "") -> WorkOrder:
    """Cancel an order nobody has worked on; one with work on it is completed instead.

    :raises WrongStatus: work has begun, or the order is over.
    """
    order = lock_order(work_order_id)
    if order.status not in (Status.PLANNED, Status.RELEASED) or has_begun(order):
        raise WrongStatus(f"Work on {order.number} has begun. Complete it with what was made instead of cancelling it.")
    set_status(order, Status.CANCELLED, now=now, by=by, reason=reason)
    return order


@transaction.atomic
def close_work_order(*, work_order_id: int, by: str, now: datetime) -> WorkOrder:
    """Close a completed order for good: nothing can be booked or reversed any more.

    :raises WrongStatus: it is not completed.
    """
    order = lock_order(work_order_id)
    if order.status != Status.COMPLETED:
        raise WrongStatus(f"{order.number} is {order.get_status_display().lower()}; only a completed order is closed.")
    set_status(order, Status.CLOSED, now=now, by=by)
    return order


@transaction.atomic
def link_work_order(*, work_order_id: int, system: str, external_id: str, now: datetime) -> WorkOrder:
    """Say which order of an ERP a manual order is, so that what waited for that is sent.

    :raises AlreadyLinked: it has another counterpart in that system.
    """
    order = lock_order(work_order_id)
    known = order.external_ids.get(system)
    if known == external_id:
        return order
    if known:
        raise AlreadyLinked(f"{order.number} is {known} in {system} already.")
    order.external_ids = order.external_ids | {system: external_id}
    order._change_reason = f"linked to {system} {external_id}"  # type: ignore[attr-defined]
    order.save()
    tell_linked(order, system=system, external_id=external_id, now=now)
    return order


def tell_linked(order: WorkOrder, *, system: str, external_id: str, now: datetime) -> None:
    """Publish that the order has its counterpart in an ERP."""
    bus.publish(
        WorkOrderLinked(
            event_id=uuid5(LINKS, f"{order.pk}:linked:{system}:{external_id}"),
            site=order.site.code, subject=order.number, occurred_at=now, system=system, external_id=external_id,
        )
    )  # fmt: skip
