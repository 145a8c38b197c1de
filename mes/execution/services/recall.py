"""Recall: hold every lot that something is in, and every order that still works on it, at once."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from mes.core.errors import NotFound
from mes.execution import rules
from mes.execution.models import OrderHold, WorkOrder
from mes.execution.services.holds import hold_work_order
from mes.execution.services.orders import WrongStatus, lock_order
from mes.material import services as material
from mes.material.models import Lot, LotHold
from mes.material.queries import Trace, TracedLot, trace


@dataclass
class Recall:
    """What a recall did: lots held with something left of them, lots of which nothing is here any more, and orders.

    ``gone`` and ``orders_gone`` say why in words. What was held for the same recall before is counted again.
    """

    trace: Trace
    held: list[TracedLot] = field(default_factory=list)
    gone: list[tuple[TracedLot, str]] = field(default_factory=list)
    orders_held: list[str] = field(default_factory=list)
    orders_gone: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Preview:
    """What a recall would do now: what it would hold, what it comes too late for, and what is held for anything already."""

    lots: list[TracedLot]
    held_before: int
    shipped: list[TracedLot]
    orders: list[str]
    orders_over: list[str]


def preview_hold_all(*, found: Trace, site_id: int) -> Preview:
    """Return what :func:`hold_all` of the trace's origin would do now, without doing it."""
    lots = [lot for lot in found.lots.values() if lot.quantity > 0]
    numbers = {one.work_order for one in found.in_process}
    orders = WorkOrder.objects.filter(site_id=site_id, number__in=numbers).order_by("number")
    states = list(orders.values_list("number", "status"))
    return Preview(
        lots=lots,
        held_before=sum(lot.status != Lot.Status.AVAILABLE for lot in lots),
        shipped=[lot for lot in found.lots.values() if lot.shipped > 0],
        orders=[number for number, status in states if status not in rules.OVER],
        orders_over=[number for number, status in states if status in rules.OVER],
    )


@transaction.atomic
def hold_all(*, lot_id: int, by: str, now: datetime, reason: str = "", note: str = "") -> Recall:
    """Hold a lot, all lots it is in, and the orders that took of them and have put nothing out since.

    A lot of which nothing is left is held too, so that what comes back to it is caught, and told apart in the answer.
    Done again it holds what came since, and nothing twice.

    :raises mes.core.errors.NotFound: there is no such lot.
    :raises mes.masterdata.queries.UnknownReason: the site has no such hold reason.
    """
    origin = Lot.objects.select_related("site").filter(pk=lot_id).first()
    if origin is None:
        raise NotFound("There is no such lot here.")
    found = trace(lot_id=lot_id, down=True)
    source = f"recall {origin.number}"[:64]
    done = Recall(found)
    # Orders before lots: the order in which everybody locks.
    numbers = sorted({one.work_order for one in found.in_process})
    for order in WorkOrder.objects.filter(site=origin.site, number__in=numbers).order_by("pk"):
        _hold_order(done, order.pk, source=source, by=by, now=now, reason=reason, note=note)
    held = set(
        LotHold.objects.filter(lot__site=origin.site, source=source, released_at=None).values_list("lot_id", flat=True)
    )
    for lot in sorted(found.lots.values(), key=lambda lot: lot.id):
        if lot.id not in held:
            material.hold_lot(lot_id=lot.id, by=by, now=now, reason=reason, note=note, source=source)
        if lot.quantity > 0:
            done.held.append(lot)
        else:
            done.gone.append((lot, _where_it_went(lot)))
    return done


def _hold_order(done: Recall, order_id: int, *, source: str, by: str, now: datetime, reason: str, note: str) -> None:
    order = lock_order(order_id)
    if order.status in rules.OVER:
        done.orders_gone.append((order.number, order.get_status_display()))
        return
    if not OrderHold.objects.filter(work_order=order, source=source, released_at=None).exists():
        try:
            hold_work_order(work_order_id=order.pk, by=by, now=now, reason=reason, note=note, source=source)
        except WrongStatus as refusal:
            done.orders_gone.append((order.number, refusal.detail))
            return
    done.orders_held.append(order.number)


def _where_it_went(lot: TracedLot) -> str:
    if lot.shipped:
        to = f" ({lot.shipped_to})" if lot.shipped_to else ""
        return f"Nothing is left here: {rules.shown(lot.shipped)} {lot.uom} were shipped{to}."
    return "Nothing is left here: it was used up, and what it went into is in this list."
