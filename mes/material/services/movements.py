"""Receive, issue, return, backflush and put out material: every change of a lot's quantity is a movement."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import InvalidInput
from mes.masterdata.models import Item, Person, Site
from mes.material.events import MaterialConsumed
from mes.material.models import Lot, MaterialMovement, StockPlace
from mes.material.services import places
from mes.material.services.lots import LotMissing, LotShort, find_lot, lot_to_fill, lots_at_hand, usable_lot

Kind = MaterialMovement.Kind


class ReturnOverIssued(InvalidInput):
    """More would come back than was issued."""

    code = "return_over_issued"


class NothingMoved(InvalidInput):
    """A movement needs a quantity above zero."""

    code = "qty_zero"


class MovementIdReused(InvalidInput):
    """The id names another movement."""

    code = "movement_id_reused"


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a consumption is for: the order, the operation, and the report it belongs to, if any."""

    site: Site
    work_order: str
    operation: str
    person: Person | None
    occurred_at: datetime
    now: datetime
    report_id: UUID | None = None
    report_quantity: Decimal = Decimal(0)
    report_is_output: bool = False
    pooled: bool = True
    """Which of the order's output lots it is in cannot be told from a report: by hand, upstream, or to rework."""
    work_center_id: int | None = None
    """Where it is used: what lies at its own places goes first."""


@transaction.atomic
def receive_lot(
    *,
    movement_id: UUID,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    expires_at: datetime | None = None,
) -> Lot:
    """Take a quantity of an item into stock under a lot number, making the lot if it is new.

    The same ``movement_id`` again receives nothing more.

    :raises NothingMoved: the quantity is not above zero.
    :raises LotMissing: no lot number.
    """
    check_quantity(quantity)
    if not lot_number:
        raise LotMissing(_("Enter the lot number."), field="lot")
    if known := MaterialMovement.objects.select_related("lot").filter(pk=movement_id).first():
        assert known.lot is not None, "what was received has a lot"
        return known.lot
    lot = lot_to_fill(item=item, number=lot_number, now=now, expires_at=expires_at)
    use = no_order(item, person=person, occurred_at=occurred_at, now=now)
    record([plan_movement(use, movement_id, Kind.RECEIPT, item, lot, quantity)], use)
    return lot


@transaction.atomic
def receive_output(*, use: Use, item: Item, lot_number: str, quantity: Decimal) -> Lot:
    """Put the good pieces of a report into their lot, making the lot if it is new."""
    lot = lot_to_fill(item=item, number=lot_number, now=use.now)
    movement = plan_movement(use, uuid.uuid5(_report(use), "output"), Kind.OUTPUT, item, lot, quantity)
    movement.pooled = False
    record([movement], use)
    return lot


@transaction.atomic
def issue_material(
    *, movement_id: UUID, use: Use, item: Item, lot_number: str, quantity: Decimal, component_id: int | None = None
) -> MaterialMovement:
    """Issue material to an order by hand.

    :raises LotMissing: the item is tracked by lot and none was named.
    :raises LotUnknown: there is no such lot.
    :raises LotWrongItem: the lot is of another item.
    :raises LotBlocked: the lot is held, blocked or expired.
    :raises LotShort: the lot has less left.
    """
    check_quantity(quantity)
    lot = usable_lot(item=item, number=lot_number, now=use.now)
    if lot and lot.quantity < quantity:
        raise LotShort(
            _("Lot %(lot)s has %(n)s %(unit)s left. Issue that, and the rest from another lot.")
            % {"lot": lot.number, "n": f"{lot.quantity.normalize():f}", "unit": item.uom},
            field="quantity",
        )
    movement = plan_movement(use, movement_id, Kind.ISSUE, item, lot, quantity, component_id=component_id)
    record([movement], use)
    return movement


@transaction.atomic
def return_material(
    *,
    movement_id: UUID,
    use: Use,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    component_id: int | None = None,
    reason: str = "",
    place: StockPlace | None = None,
) -> MaterialMovement:
    """Take material that an order did not use back into its lot: to a place of the line, or to the store.

    :raises LotMissing, LotUnknown, LotWrongItem: as for an issue; a held or expired lot may come back.
    :raises ReturnOverIssued: more than the order was issued of it.
    """
    check_quantity(quantity)
    lot = find_lot(item=item, number=lot_number)
    issued = consumed_quantity(site=use.site, work_order=use.work_order, item=item, lot=lot)
    if quantity > issued:
        words = (
            _("Only %(n)s %(unit)s of lot %(lot)s went into %(order)s; no more can come back.")
            if lot
            else _("Only %(n)s %(unit)s went into %(order)s; no more can come back.")
        )
        raise ReturnOverIssued(
            words
            % {
                "n": f"{issued.normalize():f}",
                "unit": item.uom,
                "lot": lot.number if lot else "",
                "order": use.work_order,
            },
            field="quantity",
        )
    movement = plan_movement(
        use, movement_id, Kind.RETURN, item, lot, -quantity, component_id=component_id, reason=reason
    )
    record([movement], use)
    if place:
        places.put(place, movement)
    return movement


@transaction.atomic
def backflush(
    *, use: Use, needs: Sequence[tuple[int, Item, Decimal]], key: UUID | None = None
) -> list[MaterialMovement]:
    """Consume what a report used up: ``needs`` are (component id, item, quantity), quantities above zero.

    ``key`` is that under which the movements get their ids; without it the report's id.

    Lot-tracked items come from the lots at hand, first expired first out, those at the work center's own places before
    the store's; what no lot covers is recorded without
    a lot or refused, as the site says.

    :raises LotShort: no lot covers it and the site refuses that.
    """
    done: list[MaterialMovement] = []
    movements: list[MaterialMovement] = []
    key = key or _report(use)
    for component_id, item, quantity in needs:
        if any(movement.item_id == item.pk for movement in movements):
            # The bill has the item twice: what the first took must be gone before the second looks.
            record(movements, use)
            done, movements = done + movements, []
        open_quantity = quantity
        lots = lots_at_hand(item, use.now) if item.lot_tracked else []
        for lot, taken in _share_out(lots, open_quantity, use.work_center_id):
            movement_id = uuid.uuid5(key, f"backflush/{component_id}/{lot.pk}")
            movements.append(
                plan_movement(use, movement_id, Kind.BACKFLUSH, item, lot, taken, component_id=component_id)
            )
            open_quantity -= taken
        if open_quantity and item.lot_tracked and use.site.lotless_backflush == Site.LotlessBackflush.REFUSE:
            raise LotShort(
                _(
                    "%(n)s %(unit)s of %(item)s are not covered by any lot at hand. Receive or free a lot, then report again."
                )
                % {"n": f"{open_quantity.normalize():f}", "unit": item.uom, "item": item.number},
                field="lot",
            )
        if open_quantity:
            movement_id = uuid.uuid5(key, f"backflush/{component_id}")
            movements.append(
                plan_movement(use, movement_id, Kind.BACKFLUSH, item, None, open_quantity, component_id=component_id)
            )
    record(movements, use)
    return done + movements


@transaction.atomic
def note_process(*, use: Use, item: Item, scrap: Sequence[tuple[str, Decimal]], rework: Decimal) -> None:
    """Record what of a report's pieces was scrapped (reason code, quantity) and went to rework (negative: came back).

    They were never in stock: no lot changes.
    """
    movements = [
        plan_movement(use, uuid.uuid5(_report(use), f"scrap/{index}"), Kind.SCRAP, item, None, quantity, reason=reason)
        for index, (reason, quantity) in enumerate(scrap)
    ]
    if rework:
        movements.append(plan_movement(use, uuid.uuid5(_report(use), "rework"), Kind.REWORK, item, None, rework))
    record(movements, use)


@transaction.atomic
def reverse_report_movements(*, use: Use, reversed_report_id: UUID) -> list[MaterialMovement]:
    """Post the opposite of every movement of a report; ``use.report_id`` is the reversing report.

    :raises LotShort: pieces of the output lot have been used since.
    """
    originals = MaterialMovement.objects.filter(report_id=reversed_report_id).select_related("item", "uom")
    reversals = []
    for original in originals.order_by("recorded_at", "pk"):
        lot = Lot.objects.select_for_update(of=["self"]).get(pk=original.lot_id) if original.lot_id else None
        if original.kind == Kind.OUTPUT and lot and lot.quantity < original.quantity:
            raise LotShort(
                _("Lot %(lot)s has only %(n)s %(unit)s left: its pieces have been used. Reverse what used them first.")
                % {"lot": lot.number, "n": f"{lot.quantity.normalize():f}", "unit": original.uom}
            )
        reversal = plan_movement(
            use, uuid.uuid5(original.pk, "reversal"), Kind(original.kind), original.item, lot, -original.quantity,
            component_id=original.component_id,
        )  # fmt: skip
        reversal.reverses = original
        reversals.append(reversal)
    record(reversals, use)
    return reversals


def consumed_quantity(*, site: Site, work_order: str, item: Item, lot: Lot | None) -> Decimal:
    """Return what an order consumed of an item, from one lot or without a lot, net of returns and reversals."""
    rows = MaterialMovement.objects.filter(
        site=site, work_order=work_order, item=item, lot=lot, kind__in=MaterialMovement.CONSUMING
    )
    return rows.aggregate(total=Sum("quantity"))["total"] or Decimal(0)


def no_order(
    item: Item, *, person: Person | None, occurred_at: datetime, now: datetime, belongs_to: UUID | None = None
) -> Use:
    """Return what a movement is for that concerns no order; ``belongs_to`` is the transfer it is a side of."""
    return Use(
        site=item.site, work_order="", operation="", person=person, now=now,
        occurred_at=effective_time(claimed=occurred_at, now=now), report_id=belongs_to, pooled=False,
    )  # fmt: skip


def check_quantity(quantity: Decimal, *, field: str = "quantity") -> None:
    """Refuse a movement of nothing, or of less.

    :raises NothingMoved: the quantity is not above zero.
    """
    if quantity <= 0:
        raise NothingMoved(_("Enter a quantity above zero."), field=field)


def _share_out(lots: Sequence[Lot], wanted: Decimal, work_center_id: int | None) -> list[tuple[Lot, Decimal]]:
    """Return how much to take of each lot: first what lies at the work center, then the rest, each in the lots' order."""
    here = places.at_work_center(work_center_id=work_center_id, lots=lots)
    taken: dict[int, Decimal] = {}
    for most in ({lot.pk: here.get(lot.pk, Decimal(0)) for lot in lots}, {lot.pk: lot.quantity for lot in lots}):
        for lot in lots:
            more = min(wanted, most[lot.pk] - taken.get(lot.pk, Decimal(0)))
            if more > 0:
                taken[lot.pk] = taken.get(lot.pk, Decimal(0)) + more
                wanted -= more
    return [(lot, taken[lot.pk]) for lot in lots if lot.pk in taken]


def _report(use: Use) -> UUID:
    if use.report_id is None:
        raise ValueError("A backflush and an output belong to a report.")
    return use.report_id


def plan_movement(
    use: Use,
    movement_id: UUID,
    kind: MaterialMovement.Kind,
    item: Item,
    lot: Lot | None,
    quantity: Decimal,
    *,
    component_id: int | None = None,
    reason: str = "",
) -> MaterialMovement:
    """Return a movement that is not stored yet."""
    return MaterialMovement(
        id=movement_id,
        site=use.site,
        kind=kind,
        item=item,
        lot=lot,
        quantity=quantity,
        uom=item.uom,
        work_order=use.work_order,
        operation=use.operation,
        component_id=component_id,
        report_id=use.report_id,
        pooled=use.pooled,
        reason=reason,
        person=use.person,
        occurred_at=use.occurred_at,
        recorded_at=use.now,
    )


def record(movements: Sequence[MaterialMovement], use: Use) -> None:
    """Store the movements, keep the lots' sums, and publish what orders consumed.

    :raises MovementIdReused: an id belongs to another movement.
    """
    if not movements:
        return
    try:
        MaterialMovement.objects.bulk_create(movements)
    except IntegrityError as clash:
        raise MovementIdReused(
            _("This id was used for another movement. Make a new one each time."), field="movement_id"
        ) from clash
    for movement in movements:
        if movement.lot:
            leaves = movement.kind in MaterialMovement.LEAVING
            movement.lot.quantity += -movement.quantity if leaves else movement.quantity
            # update(): the sum is not tracked by history, and the lot's row is locked.
            Lot.objects.filter(pk=movement.lot.pk).update(quantity=movement.lot.quantity)
    places.follow(movements, work_center_id=use.work_center_id)
    for movement in movements:
        if movement.kind in MaterialMovement.CONSUMING:
            bus.publish(_consumed(movement, use))


def _consumed(movement: MaterialMovement, use: Use) -> MaterialConsumed:
    return MaterialConsumed(
        event_id=movement.pk,
        site=use.site.code,
        subject=use.work_order,
        occurred_at=use.occurred_at,
        movement_id=movement.pk,
        operation=use.operation,
        item=movement.item.number,
        lot=movement.lot.number if movement.lot else "",
        quantity=movement.quantity,
        uom=movement.uom.code,
        person=use.person.number if use.person else "",
        report_id=use.report_id,
        report_quantity=use.report_quantity,
        report_is_output=use.report_is_output,
        reverses=movement.reverses_id,
    )
