"""One kill -9 run, in a process that has Django and its database set up by ``tests.faults.kill_run``."""

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections as databases

from erp_bridge.engine import worker
from erp_bridge.engine.limits import limits
from erp_bridge.models import Attempt, OutboundMessage
from mes.execution.models import ProductionReport
from tests.faults import plant, plug

ROOT = Path(__file__).resolve().parents[2]
SITE = "KILL"
REDIS = ["wiped", "hung", "killed"]


@dataclass
class Findings:
    """Both ledgers, compared."""

    reports: int = 0
    facts: int = 0
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
    redis: dict[str, int] = field(default_factory=dict)
    """How often what was done to Redis."""
    report_ms_median: int = 0
    report_ms_p99: int = 0
    injected: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Return whether the run kept every promise."""
        broken = (
            self.duplicates, self.missing, self.extra, self.inversions, self.dead_not_refused, self.refused_not_dead,
            self.unsettled, self.reports - self.messages, self.reports - self.facts,
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
        self.erp = plant.start_erp(folder / "erp", recall=options.recall, orders=options.orders)
        self.ledger: list[dict[str, Any]] = []

    def go(self) -> Findings:
        """Run until everything is settled, or the time is up."""
        started = time.monotonic()
        try:
            plant.connect(self.erp, site=SITE)
            faults = plant.FAULTS | (plant.OFTEN if self.options.control else {})
            self.erp.tell("faults", seed=self.options.seed, **faults)
            if self.options.redis:
                self.redis = start_redis(self.options.redis_port)
                self.celery = subprocess.Popen(
                    [sys.executable, "-m", "celery", "-A", "tests.faults.celery_app", "worker", "-c", "2", "-l", "CRITICAL"],
                    cwd=ROOT,
                )  # fmt: skip
            databases.close_all()
            self._disturb(started + self.options.timeout)
            self._stop_children()
            self._compare()
        finally:
            self._stop_children()
            self.erp.stop()
            for process in (self.celery, self.redis):
                if process is not None:
                    process.kill()
                    process.wait()
        self.findings.seconds = round(time.monotonic() - started, 1)
        return self.findings

    # --- the hand that kills -------------------------------------------------------------------------------------

    def _disturb(self, deadline: float) -> None:
        self.reporter = self._fork(self._report)
        for _ in range(self.options.workers):
            self.workers[self._fork(self._work)] = ""
        targets = ["kill"] * self.options.kills + ["pause"] * self.options.pauses
        if self.options.redis:
            # Each at least once, whatever is drawn.
            targets += REDIS * max(1, len(targets) // 6)
        self.random.shuffle(targets)
        pace = self.options.seconds / max(1, len(targets))
        next_at = time.monotonic() + pace
        look_at = next_at
        while time.monotonic() < deadline:
            self._reap()
            self._thaw()
            if targets and time.monotonic() >= next_at:
                if self._hurt(targets[-1]):
                    targets.pop()
                next_at = time.monotonic() + pace * self.random.uniform(0.5, 1.5)
            if (
                not targets
                and not any(map(_is_stopped, self.frozen))
                and self.reporter is None
                and _settled(self.options.reports)
            ):
                return
            if self.options.control and time.monotonic() >= look_at:
                if self._is_red():
                    return
                look_at = time.monotonic() + 1
            databases.close_all()
            time.sleep(0.02 if targets or self.frozen else 0.2)

    def _hurt(self, what: str) -> bool:
        """Kill or freeze somebody; return whether there was somebody to hurt. One worker is always left to go on."""
        if what in REDIS:
            self._hurt_redis(what)
            return True
        alive = [pid for pid in self.workers if pid not in self.frozen]
        if what == "kill" and self.reporter is not None and self.random.random() < 0.15:
            os.kill(self.reporter, signal.SIGKILL)
            self.findings.reporter_kills += 1
        elif what == "kill" and alive:
            os.kill(self.random.choice(alive), signal.SIGKILL)
        elif what == "pause" and len(alive) > 1:
            # Half are frozen anywhere for a little longer than a lease; half at the worst moment, for as long as it
            # takes another worker to find out and to send again.
            victim = self.random.choice(alive)
            worst = self.findings.pauses % 2 == 0
            os.kill(victim, signal.SIGUSR1 if worst else signal.SIGSTOP)
            self.frozen[victim] = time.monotonic() + (120.0 if worst else limits().lease + 0.5)
        else:
            return False
        self.findings.kills += what == "kill"
        self.findings.pauses += what == "pause"
        return True

    def _hurt_redis(self, what: str) -> None:
        assert self.redis is not None
        if self.frozen.pop(self.redis.pid, None):
            self.redis.send_signal(signal.SIGCONT)
        if what == "wiped":
            subprocess.run(
                ["redis-cli", "-p", str(self.options.redis_port), "FLUSHALL"], capture_output=True, check=True
            )
        elif what == "hung":
            self.redis.send_signal(signal.SIGSTOP)
            self.frozen[self.redis.pid] = time.monotonic() + 3
        else:
            self.redis.kill()
            self.redis.wait()
            self.redis = start_redis(self.options.redis_port)
        self.findings.redis[what] = self.findings.redis.get(what, 0) + 1

    def _is_red(self) -> bool:
        """Return whether the ERP's ledger shows already what the protection that is switched off was for."""
        self.ledger = self.erp.ledger()
        return len({line["reference"] for line in self.ledger}) < len(self.ledger) or plant.inversions(self.ledger) > 0

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
        self.ledger = self.erp.ledger()
        found = self.findings
        messages = list(OutboundMessage.objects.values("key", "state", "outcome"))
        states = Counter(each["state"] for each in messages)
        booked = Counter(line["reference"] for line in self.ledger)
        done = {each["key"] for each in messages if each["state"] == "DONE"}
        dead = {each["key"] for each in messages if each["state"] == "DEAD"}
        refused = {row["reference"] for row in self.erp.refusals()}
        found.facts, found.messages = ProductionReport.objects.count(), len(messages)
        found.done, found.dead = states["DONE"], states["DEAD"]
        found.unsettled = len(messages) - found.done - found.dead
        found.ledger = len(self.ledger)
        found.duplicates = sum(times - 1 for times in booked.values())
        found.missing = len(done - set(booked))
        found.extra = len(set(booked) - done)
        found.inversions = plant.inversions(self.ledger)
        found.dead_not_refused, found.refused_not_dead = len(dead - refused), len(refused - dead)
        found.injected = self.erp.state()["counts"]["incidents"]
        found.found_by_looking = sum(each["outcome"] == "FOUND" for each in messages)
        took = sorted(map(float, (self.folder / "durations").read_text().split()))
        found.report_ms_median, found.report_ms_p99 = (
            round(took[int(len(took) * part)] * 1000) for part in (0.5, 0.99)
        )
        found.died_while_sending = Attempt.objects.filter(what="RECOVER").count()


def report(options: argparse.Namespace, durations: Path) -> None:
    """Report what is not there yet, as the shop floor would: by the service, one transaction each."""
    there = set(ProductionReport.objects.values_list("pk", flat=True))
    working = plant.operations(SITE)
    started = time.monotonic() - options.seconds * len(there) / options.reports
    log = durations.open("a", buffering=1)
    for number in range(options.reports):
        report_id = plant.report_id(options.seed, number)
        if report_id in there:
            continue
        begun = time.monotonic()
        place = number // options.orders + 1
        plant.report(SITE, working[number % options.orders], report_id=report_id, place=place)
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
    _wait(lambda: _listens(port), 30, "Redis to start")
    return process


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _settled(reports: int) -> bool:
    return OutboundMessage.objects.filter(state__in=["DONE", "DEAD", "DISCARDED", "REVIEW"]).count() >= reports


def _is_stopped(pid: int) -> bool:
    """Return whether the process stands still, and is not merely told to at the next worst moment."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def _wait(condition: Callable[[], Any], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"Waited {seconds} s for {what}.")
        time.sleep(0.02)
