"""What a terminal shows of a work center's jobs."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from mes.core.check_character import is_whole
from mes.core.errors import NotFound
from mes.execution.models import (
    MachineInterval,
    Operation,
    OrderComponent,
    OrderHold,
    ProductionReport,
    WorkOrder,
)
from mes.masterdata.models import Item, ReasonCode, WorkCenter, WorkUnit
from mes.masterdata.queries import placers
from mes.material.models import Lot, MaterialMovement
from mes.material.queries import numbering_rule, stock_at_line, usable_lots
from mes.terminal.panels import ScannedElsewhere

OPEN_ORDERS = (WorkOrder.Status.RELEASED, WorkOrder.Status.RUNNING)
MOST_JOBS = 60
JOB_CODE = re.compile(r"J[0-9]{8}[0-9A-Z]")


@dataclass
class Job:
    """One operation at a work center, with what decides whether it can go on now."""

    operation: Operation
    input_quantity: Decimal
    """What the operation before has passed on, or the order's quantity for the first."""
    holds: list[OrderHold] = field(default_factory=list)
    since: datetime | None = None
    """When it came into its state; None where it never started."""
    previous: Operation | None = None

    @property
    def order(self) -> WorkOrder:
        return self.operation.work_order

    @property
    def available(self) -> Decimal:
        """What can be worked now and is not booked yet."""
        return max(self.input_quantity - self.operation.booked_quantity, Decimal(0))

    @property
    def remaining(self) -> Decimal:
        """What is missing to the order's quantity: scrapped pieces have to be made again."""
        done = self.operation.good_quantity + self.operation.rework_quantity
        return max(self.order.order_quantity - done, Decimal(0))

    @property
    def usual(self) -> Decimal:
        """What is most likely reported next in one go: all that is there to be worked."""
        return min(self.remaining, self.available) if self.previous else self.remaining

    @property
    def is_held(self) -> bool:
        return self.order.held or self.operation.held

    @property
    def is_active(self) -> bool:
        return self.operation.status in Operation.ACTIVE

    @property
    def is_open(self) -> bool:
        return self.operation.status != Operation.Status.COMPLETED and self.order.status in OPEN_ORDERS

    @property
    def state(self) -> str:
        """Return the state as the page names it."""
        if self.is_held:
            return "HELD"
        if self.operation.status == Operation.Status.PENDING and not self.available:
            return "WAITING"
        return str(self.operation.status)

    @property
    def needs_lot(self) -> bool:
        return self.operation.is_output and self.order.item.lot_tracked

    def is_late(self, now: datetime) -> bool:
        return self.order.due_at is not None and self.order.due_at < now


def jobs_at(work_center: WorkCenter) -> list[Job]:
    """Return the open operations of a work center: what runs, then what can be started, then what waits or is held."""
    operations = (
        Operation.objects.filter(work_center=work_center, work_order__status__in=OPEN_ORDERS)
        .exclude(status=Operation.Status.COMPLETED)
        .select_related("work_order__item", "work_order__uom", "work_unit", "started_by")
        .order_by("work_order__priority", "work_order__due_at", "work_order__number", "position")[:MOST_JOBS]
    )
    jobs = _as_jobs(list(operations))
    rank = {"RUNNING": 0, "SETUP": 0, "PAUSED": 1, "PENDING": 2, "WAITING": 3, "HELD": 4}
    return sorted(jobs, key=lambda job: 0 if job.is_active else rank.get(job.state, 5))


def job_of(operation_id: int, work_center: WorkCenter) -> Job | None:
    """Return one operation of the work center, finished ones too; None if it is not there."""
    operation = (
        Operation.objects.filter(pk=operation_id, work_center=work_center)
        .select_related("work_order__item", "work_order__uom", "work_unit", "started_by")
        .first()
    )
    return _as_jobs([operation])[0] if operation else None


def job_scanned(text: str, work_center: WorkCenter) -> str:
    """Return the key of the operation that a scanned code means here: of a traveler (J, the key, a check character), or an
    order's number, of which the first operation here that is not finished is meant.

    :raises NotFound: there is none, or it is at another work center, which is named.
    """
    code = text.upper()
    here = Operation.objects.filter(work_order__site_id=work_center.site_id).select_related("work_order", "work_center")
    if JOB_CODE.fullmatch(code) and is_whole(code):
        found = list(here.filter(pk=int(code[1:9])))
    else:
        found = list(here.filter(work_order__number__iexact=text).order_by("position"))
    mine = [one for one in found if one.work_center_id == work_center.pk]
    if mine:
        left = [one for one in mine if one.status != Operation.Status.COMPLETED]
        return str((left or mine)[0].pk)
    if found:
        where = ", ".join(dict.fromkeys(one.work_center.code for one in found))
        raise ScannedElsewhere(
            _("%(order)s is worked at %(where)s, not here.") % {"order": found[0].work_order.number, "where": where}
        )
    raise NotFound(_("“%(text)s” is no job that is known here.") % {"text": text})


def _as_jobs(operations: list[Operation]) -> list[Job]:
    orders = {operation.work_order_id for operation in operations}
    siblings: dict[int, list[Operation]] = defaultdict(list)
    for sibling in Operation.objects.filter(work_order_id__in=orders).order_by("position"):
        siblings[sibling.work_order_id].append(sibling)
    holds: dict[int, list[OrderHold]] = defaultdict(list)
    for hold in OrderHold.objects.filter(work_order_id__in=orders, released_at=None).select_related("reason"):
        holds[hold.work_order_id].append(hold)
    since: dict[int, datetime] = {}
    intervals = MachineInterval.objects.filter(operation__in=operations).order_by("started_at")
    for operation_id, started_at, ended_at in intervals.values_list("operation_id", "started_at", "ended_at"):
        since[operation_id] = ended_at or started_at
    jobs = []
    for operation in operations:
        before = [one for one in siblings[operation.work_order_id] if one.position < operation.position]
        previous = before[-1] if before else None
        jobs.append(
            Job(
                operation=operation,
                input_quantity=previous.good_quantity if previous else operation.work_order.order_quantity,
                previous=previous,
                holds=[one for one in holds[operation.work_order_id] if one.operation_id in (None, operation.pk)],
                since=since.get(operation.pk),
            )
        )
    return jobs


@dataclass(frozen=True)
class Entered:
    """Something that was entered for a job: a report, or a by-product that was put out."""

    fact: ProductionReport | MaterialMovement
    operation: Operation

    @property
    def is_byproduct(self) -> bool:
        return isinstance(self.fact, MaterialMovement)


def last_entries(operations: Collection[Operation], *, limit: int = 6) -> list[Entered]:
    """Return what was entered last for these operations, with whether it was taken back."""
    by_key = {operation.pk: operation for operation in operations}
    by_number = {(one.work_order.number, one.number): one for one in operations}
    reports = (
        ProductionReport.objects.filter(operation_id__in=by_key)
        .select_related("person", "reversed_by", "reverses")
        .prefetch_related("scrap_lines__reason")
        .order_by("-recorded_at")[:limit]
    )
    entered = [Entered(report, by_key[report.operation_id]) for report in reports]
    entered += [
        Entered(movement, by_number[movement.work_order, movement.operation])
        for movement in byproducts_of(operations).order_by("-recorded_at")[:limit]
    ]
    return sorted(entered, key=lambda one: one.fact.recorded_at, reverse=True)[:limit]


def byproducts_of(operations: Collection[Operation]) -> QuerySet[MaterialMovement]:
    """Return what these operations put out besides their product, and what of it was taken back."""
    theirs = [
        Q(site=one.work_order.site_id, work_order=one.work_order.number, operation=one.number) for one in operations
    ]
    found = MaterialMovement.objects.filter(kind=MaterialMovement.Kind.OUTPUT, pooled=True)
    return found.filter(reduce(or_, theirs, Q(pk__in=[]))).select_related("person", "item", "lot", "uom", "reversed_by")


def usual_byproducts(item: Item, *, most: int = 4) -> list[Item]:
    """Return what orders for the item put out besides it, the newest first."""
    orders = WorkOrder.objects.filter(site_id=item.site_id, item=item).values("number")
    put_out = MaterialMovement.objects.filter(
        site_id=item.site_id, kind=MaterialMovement.Kind.OUTPUT, pooled=True, reversed_by=None, work_order__in=orders
    )
    newest = put_out.values_list("item_id").annotate(at=Max("recorded_at")).order_by("-at")
    keys = [item_id for item_id, _at in newest[:most]]
    found = Item.objects.filter(active=True).in_bulk(keys)
    return [found[key] for key in keys if key in found]


def placers_of(holds: Collection[OrderHold], *, site_id: int) -> dict[int, str]:
    """Return who placed each hold: a person by name, others as they are written down; at a private site nobody."""
    names = placers([hold.placed_by for hold in holds], site_id=site_id)
    return {hold.pk: names.get(hold.placed_by, "") for hold in holds}


def output_lot(job: Job) -> str:
    """Return the lot into which good pieces go unless someone says otherwise; "" where a rule numbers each anew."""
    if not job.needs_lot:
        return ""
    rule = numbering_rule(job.order.item)
    if rule is None:
        return last_lot(job.operation) or job.order.number
    return last_lot(job.operation) if rule.each == rule.Each.ORDER else ""


def last_lot(operation: Operation) -> str:
    """Return the output lot that was reported last at this operation, or ""."""
    lots = ProductionReport.objects.filter(operation=operation, reverses=None).exclude(lot="")
    return lots.order_by("-recorded_at").values_list("lot", flat=True).first() or ""


def reasons_for(work_center: WorkCenter, kind: str) -> list[ReasonCode]:
    """Return the reasons of a kind that a person can choose: the leaves of the tree."""
    return list(
        ReasonCode.objects.filter(site_id=work_center.site_id, kind=kind, active=True)
        .exclude(children__active=True)
        .order_by("code")
    )


def work_units_of(work_center: WorkCenter) -> list[WorkUnit]:
    """Return the machines of the work center that can be chosen."""
    return list(WorkUnit.objects.filter(work_center=work_center, active=True).order_by("code"))


@dataclass
class ComponentLine:
    """A component of a job with the lots that are at hand, and those of which the order has taken (number, quantity)."""

    component: OrderComponent
    lots: list[Lot]
    taken: list[tuple[str, Decimal]] = field(default_factory=list)
    stock: Decimal | None = None
    """What is at hand of it in usable lots; None where nobody counts lots of it."""
    at_line: Decimal = Decimal(0)
    """What of it lies at the work center's own places."""
    line_lots: dict[int, Decimal] = field(default_factory=dict)
    """What lies there by lot's key."""

    @property
    def choices(self) -> list[tuple[Lot, Decimal]]:
        """The usable lots, those at the line first, each with what of it lies there."""
        found = [(lot, self.line_lots.get(lot.pk, Decimal(0))) for lot in self.lots]
        return sorted(found, key=lambda pair: not pair[1])

    @property
    def stored(self) -> Decimal | None:
        """What of it the store has; None where nobody counts it."""
        return None if self.stock is None else self.stock - sum((here for _lot, here in self.choices), Decimal(0))

    @property
    def missing(self) -> Decimal:
        return max(self.component.required_quantity - self.component.issued_quantity, Decimal(0))

    @property
    def ask_over(self) -> Decimal | None:
        """Beyond how much the terminal asks once more; None where the bill has no tolerance."""
        most = self.component.most
        return None if most is None else max(most - self.component.issued_quantity, Decimal(0))

    @property
    def short(self) -> Decimal:
        """What the order still needs and no lot at hand covers."""
        return Decimal(0) if self.stock is None else max(self.missing - self.stock, Decimal(0))


def components_of(operation: Operation, now: datetime) -> list[ComponentLine]:
    """Return the components of an operation, each with its usable lots, first expiring first."""
    components = list(
        OrderComponent.objects.filter(operation=operation)
        .select_related("item", "uom", "replaces__item")
        .order_by("position")
    )
    lots = usable_lots([component.item_id for component in components if component.item.lot_tracked], now)
    taken: dict[int | None, list[tuple[str, Decimal]]] = defaultdict(list)
    moved = MaterialMovement.objects.filter(
        component_id__in=[component.pk for component in components], kind__in=MaterialMovement.CONSUMING
    )
    for component_id, number, quantity in (
        moved.values_list("component_id", "lot__number").annotate(total=Sum("quantity")).order_by("lot__number")
    ):
        if quantity > 0:
            taken[component_id].append((number or "", quantity))
    placed = stock_at_line(work_center_id=operation.work_center_id, items=[one.item_id for one in components])
    lines = []
    for component in components:
        here = lots[component.item_id]
        stock = sum((lot.quantity for lot in here), Decimal(0)) if component.item.lot_tracked else None
        at_line = {lot: total for (item, lot), total in placed.items() if item == component.item_id}
        line_lots = {lot: total for lot, total in at_line.items() if lot is not None}
        total = sum(at_line.values(), Decimal(0))
        lines.append(ComponentLine(component, here, taken[component.pk], stock, total, line_lots))
    return lines
