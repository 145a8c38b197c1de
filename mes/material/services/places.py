"""Where in the plant a lot lies: what consumption takes from which place, and the sums that its facts add up to.

A lot has one quantity; of it some may lie at places of the line, and the rest is in the store. Items without lots have a
quantity at places only: what the store has of them, the ERP knows. Lots are locked before the stock of places.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from mes.core.clocks import effective_time
from mes.masterdata.models import Item, Person
from mes.material.models import Lot, MaterialMovement, PlaceMovement, PlaceStock, StockPlace

ZERO = Decimal(0)


def in_store(lot: Lot) -> Decimal:
    """Return what of a lot lies at no place of the line; the lot is locked."""
    return lot.quantity - (PlaceStock.objects.filter(lot=lot).aggregate(total=Sum("quantity"))["total"] or ZERO)


def at_work_center(*, work_center_id: int | None, lots: Sequence[Lot]) -> dict[int, Decimal]:
    """Return by lot's key what lies at the work center's own places; the lots are locked."""
    if work_center_id is None or not lots:
        return {}
    found = PlaceStock.objects.filter(lot__in=lots, place__work_center_id=work_center_id, quantity__gt=0)
    return dict(found.values_list("lot_id").annotate(total=Sum("quantity")).order_by("lot_id"))


def stock_at(*, place: StockPlace, item: Item, lot: Lot | None) -> PlaceStock:
    """Return the place's stock of a lot or an item, locked, made if there is none."""
    row, _created = PlaceStock.objects.get_or_create(place=place, item=item, lot=lot, defaults={"quantity": ZERO})
    return PlaceStock.objects.select_for_update(of=["self"]).get(pk=row.pk)


def write(
    row: PlaceStock,
    *,
    movement_id: uuid.UUID,
    kind: PlaceMovement.Kind,
    quantity: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    movement: MaterialMovement | None = None,
    reverses: PlaceMovement | None = None,
) -> PlaceMovement:
    """Store a fact of a place (``quantity`` is negative for what leaves it) and keep the place's sum, whose row is locked."""
    done = PlaceMovement.objects.create(
        id=movement_id, site_id=row.place.site_id, kind=kind, place=row.place, item=row.item, lot=row.lot,
        quantity=quantity, uom_id=row.item.uom_id, movement=movement, person=person,
        occurred_at=effective_time(claimed=occurred_at, now=now), recorded_at=now, reverses=reverses,
    )  # fmt: skip
    row.quantity += quantity
    row.save(update_fields=["quantity"])
    return done


def follow(movements: Sequence[MaterialMovement], *, work_center_id: int | None) -> None:
    """Take from places what movements took from lots and items, and give back what reversals gave back.

    First from the places of the work center where it was used, then from the store, and last from places elsewhere: who
    has it in hand has it, wherever it was thought to be. The movements are stored and their lots' sums written.
    """
    rows = list(
        PlaceStock.objects.select_for_update(of=["self"])
        .filter(item_id__in={movement.item_id for movement in movements}, quantity__gt=0)
        .select_related("place", "item", "lot")
        .order_by("pk")
    )
    reversed_ids = [movement.reverses_id for movement in movements if movement.reverses_id]
    given = PlaceMovement.objects.filter(movement_id__in=reversed_ids) if reversed_ids else PlaceMovement.objects.none()
    for line in given.select_related("place", "item", "lot").order_by("pk"):
        reversal = next(one for one in movements if one.reverses_id == line.movement_id)
        _give_back(rows, line, reversal)
    for movement in movements:
        leaves = movement.quantity if movement.kind in MaterialMovement.LEAVING else -movement.quantity
        if rows and leaves > 0:
            _take(rows, movement, leaves, work_center_id)


def _take(rows: list[PlaceStock], movement: MaterialMovement, leaves: Decimal, work_center_id: int | None) -> None:
    mine = [
        row for row in rows
        if row.item_id == movement.item_id and row.lot_id == movement.lot_id and row.quantity > 0
    ]  # fmt: skip
    own = [row for row in mine if row.place.work_center_id == work_center_id]
    open_quantity = leaves
    for row in own:
        open_quantity -= _take_from(row, movement, open_quantity)
    if movement.lot is None:
        return  # the rest came from the store, which nobody counts here
    # The lot's sum is already without what left.
    elsewhere = sum((row.quantity for row in mine), ZERO) - movement.lot.quantity
    for row in mine:
        if row not in own and elsewhere > 0:
            elsewhere -= _take_from(row, movement, elsewhere)


def _take_from(row: PlaceStock, movement: MaterialMovement, wanted: Decimal) -> Decimal:
    taken = min(wanted, row.quantity)
    if taken > 0:
        _follow(row, movement, PlaceMovement.Kind.USE, -taken)
    return max(taken, ZERO)


def _give_back(rows: list[PlaceStock], line: PlaceMovement, reversal: MaterialMovement) -> None:
    row = next(
        (one for one in rows if (one.place_id, one.item_id, one.lot_id) == (line.place_id, line.item_id, line.lot_id)),
        None,
    )
    if row is None:
        row = stock_at(place=line.place, item=line.item, lot=line.lot)
        rows.append(row)
    _follow(row, reversal, PlaceMovement.Kind(line.kind), -line.quantity, reverses=line)


def put(place: StockPlace, movement: MaterialMovement) -> None:
    """Lay at a place what a movement brought back; it is stored and its lot's sum written."""
    row = stock_at(place=place, item=movement.item, lot=movement.lot)
    _follow(row, movement, PlaceMovement.Kind.LEFT_OVER, -movement.quantity)


def _follow(
    row: PlaceStock,
    movement: MaterialMovement,
    kind: PlaceMovement.Kind,
    quantity: Decimal,
    reverses: PlaceMovement | None = None,
) -> None:
    write(
        row, movement_id=uuid.uuid5(movement.pk, f"place {row.place_id}"), kind=kind, quantity=quantity,
        person=movement.person, occurred_at=movement.occurred_at, now=movement.recorded_at, movement=movement,
        reverses=reverses,
    )  # fmt: skip
