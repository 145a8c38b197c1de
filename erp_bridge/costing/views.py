"""The page that says what an order cost, what it should have cost, and why it differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from erp_bridge.costing import queries
from erp_bridge.costing.models import CostRollUp
from erp_bridge.costing.rules.rates import PERSON
from erp_bridge.costing.rules.rollup import ELEMENTS, CostLine
from erp_bridge.costing.rules.rounding import to_cents
from erp_bridge.costing.rules.statement import Figure, VarianceFigure
from erp_bridge.costing.rules.variances import PlanLine
from mes.access.queries import may, sites_of
from mes.execution.queries.orders import find_order
from mes.masterdata.models import Person
from mes.masterdata.queries import privacy_of
from mes.terminal.panels import erp_answers

ELEMENT_NAMES = {
    "MATERIAL": gettext_lazy("Material"),
    "LABOR": gettext_lazy("Labor"),
    "MACHINE": gettext_lazy("Machine"),
}
VARIANCE_NAMES = {
    "VOLUME": gettext_lazy("Quantity made"),
    "SCRAP": gettext_lazy("Scrap"),
    "REWORK": gettext_lazy("Rework"),
    "PRICE": gettext_lazy("Price"),
    "RATE": gettext_lazy("Rate"),
    "USAGE": gettext_lazy("Usage"),
    "EFFICIENCY": gettext_lazy("Efficiency"),
    "SETUP_TIME": gettext_lazy("Setup time"),
    "ROUNDING": gettext_lazy("Rounding"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One element of one operation, with what its figures are made of."""

    operation: str
    element: str
    name: str
    figure: Figure
    actual_lines: Sequence[dict[str, Any]]
    plan_lines: Sequence[dict[str, Any]]
    variances: Sequence[dict[str, Any]]


@login_required
@require_GET
def order_cost(request: HttpRequest, number: str) -> HttpResponse:
    """Show planned, target, actual and variance of an order by operation and element, each with its computation."""
    sites = sites_of(request.user, "costs:read")
    order = find_order(number, sites)
    if order is None:
        raise Http404
    cost = queries.cost_of(work_order=order)
    if privacy_of(site_id=order.site_id):
        names = {line.key: _("somebody") for line in cost.actual.lines if line.element == "LABOR"}
    else:
        names = _names(cost.actual.lines) if may(request.user, "people:read", order.site.code) else {}
    rows = [_row(cost, operation, element, names) for operation in cost.statement.operations for element in ELEMENTS]
    total = cost.statement.total
    return render(
        request,
        "costing/order_cost.html",
        {
            "order": order,
            "cost": cost,
            "currency": cost.currency,
            "operations": [
                (
                    number,
                    cost.statement.operation(number),
                    [row for row in rows if row.operation == number and _says(row)],
                )
                for number in cost.statement.operations
            ],
            "total": total,
            "elements": [(ELEMENT_NAMES[element], cost.statement.element(element)) for element in ELEMENTS],
            "went_into": _went_into(cost),
            "variances": _by_kind(total.variances),
            "per_piece": _per_piece(total.actual, order.good_quantity),
            "revisions": _revisions(order.site.code, order.number),
            "is_current": _is_current(cost),
        },
    )


def _row(cost: queries.OrderCost, operation: str, element: str, names: dict[str, str]) -> Row:
    figure = cost.statement.cells[operation, element]
    mine: Callable[[Any], bool] = lambda line: line.operation == operation and line.element == element  # noqa: E731
    return Row(
        operation=operation,
        element=element,
        name=str(ELEMENT_NAMES[element]),
        figure=figure,
        actual_lines=[_actual(line, names) for line in cost.actual.lines if mine(line)],
        plan_lines=[_planned(line) for line in cost.plan.lines if mine(line)],
        variances=[_variance(one) for one in figure.variances],
    )


def _says(row: Row) -> bool:
    return bool(row.actual_lines or row.plan_lines or row.figure.actual or row.figure.planned)


def _actual(line: CostLine, names: dict[str, str]) -> dict[str, Any]:
    rate = line.rate
    return {
        "day": line.day,
        "what": names.get(line.key, line.key) if rate is None or rate.kind == PERSON else line.key,
        "lot": line.lot,
        "activity": line.activity,
        "quantity": line.quantity,
        "unit": line.unit,
        "rate": rate.amount if rate else None,
        "per": rate.per.lower() if rate else "",
        "since": rate.valid_from if rate else None,
        "amount": _shown(line.amount),
    }


def _planned(line: PlanLine) -> dict[str, Any]:
    return {
        "what": line.key or _("one person"),
        "activity": line.activity,
        "quantity": line.quantity,
        "unit": line.unit,
        "rate": line.rate,
        "per": line.per.lower(),
        "basis": line.basis,
        "amount": _shown(line.amount(Fraction(line.quantity))),
    }


def _variance(one: VarianceFigure) -> dict[str, Any]:
    return {"name": VARIANCE_NAMES[one.kind], "key": one.key, "amount": one.amount, "how": one.how}


def _shown(amount: Any) -> Decimal:
    """Return an exact amount to four places, for reading along; what is posted is rounded once, in the total."""
    return Decimal(round(amount * 10000)) / 10000


def _names(lines: Sequence[CostLine]) -> dict[str, str]:
    numbers = {line.key for line in lines if line.element == "LABOR"}
    return {
        number: f"{name} ({number})"
        for number, name in Person.objects.filter(number__in=numbers).values_list("number", "name")
    }


def _went_into(cost: queries.OrderCost) -> list[tuple[str, Decimal, str]]:
    statement, actual = cost.statement, cost.actual

    def by_operation(attribute: str) -> str:
        parts = [
            f"{one.operation}: {Decimal(to_cents(getattr(one, attribute))) / 100:.2f}"
            for one in actual.operations
            if getattr(one, attribute)
        ]
        return _("by operation") + " " + ", ".join(parts) if parts else ""

    return [
        (_("Good pieces"), statement.good, _("what the last operation passed on")),
        (_("Scrap"), statement.scrap, by_operation("scrap")),
        (_("Rework"), statement.rework, by_operation("rework")),
        (_("In work"), statement.in_work, by_operation("in_work")),
    ]


def _by_kind(variances: Sequence[VarianceFigure]) -> list[tuple[Any, Decimal]]:
    sums: dict[str, Decimal] = {}
    for one in variances:
        sums[one.kind] = sums.get(one.kind, Decimal(0)) + one.amount
    return [(name, sums[kind]) for kind, name in VARIANCE_NAMES.items() if sums.get(kind)]


def _per_piece(total: Decimal, good: Decimal) -> Decimal | None:
    return (total / good).quantize(Decimal("0.0001")) if good > 0 else None


def _revisions(site: str, number: str) -> list[tuple[CostRollUp, Any]]:
    rows = queries.roll_ups_of(site=site, work_order=number)
    answers = erp_answers([row.event_id for row in rows])
    return [(row, answers.get(row.event_id, [])) for row in rows]


def _is_current(cost: queries.OrderCost) -> bool:
    """Return whether what was posted last is what the page says."""
    last = queries.roll_ups_of(site=cost.work_order.site.code, work_order=cost.work_order.number)[:1]
    return bool(last) and all(getattr(last[0], name) == amount for name, amount in cost.statement.posting().items())
