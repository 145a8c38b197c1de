"""Bills of materials and routings."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from mes.masterdata.models import BillOfMaterials, BomLine, Item, Routing, RoutingStep, Uom, WorkCenter
from mes.masterdata.records import Applied, BillOfMaterialsRecord, RoutingRecord
from mes.masterdata.services import sync


@transaction.atomic
def apply_boms(records: Sequence[BillOfMaterialsRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the bills and their lines equal the records; parked for a site, an item or a unit."""
    sites = sync.site_index(record.site for record in records)
    keys = {(record.site, record.item) for record in records}
    keys |= {(record.site, line.item) for record in records for line in record.lines}
    items = sync.index_by_site("item", Item, keys)
    codes = {record.uom for record in records} | {line.uom for record in records for line in record.lines}
    uoms = sync.Index("uom", Uom.objects.filter(code__in=codes).values_list("code", "id"))

    def row(record: BillOfMaterialsRecord) -> sync.Row:
        site_id = sites[record.site]
        values = {
            "item_id": items[record.site, record.item],
            "base_quantity": record.base_quantity,
            "uom_id": uoms[record.uom],
            "revision": record.revision,
            "tolerance": record.tolerance,
            "active": record.active,
        }
        lines = [
            {
                "position": position,
                "item_id": items[record.site, line.item],
                "quantity": line.quantity,
                "uom_id": uoms[line.uom],
                "operation": line.operation,
                "backflush": line.backflush,
            }
            for position, line in enumerate(record.lines, start=1)
        ]
        return sync.Row((site_id, record.number), values, sync.digest(record), record.external_id, lines)

    rows, parked = sync.sort_out(records, row, key="number")
    applied, written = sync.write(
        BillOfMaterials, rows, key_fields=("site_id", "number"), owner=owner, now=sync.clock(now)
    )
    sync.replace_children(
        BomLine,
        parent="bom_id",
        wanted={bom.pk: [BomLine(bom_id=bom.pk, **line) for line in row.children] for bom, row in written},
        values=("position", "item_id", "quantity", "uom_id", "operation", "backflush"),
    )
    return applied + parked


@transaction.atomic
def apply_routings(records: Sequence[RoutingRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the routings, their steps and the items made by them equal the records; parked for what they name."""
    sites = sync.site_index(record.site for record in records)
    items = sync.index_by_site("item", Item, {(record.site, number) for record in records for number in record.items})
    centers = sync.index_by_site(
        "work_center",
        WorkCenter,
        {(record.site, step.work_center) for record in records for step in record.steps},
        attribute="code",
    )

    def row(record: RoutingRecord) -> sync.Row:
        values = {"name": record.name, "revision": record.revision, "active": record.active}
        steps = [
            {
                "position": position,
                "number": step.number,
                "name": step.name,
                "work_center_id": centers[record.site, step.work_center],
                "setup_time": step.setup_time,
                "run_time_per_unit": step.run_time_per_unit,
            }
            for position, step in enumerate(record.steps, start=1)
        ]
        made = [items[record.site, number] for number in record.items]
        return sync.Row(
            (sites[record.site], record.number), values, sync.digest(record), record.external_id, (steps, made)
        )

    rows, parked = sync.sort_out(records, row, key="number")
    applied, written = sync.write(Routing, rows, key_fields=("site_id", "number"), owner=owner, now=sync.clock(now))
    sync.replace_children(
        RoutingStep,
        parent="routing_id",
        wanted={
            routing.pk: [RoutingStep(routing_id=routing.pk, **s) for s in row.children[0]] for routing, row in written
        },
        values=("position", "number", "name", "work_center_id", "setup_time", "run_time_per_unit"),
    )
    made_by = Routing.items.through
    sync.replace_children(
        made_by,
        parent="routing_id",
        wanted={
            routing.pk: [made_by(routing_id=routing.pk, item_id=item_id) for item_id in dict.fromkeys(row.children[1])]
            for routing, row in written
        },
        values=("item_id",),
    )
    return applied + parked


def vanish_boms(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the bills that ``owner`` no longer has; keys are numbers.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(BillOfMaterials, present_keys, key_fields=("number",), owner=owner, now=sync.clock(now))


def vanish_routings(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the routings that ``owner`` no longer has; keys are numbers.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(Routing, present_keys, key_fields=("number",), owner=owner, now=sync.clock(now))
