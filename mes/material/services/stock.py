"""What happens to a lot outside of orders: split and merged, shipped, scrapped; and what an order yields besides."""

import uuid
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Item, Person, ReasonCode
from mes.material.events import LotScrapped, LotShipped, LotTransferred
from mes.material.models import Lot, MaterialMovement
from mes.material.services.lots import LotMissing, LotShort, lot_to_fill, usable_lot
from mes.material.services.movements import Kind, MovementIdReused, Use, check_quantity, no_order, plan_movement, record


class SameLot(InvalidInput):
    """A transfer needs two lots."""

    code = "same_lot"


class MovementReversed(DomainError):
    """A movement is taken back once."""

    code = "movement_reversed"


class ReasonUnknown(InvalidInput):
    """There is no such reason."""

    code = "reason_unknown"


@transaction.atomic
def transfer_lot(
    *,
    movement_id: UUID,
    item: Item,
    lot_number: str,
    to_lot: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> Lot:
    """Move some of a lot into another one of the same item, new or not: a split, or a merge. The same again is done once.

    The receiving lot expires with the earlier of the two.

    :raises SameLot: both are the same.
    :raises LotShort, LotBlocked, LotUnknown, LotMissing: as for an issue; the receiving lot must be usable too.
    """
    check_quantity(quantity)
    if not to_lot:
        raise LotMissing(_("Enter the lot that it goes into."), field="to_lot")
    if lot_number == to_lot:
        raise SameLot(_("%(lot)s is the lot that it comes from. Enter another one.") % {"lot": to_lot}, field="to_lot")
    if known := _known(movement_id, Kind.TRANSFER, item, lot_number, -quantity):
        filled = MaterialMovement.objects.filter(report_id=known.report_id, quantity__gt=0, kind=Kind.TRANSFER)
        return Lot.objects.get(movements__in=filled)
    # Two transfers at once in opposite directions must not wait for each other for ever: lots are locked by number.
    for number in sorted((lot_number, to_lot)):
        if Lot.objects.filter(item=item, number=number).exists():
            usable_lot(item=item, number=number, now=now)
    source = _enough(item, lot_number, quantity, now)
    target = lot_to_fill(item=item, number=to_lot, now=now, expires_at=source.expires_at)
    if source.expires_at and (target.expires_at is None or target.expires_at > source.expires_at):
        target.expires_at = source.expires_at
        target.save(update_fields=["expires_at"])
    use = no_order(item, person=person, occurred_at=occurred_at, now=now, belongs_to=movement_id)
    out = plan_movement(use, movement_id, Kind.TRANSFER, item, source, -quantity)
    into = plan_movement(use, uuid.uuid5(movement_id, "into"), Kind.TRANSFER, item, target, quantity)
    record([out, into], use)
    bus.publish(
        LotTransferred(
            event_id=movement_id, site=item.site.code, subject=f"lot/{item.number}/{lot_number}",
            occurred_at=use.occurred_at, item=item.number, lot=lot_number, to_lot=to_lot, quantity=quantity,
            uom=item.uom.code, person=person.number if person else "",
        )
    )  # fmt: skip
    return target


@transaction.atomic
def ship_lot(
    *,
    movement_id: UUID,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    reference: str,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    held_too: bool = False,
) -> MaterialMovement:
    """Record that some of a lot left the plant; ``reference`` says to whom or on which delivery. The same again is done once.

    ``held_too``: what goes back to its supplier may be on hold.

    :raises LotShort, LotBlocked, LotUnknown, LotMissing: as for an issue: what is held is not shipped.
    """
    check_quantity(quantity)
    if known := _known(movement_id, Kind.SHIPMENT, item, lot_number, quantity):
        return known
    lot = _enough(item, lot_number, quantity, now, held_too=held_too)
    use = no_order(item, person=person, occurred_at=occurred_at, now=now)
    movement = plan_movement(use, movement_id, Kind.SHIPMENT, item, lot, quantity)
    movement.reference = reference
    record([movement], use)
    bus.publish(
        LotShipped(
            event_id=movement_id, site=item.site.code, subject=f"lot/{item.number}/{lot_number}",
            occurred_at=use.occurred_at, item=item.number, lot=lot_number, quantity=quantity, uom=item.uom.code,
            reference=reference, person=person.number if person else "",
        )
    )  # fmt: skip
    return movement


@transaction.atomic
def scrap_lot(
    *,
    movement_id: UUID,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    reason: str,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> MaterialMovement:
    """Throw some of a lot away, held or not. ``reason`` is the code of a SCRAP reason. The same again is done once.

    :raises ReasonUnknown: the site has no such scrap reason.
    :raises LotShort, LotUnknown, LotMissing: as for an issue.
    """
    check_quantity(quantity)
    if known := _known(movement_id, Kind.SCRAP, item, lot_number, quantity):
        return known
    if not ReasonCode.objects.filter(
        site_id=item.site_id, kind=ReasonCode.Kind.SCRAP, code=reason, active=True
    ).exists():
        raise ReasonUnknown(
            _("There is no scrap reason %(code)s here. Choose one.") % {"code": reason or "(none)"}, field="reason"
        )
    lot = _enough(item, lot_number, quantity, now, held_too=True)
    use = no_order(item, person=person, occurred_at=occurred_at, now=now)
    movement = plan_movement(use, movement_id, Kind.SCRAP, item, lot, quantity, reason=reason)
    record([movement], use)
    bus.publish(
        LotScrapped(
            event_id=movement_id, site=item.site.code, subject=f"lot/{item.number}/{lot_number}",
            occurred_at=use.occurred_at, item=item.number, lot=lot_number, quantity=quantity, uom=item.uom.code,
            reason=reason, person=person.number if person else "",
        )
    )  # fmt: skip
    return movement


@transaction.atomic
def put_out_byproduct(
    *, movement_id: UUID, use: Use, item: Item, lot_number: str, quantity: Decimal
) -> MaterialMovement:
    """Put what an order yields besides its product (regrind, offcuts) into a lot of its own item. Done once by its id.

    :raises LotMissing: the item is tracked by lot, and none was named.
    :raises MovementIdReused: another movement has this id.
    """
    check_quantity(quantity)
    if not lot_number and item.lot_tracked:
        raise LotMissing(_("Enter the lot into which %(item)s goes.") % {"item": item.number}, field="lot")
    if known := _known(movement_id, Kind.OUTPUT, item, lot_number, quantity):
        return known
    lot = lot_to_fill(item=item, number=lot_number, now=use.now) if lot_number else None
    movement = plan_movement(use, movement_id, Kind.OUTPUT, item, lot, quantity)
    movement.pooled = True
    record([movement], use)
    return movement


@transaction.atomic
def reverse_byproduct(*, reversal_id: UUID, use: Use, movement_id: UUID) -> MaterialMovement:
    """Take a by-product out of its lot again. Done once by the reversal's id.

    :raises MovementReversed: it was taken back before.
    :raises LotShort: some of the lot was used since.
    """
    original = MaterialMovement.objects.select_related("item__uom", "uom").get(pk=movement_id)
    lot = Lot.objects.select_for_update(of=["self"]).get(pk=original.lot_id) if original.lot_id else None
    if known := MaterialMovement.objects.filter(reverses=original).first():
        if known.pk == reversal_id:
            return known
        raise MovementReversed(_("This was taken back before."))
    if lot and lot.quantity < original.quantity:
        raise LotShort(
            _("Lot %(lot)s has %(n)s %(unit)s left.")
            % {"lot": lot.number, "n": f"{lot.quantity.normalize():f}", "unit": original.uom}
        )
    movement = plan_movement(use, reversal_id, Kind.OUTPUT, original.item, lot, -original.quantity)
    movement.pooled, movement.reverses = True, original
    record([movement], use)
    return movement


def _enough(item: Item, number: str, quantity: Decimal, now: datetime, *, held_too: bool = False) -> Lot:
    lot = usable_lot(item=item, number=number, now=now, held_too=held_too)
    if lot is None:
        raise LotMissing(_("Enter the lot number."), field="lot")
    if lot.quantity < quantity:
        raise LotShort(
            _("Lot %(lot)s has %(n)s %(unit)s left.")
            % {"lot": lot.number, "n": f"{lot.quantity.normalize():f}", "unit": item.uom},
            field="quantity",
        )
    return lot


def _known(movement_id: UUID, kind: str, item: Item, lot_number: str, quantity: Decimal) -> MaterialMovement | None:
    """Return the earlier movement of this id.

    :raises MovementIdReused: it was another one.
    """
    known = MaterialMovement.objects.select_related("lot").filter(pk=movement_id).first()
    if known is None:
        return None
    number = known.lot.number if known.lot else ""
    if (known.kind, known.item_id, number, known.quantity) != (kind, item.pk, lot_number, quantity):
        raise MovementIdReused(
            _("This id was used for another movement. Make a new one each time."), field="movement_id"
        )
    return known
