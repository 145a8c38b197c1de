"""What is done with money: rates come in, the planned cost is frozen at release, the actual cost is rolled up."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from erp_bridge.costing import queries
from erp_bridge.costing.events import OrderCostRolledUp
from erp_bridge.costing.models import CostRate, CostRollUp, PlannedCost, PlannedCostLine
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.costing.rules.rollup import MACHINE, RUN
from erp_bridge.costing.rules.variances import PlanLine
from mes.core.errors import InvalidInput, NotFound
from mes.execution.models import WorkOrder
from mes.masterdata.records import Applied

_PER = {"ITEM": ("UNIT",), "PERSON": ("HOUR",), "WORK_CENTER": ("HOUR", "CYCLE")}
_NAMESPACE = uuid5(NAMESPACE_URL, "lineside/order-cost")


class BadRate(InvalidInput):
    """A rate that cannot be one."""

    code = "bad_rate"
    title = "This is not a rate"


@transaction.atomic
def apply_rates(records: Iterable[CostRateRecord], *, owner: str) -> Applied:
    """Take a page of rates from their owner and write only what differs.

    A rate that was missing when an order was released completes its planned cost.

    :raises BadRate: an amount below zero, or per something that this kind is not counted in.
    """
    wanted = sorted(records, key=lambda record: record.valid_from)
    for record in wanted:
        _check(record)
    history = _history(wanted)
    applied = Applied()
    created: list[CostRate] = []
    changed: list[CostRate] = []
    for record in wanted:
        known = history[record.site, record.kind, record.key]
        row, digest = known.get(record.valid_from), _digest(repr(record))
        if row is None and _goes_on(record, known):
            applied.unchanged += 1
        elif row is None:
            row = CostRate(site=record.site, kind=record.kind, key=record.key, valid_from=record.valid_from)
            created.append(_fill(row, record, owner, digest))
            known[record.valid_from] = row
        elif row.content_hash != digest or row.owner != owner:
            _fill(row, record, owner, digest)
            if row.pk:
                changed.append(row)
        else:
            applied.unchanged += 1
    if created:
        bulk_create_with_history(created, CostRate, batch_size=500, default_change_reason=f"from {owner}")
    if changed:
        fields = ["amount", "per", "currency", "owner", "external_id", "content_hash", "changed_at"]
        bulk_update_with_history(changed, CostRate, fields, batch_size=500, default_change_reason=f"from {owner}")
    applied.created, applied.changed = len(created), len(changed)
    for site in {row.site for row in [*created, *changed]}:
        _complete_plans(site)
    return applied


@transaction.atomic
def keep_rate(*, rate: CostRate) -> CostRate:
    """Keep a rate that a person typed in; it completes the planned cost of orders that were released without it."""
    rate.currency = rate.currency.upper()
    rate.save()
    _complete_plans(rate.site)
    return rate


@transaction.atomic
def plan_cost(*, site: str, work_order: str, now: datetime) -> PlannedCost:
    """Freeze what the order is to cost, by its bill, its routing and the rates of the day of its release.

    An order may still change between release and start, so it is planned anew until something was reported on it.

    :raises NotFound: the site has no such order.
    """
    order = _order(site, work_order)
    earlier = PlannedCost.objects.filter(site=site, work_order=work_order).first()
    if earlier is not None and order.reports.exists():
        return earlier
    plan = queries.draft_plan(work_order=order, now=now)
    planned, _ = PlannedCost.objects.update_or_create(
        site=site,
        work_order=work_order,
        defaults={
            "order_quantity": plan.order_quantity,
            "currency": plan.currency,
            "taken_at": now,
            "rated_on": plan.rated_on,
        },
    )
    planned.lines.all().delete()
    PlannedCostLine.objects.bulk_create(PlannedCostLine(planned_cost=planned, **asdict(line)) for line in plan.lines)
    return planned


@transaction.atomic
def roll_up_cost(*, site: str, work_order: str, now: datetime) -> OrderCostRolledUp | None:
    """Roll up what the order has cost so far and return it as an event, to be told to ERPs.

    What has not changed since the last roll-up is that roll-up: the same event with the same id. What has changed is
    a new revision that names the one it replaces. None, while there is nothing to tell: no cost yet, or a fact without
    a rate (the order's page names it; the roll-up follows when the rate arrives).

    :raises NotFound: the site has no such order.
    """
    cost = queries.cost_of(work_order=_order(site, work_order, is_locked=True))
    last = CostRollUp.objects.filter(site=site, work_order=work_order).order_by("-revision").first()
    if cost.problems or (last is None and not cost.actual.lines):
        return None
    posting = cost.statement.posting()
    digest = _digest(f"{cost.currency}:" + ":".join(f"{name}={amount:.2f}" for name, amount in posting.items()))
    if last is None or last.digest != digest:
        revision = last.revision + 1 if last else 1
        last = CostRollUp.objects.create(
            event_id=uuid5(_NAMESPACE, f"{site}:{work_order}:{revision}:{digest}"),
            site=site,
            work_order=work_order,
            revision=revision,
            digest=digest,
            currency=cost.currency,
            rolled_up_at=now,
            **posting,
        )
    return queries.as_event(last)


def _order(site: str, number: str, *, is_locked: bool = False) -> WorkOrder:
    """Return the order; locked, so that two roll-ups of it do not number the same revision twice."""
    orders = WorkOrder.objects.select_for_update(of=("self",)) if is_locked else WorkOrder.objects.all()
    order = orders.select_related("site").filter(site__code=site, number=number).first()
    if order is None:
        raise NotFound(f"Site {site} has no work order {number}.")
    return order


def _check(record: CostRateRecord) -> None:
    name = f"{record.kind} {record.key or 'anyone'} from {record.valid_from}"
    if record.per not in _PER.get(record.kind, ()):
        allowed = ", ".join(f"{kind} per {' or '.join(per)}" for kind, per in _PER.items())
        raise BadRate(f"The rate {name} is per {record.per}. What there is: {allowed}.", field="per")
    if not record.amount.is_finite() or record.amount < 0:
        raise BadRate(f"The rate {name} is {record.amount}. A rate is a number from zero up.", field="amount")
    if record.kind != "PERSON" and not record.key:
        raise BadRate(f"A rate of kind {record.kind} names what it is for. Give the number or code.", field="key")
    if len(record.currency) != 3:
        raise BadRate(
            f"The currency of {name} is {record.currency!r}. Use its three letters, e.g. EUR.", field="currency"
        )


History = dict[date, CostRate]


def _history(records: Sequence[CostRateRecord]) -> dict[tuple[str, str, str], History]:
    """Return all stored rates of what the page is about, by day; asked for in portions that SQLite takes."""
    found: dict[tuple[str, str, str], History] = defaultdict(dict)
    names, sites = sorted({record.key for record in records}), {record.site for record in records}
    for start in range(0, len(names), 500):
        portion = CostRate.objects.select_for_update().filter(site__in=sites, key__in=names[start : start + 500])
        for row in portion:
            found[row.site, row.kind, row.key][row.valid_from] = row
    return found


def _goes_on(record: CostRateRecord, known: History) -> bool:
    """Return whether the rate that held until now goes on: an ERP without history tells the same one anew every day."""
    earlier = [day for day in known if day < record.valid_from]
    if not earlier:
        return False
    held = known[max(earlier)]
    return (held.amount, held.per, held.currency) == (record.amount, record.per, record.currency.upper())


def _fill(row: CostRate, record: CostRateRecord, owner: str, digest: str) -> CostRate:
    row.amount, row.per, row.currency = record.amount, record.per, record.currency.upper()
    row.changed_at = timezone.now()  # bulk updates do not set it
    row.owner, row.external_id, row.content_hash = owner, record.external_id, digest
    return row


def _complete_plans(site: str) -> None:
    """Plan anew what was released before its rates were known, by the rates of the day of its release.

    Inputs and quantities stay; a line that had a rate keeps it.
    """
    waiting = PlannedCost.objects.filter(site=site, lines__rate__isnull=True).distinct().prefetch_related("lines")
    for planned in waiting:
        order = WorkOrder.objects.select_related("site").get(site__code=site, number=planned.work_order)
        plan = queries.draft_plan(work_order=order, now=planned.taken_at)
        known = {
            (line.operation, line.element, line.activity, line.key): line
            for line in plan.lines
            if line.rate is not None
        }
        for line in planned.lines.all():
            if line.rate is None:
                _complete(line, known)


def _complete(line: PlannedCostLine, known: Mapping[tuple[str, str, str, str], PlanLine]) -> None:
    """Give a planned line its rate; a center that turns out to be paid by the cycle is planned by its run line."""
    found = known.get((line.operation, line.element, line.activity, line.key))
    if found is not None:
        line.rate, line.per, line.basis = found.rate, found.per, found.basis
        line.quantity, line.unit = found.quantity, found.unit
        line.save()
    elif line.element == MACHINE and (line.operation, MACHINE, RUN, line.key) in known:
        line.delete()  # setup of a center that costs per cycle costs nothing


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
