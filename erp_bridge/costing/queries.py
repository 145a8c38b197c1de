"""What an order cost and should have cost, asked of the facts; and which orders are worth asking about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from erp_bridge.costing.events import OrderCostRolledUp
from erp_bridge.costing.models import CostRate, CostRollUp, PlannedCost, PlannedCostLine
from erp_bridge.costing.rules.planning import PlannedComponent, PlannedOperation, plan_lines
from erp_bridge.costing.rules.rates import Rate, RateBook
from erp_bridge.costing.rules.rollup import Actual, MaterialFact, OrderFacts, PieceFact, TimeFact, roll_up
from erp_bridge.costing.rules.rounding import CENT
from erp_bridge.costing.rules.statement import Statement, state
from erp_bridge.costing.rules.variances import PlanLine, compare
from labor.models import LaborSegment
from mes.core import persons
from mes.execution.models import MachineInterval, ProductionReport, WorkOrder
from mes.masterdata.models import Site
from mes.material.models import MaterialMovement

DONE = (WorkOrder.Status.COMPLETED, WorkOrder.Status.CLOSED)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an order was (or, ``is_frozen`` False, would now be) to cost."""

    order_quantity: Decimal
    currency: str
    rated_on: date
    lines: Sequence[PlanLine]
    is_frozen: bool


@dataclass(frozen=True, kw_only=True)
class OrderCost:
    """The cost of an order: the figures in cents, and everything that they are made of."""

    work_order: WorkOrder
    currency: str
    plan: Plan
    actual: Actual
    statement: Statement
    problems: Sequence[str]
    """Why the cost is not complete, in words; empty when it is."""


def order_facts(*, work_order: WorkOrder) -> OrderFacts:
    """Return everything that happened on an order: material moved, time worked, time occupied, pieces reported."""
    operations = list(work_order.operations.order_by("position").values_list("number", flat=True)) or [""]
    return OrderFacts(
        operations=operations,
        material=_material(work_order),
        labor=_labor(work_order),
        machine=_machine(work_order),
        pieces=_pieces(work_order),
    )


def rate_book(*, site: str, keys: Iterable[str] | None = None) -> RateBook:
    """Return the site's rates (all, or those of some keys and of all people), which change at its midnight."""
    rates = CostRate.objects.filter(site=site)
    if keys is not None:
        # People whole: a planned rate may be the mean of them.
        rates = rates.filter(Q(kind=CostRate.Kind.PERSON) | Q(key__in=set(keys)))
    zone = Site.objects.filter(code=site).values_list("time_zone", flat=True).first() or "UTC"
    return RateBook(
        (
            Rate(
                kind=row.kind, key=row.key, valid_from=row.valid_from, amount=row.amount, per=row.per,
                currency=row.currency,
            )
            for row in rates
        ),
        zone=zone,
    )  # fmt: skip


def draft_plan(*, work_order: WorkOrder, now: datetime) -> Plan:
    """Return what the order is to cost by its snapshot of bill and routing and the rates of its release."""
    operations = list(work_order.operations.select_related("work_center").order_by("position"))
    components = list(work_order.components.select_related("operation", "item", "uom"))
    keys = [one.work_center.code for one in operations] + [one.item.number for one in components]
    book = rate_book(site=work_order.site.code, keys=keys)
    day = book.day_of(work_order.released_at or now)
    lines = plan_lines(
        operations=[
            PlannedOperation(
                number=one.number,
                work_center=one.work_center.code,
                setup_time=one.planned_setup_time,
                run_time_per_unit=one.planned_run_time_per_unit,
            )
            for one in operations
        ],
        components=[
            PlannedComponent(
                operation=one.operation.number, item=one.item.number, quantity=one.required_quantity, uom=str(one.uom)
            )
            for one in components
        ],
        order_quantity=work_order.order_quantity,
        rates=book,
        day=day,
    )
    return Plan(
        order_quantity=work_order.order_quantity,
        currency=work_order.site.currency,
        rated_on=day,
        lines=lines,
        is_frozen=False,
    )


def cost_of(*, work_order: WorkOrder) -> OrderCost:
    """Return what the order has cost so far, against what it was to cost and against what its good pieces allow."""
    facts = order_facts(work_order=work_order)
    keys = {fact.item for fact in facts.material} | {fact.key for fact in facts.machine}
    keys |= {report.work_center for report in facts.pieces}
    actual = roll_up(facts, rate_book(site=work_order.site.code, keys=keys))
    plan = _frozen(work_order) or draft_plan(work_order=work_order, now=work_order.released_at or work_order.created_at)
    comparison = compare(plan.lines, actual, order_quantity=plan.order_quantity, is_completed=work_order.status in DONE)
    return OrderCost(
        work_order=work_order,
        currency=work_order.site.currency,
        plan=plan,
        actual=actual,
        statement=state(actual, comparison),
        problems=_problems(actual, work_order.site),
    )


def orders_to_roll_up(*, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Return (site, number) of orders whose cost may have changed in the period, by when something was recorded.

    Something was booked on them, they were completed, or a rate changed that an order still to be closed may use.
    """
    period = {"recorded_at__gte": since, "recorded_at__lt": until}
    found: set[tuple[str, str]] = set()
    found |= set(ProductionReport.objects.filter(**period).values_list("site__code", "work_order__number"))
    consumed = MaterialMovement.objects.filter(kind__in=MaterialMovement.CONSUMING, **period).exclude(work_order="")
    found |= set(consumed.order_by().values_list("site__code", "work_order").distinct())
    worked = LaborSegment.objects.filter(operation__isnull=False, ended_at__isnull=False, **period)
    found |= set(worked.order_by().values_list("site__code", "operation__work_order__number").distinct())
    ended = MachineInterval.objects.filter(ended_at__gte=since, ended_at__lt=until)
    found |= set(ended.order_by().values_list("site__code", "operation__work_order__number").distinct())
    orders = WorkOrder.objects.order_by()
    completed = orders.filter(completed_at__gte=since, completed_at__lt=until)
    found |= set(completed.values_list("site__code", "number"))
    repriced = CostRate.objects.filter(changed_at__gte=since, changed_at__lt=until).order_by()
    for site in set(repriced.values_list("site", flat=True)):
        open_ones = orders.filter(site__code=site, started_at__isnull=False).exclude(
            status__in=[WorkOrder.Status.CLOSED, WorkOrder.Status.CANCELLED]
        )
        found |= set(open_ones.values_list("site__code", "number"))
    return sorted(found)


def roll_ups_of(*, site: str, work_order: str) -> Sequence[CostRollUp]:
    """Return every revision of the order's cost that was told to ERPs, latest first."""
    return list(CostRollUp.objects.filter(site=site, work_order=work_order).order_by("-revision"))


def as_event(row: CostRollUp) -> OrderCostRolledUp:
    """Return a stored roll-up as the event that tells of it."""
    before = CostRollUp.objects.filter(site=row.site, work_order=row.work_order, revision=row.revision - 1).first()
    return OrderCostRolledUp(
        event_id=row.event_id,
        site=row.site,
        subject=row.work_order,
        occurred_at=row.rolled_up_at,
        revision=row.revision,
        currency=row.currency,
        planned_total=row.planned_total.quantize(CENT),
        material=row.material.quantize(CENT),
        labor=row.labor.quantize(CENT),
        machine=row.machine.quantize(CENT),
        scrap=row.scrap.quantize(CENT),
        rework=row.rework.quantize(CENT),
        total=row.total.quantize(CENT),
        replaces=before.event_id if before else None,
    )


def as_plan_line(row: PlannedCostLine) -> PlanLine:
    """Return a stored planned line as the plain value that rules take."""
    return PlanLine(
        operation=row.operation,
        element=row.element,
        activity=row.activity,
        key=row.key,
        quantity=row.quantity,
        unit=row.unit,
        rate=row.rate,
        per=row.per,
        basis=row.basis,
    )


def _frozen(work_order: WorkOrder) -> Plan | None:
    row = PlannedCost.objects.filter(site=work_order.site.code, work_order=work_order.number).first()
    if row is None or work_order.started_at is None:  # until it starts, an order may change
        return None
    return Plan(
        order_quantity=row.order_quantity,
        currency=row.currency,
        rated_on=row.rated_on,
        lines=[as_plan_line(line) for line in row.lines.all()],
        is_frozen=True,
    )


def _problems(actual: Actual, site: Site) -> list[str]:
    def told(line: Any) -> str:
        return persons.told_text(line.key, site=site.code) if line.element == "LABOR" else str(line.key)

    found = [
        f"No rate for {line.element.lower().replace('_', ' ')} {told(line)} on {line.day}: it counts as 0.00."
        for line in actual.unpriced
    ]
    others = [line for line in actual.lines if line.rate and line.rate.currency != site.currency]
    strange = {(told(line), line.rate.currency) for line in others if line.rate}
    found += [
        f"The rate of {key} is in {other}; the site keeps its books in {site.currency}." for key, other in strange
    ]
    return sorted(set(found))


def _material(work_order: WorkOrder) -> list[MaterialFact]:
    moved = MaterialMovement.objects.filter(
        site_id=work_order.site_id, work_order=work_order.number, kind__in=MaterialMovement.CONSUMING
    )
    return [
        MaterialFact(
            operation=one.operation, item=one.item.number, quantity=one.quantity, uom=str(one.uom),
            at=one.occurred_at, lot=one.lot.number if one.lot else "", reference=str(one.pk),
        )
        for one in moved.select_related("item", "uom", "lot").order_by("occurred_at", "pk")
    ]  # fmt: skip


def _labor(work_order: WorkOrder) -> list[TimeFact]:
    worked = LaborSegment.objects.filter(operation__work_order=work_order, ended_at__isnull=False)
    return _times(worked, key="person__number")


def _machine(work_order: WorkOrder) -> list[TimeFact]:
    occupied = MachineInterval.objects.filter(operation__work_order=work_order, ended_at__isnull=False)
    return _times(occupied, key="work_unit__work_center__code")


def _times(ended: QuerySet[Any], *, key: str) -> list[TimeFact]:
    columns = ("operation__number", key, "activity", "started_at", "ended_at", "minutes", "pk")
    return [
        TimeFact(
            operation=operation, key=who or "", activity=activity, started_at=start, ended_at=end, minutes=minutes,
            reference=str(pk),
        )
        for operation, who, activity, start, end, minutes, pk in ended.order_by("started_at", "pk").values_list(*columns)
    ]  # fmt: skip


def _pieces(work_order: WorkOrder) -> list[PieceFact]:
    """Return the reports; pieces that came out of rework were counted when they went into it, as passes."""
    reports = work_order.reports.select_related("operation__work_center", "work_unit__work_center", "reverses")
    return [
        PieceFact(
            operation=one.operation.number,
            work_center=(one.work_unit.work_center if one.work_unit else one.operation.work_center).code,
            at=(one.reverses or one).occurred_at,
            good=one.good_quantity,
            scrap=one.scrap_quantity,
            rework=Decimal(0) if (one.reverses or one).from_rework else one.rework_quantity,
            reference=str(one.pk),
        )
        for one in reports.order_by("occurred_at", "pk")
    ]
