"""Crash points: at each named point, in each mode, a worker process dies; the next one must bring it to a good end."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connections as databases
from django.db import transaction
from django.utils import timezone

from erp_bridge.engine import connections, decisions, points, worker
from erp_bridge.models import OutboundMessage, Stream
from mes.core import bus
from mes.execution.events import ProductionReported
from tests import factories
from tests.faults.run import ROOT, inversions

MODES = {"LOOKUP": "small_erp", "KEY": "small_erp_keys", "NONE": "small_erp_blind"}
MESSAGES = 3

POINTS_THAT_LOOK = ("before look-up", "after look-up")
EXIT = 9


def run(folder: Path) -> list[dict[str, Any]]:
    """Return one row per point and mode: whether the worker died there, and what both ledgers say in the end."""
    erps = {mode: _start_erp(folder, mode) for mode in MODES}
    try:
        cases = [
            Case(point, mode, number, erps[mode][1])
            for number, (point, mode) in enumerate(itertools.product(points.POINTS, MODES))
            if mode == "LOOKUP" or point not in POINTS_THAT_LOOK
        ]
        for case in cases:
            case.prepare()
        for case in cases:
            case.died = _die(case.act, case.point)
        _die(_go_on(cases), None)
        ledgers = {
            mode: [json.loads(line) for line in (folder / f"ledger-{mode}").read_text().splitlines()] for mode in MODES
        }
        return [case.result(ledgers[case.mode]) for case in cases]
    finally:
        for process, _ in erps.values():
            process.kill()
            process.wait()


class Case:
    """Three reports of one order, told to an ERP of one mode by a worker that dies at one point."""

    def __init__(self, point: str, mode: str, number: int, url: str) -> None:
        self.point, self.mode, self.number, self.url = point, mode, number, url
        self.order = f"CP{number:03}"
        self.died = False

    def prepare(self) -> None:
        name = f"crash-{self.number}"
        factories.make_work_order(
            site=factories.make_site(code=name), item=factories.make_item(site=factories.make_site(code=name)),
            number=self.order, external_ids={name: "E1"},
        )  # fmt: skip
        connection = connections.create(name=name, site=name, connector=MODES[self.mode], values={"url": self.url})
        connection.flows.update(cadence="immediate")
        for place in range(1, MESSAGES + 1):
            with transaction.atomic():
                bus.publish(_reported(name, self.order, place))
        self.messages = OutboundMessage.objects.filter(connection=connection)
        first = self.messages.order_by("seq").first()
        assert first is not None
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
        mine = [line for line in ledger if line["key"] in keys]
        booked = Counter(line["key"] for line in mine)
        return {
            "point": self.point,
            "mode": self.mode,
            "died": self.died,
            "states": dict(Counter(self.messages.values_list("state", flat=True))),
            "duplicates": sum(times - 1 for times in booked.values()),
            "missing": self.messages.filter(state="DONE").exclude(key__in=booked).count(),
            "unknown": self.messages.filter(state="PENDING", key__in=booked).count(),
            "inversions": inversions(mine),
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
        until = time.monotonic() + 60
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
            signal.alarm(90)
            points.listen(lambda name: os._exit(EXIT) if name == point else None)
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == EXIT


def _reported(site: str, order: str, place: int) -> ProductionReported:
    event_id: UUID = uuid5(NAMESPACE_OID, f"crash/{order}/{place}")
    return ProductionReported(
        event_id=event_id, site=site, subject=order, report_id=event_id, occurred_at=datetime.now(UTC), operation="10",
        work_center="SAW", work_unit="SAW", item="P", uom="pcs", good_quantity=Decimal(place), rework_quantity=Decimal(0),
        scrap_quantity=Decimal(0), person="1",
    )  # fmt: skip


def _start_erp(folder: Path, mode: str) -> tuple[subprocess.Popen[bytes], str]:
    port_file = folder / f"port-{mode}"
    calm = [
        word for name in ("never", "late", "drop", "unavailable", "lookup", "reject") for word in (f"--{name}", "0")
    ]
    command = [
        sys.executable, "-m", "tests.faults.erp", "--ledger", str(folder / f"ledger-{mode}"), "--port-file", str(port_file),
        *calm, *(["--key"] if mode == "KEY" else []),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT)
    until = time.monotonic() + 60
    while not (port_file.exists() and port_file.read_text()):
        if time.monotonic() > until:
            raise TimeoutError("The ERP does not start.")
        time.sleep(0.02)
    url = f"http://127.0.0.1:{port_file.read_text()}"
    urllib.request.urlopen(f"{url}/state", timeout=60).read()  # noqa: S310  our own process
    return process, url
