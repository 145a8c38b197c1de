"""G1: a recall through a hundred thousand links: followed, weighed lot by lot, and what holding all of it would hold."""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import connection as database
from django.utils import timezone

from benchmarks import plant
from benchmarks.harness import Row, interleaved
from mes.execution.models import WorkOrder
from mes.execution.services import preview_hold_all
from mes.masterdata.models import Item, Uom
from mes.material.models import Lot, MaterialMovement
from mes.material.queries import mass_balances, trace

LEVELS, WIDTH, INPUTS = 50, 500, 4
"""Each lot is made by one report from four lots of the level before: 25,000 lots and 100,000 links, 50 levels deep."""


IN_WORK = 500
"""Orders that took from a lot of the last level and have put nothing out since."""


def recall(rounds: int) -> list[Row]:
    """Trace all of it, against reading the same movements once without following anything.

    The mass balance is that of every lot of the trace, as the file with all of them has it; the preview is what the page
    says before one holds all. Each of the two has the trace in hand; the last row asks for the three together.
    """
    first, last = _history()
    found = trace(lot_id=first, down=True)
    site, links = plant.site(), len(found.links)

    def all_of_it() -> None:
        fresh = trace(lot_id=first, down=True)
        mass_balances(fresh.lots.values())
        preview_hold_all(found=fresh, site_id=site.pk)

    cases = {
        "trace down": lambda: trace(lot_id=first, down=True),
        "trace up": lambda: trace(lot_id=last, down=False),
        "mass balance": lambda: mass_balances(found.lots.values()),
        "hold-all preview": lambda: preview_hold_all(found=found, site_id=site.pk),
        "trace down, mass balance and hold-all preview": all_of_it,
        "floor": _read,
    }
    plan = preview_hold_all(found=found, site_id=site.pk)
    if (len(plan.orders), len(mass_balances(found.lots.values()))) != (IN_WORK, len(found.lots)):
        raise RuntimeError(f"{len(plan.orders)} orders in work were found, not {IN_WORK}")
    medians = interleaved(cases, rounds=rounds)
    floor = medians.pop("floor")
    return [
        Row(
            "G1", f"{name}, {links:,} links, {len(found.lots):,} lots", f"{taken:.2f} s",
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
    rows += _in_work(lots[-WIDTH:], now)
    MaterialMovement.objects.bulk_create(rows, batch_size=5000)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return lots[0].pk, lots[-1].pk


def _in_work(lots: list[Lot], now: datetime) -> list[MaterialMovement]:
    """Return what as many orders took of the lots, by hand, and make the orders."""
    orders = WorkOrder.objects.bulk_create(
        [
            WorkOrder(
                site=lot.site, number=f"{lot.item.number}-{n}", item=lot.item, uom=lot.item.uom, order_quantity=1,
                status=WorkOrder.Status.RUNNING, created_at=now,
            )
            for n, lot in enumerate(lots[:IN_WORK])
        ]
    )  # fmt: skip
    return [
        MaterialMovement(
            kind="ISSUE", lot=lot, site=lot.site, item=lot.item, uom=lot.item.uom, quantity=Decimal(1), operation="10",
            work_order=order.number, report_id=uuid.uuid4(), pooled=True, occurred_at=now, recorded_at=now,
        )
        for lot, order in zip(lots, orders, strict=False)
    ]  # fmt: skip


BENCHMARKS = {"G1": recall}
