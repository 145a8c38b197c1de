"""The plant of the kill run: the practice ERP with its orders, brought down by the bridge, started, and reported on."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from erp_bridge.engine import connections, registry, wiring
from erp_bridge.models import Connection
from mes.execution import services
from mes.execution.models import Operation
from mes.masterdata.models import Person
from tests import factories
from tests.erp_bridge.plant import pull
from tests.erp_bridge.practice import Practice

ITEM, LINE = "FG-ROD", "LINE"

PATIENCE = 0.5
"""Seconds that the bridge waits for an answer."""
SETTLE = 3
"""Seconds after which what the ERP was told and never answered is booked, or never will be."""
FAULTS = {
    "never_answers": 0.025, "late_commit": 0.025, "drop_after_commit": 0.02, "busy": 0.02, "lookup_error": 0.02,
    "rejects": 0.01, "late_seconds": 1.4, "retry_after": None, "latency_ms": [0, 8],
}  # fmt: skip
"""What goes wrong in the practice ERP: shares of all calls, and times against the bridge's patience."""
OFTEN = {"late_commit": 0.1}
"""What a run with a protection switched off meets more often, so that a small one suffices."""


def start_erp(folder: Path, *, recall: str, orders: int) -> Practice:
    """Start the practice ERP with so many orders of one step, each with a machine of its own."""
    folder.mkdir(exist_ok=True)
    erp = Practice(folder, "--seed-orders", "0", recall=recall)
    erp.planner.put("work-centers", LINE, {
        "name": "Line", "department": "Hall 1", "machines": [_machine(number) for number in range(orders)], "closed": False,
    })  # fmt: skip
    erp.planner.put("items", ITEM, {
        "description": "Rod", "unit": "PCE", "batch_managed": False, "blocked": False, "alternative_units": [],
    })  # fmt: skip
    erp.planner.put("routings", "R-ROD", {
        "name": "Cut rods", "items": [ITEM], "revision": "A", "obsolete": False,
        "steps": [{"step": "10", "text": "Cut", "work_center": LINE, "setup_min": "0", "unit_min": "0.1"}],
    })  # fmt: skip
    erp.orders(orders, item=ITEM, quantity="1000000")
    return erp


def connect(erp: Practice, *, site: str) -> Connection:
    """Connect the site to the ERP, with production as the only flow that goes up, bring everything down, and start it."""
    factories.make_site(code=site)
    values = erp.settings(patience=str(PATIENCE), site=site)
    connection = connections.create(
        name=f"practice-{erp.recall.lower()}", site=site, connector="practice", values=values
    )
    connection.settle_seconds = SETTLE
    connection.save(update_fields=["settle_seconds"])
    up = [flow.key for flow in registry.pushes()]
    connection.flows.filter(flow__in=up).exclude(flow="production").update(enabled=False)
    connection.flows.filter(flow="production").update(cadence="immediate")
    wiring.forget()
    pull(connection)
    now = datetime.now(UTC)
    for number, operation in enumerate(operations(site)):
        services.start_operation(
            operation_id=operation, person=_person(site), occurred_at=now, now=now, work_unit=_machine(number)
        )
    return connection


def operations(site: str) -> list[int]:
    """Return the operations of the site, in the order of their orders' numbers."""
    found = Operation.objects.filter(work_order__site__code=site)
    return list(found.order_by("work_order__number").values_list("pk", flat=True))


def report(site: str, operation: int, *, report_id: UUID, place: int) -> None:
    """Report pieces as the floor does. How many says which report of its order it is, so that the ERP's ledger shows that."""
    now = datetime.now(UTC)
    services.report_production(
        report_id=report_id, operation_id=operation, good_quantity=Decimal(place), person=_person(site), occurred_at=now,
        now=now,
    )  # fmt: skip


def report_id(seed: object, number: object) -> UUID:
    """Return the id of a report, the same whenever it is reported again."""
    return uuid5(NAMESPACE_OID, f"{seed}/{number}")


def inversions(lines: list[dict[str, Any]]) -> int:
    """Return how often a booking of an order came before an earlier one of the same order (first bookings count)."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    wrong = 0
    for line in lines:
        if line["reference"] in seen:
            continue
        seen.add(line["reference"])
        place = int(Decimal(line["body"]["good"]))
        wrong += place < last.get(line["order"], 0)
        last[line["order"]] = max(place, last.get(line["order"], 0))
    return wrong


def _machine(number: int) -> str:
    return f"M{number:04}"


_people: dict[str, Person] = {}


def _person(site: str) -> Person:
    if site not in _people:
        _people[site] = Person.objects.filter(site__code=site).order_by("number")[0]
    return _people[site]
