"""The floor in few words: each helper does what a terminal does."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from mes.execution import services
from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.execution.services import Scrap
from tests.factories import NOW


def at(minutes: int) -> datetime:
    """Return so many minutes after the start of the test."""
    return NOW + timedelta(minutes=minutes)


def _pk(order: WorkOrder, number: str) -> int:
    return Operation.objects.get(work_order=order, number=number).pk


def start(
    order: WorkOrder, number: str, *, when: datetime = NOW, claimed: datetime | None = None, person=None, **given
):
    return services.start_operation(
        operation_id=_pk(order, number), person=person, occurred_at=claimed or when, now=when, **given
    )


def pause(order: WorkOrder, number: str, *, when: datetime = NOW, person=None) -> Operation:
    return services.pause_operation(operation_id=_pk(order, number), person=person, occurred_at=when, now=when)


def complete(order: WorkOrder, number: str, *, when: datetime = NOW, person=None, **given) -> Operation:
    return services.complete_operation(
        operation_id=_pk(order, number), person=person, occurred_at=when, now=when, **given
    )


def report(
    order: WorkOrder, number: str, *, good: Any = 0, scrap: dict[str, Any] | None = None, rework: Any = 0,
    when: datetime = NOW, claimed: datetime | None = None, report_id: uuid.UUID | None = None, person=None, **given: Any,
) -> ProductionReport:  # fmt: skip
    return services.report_production(
        report_id=report_id or uuid.uuid4(),
        operation_id=_pk(order, number),
        good_quantity=None if good is None else Decimal(good),
        rework_quantity=Decimal(rework),
        scrap=[Scrap(Decimal(quantity), reason) for reason, quantity in (scrap or {}).items()],
        person=person,
        occurred_at=claimed or when,
        now=when,
        **given,
    )


def reverse(
    report: ProductionReport, *, reversal_id: uuid.UUID | None = None, when: datetime = NOW
) -> ProductionReport:
    return services.reverse_report(
        reversal_id=reversal_id or uuid.uuid4(), report_id=report.pk, person=None, occurred_at=when, now=when
    )
