"""Units and items."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from mes.masterdata.models import Item, ItemUom, Uom
from mes.masterdata.records import Applied, ItemRecord, UomRecord
from mes.masterdata.services import sync


@transaction.atomic
def apply_uoms(records: Sequence[UomRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the units of measure equal the records."""

    def row(record: UomRecord) -> sync.Row:
        values = {
            "name": record.name,
            "symbol": record.symbol,
            "dimension": record.dimension,
            "numerator": record.numerator,
            "denominator": record.denominator,
            "decimals": min(record.decimals, 6),
            "active": True,
        }
        return sync.Row((record.code,), values, sync.digest(record), record.code)

    rows, parked = sync.sort_out(records, row, key="code")
    applied, _ = sync.write(Uom, rows, key_fields=("code",), owner=owner, now=sync.clock(now))
    return applied + parked


@transaction.atomic
def apply_items(records: Sequence[ItemRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the items and their unit conversions equal the records; parked for a site or a unit."""
    sites = sync.site_index(record.site for record in records)
    codes = {record.uom for record in records} | {other.uom for record in records for other in record.conversions}
    uoms = sync.Index("uom", Uom.objects.filter(code__in=codes).values_list("code", "id"))

    def row(record: ItemRecord) -> sync.Row:
        values = {
            "name": record.name,
            "uom_id": uoms[record.uom],
            "lot_tracked": record.lot_tracked,
            "active": record.active,
        }
        if record.pack_quantity is not None:
            values["pack_quantity"] = record.pack_quantity or None
        children = [(uoms[other.uom], other.numerator, other.denominator) for other in record.conversions]
        return sync.Row((sites[record.site], record.number), values, sync.digest(record), record.external_id, children)

    rows, parked = sync.sort_out(records, row, key="number")
    applied, written = sync.write(Item, rows, key_fields=("site_id", "number"), owner=owner, now=sync.clock(now))
    sync.replace_children(
        ItemUom,
        parent="item_id",
        wanted={
            item.pk: [ItemUom(item_id=item.pk, uom_id=u, numerator=n, denominator=d) for u, n, d in row.children]
            for item, row in written
        },
        values=("uom_id", "numerator", "denominator"),
    )
    return applied + parked


def vanish_uoms(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the units that ``owner`` no longer has; keys are codes.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(Uom, present_keys, key_fields=("code",), owner=owner, now=sync.clock(now))


def vanish_items(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the items that ``owner`` no longer has; keys are item numbers.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(Item, present_keys, key_fields=("number",), owner=owner, now=sync.clock(now))
