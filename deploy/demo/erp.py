"""The ERP side of the demo plant: a real Tryton or the practice ERP, each in a process of its own."""

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.processes import ROOT, Crew, Trouble


@dataclass(frozen=True)
class Erp:
    """A running ERP: what Lineside needs to connect, and what people need to look at it."""

    connector: str
    label: str
    settings: dict[str, str]
    look: str
    order: tuple[str, ...]
    """The command that makes an order in it, with places for what is ordered."""


class Starting:
    """An ERP that is being started while other things are done."""

    def __init__(self, crew: Crew, name: str, command: list[str], describe: Callable[[dict[str, Any]], Erp]) -> None:
        self._log = crew.logs / f"{name}.log"
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self._describe = describe
        self._line = b""
        self._process = crew.start(name, command, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._line = self._process.stdout.readline()

    def wait(self, say: Callable[[str], None]) -> Erp:
        """Return the ERP when it answers, passing on what it says meanwhile.

        :raises Trouble: it did not start.
        """
        told = 0
        while self._reader.is_alive():
            self._reader.join(0.2)
            said = self._said()
            for line in said[told:]:
                say(line)
            told = len(said)
        if not self._line.strip():
            words = self._said()
            raise Trouble(words[-1] if words else f"The ERP did not start; its words are in {self._log}.")
        return self._describe(json.loads(self._line))

    def _said(self) -> list[str]:
        with self._log.open("rb") as log:
            log.seek(self._from)
            return [line.strip() for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]


def start_tryton(crew: Crew, home: Path, database: str, *, fresh: bool) -> Starting:
    """Start a real Tryton on SQLite, installed and seeded at its first start."""
    command = [sys.executable, str(ROOT / "deploy" / "tryton" / "server.py"), "--home", str(home)]
    command += ["--database", database, "--seed", "demo", *(["--fresh"] if fresh else [])]

    def describe(told: dict[str, Any]) -> Erp:
        names = ("url", "database", "user", "password")
        look = f"{told['url']} (any Tryton client; user {told['admin_user']}, password {told['admin_password']})"
        planner = (sys.executable, str(ROOT / "deploy" / "tryton" / "planner.py"), "--server", json.dumps(told))
        order = (*planner, "make", "{item}", "{quantity}", "{due}", "{reference}")
        return Erp("tryton", "Tryton 8.2", {name: told[name] for name in names}, look, order)

    return Starting(crew, "tryton", command, describe)


def start_sandbox(crew: Crew, file: Path, *, orders: int) -> Starting:
    """Start the practice ERP, which can be told to misbehave."""
    command = [sys.executable, "-m", "erp_bridge.sandbox", "--database", str(file), "--seed", "demo"]
    command += ["--seed-orders", str(orders)]

    def describe(told: dict[str, Any]) -> Erp:
        settings = {"url": told["url"], "token": told["token"]}
        look = f"{told['panel']} (make it slow, offline, forgetful)"
        planner = (sys.executable, "-m", "erp_bridge.sandbox.planner", "--url", told["url"], "--token", told["token"])
        return Erp("practice", "Practice ERP", settings, look, (*planner, "order", "{item}", "{quantity}"))

    return Starting(crew, "practice-erp", command, describe)


def lots_in_stock(kind: str) -> list[list[str]]:
    """Return the lots of material that the ERP's factory starts with, as (item, lot, quantity)."""
    if kind == "sandbox":
        return [["RM-STEEL-8", "STEEL-4711", "900"], ["RM-STEEL-8", "STEEL-4712", "2500"]]
    found = runpy.run_path(str(ROOT / "deploy" / "tryton" / "factory.py"))
    return [[item.code, lot, str(quantity)] for item in found["ITEMS"] for lot, quantity in item.lots]
