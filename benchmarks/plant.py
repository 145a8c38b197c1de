"""A plant to measure in: a site, orders that an ERP owns, and an ERP that answers at once."""

import itertools
import time
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

from django.utils import timezone

from erp_bridge.engine import registry, wiring
from erp_bridge.models import Connection, FlowState
from erp_bridge.sdk.connector import Ack, Connector, Recall, Write
from erp_bridge.sdk.documents import Document, ProductionConfirmation
from mes.execution.models import Operation, WorkOrder
from mes.masterdata.models import Item, Person, Site, Uom, WorkCenter, WorkUnit
from mes.masterdata.records import RoutingStepRecord

_numbers = itertools.count(1)


class InstantErp(Connector):
    """Books everything in its head, after a pause that a benchmark sets."""

    key = "instant"
    label = "An ERP for benchmarks"
    recall = Recall.LOOKUP
    writes: ClassVar[dict[type[Document], Write]] = {ProductionConfirmation: Write("confirmation")}
    pause = 0.0
    first_call: ClassVar[list[float]] = []

    def send(self, document: Document, *, key: str) -> Ack:
        self.first_call.append(time.perf_counter())
        if self.pause:
            time.sleep(self.pause)
        return Ack(key)

    def find(self, document: Document, *, key: str) -> Ack | None:
        return Ack(key)


def site() -> Site:
    return Site.objects.get_or_create(code="BENCH", defaults={"name": "Bench"})[0]


def connect() -> Connection:
    """Return the connection to the instant ERP, carrying production and nothing else."""
    if "instant" not in registry.connectors:
        registry.connectors.add(InstantErp)
    connection, _ = Connection.objects.get_or_create(
        name="instant", defaults={"site": site().code, "connector": "instant"}
    )
    FlowState.objects.get_or_create(connection=connection, flow="production", defaults={"cadence": "immediate"})
    FlowState.objects.filter(connection=connection).update(enabled=True)
    wiring.forget()
    return connection


def disconnect() -> None:
    FlowState.objects.update(enabled=False)
    wiring.forget()


def operation(*, external: bool = True) -> Operation:
    """Return a running one-step operation of a new order for a million pieces."""
    plant = site()
    uom = Uom.objects.get_or_create(
        code="pcs", defaults={"name": "Pieces", "symbol": "pcs", "dimension": "count", "decimals": 0}
    )[0]
    item = Item.objects.get_or_create(site=plant, number="PART", defaults={"name": "Part", "uom": uom})[0]
    center = WorkCenter.objects.get_or_create(site=plant, code="PRESS", defaults={"name": "Press"})[0]
    unit = WorkUnit.objects.get_or_create(site=plant, work_center=center, code="PRESS-1")[0]
    number = f"B-{next(_numbers)}-{uuid4().hex[:6]}"
    now = timezone.now()
    order = WorkOrder.objects.create(
        site=plant, number=number, item=item, uom=uom, order_quantity=Decimal(1_000_000), status="RUNNING",
        created_at=now, released_at=now, started_at=now, external_ids={"instant": number} if external else {},
    )  # fmt: skip
    return Operation.objects.create(
        work_order=order, number="10", position=1, name="Press", work_center=center, work_unit=unit, is_output=True,
        status="RUNNING", started_at=now,
    )  # fmt: skip


def person() -> Person:
    return Person.objects.get_or_create(site=site(), number="1", defaults={"name": "A. Kim"})[0]


def values(operation: Operation) -> dict[str, Any]:
    """Return what an event about the operation says of it."""
    order = operation.work_order
    return {
        "site": order.site.code, "subject": order.number, "operation": operation.number,
        "work_center": operation.work_center.code, "work_unit": "PRESS-1", "item": order.item.number,
        "uom": order.uom.code,
    }  # fmt: skip


def step(operation: Operation) -> RoutingStepRecord:
    """Return the operation as a step that another order can have."""
    return RoutingStepRecord(number=operation.number, name=operation.name, work_center=operation.work_center.code)
