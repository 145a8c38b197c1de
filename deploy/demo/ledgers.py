"""Holds Lineside's facts and the ERP's own ledger side by side, order by order, and shows that a second sync does nothing.

    python -m deploy.demo.ledgers --connection tryton --wait 600

The ERP is read back through its API. Ends 0 when everything is equal, 1 when something is not.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.db.models import Count  # noqa: E402

from erp_bridge.costing.models import CostRollUp  # noqa: E402
from erp_bridge.engine import connections, registry, scheduler, worker  # noqa: E402
from erp_bridge.models import Connection, FlowState, OutboundMessage  # noqa: E402
from erp_bridge.sdk.connector import Connector, Ledger  # noqa: E402
from labor.models import LaborSegment  # noqa: E402
from mes.core.errors import DomainError  # noqa: E402
from mes.execution.models import MachineInterval, ProductionReport, WorkOrder  # noqa: E402
from mes.journal.models import JournalEntry  # noqa: E402
from mes.masterdata.models import BillOfMaterials, Item, Person, Routing, WorkCenter  # noqa: E402
from mes.material.models import MaterialMovement  # noqa: E402

State = OutboundMessage.State
ON_THE_WAY = (State.PENDING, State.SENDING, State.DOUBT)
STATES = {"COMPLETED": "COMPLETED", "CLOSED": "COMPLETED", "CANCELLED": "CANCELLED", "RUNNING": "RUNNING"}
COUNTED = (Item, BillOfMaterials, Routing, WorkCenter, Person, WorkOrder, ProductionReport, MaterialMovement,
           MachineInterval, LaborSegment, JournalEntry, OutboundMessage)  # fmt: skip
Rows = dict[str, str]
COST = "cost"
TELL_EVERY = 15.0
VALUES_ITSELF = ("tryton",)
"""ERPs that value an order by rules of their own from what was booked: their sum is shown beside ours and not judged. Tryton
does not take returned material off, and counts a cycle of a work center where we count pieces."""


class NotSettled(Exception):
    """The ERP has not got everything; the text says what is missing."""


def facts_of(order: WorkOrder) -> Ledger:
    """Return what Lineside's own tables say of an order, in the shape in which an ERP's ledger is read."""
    good: dict[str, Decimal] = defaultdict(Decimal)
    scrap = Decimal(0)
    for report in ProductionReport.objects.filter(work_order=order).select_related("operation"):
        scrap += report.scrap_quantity
        if report.operation.is_output:
            good[report.lot] += report.good_quantity
    consumed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    moved = MaterialMovement.objects.filter(
        site=order.site, work_order=order.number, kind__in=MaterialMovement.CONSUMING
    )
    for movement in moved.select_related("item", "lot"):
        consumed[movement.item.number, movement.lot.number if movement.lot else ""] += movement.quantity
    labor: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    segments = LaborSegment.objects.filter(operation__work_order=order, minutes__isnull=False)
    for segment in segments.select_related("operation", "person"):
        if segment.operation is not None and segment.minutes is not None:
            labor[segment.operation.number, segment.person.number] += segment.minutes
    machine: dict[str, Decimal] = defaultdict(Decimal)
    intervals = MachineInterval.objects.filter(operation__work_order=order, ended_at__isnull=False)
    for interval in intervals.select_related("operation"):
        machine[interval.operation.number] += interval.minutes
    told = CostRollUp.objects.filter(site=order.site.code, work_order=order.number).order_by("revision").last()
    return Ledger(
        cost=told and told.total,
        work_order=order.number, state=STATES.get(order.status, "OPEN"), good=good, scrap=scrap, consumed=consumed,
        labor=labor, machine=machine,
    )  # fmt: skip


def rows_of(ledger: Ledger) -> Rows:
    """Return a ledger as lines with a name and a value; what is zero is left out."""
    found: list[tuple[str, Any]] = [(f"good{_lot(lot)}", quantity) for lot, quantity in ledger.good.items()]
    found.append(("scrap", ledger.scrap))
    found += [(f"consumed {item}{_lot(lot)}", quantity) for (item, lot), quantity in ledger.consumed.items()]
    found += [(f"labor, operation {number}, {person}, min", value) for (number, person), value in ledger.labor.items()]
    found += [(f"machine, operation {number}, min", value) for number, value in ledger.machine.items()]
    shown = {name: f"{Decimal(value).normalize():f}" for name, value in found if value}
    cost = {} if ledger.cost is None else {COST: f"{Decimal(ledger.cost):.2f}"}
    return {"state": ledger.state} | dict(sorted(shown.items())) | cost


def _lot(lot: str) -> str:
    return f", lot {lot}" if lot else ""


def worked_orders(connection: Connection) -> list[WorkOrder]:
    """Return the orders of this ERP that somebody has worked on."""
    worked = ProductionReport.objects.values("work_order")
    orders = WorkOrder.objects.filter(pk__in=worked, owner=connection.name).select_related("site", "item")
    return list(orders.order_by("number"))


def wait_until_settled(connection: Connection, *, seconds: float) -> None:
    """Return when every message is booked.

    :raises NotSettled: some are refused, wait for a person, or are not through in time.
    """
    deadline = time.monotonic() + seconds
    told_at = float("-inf")
    while True:
        messages = OutboundMessage.objects.filter(connection=connection)
        stuck = messages.filter(state__in=(State.DEAD, State.REVIEW)).order_by("pk")
        open_ = messages.filter(state__in=ON_THE_WAY).count()
        if stuck and not open_:
            first = stuck[0]
            raise NotSettled(
                f"{stuck.count()} messages were refused; the first ({first.flow}): {first.code} {first.detail}"
            )
        if not open_:
            return
        if time.monotonic() - told_at >= TELL_EVERY:
            booked = messages.filter(state=State.DONE).count()
            print(f"       {booked} messages booked, {open_} on their way", flush=True)
            told_at = time.monotonic()
        if time.monotonic() > deadline:
            oldest = messages.filter(state__in=ON_THE_WAY).order_by("pk")[0]
            raise NotSettled(f"{open_} messages are still on their way; the oldest ({oldest.flow}): {oldest.detail}")
        time.sleep(2)


def compare(connection: Connection, erp: Connector) -> tuple[list[str], dict[str, Rows]]:
    """Print both ledgers of every worked order, and return what differs and what the ERP's says."""
    label = connection.label or connection.name
    differences: list[str] = []
    theirs_by_order: dict[str, Rows] = {}
    for order in worked_orders(connection):
        ours = rows_of(facts_of(order))
        theirs = rows_of(erp.read_ledger(order.external_ids[connection.name]))
        theirs_by_order[order.number] = theirs
        print(f"\n  Work order {order.number}, {order.order_quantity.normalize():f} {order.item}")
        print(f"  {'':<44}{'Lineside':>16}{label:>16}")
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            left, right = ours.get(name, "-"), theirs.get(name, "-")
            is_judged = name != COST or connection.connector not in VALUES_ITSELF
            verdict = "=" if left == right else "DIFFERENT" if is_judged else "by its own rules"
            print(f"  {name:<44}{left:>16}{right:>16}   {verdict}")
            if left != right and is_judged:
                differences.append(f"{order.number} {name}: {left} here, {right} there")
    return differences, theirs_by_order


def sync_again(connection: Connection) -> None:
    """Run every flow of the connection once more, comparisons included, and send what is due."""
    for state in FlowState.objects.filter(connection=connection):
        down = state.flow in {flow.key for flow in registry.pulls()}
        for _ in range(30):
            try:
                words = scheduler.run_now(state, compare=down)
            except (DomainError, scheduler.RunLost):
                time.sleep(1)  # beat has the flow at this moment: then once more
            else:
                break
        else:
            raise SystemExit(f"{state.flow} never came free to be run again, so the second sync proves nothing.")
        print(f"       {words}", flush=True)
    worker.sweep(only=[connection.pk])


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.aggregate(n=Count("pk"))["n"] for model in COUNTED}


def what_is_in_it(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Yield what the comparison must have covered to mean something."""
    orders = [order.pk for order in worked_orders(connection)]
    reports = ProductionReport.objects.filter(work_order__in=orders)
    partial = reports.filter(operation__is_output=True).values("work_order").annotate(n=Count("pk")).filter(n__gt=1)
    segments = LaborSegment.objects.filter(operation__work_order__in=orders, minutes__gt=0)
    lots = MaterialMovement.objects.filter(lot__isnull=False, kind__in=MaterialMovement.CONSUMING)
    yield f"{len(orders)} work orders", len(orders) >= 12
    yield f"{reports.count()} reports", bool(reports)
    yield f"{reports.filter(scrap_quantity__gt=0).count()} with scrap", reports.filter(scrap_quantity__gt=0).exists()
    yield f"{partial.count()} orders finished in parts", partial.exists()
    yield f"{lots.count()} movements by lot", lots.exists()
    yield (
        f"{segments.count()} stretches of labor by {segments.values('person').distinct().count()} people",
        bool(segments),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connection", required=True)
    parser.add_argument("--wait", type=float, default=600.0)
    options = parser.parse_args()
    connection = Connection.objects.get(name=options.connection)
    erp = connections.open_connector(connection)
    try:
        wait_until_settled(connection, seconds=options.wait)
        sync_again(connection)
        wait_until_settled(connection, seconds=options.wait)
        differences, before = compare(connection, erp)
        print(f"\n  {', '.join(words for words, _ in what_is_in_it(connection))}.")
        lacking = [words for words, is_there in what_is_in_it(connection) if not is_there]
        counted = counts()
        print("\n  The sync once more:", flush=True)
        sync_again(connection)
        wait_until_settled(connection, seconds=options.wait)
        after = {number: rows_of(erp.read_ledger(WorkOrder.objects.get(number=number, owner=connection.name)
                 .external_ids[connection.name])) for number in before}  # fmt: skip
        changed = [
            f"{name}: {old} before, {counts()[name]} now" for name, old in counted.items() if counts()[name] != old
        ]
        changed += [f"the ERP's ledger of {number}" for number in before if before[number] != after[number]]
    except NotSettled as problem:
        print(f"\n{problem}")
        return 1
    finally:
        connections.close_connector(erp)
    for title, found in (("Different", differences), ("Changed by the second sync", changed), ("Missing", lacking)):
        for line in found:
            print(f"{title}: {line}")
    if differences or changed or lacking:
        return 1
    print(f"\nBoth ledgers are equal for {len(before)} work orders, and the second sync changed nothing.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
