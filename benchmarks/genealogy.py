"""G1: a recall through a hundred thousand links, down from the first lot and up from the last."""

import uuid
from decimal import Decimal

from django.db import connection as database
from django.utils import timezone

from benchmarks import plant
from benchmarks.harness import Row, interleaved
from mes.masterdata.models import Item, Uom
from mes.material.models import Lot, MaterialMovement
from mes.material.queries import trace

LEVELS, WIDTH, INPUTS = 50, 500, 4
"""Each lot is made by one report from four lots of the level before: 25,000 lots and 100,000 links, 50 levels deep."""


def recall(rounds: int) -> list[Row]:
    """Trace all of it, against reading the same movements once without following anything."""
    first, last = _history()
    cases = {
        "down": lambda: trace(lot_id=first, down=True),
        "up": lambda: trace(lot_id=last, down=False),
        "floor": _read,
    }
    found = trace(lot_id=first, down=True)
    links = len(found.links)
    medians = interleaved(cases, rounds=rounds)
    floor = medians.pop("floor")
    return [
        Row(
            "G1", f"trace {name}, {links:,} links, {len(found.lots):,} lots", f"{taken:.2f} s",
            f"{floor:.2f} s one read of the movements", f"{floor / taken:.2f}", "< 2 s on PostgreSQL",
        )
        for name, taken in medians.items()
    ]  # fmt: skip


def _read() -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, lot_id, report_id, work_order, quantity, occurred_at FROM material_materialmovement"
        )
        cursor.fetchall()


def _history() -> tuple[int, int]:
    site, now = plant.site(), timezone.now()
    uom, _ = Uom.objects.get_or_create(
        code="pcs", defaults={"name": "Pieces", "symbol": "pcs", "dimension": "count", "decimals": 0}
    )
    item = Item.objects.create(site=site, number=f"G-{uuid.uuid4().hex[:8]}", name="Part", uom=uom, lot_tracked=True)
    lots = Lot.objects.bulk_create(
        [
            Lot(site=site, item=item, number=f"G{level:02}-{place:03}", quantity=1, created_at=now)
            for level in range(LEVELS)
            for place in range(WIDTH)
        ],
        batch_size=5000,
    )
    rows = []
    for index, lot in enumerate(lots):
        report_id, order = uuid.uuid4(), f"G-{index // 50}"
        level, place = divmod(index, WIDTH)
        common = {
            "site": site, "item": item, "uom": uom, "quantity": Decimal(1), "work_order": order, "operation": "10",
            "report_id": report_id, "occurred_at": now, "recorded_at": now,
        }  # fmt: skip
        if level:
            before = [lots[(level - 1) * WIDTH + (place * 7 + step) % WIDTH] for step in range(INPUTS)]
            rows += [MaterialMovement(kind="BACKFLUSH", lot=source, **common) for source in before]
        elif place:
            rows += [MaterialMovement(kind="BACKFLUSH", lot=lots[0], **common)]
        rows.append(MaterialMovement(kind="OUTPUT", lot=lot, **common))
    MaterialMovement.objects.bulk_create(rows, batch_size=5000)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return lots[0].pk, lots[-1].pk


BENCHMARKS = {"G1": recall}
