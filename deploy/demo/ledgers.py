"""Holds Lineside's facts and the ERP's own ledger side by side, order by order, and shows that a second sync does nothing.

    python -m deploy.demo.ledgers --connection tryton --wait 600

The ERP is read back through its API. Ends 0 when everything is equal, 1 when something is not.
"""

import argparse
import sys
import textwrap
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.db.models import Count  # noqa: E402

from erp_bridge.costing import queries as costing  # noqa: E402
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
RECORDS = "records, each named by a message"
TELL_EVERY = 15.0
WORDS = ("order_status", "order_cost", "holds")
"""Flows that tell the ERP something in words: no quantity and no time is booked by them."""
WORDS_ONLY = "ir.note,"
"""How the references of Tryton's notes begin: it has no field for pieces between two operations."""
OWN_RULES = {
    "tryton": "Tryton also values every order itself, from the same bookings and by rules of its own. Its sum is another "
    "where a work center costs per cycle (it charges each stretch of machine time once, we charge each piece), where "
    "material came back (it does not take that off) and where an average price moved between two receipts. So it is shown "
    "and not judged; what is judged is that the cost we posted stands there, amount by amount.",
}
"""Why the valuation that an ERP makes itself may differ from our cost, by connector."""


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
    told = OutboundMessage.objects.filter(connection__name=order.owner, stream__key=order.number, state=State.DONE)
    booked = told.exclude(flow__in=WORDS).exclude(reference="").exclude(reference__startswith=WORDS_ONLY)
    return Ledger(
        cost=costing.cost_of(work_order=order).statement.posting(),  # what the order's cost page shows
        references=set(booked.values_list("reference", flat=True)),
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
    cost = {f"cost posted, {name.replace('_', ' ')}": f"{amount:.2f}" for name, amount in sorted(ledger.cost.items())}
    records = {RECORDS: str(len(set(ledger.references)))}
    return {"state": ledger.state} | dict(sorted(shown.items())) | records | cost


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
    others = 0
    for order in worked_orders(connection):
        here, there = facts_of(order), erp.read_ledger(order.external_ids[connection.name])
        ours, theirs = rows_of(here), rows_of(there)
        theirs_by_order[order.number] = theirs
        print(f"\n  Work order {order.number}, {order.order_quantity.normalize():f} {order.item}")
        print(f"  {'':<44}{'Lineside':>16}{label:>16}")
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            left, right = ours.get(name, "-"), theirs.get(name, "-")
            print(f"  {name:<44}{left:>16}{right:>16}   {'=' if left == right else 'DIFFERENT'}")
            if left != right:
                differences.append(f"{order.number} {name}: {left} here, {right} there")
        differences += [
            f"{order.number}: {label} alone has {name}" for name in set(there.references) - set(here.references)
        ]
        differences += [
            f"{order.number}: {label} has no {name}" for name in set(here.references) - set(there.references)
        ]
        differences += [f"{order.number}: {label} has something strange: {words}" for words in there.strange]
        if there.own_valuation is not None:
            print(f"  {'valued by the ERP itself':<44}{'':>16}{there.own_valuation:>16.2f}")
            others += f"{there.own_valuation:.2f}" != f"{here.cost['total']:.2f}"
    if others:
        why = OWN_RULES.get(connection.connector, f"{label} values orders by rules of its own.")
        words = f"{why} It comes to another sum for {others} of these orders."
        print("\n" + textwrap.fill(words, 110, initial_indent="  ", subsequent_indent="  "))
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
