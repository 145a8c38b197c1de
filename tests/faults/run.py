"""One kill -9 run, in a process that has Django and its database set up by ``tests.faults.kill_run``."""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.db import connections as databases
from django.db import transaction

from erp_bridge.engine import connections, worker
from erp_bridge.engine.limits import limits
from erp_bridge.models import Attempt, OutboundMessage
from mes.core import bus
from mes.execution.events import ProductionReported
from tests import factories
from tests.faults import plug

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Findings:
    """Both ledgers, compared."""

    reports: int = 0
    messages: int = 0
    done: int = 0
    dead: int = 0
    unsettled: int = 0
    ledger: int = 0
    duplicates: int = 0
    missing: int = 0
    extra: int = 0
    inversions: int = 0
    dead_not_refused: int = 0
    refused_not_dead: int = 0
    found_by_looking: int = 0
    died_while_sending: int = 0
    kills: int = 0
    pauses: int = 0
    reporter_kills: int = 0
    redis: str = ""
    """What was done to Redis: w(iped), h(ung), k(illed)."""
    report_ms_median: int = 0
    report_ms_p99: int = 0
    injected: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Return whether the run kept every promise."""
        broken = (
            self.duplicates, self.missing, self.extra, self.inversions, self.dead_not_refused, self.refused_not_dead,
            self.unsettled, self.reports - self.messages,
        )  # fmt: skip
        return not any(broken) and self.done + self.dead == self.reports


class Run:
    """One run: an ERP, a reporter, workers, and a hand that kills them."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.findings = Findings(reports=options.reports)
        self.workers: dict[int, str] = {}
        self.reporter: int | None = None
        self.frozen: dict[int, float] = {}
        self.redis: subprocess.Popen[bytes] | None = None
        self.celery: subprocess.Popen[bytes] | None = None

    def go(self) -> Findings:
        """Run until everything is settled, or the time is up."""
        started = time.monotonic()
        erp = self._start_erp()
        try:
            prepare(self.options, self.url)
            if self.options.redis:
                self.redis = start_redis(self.options.redis_port)
                self.celery = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "celery",
                        "-A",
                        "tests.faults.celery_app",
                        "worker",
                        "-c",
                        "2",
                        "-l",
                        "CRITICAL",
                    ],
                    cwd=ROOT,
                )
            databases.close_all()
            self._disturb(started + self.options.timeout)
            self._stop_children()
            self._compare()
        finally:
            self._stop_children()
            erp.kill()
            erp.wait()
            for process in (self.celery, self.redis):
                if process is not None:
                    process.kill()
                    process.wait()
        self.findings.seconds = round(time.monotonic() - started, 1)
        return self.findings

    def _start_erp(self) -> subprocess.Popen[bytes]:
        port_file = self.folder / "port"
        command = [
            sys.executable, "-m", "tests.faults.erp", "--ledger", str(self.folder / "ledger"), "--port-file",
            str(port_file), "--seed", str(self.options.seed), *(["--key"] if self.options.recall == "KEY" else []),
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=ROOT)
        _wait(lambda: port_file.exists() and port_file.read_text(), 60, "the ERP to start")
        self.url = f"http://127.0.0.1:{port_file.read_text()}"
        return process

    # --- the hand that kills -------------------------------------------------------------------------------------

    def _disturb(self, deadline: float) -> None:
        self.reporter = self._fork(self._report)
        for _ in range(self.options.workers):
            self.workers[self._fork(self._work)] = ""
        targets = ["kill"] * self.options.kills + ["pause"] * self.options.pauses
        self.random.shuffle(targets)
        pace = self.options.seconds / max(1, len(targets))
        next_at = time.monotonic() + pace
        while time.monotonic() < deadline:
            self._reap()
            self._thaw()
            if targets and time.monotonic() >= next_at:
                self._hurt(targets.pop())
                next_at = time.monotonic() + pace * self.random.uniform(0.5, 1.5)
            if not targets and not self.frozen and self.reporter is None and _settled(self.options.reports):
                return
            databases.close_all()
            time.sleep(0.02 if targets or self.frozen else 0.2)

    def _hurt(self, what: str) -> None:
        if self.options.redis and self.random.random() < 0.5:
            self._hurt_redis()
        alive = [pid for pid in self.workers if pid not in self.frozen]
        if what == "kill":
            if self.reporter is not None and self.random.random() < 0.15:
                os.kill(self.reporter, signal.SIGKILL)
                self.findings.reporter_kills += 1
            elif alive:
                os.kill(self.random.choice(alive), signal.SIGKILL)
            self.findings.kills += 1
        elif alive:
            # Half are frozen anywhere for a little longer than a lease; half at the worst moment, for as long as it
            # takes another worker to find out and to send again.
            victim = self.random.choice(alive)
            worst = self.findings.pauses % 2 == 0
            os.kill(victim, signal.SIGUSR1 if worst else signal.SIGSTOP)
            self.frozen[victim] = time.monotonic() + (20.0 if worst else limits().lease + 0.5)
            self.findings.pauses += 1

    def _hurt_redis(self) -> None:
        assert self.redis is not None
        if self.redis.pid in self.frozen:
            return
        what = self.random.choice(["wiped", "hung", "killed"])
        self.findings.redis += what[0]
        if what == "wiped":
            subprocess.run(
                ["redis-cli", "-p", str(self.options.redis_port), "FLUSHALL"], capture_output=True, check=False
            )
        elif what == "hung":
            self.redis.send_signal(signal.SIGSTOP)
            self.frozen[self.redis.pid] = time.monotonic() + 3
        else:
            self.redis.kill()
            self.redis.wait()
            self.redis = start_redis(self.options.redis_port)

    def _thaw(self) -> None:
        for pid, until in list(self.frozen.items()):
            if time.monotonic() >= until or self._was_replaced(pid):
                del self.frozen[pid]
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _was_replaced(self, pid: int) -> bool:
        """Return whether another worker has settled the message at which this one froze at the worst moment."""
        note = self.folder / f"frozen-{pid}"
        if not note.exists() or not note.read_text():
            return False
        settled = OutboundMessage.objects.filter(pk=int(note.read_text()), state__in=["DONE", "DEAD"]).exists()
        databases.close_all()
        if settled:
            note.unlink()
        return settled

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.frozen.pop(pid, None)
            if pid in self.workers:
                del self.workers[pid]
                self.workers[self._fork(self._work)] = ""
            elif pid == self.reporter:
                self.reporter = None if status == 0 else self._fork(self._report)

    def _fork(self, what: Callable[[], None]) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            what()
            code = 0
        except BaseException:  # noqa: BLE001  a child must never come back into the parent's code
            traceback.print_exc()
        finally:
            os._exit(code)

    def _stop_children(self) -> None:
        for pid in [*self.workers, *([self.reporter] if self.reporter else [])]:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self.workers.clear()
        self.reporter = None

    def _report(self) -> None:
        report(self.options, self.folder / "durations")

    def _work(self) -> None:
        work(self.folder)

    # --- the two ledgers -----------------------------------------------------------------------------------------

    def _compare(self) -> None:
        lines = [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]
        state = json.loads(urllib.request.urlopen(f"{self.url}/state", timeout=60).read())  # noqa: S310
        found = self.findings
        messages = list(OutboundMessage.objects.values("key", "state", "event", "outcome"))
        states = Counter(each["state"] for each in messages)
        booked = Counter(line["key"] for line in lines)
        done = {each["key"] for each in messages if each["state"] == "DONE"}
        dead = {each["event"]["report_id"] for each in messages if each["state"] == "DEAD"}
        refused = set(state["refused"])
        found.messages, found.done, found.dead = len(messages), states["DONE"], states["DEAD"]
        found.unsettled = len(messages) - found.done - found.dead
        found.ledger = len(lines)
        found.duplicates = sum(times - 1 for times in booked.values())
        found.missing = len(done - set(booked))
        found.extra = len(set(booked) - done)
        found.inversions = inversions(lines)
        found.dead_not_refused, found.refused_not_dead = len(dead - refused), len(refused - dead)
        found.injected = state["injected"]
        found.found_by_looking = sum(each["outcome"] == "FOUND" for each in messages)
        took = sorted(map(float, (self.folder / "durations").read_text().split()))
        found.report_ms_median, found.report_ms_p99 = (
            round(took[int(len(took) * part)] * 1000) for part in (0.5, 0.99)
        )
        found.died_while_sending = Attempt.objects.filter(what="RECOVER").count()


def inversions(lines: list[dict[str, Any]]) -> int:
    """Return how often a booking of an order came before an earlier one of the same order (first bookings count)."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    wrong = 0
    for line in lines:
        if line["key"] in seen:
            continue
        seen.add(line["key"])
        place = int(Decimal(line["place"]))
        wrong += place < last.get(line["order"], 0)
        last[line["order"]] = max(place, last.get(line["order"], 0))
    return wrong


def prepare(options: argparse.Namespace, url: str) -> None:
    """Make the orders, linked to the ERP, and the connection that carries their production at once."""
    kind = {"LOOKUP": "small_erp", "KEY": "small_erp_keys"}[options.recall]
    site = factories.make_site(code="KILL")
    item = factories.make_item(site=site)
    for number in range(options.orders):
        factories.make_work_order(site=site, item=item, number=f"WO{number:04}", external_ids={"small": f"E{number}"})
    connection = connections.create(name="small", site="KILL", connector=kind, values={"url": url})
    connection.flows.update(cadence="immediate")


def report(options: argparse.Namespace, durations: Path) -> None:
    """Publish the reports that are not there yet, as the shop floor would: one transaction each."""
    there = set(map(str, OutboundMessage.objects.values_list("event_id", flat=True)))
    started = time.monotonic() - options.seconds * len(there) / options.reports
    log = durations.open("a", buffering=1)
    for number in range(options.reports):
        event_id = uuid5(NAMESPACE_OID, f"{options.seed}/{number}")
        if str(event_id) in there:
            continue
        begun = time.monotonic()
        with transaction.atomic():
            bus.publish(
                ProductionReported(
                    event_id=event_id,
                    site="KILL",
                    subject=f"WO{number % options.orders:04}",
                    report_id=event_id,
                    occurred_at=datetime.now(UTC),
                    operation="10",
                    work_center="SAW",
                    work_unit="SAW",
                    item="P",
                    uom="pcs",
                    # The place within the order travels as the quantity, so that the ERP's ledger shows the order.
                    good_quantity=Decimal(number // options.orders + 1),
                    rework_quantity=Decimal(0),
                    scrap_quantity=Decimal(0),
                    person="1",
                )  # fmt: skip
            )
        log.write(f"{time.monotonic() - begun:.4f}\n")
        # Spread over the whole run, so that every kill and every pause meets work in progress.
        time.sleep(max(0.0, started + options.seconds * (number + 1) / options.reports - time.monotonic()))


def work(folder: Path) -> None:
    """What each worker process does until it is killed."""
    plug.freeze_when_told(folder)
    random.seed()
    while True:
        worker.sweep()
        time.sleep(0.1)


def start_redis(port: int) -> subprocess.Popen[bytes]:
    """Start a Redis without persistence."""
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    return process


def _settled(reports: int) -> bool:
    return OutboundMessage.objects.filter(state__in=["DONE", "DEAD", "DISCARDED", "REVIEW"]).count() >= reports


def _wait(condition: Callable[[], Any], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"Waited {seconds} s for {what}.")
        time.sleep(0.02)
