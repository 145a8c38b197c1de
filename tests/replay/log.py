"""Reads a production log (CSV of the 4TU set "Production Analysis with Process Mining Technology") and adds it up.

Nothing here knows Lineside: the totals are what the log says, computed second by second and not as the product does it.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

SETUP, RUN, BREAKDOWN = "S", "D", "B"

Operation = tuple[str, str, str]
"""An order, an activity and the resource at which it was done."""


@dataclass(frozen=True)
class Row:
    """One line of the log: somebody worked on an order's activity at a resource, and said what came of it."""

    order: str
    activity: str
    resource: str
    worker: str
    kind: str
    start: datetime
    end: datetime
    order_quantity: int
    good: int
    rejected: int
    mrb: int
    is_rework: bool

    @property
    def operation(self) -> Operation:
        """An operation runs at one place, so the same activity elsewhere is another one."""
        return self.order, self.activity, self.resource


def read(path: Path) -> list[Row]:
    """Return the rows in the order in which they began. Times are the shop's own, taken as UTC."""
    with path.open(newline="") as file:
        rows = [
            Row(
                order=line["case_id"].replace(" ", "-"),
                activity=" ".join(line["activity"].split()),
                resource=" ".join(line["resource"].split()),
                worker=line["worker_id"],
                kind=line["report_type"],
                start=_instant(line["start"]),
                end=_instant(line["complete"]),
                order_quantity=int(line["work_order_qty"]),
                good=int(line["qty_completed"] or 0),
                rejected=int(line["qty_rejected"] or 0),
                mrb=int(line["qty_mrb"] or 0),
                is_rework=line["rework"] == "Y",
            )
            for line in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda row: (row.start, row.end))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Totals:
    """What the log adds up to. Seconds; labor of parallel jobs in exact fractions."""

    good: dict[Operation, int]
    scrap: dict[Operation, int]
    setup: dict[Operation, int]
    """Seconds in which somebody set up and nobody produced."""
    run: dict[Operation, int]
    resource: dict[str, int]
    down: dict[str, int]
    """Seconds in which a resource was broken down and nobody had started a job on it since."""
    labor: dict[Operation, Fraction]
    person: dict[str, int]
    shared: dict[Operation, int]
    """In how many stretches people shared their time with other work: how often a second may have been rounded."""


def totals(rows: list[Row]) -> Totals:
    """Return the totals of the log; a breakdown occupies nobody on the order and makes nothing."""
    working = [row for row in rows if row.kind != BREAKDOWN]
    found = Totals(
        good=defaultdict(int),
        scrap=defaultdict(int),
        setup=defaultdict(int),
        run=defaultdict(int),
        resource=defaultdict(int),
        down=defaultdict(int),
        labor=defaultdict(Fraction),
        person=defaultdict(int),
        shared=defaultdict(int),
    )
    for row in rows:
        found.good[row.operation] += row.good
        found.scrap[row.operation] += row.rejected + row.mrb
    for operation, mine in _grouped(working, lambda row: row.operation).items():
        for seconds, active in _stretches(mine):
            produces = any(row.kind == RUN for row in active)
            (found.run if produces else found.setup)[operation] += seconds
    for resource, mine in _grouped(working, lambda row: row.resource).items():
        for seconds, active in _stretches(mine):
            found.resource[resource] += seconds * len({row.operation for row in active})
    for worker, mine in _grouped(working, lambda row: row.worker).items():
        for seconds, active in _stretches(mine):
            operations = {row.operation for row in active}
            found.person[worker] += seconds
            for operation in operations:
                found.labor[operation] += Fraction(seconds, len(operations))
                found.shared[operation] += len(operations) > 1
    for resource, mine in _grouped(rows, lambda row: row.resource).items():
        found.down[resource] = sum(int((end - start).total_seconds()) for start, end in standstills(mine))
    return found


def standstills(rows: list[Row]) -> list[tuple[datetime, datetime]]:
    """Return the breakdowns of one resource, those that overlap as one, each up to the first job started in it."""
    merged: list[list[datetime]] = []
    for row in sorted((row for row in rows if row.kind == BREAKDOWN), key=lambda row: row.start):
        if merged and row.start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], row.end)
        else:
            merged.append([row.start, row.end])
    starts = sorted(row.start for row in rows if row.kind != BREAKDOWN)
    cut = [(start, min([end, *(moment for moment in starts if start <= moment < end)])) for start, end in merged]
    return [(start, end) for start, end in cut if start < end]


def _grouped(rows: Iterable[Row], key) -> dict:
    groups: dict = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _stretches(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Yield each stretch in which the same rows are going on, with its seconds."""
    cuts = sorted({moment for row in rows for moment in (row.start, row.end)})
    for begin, finish in zip(cuts, cuts[1:], strict=False):
        active = [row for row in rows if row.start <= begin and finish <= row.end]
        if active:
            yield int((finish - begin).total_seconds()), active
