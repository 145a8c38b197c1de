"""A plant for tests that go from an ERP to the floor and back: its clock, its people, and what is done with the bridge."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from erp_bridge.engine import registry, scheduler, worker
from erp_bridge.models import Connection, FlowState, OutboundMessage
from erp_bridge.sdk.cadence import every
from labor import services as labor
from mes.execution import services as execution
from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.masterdata.models import Person
from mes.material.models import MaterialMovement

State = OutboundMessage.State


class Ahead:
    """The engine's clock, a while ahead of the real one: what waits need not be waited for."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return timezone.now() + self.by

    def forward(self, **time: float) -> None:
        self.by += timedelta(**time)


class Beat(Ahead):
    """The engine's clock, standing still until a test moves it on; it begins just past a full ten minutes."""

    def __init__(self) -> None:
        super().__init__()
        grid = every(minutes=10).after(timezone.now())
        assert grid is not None
        self.moment = grid + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **time: float) -> None:
        self.moment += timedelta(**time)

    def until(self, moment: datetime) -> int:
        """Let beat ask every five seconds for what is due to come down, up to that moment; return how many flows ran."""
        ran = 0
        while self.moment < moment:
            self.moment = min(self.moment + timedelta(seconds=5), moment)
            ran += scheduler.run_due(down=True)
        return ran


def pull(connection: Connection, *flows: str) -> None:
    """Run down-flows as a person would by hand: those named, or all."""
    for state in FlowState.objects.filter(connection=connection):
        if state.flow in (flows or [flow.key for flow in registry.pulls()]):
            said = scheduler.run_now(state)
            state.refresh_from_db()
            assert not state.last_error, f"{state.flow}: {said}"


def drain(ahead: Ahead) -> None:
    """Let time pass and the worker sweep until nothing waits, or nothing can be said for half an hour."""
    silent = 0
    while silent < 30:
        silent = 0 if worker.sweep(budget=600) else silent + 1
        if not OutboundMessage.objects.filter(state__in=[State.PENDING, State.SENDING, State.DOUBT]).exists():
            return
        ahead.forward(minutes=1)


def waiting() -> dict[str, int]:
    return dict(Counter(OutboundMessage.objects.values_list("state", flat=True)))


def describe() -> list[Any]:
    return list(
        OutboundMessage.objects.exclude(state=State.DONE).values_list(
            "flow", "seq", "state", "outcome", "code", "detail"
        )
    )


@dataclass
class Floor:
    """What people do at a terminal, at a time that passes."""

    order: WorkOrder
    person: Person
    now: datetime

    def operation(self, number: str) -> Operation:
        return self.order.operations.get(number=number)

    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def _when(self) -> dict[str, Any]:
        return {"person": self.person, "occurred_at": self.now, "now": self.now}

    def start(self, number: str, activity: str = "RUN", crew_size: int | None = None) -> None:
        operation = self.operation(number)
        execution.start_operation(operation_id=operation.pk, activity=activity, crew_size=crew_size, **self._when())

    def crew(self, number: str, size: int) -> None:
        labor.set_crew_size(operation_id=self.operation(number).pk, size=size, occurred_at=self.now, now=self.now)

    def pause(self, number: str) -> None:
        execution.pause_operation(operation_id=self.operation(number).pk, **self._when())

    def report(self, number: str, good: Any, scrap: Any = 0, lot: str = "") -> ProductionReport:
        return execution.report_production(
            report_id=uuid4(), operation_id=self.operation(number).pk, good_quantity=Decimal(good),
            scrap=[execution.Scrap(Decimal(scrap), "SCRATCH")] if Decimal(scrap) else [], lot=lot, **self._when(),
        )  # fmt: skip

    def reverse(self, report: ProductionReport) -> None:
        execution.reverse_report(reversal_id=uuid4(), report_id=report.pk, **self._when())

    def come(self) -> None:
        labor.clock_in(person=self.person, occurred_at=self.now, now=self.now)

    def complete(self, number: str) -> None:
        execution.complete_operation(operation_id=self.operation(number).pk, **self._when())


def consumed_here(order: WorkOrder) -> dict[tuple[str, str], Decimal]:
    total: dict[tuple[str, str], Decimal] = {}
    consuming = MaterialMovement.objects.filter(work_order=order.number, kind__in=MaterialMovement.CONSUMING)
    for movement in consuming.select_related("item", "lot"):
        key = (movement.item.number, movement.lot.number if movement.lot else "")
        total[key] = total.get(key, Decimal(0)) + movement.quantity
    return total
