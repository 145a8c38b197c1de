"""What the supervisor's board shows: orders with progress, work centers with state, what is held or proposed."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.core.attention import Attention
from mes.execution import rules
from mes.execution.models import (
    ChangeProposal,
    MachineInterval,
    Operation,
    OrderComponent,
    OrderHold,
    ProductionReport,
    WorkOrder,
)
from mes.masterdata.models import WorkCenter

OPEN_ORDERS = (WorkOrder.Status.RELEASED, WorkOrder.Status.RUNNING)
MOST_ORDERS = 200
RECENTLY = timedelta(hours=12)


@dataclass
class OrderRow:
    """An order with its operations in sequence."""

    order: WorkOrder
    operations: list[Operation]
    is_late: bool

    @property
    def state(self) -> str:
        return "HELD" if self.order.held and self.order.status in OPEN_ORDERS else str(self.order.status)


@dataclass
class CenterTile:
    """A work center: the state of its most active job, since when, and what waits there."""

    center: WorkCenter
    state: str = "IDLE"
    since: datetime | None = None
    jobs: list[Operation] = field(default_factory=list)
    waiting: int = 0

    @property
    def kind(self) -> str:
        return {"RUNNING": "run", "SETUP": "setup", "HELD": "down", "PAUSED": "slow"}.get(self.state, "idle")


def order_rows(*, sites: Collection[str], now: datetime) -> list[OrderRow]:
    """Return open orders, and those completed in the last hours: late ones first, then running, then by due date."""
    orders = list(
        WorkOrder.objects.filter(site__code__in=sites)
        .filter(Q(status__in=OPEN_ORDERS) | Q(status=WorkOrder.Status.COMPLETED, completed_at__gte=now - RECENTLY))
        .select_related("item", "uom", "site")
        .order_by("priority", "due_at", "number")[:MOST_ORDERS]
    )
    operations: dict[int, list[Operation]] = defaultdict(list)
    for operation in Operation.objects.filter(work_order__in=orders).select_related("work_center").order_by("position"):
        operations[operation.work_order_id].append(operation)
    rows = [
        OrderRow(
            order=order,
            operations=operations[order.pk],
            is_late=order.status in OPEN_ORDERS and order.due_at is not None and order.due_at < now,
        )
        for order in orders
    ]
    rank = {"RUNNING": 1, "RELEASED": 2, "COMPLETED": 3}
    return sorted(rows, key=lambda row: (not row.is_late or row.order.status == "COMPLETED", rank[row.order.status]))


def center_tiles(*, sites: Collection[str]) -> list[CenterTile]:
    """Return the work centers with what goes on there now."""
    tiles = {
        center.pk: CenterTile(center)
        for center in WorkCenter.objects.filter(site__code__in=sites, active=True).order_by("site__code", "code")
    }
    since = dict(
        MachineInterval.objects.filter(
            operation__work_order__status__in=OPEN_ORDERS, operation__work_order__site__code__in=sites
        )
        .values_list("operation_id")
        .annotate(latest=Max("started_at"))
    )
    ended = dict(
        MachineInterval.objects.filter(operation__status=Operation.Status.PAUSED)
        .values_list("operation_id")
        .annotate(latest=Max("ended_at"))
    )
    rank = {"RUNNING": 4, "SETUP": 3, "HELD": 2, "PAUSED": 1, "IDLE": 0}
    operations = (
        Operation.objects.filter(work_center__in=tiles, work_order__status__in=OPEN_ORDERS)
        .exclude(status=Operation.Status.COMPLETED)
        .select_related("work_order__item", "work_order__uom", "work_unit")
        .order_by("work_order__priority", "work_order__due_at", "position")
    )
    for operation in operations:
        tile = tiles[operation.work_center_id]
        if operation.status == Operation.Status.PENDING:
            tile.waiting += 1
            continue
        tile.jobs.append(operation)
        held = (operation.work_order.held or operation.held) and operation.status == Operation.Status.PAUSED
        state = "HELD" if held else str(operation.status)
        if rank[state] > rank[tile.state]:
            tile.state = state
            tile.since = (ended if operation.status == Operation.Status.PAUSED else since).get(operation.pk)
    return list(tiles.values())


def held_and_proposed(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return open holds, and changes that an ERP proposes to running orders."""
    holds = OrderHold.objects.filter(released_at=None, site__code__in=sites, work_order__status__in=OPEN_ORDERS)
    proposals = ChangeProposal.objects.filter(status=ChangeProposal.Status.OPEN, site__code__in=sites)
    return [
        Attention(
            key=f"hold-{hold.pk}",
            what=_("%(order)s is on hold: %(why)s") % {"order": hold.operation or hold.work_order, "why": hold},
            how=_("Lift the hold on the order's page once the reason is gone."),
            url=reverse("execution:order", args=[hold.work_order.number]),
            since=hold.placed_at,
        )
        for hold in holds.select_related("work_order", "operation__work_order", "reason").order_by("placed_at")[:20]
    ] + [
        Attention(
            key=f"proposal-{proposal.pk}",
            what=_("%(owner)s wants %(order)s changed")
            % {"owner": proposal.owner, "order": proposal.work_order.number},
            how=_("The order runs: accept the change or reject it."),
            url=reverse("execution:order", args=[proposal.work_order.number]),
            since=proposal.created_at,
            severity="wait",
        )
        for proposal in proposals.select_related("work_order").order_by("created_at")[:20]
    ]


def over_consumed(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return components of open orders of which more went in than the tolerance of their bill allows.

    The tolerance is applied here and not by the database: SQLite would count it in floats, and be off by a hair at the edge.
    """
    found = OrderComponent.objects.filter(
        work_order__site__code__in=sites, work_order__status__in=OPEN_ORDERS, tolerance__isnull=False,
        issued_quantity__gt=F("required_quantity"),
    ).select_related("work_order", "item", "uom")  # fmt: skip
    return [
        Attention(
            key=f"over-{one.pk}",
            what=_("%(order)s took %(n)s %(unit)s of %(item)s, planned were %(planned)s")
            % {
                "order": one.work_order.number,
                "n": rules.shown(one.issued_quantity),
                "unit": one.uom,
                "item": one.item.number,
                "planned": rules.shown(one.required_quantity),
            },
            how=_("Find out why. What was not used is given back at the terminal."),
            url=reverse("execution:order", args=[one.work_order.number]),
            severity="wait",
        )
        for one in found.order_by("work_order__number", "position")
        if one.most is not None and one.issued_quantity > one.most
    ][:20]


def last_change() -> object:
    """Return what changes when an order, an operation or a report did: for pages that ask again."""
    return (
        ProductionReport.objects.aggregate(at=Max("recorded_at"))["at"],
        MachineInterval.objects.aggregate(started=Max("started_at"), ended=Max("ended_at")),
        OrderHold.objects.aggregate(placed=Max("placed_at"), released=Max("released_at")),
        WorkOrder.history.aggregate(last=Max("history_id"))["last"],
        ChangeProposal.history.aggregate(last=Max("history_id"))["last"],
    )


@dataclass(frozen=True)
class PlannerCounts:
    """What a planner looks at first, as numbers."""

    late: int
    unreleased: int
    unreleased_soon: int
    proposals: int


def planner_counts(*, sites: Collection[str], now: datetime) -> PlannerCounts:
    """Return how many orders are late or not released, and how many changes are proposed."""
    orders = WorkOrder.objects.filter(site__code__in=sites)
    planned = orders.filter(status=WorkOrder.Status.PLANNED)
    return PlannerCounts(
        late=orders.filter(status__in=OPEN_ORDERS, due_at__lt=now).count(),
        unreleased=planned.count(),
        unreleased_soon=planned.filter(due_at__lt=now + timedelta(days=3)).count(),
        proposals=ChangeProposal.objects.filter(status=ChangeProposal.Status.OPEN, site__code__in=sites).count(),
    )
