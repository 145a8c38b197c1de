"""Lots as people choose, label and count them: which may be used, which may not and why, what lies at a line."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Max, OuterRef, Prefetch, Q, Sum

from mes.core.tongues import told
from mes.masterdata.models import Item
from mes.masterdata.queries import placers
from mes.material.models import DrawnNumber, LabelPrint, Lot, LotHold, MaterialMovement, NumberingRule, PlaceStock
from mes.material.rules import Label, lot_in


def find_lots(*, text: str, sites: Collection[Any]) -> list[Lot]:
    """Return the lots that a typed or scanned text names at these sites: the same number can exist for several items."""
    lots = Lot.objects.filter(site__in=sites, number__iexact=lot_in(text)).select_related("item__uom", "site")
    return list(lots.order_by("item__number", "pk")[:50])


def recent_lots(*, sites: Collection[Any], most: int = 20) -> list[Lot]:
    """Return the newest lots of these sites."""
    return list(
        Lot.objects.filter(site__in=sites).select_related("item__uom", "site").order_by("-created_at", "-pk")[:most]
    )


def balance(*, lot_id: int) -> list[tuple[str, Decimal]]:
    """Return (kind, quantity) of everything that came into a lot and left it, signed: they add up to what is left."""
    found = MaterialMovement.objects.filter(lot_id=lot_id).values("kind").annotate(total=Sum("quantity"))
    signed = [
        (row["kind"], -row["total"] if row["kind"] in MaterialMovement.LEAVING else row["total"])
        for row in found.order_by("kind")
    ]
    order = list(MaterialMovement.Kind.values)
    return sorted(((kind, total) for kind, total in signed if total), key=lambda pair: order.index(pair[0]))


def label_of(lot: Lot) -> Label:
    """Return what stands on a label of the lot now; ``lot`` has its item, unit and site."""
    zone = ZoneInfo(lot.site.time_zone)
    made = MaterialMovement.objects.filter(lot=lot, kind=MaterialMovement.Kind.OUTPUT, quantity__gt=0)
    order = made.order_by("-recorded_at").values_list("work_order", flat=True).first() or ""
    return Label(
        lot=lot.number,
        item=lot.item.number,
        item_name=lot.item.name,
        quantity=f"{lot.quantity.normalize():f} {lot.item.uom}",
        work_order=order,
        made=f"{lot.created_at.astimezone(zone):%Y-%m-%d}",
        expires=f"EXP {lot.expires_at.astimezone(zone):%Y-%m-%d}" if lot.expires_at else "",
    )


def labels_of(done: LabelPrint) -> list[Label]:
    """Return the labels of one print, each copy: all alike, or numbered with what is in each container."""
    label = label_of(done.lot)
    if done.each is None:
        return [label] * done.copies
    quantity = f"{done.each.normalize():f} {done.lot.item.uom}"
    return [
        replace(label, quantity=quantity, part=f"{n}/{done.copies}", contents=done.each)
        for n in range(1, done.copies + 1)
    ]


def usable_lots(items: Collection[int], now: datetime) -> dict[int, list[Lot]]:
    """Return, for each item (by key), its lots that may be used now and have something left, first expiring first."""
    found: dict[int, list[Lot]] = defaultdict(list)
    if items:
        lots = Lot.objects.filter(item_id__in=items, status=Lot.Status.AVAILABLE, quantity__gt=0)
        lots = lots.exclude(expires_at__lte=now)
        for lot in lots.order_by(F("expires_at").asc(nulls_last=True), "created_at", "pk"):
            found[lot.item_id].append(lot)
    return found


def numbering_rule(item: Item) -> NumberingRule | None:
    """Return the rule by which what is made of the item gets its numbers: its own, or the site's for all the rest."""
    rules = NumberingRule.objects.filter(Q(item=item) | Q(item=None, site_id=item.site_id), active=True)
    return rules.order_by(F("item").asc(nulls_last=True)).first()


def has_serials(item: Item) -> bool:
    """Return whether each piece of the item has a number of its own."""
    rule = numbering_rule(item)
    return rule is not None and rule.each == NumberingRule.Each.PIECE


def drawn_number(*, item: Item, scope: str) -> str:
    """Return the number that was given out for the scope before, or ""."""
    return DrawnNumber.objects.filter(item=item, scope=scope).values_list("number", flat=True).first() or ""


@dataclass(frozen=True)
class HeldLot:
    """A lot, or one piece by its serial number, that nobody may use, and why; ``by`` is "" where nobody is to be told."""

    lot: Lot
    why: str
    by: str
    since: datetime | None


def holds_on(*, lot_id: int) -> list[LotHold]:
    """Return every hold that was placed on a lot, those that are open first, then the last lifted."""
    return list(
        LotHold.objects.filter(lot_id=lot_id)
        .select_related("reason", "site")
        .order_by(F("released_at").desc(nulls_first=True), "-placed_at")
    )


def held_lots(*, site_id: int, items: Collection[int], order: str = "", most: int = 6) -> tuple[list[HeldLot], int]:
    """Return what of these items (by key) nobody may use now, held last first, and how many more there are.

    Only what somebody could still take into their hands: something is left of it, it was not made yet, or the order
    took some of it. A lot with several holds comes once for each.
    """
    moved = MaterialMovement.objects.filter(lot=OuterRef("pk"))
    within_reach = Q(quantity__gt=0) | Q(~Exists(moved))
    if order:
        within_reach |= Q(Exists(moved.filter(work_order=order, kind__in=MaterialMovement.CONSUMING)))
    held = Lot.objects.filter(within_reach, site_id=site_id, item_id__in=items).exclude(status=Lot.Status.AVAILABLE)
    still_open = Prefetch("holds", LotHold.objects.filter(released_at=None).select_related("reason"), "open_holds")
    lots = list(
        held.select_related("item")
        .prefetch_related(still_open)
        .order_by(F("status_since").desc(nulls_last=True), "pk")[:most]
    )
    names = placers([hold.placed_by for lot in lots for hold in lot.open_holds], site_id=site_id)
    found = []
    for lot in lots:
        if lot.status == Lot.Status.BLOCKED or not lot.open_holds:
            found.append(HeldLot(lot, lot.status_reason, "", lot.status_since))
        for hold in lot.open_holds:
            found.append(HeldLot(lot, _why(hold), names.get(hold.placed_by, ""), hold.placed_at))
    return found, held.count() - len(lots) if len(lots) == most else 0


def _why(hold: LotHold) -> str:
    return str(hold) if hold.note or hold.reason is None else f"{hold.reason.code} {told(hold.reason)}"


def last_change() -> object:
    """Return what changes when a lot, or whether it may be used, did: for pages that ask again."""
    return (
        LotHold.objects.aggregate(placed=Max("placed_at"), released=Max("released_at")),
        Lot.history.aggregate(last=Max("history_id"))["last"],
    )


@dataclass
class LineStock:
    """What of an item (and lot) lies at a place, and what of it the store has; None where nobody counts it here."""

    row: PlaceStock
    stored: Decimal | None


def line_stock(*, work_center_id: int | None = None, place_id: int | None = None) -> list[LineStock]:
    """Return what lies at a work center's places, or at one place, by place and item, first expiring first."""
    where = Q(place_id=place_id) if place_id else Q(place__work_center_id=work_center_id)
    rows = list(
        PlaceStock.objects.filter(where, quantity__gt=0)
        .select_related("place", "item__uom", "lot")
        .order_by("place__code", "item__number", F("lot__expires_at").asc(nulls_last=True), "lot__created_at", "pk")
    )
    placed = placed_quantities([row.lot_id for row in rows if row.lot_id])
    return [LineStock(row, row.lot.quantity - placed[row.lot.pk] if row.lot else None) for row in rows]


def placed_quantities(lots: Collection[int]) -> dict[int, Decimal]:
    """Return by lot's key what of it lies at places of any line; the rest is in the store."""
    found = PlaceStock.objects.filter(lot_id__in=lots).values_list("lot_id").annotate(total=Sum("quantity"))
    return defaultdict(Decimal, {pk: total for pk, total in found.order_by() if pk is not None})


def stock_at_line(*, work_center_id: int, items: Collection[int]) -> dict[tuple[int, int | None], Decimal]:
    """Return what lies at the work center's places by (item's key, lot's key or None)."""
    found = PlaceStock.objects.filter(place__work_center_id=work_center_id, item_id__in=items, quantity__gt=0)
    rows = found.values_list("item_id", "lot_id").annotate(total=Sum("quantity")).order_by()
    return {(item, lot): total for item, lot, total in rows}
