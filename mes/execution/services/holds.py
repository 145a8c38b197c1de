"""Holds on orders and on single operations: placed, lifted, and told at once."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import NotFound
from mes.execution.models import Operation, OrderHold, WorkOrder
from mes.execution.services.locking import NAMESPACE, OperationUnknown
from mes.execution.services.orders import WrongStatus, lock_order, tell_status
from mes.masterdata.queries import hold_reason
from mes.material.events import HoldChanged

Status = WorkOrder.Status


@transaction.atomic
def hold_work_order(
    *,
    work_order_id: int,
    by: str,
    now: datetime,
    operation: str = "",
    reason: str = "",
    note: str = "",
    source: str = "",
) -> OrderHold:
    """Forbid work on the order, or on one operation (its number), until the hold is lifted.

    ``reason`` is the code of a HOLD reason, or "".

    :raises WrongStatus: the order is over.
    :raises mes.execution.services.locking.OperationUnknown: the order has no such operation.
    :raises mes.masterdata.queries.UnknownReason: the site has no such hold reason.
    """
    order = lock_order(work_order_id)
    if order.status in (Status.CLOSED, Status.CANCELLED):
        raise WrongStatus(
            _("%(order)s is %(status)s: there is nothing left to hold.")
            % {"order": order.number, "status": _(order.get_status_display()).lower()}
        )
    step = _lock_step(order, operation)
    found = hold_reason(site=order.site, code=reason)
    hold = OrderHold.objects.create(
        site=order.site, work_order=order, operation=step, reason=found, note=note, source=source, placed_at=now,
        placed_by=by,
    )  # fmt: skip
    if step is not None:
        _mark(step, held=True)
    else:
        if not order.held:
            order.held = True
            order.save()
        tell_status(order, "HELD", now=now, by=by, reason=note or (found.name if found else ""))
    bus.publish(_changed(hold, order, "PLACED", by=by, note=note, now=now))
    return hold


@transaction.atomic
def release_hold(*, hold_id: int, by: str, now: datetime, note: str = "") -> OrderHold:
    """Lift one hold; the order or operation is free again when it was the last.

    :raises mes.core.errors.NotFound: there is no such hold.
    :raises WrongStatus: it was lifted before.
    """
    order_id = OrderHold.objects.filter(pk=hold_id).values_list("work_order_id", flat=True).first()
    if order_id is None:
        raise NotFound(_("There is no such hold here."))
    order = lock_order(order_id)
    hold = OrderHold.objects.select_related("reason", "operation").get(pk=hold_id)
    if hold.released_at is not None:
        raise WrongStatus(_("This hold was lifted by %(who)s before.") % {"who": hold.released_by or _("someone")})
    hold.released_at, hold.released_by, hold.release_note = now, by, note
    hold.save(update_fields=["released_at", "released_by", "release_note"])
    is_last = not order.holds.filter(released_at=None, operation=hold.operation).exists()
    if hold.operation is not None:
        _mark(hold.operation, held=not is_last)
    elif is_last:
        order.held = False
        order.save()
        tell_status(order, "UNHELD", now=now, by=by, reason=note)
    bus.publish(_changed(hold, order, "LIFTED", by=by, note=note, now=now))
    return hold


def _lock_step(order: WorkOrder, number: str) -> Operation | None:
    if not number:
        return None
    step = Operation.objects.select_for_update(of=["self"]).filter(work_order=order, number=number).first()
    if step is None:
        raise OperationUnknown(
            _("%(order)s has no operation %(operation)s.") % {"order": order.number, "operation": number}
        )
    return step


def _mark(step: Operation, *, held: bool) -> None:
    step.held = held
    step.save(update_fields=["held"])


def _changed(hold: OrderHold, order: WorkOrder, status: str, *, by: str, note: str, now: datetime) -> HoldChanged:
    hold_id = uuid.uuid5(NAMESPACE, f"{order.site.code}/hold/{hold.pk}")
    return HoldChanged(
        event_id=uuid.uuid5(hold_id, status), site=order.site.code, subject=order.number, occurred_at=now,
        hold_id=hold_id, target="OPERATION" if hold.operation else "ORDER", status=status,
        operation=hold.operation.number if hold.operation else "", item=order.item.number,
        reason=hold.reason.code if hold.reason else "", reason_name=hold.reason.name if hold.reason else "",
        note=note, source=hold.source, person=by,
    )  # fmt: skip
