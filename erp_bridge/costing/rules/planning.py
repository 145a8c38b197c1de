"""The planned cost lines of an order, from what its bill and routing ask for and the rates of one day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from erp_bridge.costing.rules.rates import ANYONE, CYCLE, HOUR, ITEM, PERSON, UNIT, WORK_CENTER, RateBook
from erp_bridge.costing.rules.rollup import LABOR, MACHINE, MATERIAL, RUN, SETUP
from erp_bridge.costing.rules.variances import PlanLine


@dataclass(frozen=True, kw_only=True)
class PlannedComponent:
    """A component for the whole order, in the item's own unit."""

    operation: str
    item: str
    quantity: Decimal
    uom: str


@dataclass(frozen=True, kw_only=True)
class PlannedOperation:
    """An operation with its standard times in minutes: setup once per order, run per piece."""

    number: str
    work_center: str
    setup_time: Decimal
    run_time_per_unit: Decimal


def plan_lines(
    *,
    operations: Sequence[PlannedOperation],
    components: Iterable[PlannedComponent],
    order_quantity: Decimal,
    rates: RateBook,
    day: date,
) -> list[PlanLine]:
    """Return what an order is to cost by the rates of the day.

    One person works at each operation for as long as the work center is planned, at the rate for everybody; where a
    site keeps none, at the mean of the personal rates (which the line says). A work center with a rate per cycle is
    planned by pieces.
    """
    lines = _material(operations, components, rates, day)
    people = _labor_rate(rates, day)
    for operation in operations:
        times = {SETUP: operation.setup_time, RUN: operation.run_time_per_unit * order_quantity}
        machine = rates.on(WORK_CENTER, operation.work_center, day)
        for activity, minutes in times.items():
            if minutes:
                rate, basis = people
                lines.append(_line(operation.number, LABOR, activity, "", minutes, "min", rate, HOUR, basis))
            if machine is None or machine.per == HOUR:
                if minutes:
                    amount, basis = (machine.amount, f"from {machine.valid_from}") if machine else (None, "no rate")
                    key = operation.work_center
                    lines.append(_line(operation.number, MACHINE, activity, key, minutes, "min", amount, HOUR, basis))
            elif activity == RUN:
                basis = f"from {machine.valid_from}"
                key, quantity = operation.work_center, order_quantity
                lines.append(
                    _line(operation.number, MACHINE, RUN, key, quantity, "cycles", machine.amount, CYCLE, basis)
                )
    return lines


def _material(
    operations: Sequence[PlannedOperation], components: Iterable[PlannedComponent], rates: RateBook, day: date
) -> list[PlanLine]:
    known = [operation.number for operation in operations]
    first = known[0] if known else ""
    quantities: dict[tuple[str, str, str], Decimal] = {}
    for one in components:
        place = one.operation if one.operation in known else first
        quantities[place, one.item, one.uom] = quantities.get((place, one.item, one.uom), Decimal(0)) + one.quantity
    lines = []
    for (operation, item, uom), quantity in quantities.items():
        rate = rates.on(ITEM, item, day)
        amount, basis = (rate.amount, f"from {rate.valid_from}") if rate else (None, "no rate")
        lines.append(_line(operation, MATERIAL, "", item, quantity, uom, amount, UNIT, basis))
    return lines


def _labor_rate(rates: RateBook, day: date) -> tuple[Decimal | None, str]:
    general = rates.on(PERSON, ANYONE, day)
    if general is not None:
        return general.amount, f"rate for everybody from {general.valid_from}"
    mean = rates.mean_of_people(day)
    if mean is None:
        return None, "no rate"
    return mean[0], f"mean of {mean[1]} personal rates"


def _line(
    operation: str, element: str, activity: str, key: str, quantity: Decimal, unit: str, rate: Decimal | None, per: str,
    basis: str,
) -> PlanLine:  # fmt: skip
    return PlanLine(
        operation=operation,
        element=element,
        activity=activity,
        key=key,
        quantity=quantity,
        unit=unit,
        rate=rate,
        per=per,
        basis=basis,
    )
