"""Starts the demo plant: ``python -m deploy.demo [--erp tryton|sandbox] [--once] [--speed N]``."""

import argparse
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.demo import SITE, erp
from deploy.processes import ROOT, WORKER, Crew, Trouble, answers, celery_command, free_port, wait_until, web_command

STEPS = 7
SETTLE_SECONDS = 1500
PYTHON = sys.executable


class Progress:
    """One line for each step, with the time it took."""

    def __init__(self) -> None:
        self._step = 0
        self._line = ""
        self._started = self._first = time.monotonic()

    def begin(self, sentence: str) -> None:
        self._step += 1
        self._started = time.monotonic()
        self._line = f" {self._step}/{STEPS} {sentence}"
        print(self._line, flush=True)

    def say(self, sentence: str) -> None:
        print(f"       {sentence}", flush=True)

    def done(self, words: str = "done") -> None:
        print(f"       {words} ({time.monotonic() - self._started:.1f} s)", flush=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._first


class Demo:
    """One run of the demo: its files, its processes, its steps."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        kind = "once" if options.once else "demo"
        self.home: Path = ROOT / "var" / f"{kind}-{options.erp}"
        self.tryton: Path = ROOT / "var" / "tryton"
        self.progress = Progress()
        self.url = ""
        self.people: list[list[str]] = []
        self.device_code = ""

    def run(self) -> int:
        """Do every step; return the exit code."""
        with only_one(self.home.with_suffix(".lock")):
            fresh = self.options.once or self.options.reset or not (self.home / "ready").exists()
            if fresh:
                shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True, exist_ok=True)
            crew = Crew(self.home / "logs", self.environment())
            try:
                return self._steps(crew, fresh)
            finally:
                # A second Ctrl-C while things are being stopped would leave some of them behind.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                print("\nStopping.", flush=True)
                crew.stop()

    def _steps(self, crew: Crew, fresh: bool) -> int:
        step = self.progress
        step.begin(f"This machine: Python {sys.version.split()[0]}, {os.cpu_count()} cores, {free_space()} free")
        starting = self._start_erp(crew, fresh)
        step.done("enough")
        step.begin("Database: SQLite, one file")
        crew.run("migrations", [PYTHON, "manage.py", "migrate", "--no-input"])
        step.done("its tables are up to date")
        step.begin(
            f"ERP: {'a real Tryton 8.2 in an environment of its own' if self.options.erp == 'tryton' else 'practice'}"
        )
        running = starting.wait(step.say)
        step.done(f"{running.label} answers at {running.settings['url']}")
        step.begin("Plant: the site, its reasons and shifts, logins, the connection to the ERP")
        key = self._plant({"erp": vars(running)}, crew)["api_key"]
        (self.home / "operators-key").write_text(key)
        step.done()
        step.begin("Sync: what the ERP owns comes down")
        self._sync(crew)
        step.begin("Lineside: web, worker and beat")
        self._start_lineside(crew)
        step.done(f"answers at {self.url}")
        (self.home / "ready").touch()
        step.begin("Operators: simulated people work the orders through the HTTP API")
        if self.options.once:
            return self._once(crew, running)
        operators = self._start_operators(crew, key)
        self._start_planner(crew, running)
        step.done("at work")
        self._tell(running)
        while True:
            time.sleep(1)
            if operators.poll() == 0:
                crew.forget(operators)
            if sentence := crew.ended():
                raise Trouble(sentence)

    def environment(self) -> dict[str, str]:
        """Return the environment of every process of this run; nothing of the caller's own installation leaks in."""
        names = ("DATABASE_URL", "REDIS_URL", "LINESIDE_BRIDGE", "DJANGO_SETTINGS_MODULE", "LINESIDE_FIELD_KEYS")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LINESIDE_VAR": str(self.home),
            "DATABASE_URL": f"sqlite:///{self.home / 'lineside.sqlite3'}",
            "REDIS_URL": "",
            "SECRET_KEY": secret_of(self.home),
            "DEBUG": "0",
            "LINESIDE_HTTPS": "0",
            "LINESIDE_STATIC_FROM_SOURCE": "1",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
        }

    def _start_erp(self, crew: Crew, fresh: bool) -> erp.Starting:
        if self.options.erp == "sandbox":
            return erp.start_sandbox(crew, self.home / "practice.sqlite3", orders=self.options.orders)
        return erp.start_tryton(crew, self.tryton, "once" if self.options.once else "demo", fresh=fresh)

    def _plant(self, asked: dict[str, Any], crew: Crew) -> dict[str, Any]:
        done = subprocess.run(
            [PYTHON, "-m", "deploy.demo.plant"], cwd=ROOT, env=crew.environment, input=json.dumps(asked),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            (crew.logs / "plant.log").write_text(done.stderr)
            raise Trouble(f"The plant could not be made: {done.stderr.strip().splitlines()[-1]}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def _sync(self, crew: Crew) -> None:
        told = crew.run("sync", [PYTHON, "manage.py", "bridge", "pull", "all"])
        for line in told.splitlines():
            self.progress.say(line)
        made = self._plant({"lots": erp.lots_in_stock(self.options.erp)}, crew)
        self.people, self.device_code = made["people"], made["device_code"]
        self.progress.done(f"{len(self.people)} people have badges")

    def _start_lineside(self, crew: Crew) -> None:
        port = free_port(self.options.port)
        self.url = f"http://127.0.0.1:{port}"
        crew.start("web", web_command(port))
        crew.start("worker", celery_command("worker", *WORKER))
        crew.start("beat", celery_command("beat", "--pidfile", ""))
        wait_until(
            lambda: answers(f"{self.url}/readyz"),
            seconds=60,
            complaint=f"The web process does not answer; its words are in {crew.logs / 'web.log'}.",
            crew=crew,
        )

    def _start_operators(self, crew: Crew, key: str, *more: str) -> "subprocess.Popen[bytes]":
        crew.environment["LINESIDE_API_KEY"] = key
        command = [PYTHON, "-m", "deploy.demo.operators", "--url", self.url, "--site", SITE]
        return crew.start("operators", [*command, "--speed", str(self.options.speed), *more])

    def _start_planner(self, crew: Crew, running: erp.Erp) -> None:
        command = [PYTHON, "-m", "deploy.demo.planner", "--url", self.url, "--site", SITE]
        crew.start("planner", [*command, "--speed", str(self.options.speed), "--", *running.order])

    def _once(self, crew: Crew, running: erp.Erp) -> int:
        """Work the orders, wait until the ERP has everything, and hold both ledgers side by side."""
        step = self.progress
        key = (self.home / "operators-key").read_text()
        operators = self._start_operators(crew, key, "--once", "--orders", str(self.options.orders))
        crew.forget(operators)
        log, told = crew.logs / "operators.log", 0
        while operators.poll() is None:
            time.sleep(0.5)
            if sentence := crew.ended():
                operators.terminate()
                raise Trouble(sentence)
            lines = log.read_text().splitlines()
            for line in lines[told:]:
                step.say(line)
            told = len(lines)
        if operators.returncode:
            raise Trouble(f"The operators gave up: {log.read_text().strip().splitlines()[-1]} (see {log})")
        step.done("every order is worked")
        worked = step.seconds
        command = [
            PYTHON,
            "-m",
            "deploy.demo.ledgers",
            "--connection",
            running.connector,
            "--wait",
            str(SETTLE_SECONDS),
        ]
        with subprocess.Popen(command, cwd=ROOT, env=crew.environment) as comparing:
            while comparing.poll() is None:
                time.sleep(0.5)
                if sentence := crew.ended():
                    comparing.terminate()
                    raise Trouble(sentence)
        print(
            f"\nWorked after {worked:.0f} s, compared after {step.seconds:.0f} s. On disk: Python environment "
            f"{size_of(ROOT / '.venv')}, Tryton {size_of(self.tryton)}, this run {size_of(self.home)}."
        )
        return comparing.returncode

    def _tell(self, running: erp.Erp) -> None:
        """Print where everything is and what to try."""
        url = self.url
        badge = f"B-{self.people[0][0]}" if self.people else "-"
        lead = self.people[-1][0] if self.people else "-"
        print(f"""
  Everything runs ({self.progress.seconds:.0f} s). Passwords are all: demo

    Terminal      {url}/enroll/?code={self.device_code}
                  makes your browser a tablet of the plant; no login, people use badge {badge} (PIN 1234),
                  and number {lead} (PIN 1234) allows what takes a supervisor
    Supervisor    {url}/board/         user lead
    OEE           {url}/oee/           user lead; where the ERP plans times (Tryton: none), these quick people perform over 100 %
    Planner       {url}/admin/         user planner
    Costs         {url}/board/         user control; open an order, then its costs
    Bridge        {url}/bridge/        user it
    All of it     {url}/               user admin
    API           {url}/api/docs/      key in {self.home / "operators-key"}
    ERP           {running.look}

  Try this: start an operation at a terminal and report some pieces, with scrap; see on the bridge page how they
  reach {running.label} and which number it gave them; stop the ERP's process and report more: nothing waits.

  Ctrl-C stops everything. `make demo ARGS=--reset` starts from the first morning again.
""", flush=True)  # fmt: skip


def secret_of(home: Path) -> str:
    """Return the secret key of this run's installation, made at its first start."""
    file = home / "secret-key"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(60))
    return file.read_text()


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Keep a second demo from starting on the same files.

    :raises Trouble: one runs already.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("This demo runs already in another window; stop it there with Ctrl-C first.") from None
        yield


def free_space() -> str:
    return f"{shutil.disk_usage(ROOT).free / 1e9:.0f} GB"


def size_of(directory: Path) -> str:
    total = sum(file.lstat().st_size for file in directory.rglob("*") if file.is_file() and not file.is_symlink())
    return f"{total / 1e6:.0f} MB"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make demo ARGS='...'", description="A small plant with its ERP, everything running."
    )
    parser.add_argument("--erp", choices=("tryton", "sandbox"), default="tryton")
    parser.add_argument("--once", action="store_true", help="do the closed loop once, compare both ledgers, and end")
    parser.add_argument("--speed", type=float, default=30.0, help="how many times faster than real people they work")
    parser.add_argument("--orders", type=int, default=13, help="how many orders are worked with --once")
    parser.add_argument("--port", type=int, default=8000, help="the first to try")
    parser.add_argument("--reset", action="store_true", help="forget the last demo first")
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        return Demo(parser.parse_args()).run()
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
