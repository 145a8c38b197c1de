"""E1: how long after its commit a hold, or a component that was issued, stands in a real Tryton.

The whole way is real: a Celery worker and beat as in production, the Tryton connector, Tryton's own database.
"""

import os
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from django.utils import timezone

from benchmarks.harness import Row
from deploy.processes import WORKER, Crew, celery_command, wait_until
from erp_bridge.engine import connections
from erp_bridge.models import OutboundMessage
from mes.execution import services
from mes.execution.models import OrderComponent, WorkOrder
from mes.masterdata.models import Site
from tests.erp_bridge.plant import pull
from tests.erp_bridge.tryton import DUE, Rpc, Server, planner_of_tryton

FACTS = 50
PAUSE = 1.0
"""Seconds between two facts of a kind: a busy hall. Tryton takes about half a second to book an issue."""
PROMISE = "p95 ≤ 5 s"


def arrival(rounds: int) -> list[Row]:  # noqa: ARG001 - fifty facts of each kind are the rounds
    """E1: from the commit of a fact to its note that Tryton has it, against one call that Tryton answers."""
    server = Server(f"bench-{os.getpid()}")
    server.start("--fresh", "--seed", "minimal")
    crew = Crew(Path(os.environ["LINESIDE_VAR"]) / "logs", os.environ)
    try:
        orders = _plan(server, 10)
        crew.start("worker", celery_command("worker", *WORKER))
        crew.start("beat", celery_command("beat", "--pidfile", ""))
        _hold(orders[0])
        _settled(crew)  # from here on the worker is up
        held = _arrivals(crew, "holds", lambda number: _hold(orders[number % len(orders)]))
        issued = _arrivals(crew, "consumption", lambda number: _issue(orders[number % len(orders)]))
        call = _one_call(server)
    finally:
        crew.stop()
        server.stop()
        server.forget()
    return [_row("hold → note in Tryton", held, call), _row("component issued → stock move in Tryton", issued, call)]


def _plan(server: Server, count: int) -> list[WorkOrder]:
    """Return released orders that a planner made in Tryton and that came down."""
    planner = server.planner()
    for number in range(count):
        planner_of_tryton.make_production(planner, "SF-FRAME", 100, DUE, f"BENCH-{number}")
    planner.close()
    Site.objects.get_or_create(code="T1", defaults={"name": "Plant 1", "time_zone": "Europe/Berlin"})
    pull(connections.create(name="tryton", site="T1", connector="tryton", values=server.settings()))
    return list(WorkOrder.objects.filter(external_ids__has_key="tryton"))


def _hold(order: WorkOrder) -> None:
    services.hold_work_order(work_order_id=order.pk, operation="20", by="bench", now=timezone.now(), note="measured")


def _issue(order: WorkOrder) -> None:
    now = timezone.now()
    component = OrderComponent.objects.filter(work_order=order).select_related("item").earliest("position")
    services.issue_component(
        movement_id=uuid4(), work_order_id=order.pk, item=component.item.number, quantity=Decimal(1), person=None,
        occurred_at=now, now=now,
    )  # fmt: skip


def _arrivals(crew: Crew, flow: str, fact: Callable[[int], None]) -> list[float]:
    """Return the seconds from each fact's commit to its message being done, shortest first."""
    began = timezone.now()
    for number in range(FACTS):
        fact(number)
        time.sleep(PAUSE)
    _settled(crew)
    messages = OutboundMessage.objects.filter(flow=flow, recorded_at__gte=began)
    if undone := messages.exclude(state="DONE").first():
        raise RuntimeError(f"{flow}: {undone.state} {undone.code} {undone.detail}")
    return sorted((message.done_at - message.recorded_at).total_seconds() for message in messages)


def _settled(crew: Crew) -> None:
    wait_until(
        lambda: not OutboundMessage.objects.filter(flow__in=["holds", "consumption"]).exclude(state="DONE").exists(),
        seconds=120, complaint="Tryton did not take everything in two minutes.", crew=crew,
    )  # fmt: skip


def _one_call(server: Server) -> float:
    """Return the seconds of a call that reads one row, the median of many."""
    planner: Rpc = server.planner()
    taken = []
    for _ in range(FACTS):
        started = time.perf_counter()
        planner.read("company.company", [], "currency")
        taken.append(time.perf_counter() - started)
    planner.close()
    return sorted(taken)[FACTS // 2]


def _row(what: str, taken: list[float], call: float) -> Row:
    median, most = taken[len(taken) // 2], taken[-(len(taken) // 20) - 1]
    return Row(
        "E1", f"{what}, {len(taken)} of {FACTS}", f"p50 {median:.2f} s, p95 {most:.2f} s, max {taken[-1]:.2f} s",
        f"{call * 1000:.0f} ms: one call that reads one row", f"{median / call:.0f}", PROMISE,
    )  # fmt: skip


BENCHMARKS = {"E1": arrival}
