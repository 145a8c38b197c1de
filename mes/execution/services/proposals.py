"""What an ERP wants changed on a running order: written down, shown, and done or left by a person."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from mes.core.errors import DomainError, NotFound
from mes.execution.models import ChangeProposal, Operation, OrderComponent, WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.execution.services.orders import WrongStatus, definition_of, lock_order, set_status
from mes.execution.services.snapshot import standard_times
from mes.masterdata.models import Item, Uom


class CannotAccept(DomainError):
    """The change does not fit what has been done on the floor."""

    code = "proposal_misfit"
    title = "This change no longer fits"


def plain(order: WorkOrder) -> dict[str, Any]:
    """Return what matters about an order as plain JSON values."""
    return {
        "item": order.item.number,
        "uom": order.uom.code,
        "order_quantity": _text(order.order_quantity),
        "bom": order.bom,
        "routing": order.routing,
        "over_delivery_percent": _text(order.over_delivery_percent),
        "under_delivery_percent": _text(order.under_delivery_percent),
        "definition": order.definition,
    }


def plain_record(order: WorkOrder, record: WorkOrderRecord) -> dict[str, Any]:
    """Return the same of a record; what it leaves open is as it stands."""
    ours = plain(order)
    over, under = record.over_delivery_percent, record.under_delivery_percent
    return {
        "item": record.item,
        "uom": record.uom,
        "order_quantity": _text(record.order_quantity),
        "bom": record.bom,
        "routing": record.routing,
        "over_delivery_percent": ours["over_delivery_percent"] if over is None else _text(over),
        "under_delivery_percent": ours["under_delivery_percent"] if under is None else _text(under),
        "definition": definition_of(record),
    }


def propose(
    order: WorkOrder, *, kind: str, changes: dict[str, list[Any]], owner: str, version: str, now: datetime
) -> bool:
    """Write the proposal down in place of the one that is open; return whether there is anything new to decide.

    An ERP tells the same wish again with every booking on its order: the proposal that says it already stays open.
    """
    for older in order.proposals.filter(status=ChangeProposal.Status.OPEN):
        if (older.kind, older.changes) == (kind, changes):
            return False
        older.status, older.decided_at = ChangeProposal.Status.SUPERSEDED, now
        older.save()
    if not changes:
        return False
    ChangeProposal.objects.create(
        site=order.site, work_order=order, kind=kind, owner=owner, version=version, changes=changes, created_at=now
    )
    return True


@transaction.atomic
def accept_proposal(*, proposal_id: int, by: str, now: datetime, note: str = "") -> ChangeProposal:
    """Do to the running order what the ERP asked for.

    A new quantity rescales what is required; another bill or routing counts only for what has not begun, so it is
    taken over as far as the order's operations are the same. A cancellation ends the order with what was made.

    :raises mes.core.errors.NotFound: there is no such proposal.
    :raises WrongStatus: it was decided before.
    :raises CannotAccept: less is wanted than was made, or another item; the text says what to do instead.
    """
    proposal, order = _open(proposal_id)
    if proposal.kind == ChangeProposal.Kind.CANCEL:
        _end(order, proposal, by=by, now=now)
    else:
        _change(order, proposal)
    return _decide(proposal, ChangeProposal.Status.ACCEPTED, by=by, now=now, note=note)


@transaction.atomic
def reject_proposal(*, proposal_id: int, by: str, now: datetime, note: str = "") -> ChangeProposal:
    """Leave the order as it is.

    :raises mes.core.errors.NotFound: there is no such proposal.
    :raises WrongStatus: it was decided before.
    """
    proposal, _ = _open(proposal_id)
    return _decide(proposal, ChangeProposal.Status.REJECTED, by=by, now=now, note=note)


def _open(proposal_id: int) -> tuple[ChangeProposal, WorkOrder]:
    order_id = ChangeProposal.objects.filter(pk=proposal_id).values_list("work_order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such proposal here.")
    order = lock_order(order_id)
    proposal = ChangeProposal.objects.get(pk=proposal_id)
    if proposal.status != ChangeProposal.Status.OPEN:
        raise WrongStatus(f"This proposal is {proposal.get_status_display().lower()}; reload the page.")
    return proposal, order


def _decide(proposal: ChangeProposal, status: str, *, by: str, now: datetime, note: str) -> ChangeProposal:
    proposal.status, proposal.decided_by, proposal.decided_at, proposal.note = status, by, now, note
    proposal.save()
    return proposal


def _change(order: WorkOrder, proposal: ChangeProposal) -> None:
    wanted = {name: theirs for name, (_, theirs) in proposal.changes.items()}
    if "item" in wanted or "uom" in wanted:
        raise CannotAccept(
            f"{order.number} is being worked on as {order.item.number} in {order.uom.code}; that cannot change now. "
            "Reject this, complete the order, and let the ERP make a new one."
        )
    if "order_quantity" in wanted:
        _rescale(order, Decimal(wanted["order_quantity"]))
    if wanted.get("definition"):
        _take_over_definition(order, wanted["definition"])
    for name in ("bom", "routing", "definition"):
        if name in wanted:
            setattr(order, name, wanted[name])
    for name in ("over_delivery_percent", "under_delivery_percent"):
        if name in wanted:
            setattr(order, name, Decimal(wanted[name]))
    order._change_reason = f"proposal of {proposal.owner} accepted"  # type: ignore[attr-defined]
    order.save()


def _rescale(order: WorkOrder, quantity: Decimal) -> None:
    most = max((operation.booked_quantity for operation in order.operations.all()), default=Decimal(0))
    if quantity < most:
        raise CannotAccept(
            f"{order.number} has {most.normalize():f} {order.uom.code} booked already, more than the "
            f"{quantity.normalize():f} that are wanted. Reject this and complete the order."
        )
    for component in order.components.all():
        component.required_quantity = (component.required_quantity * quantity / order.order_quantity).quantize(
            Decimal("0.000001")
        )
        component.save(update_fields=["required_quantity"])
    order.order_quantity = quantity


def _take_over_definition(order: WorkOrder, definition: dict[str, Any]) -> None:
    """Take over times of steps that have not begun, and the required quantities of components."""
    steps = {step["number"]: step for step in definition.get("steps") or ()}
    ours = standard_times(order.item_id)
    for operation in order.operations.filter(number__in=steps, status=Operation.Status.PENDING):
        setup, run = ours.get(operation.number, (Decimal(0), Decimal(0)))
        operation.planned_setup_time = Decimal(steps[operation.number]["setup_time"]) or setup
        operation.planned_run_time_per_unit = Decimal(steps[operation.number]["run_time_per_unit"]) or run
        operation.save(update_fields=["planned_setup_time", "planned_run_time_per_unit"])
    lines = definition.get("components")
    if lines is None:
        return
    known = {component.item.number: component for component in order.components.select_related("item")}
    first = order.operations.order_by("position").first()
    items = {
        item.number: item for item in Item.objects.filter(site_id=order.site_id, number__in={x["item"] for x in lines})
    }
    units = {uom.code: uom for uom in Uom.objects.filter(code__in={line["uom"] for line in lines})}
    from_other_units = {line["item"] for line in lines if items[line["item"]].uom_id != units[line["uom"]].pk}
    if from_other_units:
        raise CannotAccept(
            f"{', '.join(sorted(from_other_units))}: the ERP asks for another unit than the item's own. "
            "Reject this, and change the order in the ERP to the item's unit."
        )
    for line in lines:
        component = known.pop(line["item"], None)
        if component is None:
            component = OrderComponent(
                work_order=order, operation=first, item=items[line["item"]], uom=units[line["uom"]],
                backflush=line["backflush"],
                position=1 + max((c.position for c in order.components.all()), default=0),
            )  # fmt: skip
        component.required_quantity = Decimal(line["quantity"])
        component.save()
        if component.with_reports:
            order.operations.filter(pk=component.operation_id, consumes=False).update(consumes=True)
    for component in known.values():
        if component.issued_quantity == 0 and component.backflushed_quantity == 0:
            component.delete()


def _end(order: WorkOrder, proposal: ChangeProposal, *, by: str, now: datetime) -> None:
    busy = order.operations.filter(status__in=Operation.ACTIVE)
    if busy.exists():
        raise CannotAccept(
            f"Somebody is working on {order.number} now. Let them pause or finish it first, then accept the cancellation."
        )
    made = order.good_quantity or order.scrap_quantity or order.rework_quantity
    if made or order.reports.exists():
        raise CannotAccept(
            f"{order.number} has reports. Complete it with what was made; the ERP then gets its true figures."
        )
    set_status(order, WorkOrder.Status.CANCELLED, now=now, by=by, reason=f"cancelled in {proposal.owner}")


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
