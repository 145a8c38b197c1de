"""Bring material to the line and back to the store: it stays the same lot, and the plant has as much as before."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.errors import DomainError, NotFound
from mes.masterdata.models import Item, Person
from mes.masterdata.rules import check_precision
from mes.material.events import LineStockMoved
from mes.material.models import Lot, PlaceMovement, PlaceStock, StockPlace
from mes.material.services.lots import LotShort, find_lot, usable_lot
from mes.material.services.movements import MovementIdReused, check_quantity
from mes.material.services.places import in_store, stock_at, write

Kind = PlaceMovement.Kind


class PlaceShort(DomainError):
    """There is not so much at the place."""

    code = "place_short"
    title = gettext_lazy("Not so much is there")


class PlaceMoveReversed(DomainError):
    """A movement is reversed once, and only one that a person made."""

    code = "place_move_reversed"


@transaction.atomic
def replenish_place(
    *,
    movement_id: UUID,
    place_id: int,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> PlaceMovement:
    """Bring some of a lot (or of an item without lots) from the store to a place of the line. The same again is done once.

    :raises mes.core.errors.NotFound: there is no such place at the item's site.
    :raises LotMissing, LotUnknown, LotWrongItem, LotBlocked: as for an issue.
    :raises LotShort: the store has less of the lot.
    """

    def enough(row: PlaceStock, lot: Lot | None) -> None:
        if lot is None or (stored := in_store(lot)) >= quantity:
            return
        raise LotShort(
            _("The store has %(n)s %(unit)s of lot %(lot)s. What lies at another place has to come back first.")
            % {"n": f"{stored.normalize():f}", "unit": item.uom, "lot": lot.number},
            field="quantity",
        )

    def look(number: str) -> Lot | None:
        return usable_lot(item=item, number=number, now=now)

    return _move(
        Kind.REPLENISH, movement_id, place_id, item, lot_number, quantity, look, enough,
        {"person": person, "occurred_at": occurred_at, "now": now},
    )  # fmt: skip


@transaction.atomic
def return_to_store(
    *,
    movement_id: UUID,
    place_id: int,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
) -> PlaceMovement:
    """Bring some of what lies at a place back to the store, held or expired lots too. The same again is done once.

    :raises mes.core.errors.NotFound: there is no such place at the item's site.
    :raises LotMissing, LotUnknown, LotWrongItem: as for an issue.
    :raises PlaceShort: the place has less of it.
    """

    def enough(row: PlaceStock, lot: Lot | None) -> None:
        _check_there(row, quantity)

    def look(number: str) -> Lot | None:
        return find_lot(item=item, number=number)

    return _move(
        Kind.TO_STORE, movement_id, place_id, item, lot_number, quantity, look, enough,
        {"person": person, "occurred_at": occurred_at, "now": now},
    )  # fmt: skip


@transaction.atomic
def reverse_place_movement(
    *, reversal_id: UUID, movement_id: UUID, person: Person | None, occurred_at: datetime, now: datetime
) -> PlaceMovement:
    """Take back what was brought to a place or from it by mistake. The same again is done once.

    :raises mes.core.errors.NotFound: there is no such movement.
    :raises PlaceMoveReversed: it was reversed before, is a reversal, or belongs to an issue, which is taken back itself.
    :raises PlaceShort: what was brought has been used since.
    :raises LotShort: what went back to the store has been used since.
    :raises MovementIdReused: another movement has the reversal's id.
    """
    original = PlaceMovement.objects.select_related("place__site", "item__uom", "lot").filter(pk=movement_id).first()
    if original is None:
        raise NotFound(_("There is no such movement here."))
    if known := PlaceMovement.objects.filter(pk=reversal_id).first():
        if known.reverses_id != original.pk:
            raise MovementIdReused(
                _("This id was used for another movement. Make a new one each time."), field="reversal_id"
            )
        return known
    lot = Lot.objects.select_for_update(of=["self"]).get(pk=original.lot_id) if original.lot_id else None
    row = stock_at(place=original.place, item=original.item, lot=lot)
    if original.movement_id or original.reverses_id or PlaceMovement.objects.filter(reverses=original).exists():
        raise PlaceMoveReversed(_("This cannot be taken back: it was before, or it belongs to an issue or a report."))
    _check_there(row, original.quantity)
    if lot and original.quantity < 0 and in_store(lot) < -original.quantity:
        raise LotShort(_("Lot %(lot)s has been used in the store since.") % {"lot": lot.number})
    done = write(
        row, movement_id=reversal_id, kind=Kind(original.kind), quantity=-original.quantity, person=person,
        occurred_at=occurred_at, now=now, reverses=original,
    )  # fmt: skip
    _tell(done)
    return done


def _move(
    kind: Kind,
    movement_id: UUID,
    place_id: int,
    item: Item,
    lot_number: str,
    quantity: Decimal,
    look: Callable[[str], Lot | None],
    enough: Callable[[PlaceStock, Lot | None], None],
    when: dict,
) -> PlaceMovement:
    check_quantity(quantity)
    check_precision(quantity, decimals=item.uom.decimals, unit=item.uom.code, field="quantity")
    signed = quantity if kind == Kind.REPLENISH else -quantity
    place = StockPlace.objects.select_related("site", "work_center").filter(pk=place_id, site=item.site_id).first()
    if place is None:
        raise NotFound(_("There is no such place at this site."), field="place")
    if known := PlaceMovement.objects.select_related("lot").filter(pk=movement_id).first():
        number = known.lot.number if known.lot else ""
        if (known.kind, known.place_id, known.item_id, known.quantity) != (kind, place.pk, item.pk, signed) or (
            lot_number not in (number, number[1:])
        ):
            raise MovementIdReused(
                _("This id was used for another movement. Make a new one each time."), field="movement_id"
            )
        return known
    lot = look(lot_number)
    row = stock_at(place=place, item=item, lot=lot)
    row.place, row.item, row.lot = place, item, lot
    enough(row, lot)
    try:
        done = write(row, movement_id=movement_id, kind=kind, quantity=signed, **when)
    except IntegrityError as clash:
        raise MovementIdReused(
            _("This id was used for another movement. Make a new one each time."), field="movement_id"
        ) from clash
    _tell(done)
    return done


def _check_there(row: PlaceStock, quantity: Decimal) -> None:
    if row.quantity < quantity:
        raise PlaceShort(
            _("%(place)s has %(n)s %(unit)s of %(item)s.")
            % {
                "place": row.place.code,
                "n": f"{row.quantity.normalize():f}",
                "unit": row.item.uom,
                "item": row.lot.number if row.lot else row.item.number,
            },
            field="quantity",
        )


def _tell(done: PlaceMovement) -> None:
    place = done.place
    bus.publish(
        LineStockMoved(
            event_id=done.pk, site=place.site.code, subject=f"place/{place.code}", occurred_at=done.occurred_at,
            movement_id=done.pk, movement=str(done.kind), place=place.code, work_center=place.work_center.code,
            item=done.item.number, lot=done.lot.number if done.lot else "", quantity=done.quantity,
            uom=done.item.uom.code, person=done.person.number if done.person else "", reverses=done.reverses_id,
        )
    )  # fmt: skip
