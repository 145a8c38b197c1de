"""P15: ten thousand items come down; all new, all changed, one in a hundred changed, nothing changed."""

import statistics
from dataclasses import replace

from django.db import connection as database
from django.db import transaction

from benchmarks import plant
from benchmarks.harness import Row, seconds
from mes.masterdata.models import Uom
from mes.masterdata.records import ItemRecord
from mes.masterdata.services import apply_items

ITEMS = 10_000


def items(*, word: str, share: int = 1) -> list[ItemRecord]:
    """Return the items; every ``share``-th is called by ``word``, the others as at first."""
    return [
        ItemRecord(
            site="BENCH", number=f"I-{n:06}", name=f"Part {n} {word if n % share == 0 else 'first'}", uom="pcs",
            external_id=str(n),
        )
        for n in range(ITEMS)
    ]  # fmt: skip


def sync_items(rounds: int) -> list[Row]:
    """Compare by hash and write what differs, with history, against the least that writing all of it takes."""
    plant.site()
    Uom.objects.get_or_create(
        code="pcs", defaults={"name": "Pieces", "symbol": "pcs", "dimension": "count", "decimals": 0}
    )
    first = items(word="first")
    cases: dict[str, list[float]] = {
        "new": [],
        "all changed": [],
        "1 % changed": [],
        "nothing changed": [],
        "floor": [],
    }
    for number in range(max(2, rounds // 2)):
        fresh = [replace(record, number=f"R{number}-{record.number}") for record in first]
        cases["new"].append(_apply(fresh))
        _apply(first)
        cases["nothing changed"].append(_apply(first))
        cases["1 % changed"].append(_apply(items(word=f"round {number}", share=100)))
        cases["all changed"].append(_apply(items(word=f"again {number}")))
        cases["floor"].append(seconds(_write_plain))
    medians = {name: statistics.median(values) for name, values in cases.items()}
    floor = ITEMS / medians.pop("floor")
    promises = {
        "new": "",
        "all changed": "≥ 0.10 on PostgreSQL",
        "1 % changed": "≥ 0.8 there",
        "nothing changed": "≥ 1 there",
    }
    return [
        Row(
            "P15", f"sync of 10,000 items, {name}", f"{ITEMS / taken:,.0f}/s", f"{floor:,.0f}/s plain upsert",
            f"{ITEMS / taken / floor:.2f}", promises[name],
        )
        for name, taken in medians.items()
    ]  # fmt: skip


def _apply(records: list[ItemRecord]) -> float:
    return seconds(lambda: apply_items(records, owner="instant"))


def _write_plain() -> None:
    """Upsert the same number of rows of the same width by executemany, in one transaction: no ORM, no hash, no history."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_items")
        cursor.execute("CREATE TABLE bench_items (number varchar(64) PRIMARY KEY, name varchar(200), hash varchar(64))")
        cursor.executemany(
            "INSERT INTO bench_items VALUES (%s, %s, %s) ON CONFLICT (number) DO UPDATE SET name = excluded.name",
            [(f"I-{n:06}", f"Part {n}", "0" * 64) for n in range(ITEMS)],
        )


BENCHMARKS = {"P15": sync_items}
