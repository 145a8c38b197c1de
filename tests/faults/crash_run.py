"""Crash points: at each named point, in each mode, a worker process dies; the next one must bring it to a good end."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections as databases
from django.utils import timezone

from erp_bridge.engine import decisions, points, worker
from erp_bridge.models import Connection, OutboundMessage, Stream
from mes.execution.models import Operation
from tests.faults import plant, plug

MODES = ("LOOKUP", "KEY", "NONE")
MESSAGES = 3

POINTS_THAT_LOOK = ("before look-up", "after look-up")
POINTS = (*points.POINTS, plug.ANSWER_BEGINS)
EXIT = 9


def run(folder: Path) -> list[dict[str, Any]]:
    """Return one row per point and mode: whether the worker died there, and what both ledgers say in the end."""
    plug.tell_when_the_answer_begins()
    erps = {mode: plant.start_erp(folder / mode, recall=mode, orders=len(POINTS)) for mode in MODES}
    try:
        cases = []
        for mode, erp in erps.items():
            connection = plant.connect(erp, site=mode)
            for point, operation in zip(POINTS, plant.operations(mode), strict=True):
                if mode == "LOOKUP" or point not in POINTS_THAT_LOOK:
                    cases.append(Case(point, connection, operation))
        for case in cases:
            case.prepare()
        for case in cases:
            case.died = _die(case.act, case.point)
        _die(_go_on(cases), None)
        return [case.result(erps[case.mode].ledger()) for case in cases]
    finally:
        for erp in erps.values():
            erp.stop()


class Case:
    """Three reports of one order, told to an ERP of one mode by a worker that dies at one point."""

    def __init__(self, point: str, connection: Connection, operation: int) -> None:
        self.point, self.connection, self.operation = point, connection, operation
        self.mode = connection.site
        self.died = False

    def prepare(self) -> None:
        for place in range(1, MESSAGES + 1):
            report_id = plant.report_id(f"{self.mode}/{self.point}", place)
            plant.report(self.mode, self.operation, report_id=report_id, place=place)
        number = Operation.objects.values_list("work_order__number", flat=True).get(pk=self.operation)
        self.messages = OutboundMessage.objects.filter(connection=self.connection, stream__key=number)
        first = self.messages.order_by("seq").first()
        assert first is not None and self.messages.count() == MESSAGES
        self.first, self.stream = first.pk, first.stream_id
        now = timezone.now()
        if self.point in POINTS_THAT_LOOK:
            self.messages.filter(pk=self.first).update(
                state="DOUBT", attempts=1, sent_at=now, first_sent_at=now, doubt_since=now, outcome="AMBIGUOUS"
            )
        elif self.point == "in replay":
            self.messages.filter(pk=self.first).update(state="DEAD", outcome="REJECTED")

    def act(self) -> None:
        if self.point == "in replay":
            decisions.retry(message_id=self.first, by=None)
        else:
            worker.drain_stream(self.stream)

    def result(self, ledger: list[dict[str, Any]]) -> dict[str, Any]:
        keys = list(self.messages.values_list("key", flat=True))
        mine = [line for line in ledger if line["reference"] in keys]
        booked = Counter(line["reference"] for line in mine)
        return {
            "point": self.point,
            "mode": self.mode,
            "died": self.died,
            "states": dict(Counter(self.messages.values_list("state", flat=True))),
            "duplicates": sum(times - 1 for times in booked.values()),
            "missing": self.messages.filter(state="DONE").exclude(key__in=booked).count(),
            "unknown": self.messages.filter(state="PENDING", key__in=booked).count(),
            "inversions": plant.inversions(mine),
            "idle": not Stream.objects.filter(pk=self.stream, due_at__isnull=False).exists(),
        }

    @property
    def settled(self) -> bool:
        """Return whether nothing is left to do, except by a person where the ERP can neither be asked nor told again."""
        return not self.messages.exclude(state__in=["DONE"]).exists() or (
            self.mode == "NONE" and self.messages.filter(state="REVIEW").exists()
        )


def _go_on(cases: list[Case]) -> Callable[[], None]:
    def work() -> None:
        for case in cases:
            if case.point == "in replay":
                decisions.retry(message_id=case.first, by=None)
        until = time.monotonic() + 240
        while time.monotonic() < until and not all(case.settled for case in cases):
            worker.sweep()
            time.sleep(0.1)
        worker.sweep()

    return work


def _die(act: Callable[[], None], point: str | None) -> bool:
    """Act in a process of its own that dies at the point; return whether it did."""
    databases.close_all()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(300)
            points.listen(lambda name: os._exit(EXIT) if name == point else None)
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == EXIT
