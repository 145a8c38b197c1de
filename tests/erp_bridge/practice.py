"""The practice ERP as a process that tests start, break, kill and read."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from erp_bridge.sandbox.faults import call
from erp_bridge.sandbox.planner import Planner

ROOT = Path(__file__).parents[2]


class Practice:
    """One running practice ERP. ``recall`` is KEY, LOOKUP or NONE; more options as on its command line."""

    def __init__(self, directory: Path, *options: str, recall: str = "LOOKUP", seed: str = "demo") -> None:
        self.database = directory / "practice.db"
        self.recall = recall
        self._options = ["--recall", recall, "--seed", seed, *options]
        self._ports: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.url = self.admin = ""
        self.start()

    def start(self) -> None:
        """Start it, or start it again: with the database and the addresses that it had."""
        command = [sys.executable, "-m", "erp_bridge.sandbox", "--database", str(self.database)]
        self._process = subprocess.Popen(
            [*command, *self._options, *self._ports], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The practice ERP did not start; what it said stands above."
        said = json.loads(line)
        self.url, self.admin = said["url"], said["admin"]
        port, admin_port = (url.rsplit(":", 1)[1] for url in (self.url, self.admin))
        self._ports = ["--port", port, "--admin-port", admin_port]

    def kill(self) -> None:
        """End it as a power cut of the process would: kill -9."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._close()

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            self._close()

    def _close(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        self._process.wait(60)
        self._process.stdout.close()
        self._process = None

    @property
    def planner(self) -> Planner:
        """Return a planner at its desk."""
        return Planner(self.url)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return what a connection to it is filled in with."""
        return {"url": self.url, "token": "practice", "recall": self.recall, "patience": "60", "site": "P1"} | changes

    def orders(self, count: int, **wish: Any) -> list[str]:
        """Make so many orders at once and return their numbers."""
        wanted = {"item": "FG-BRACKET", "quantity": "1000"} | wish | {"count": count}
        return list(self.tell("orders", **wanted)["orders"])

    def tell(self, door: str, **body: Any) -> Any:
        """Say something at the admin door: ``faults``, ``faults/once``, ``faults/clear``, ``offline``, ``clerk``."""
        return call("POST", f"{self.admin}/admin/{door}", body)

    def once(self, fault: str, times: int = 1) -> None:
        """Play a fault on the next call."""
        self.tell("faults/once", fault=fault, times=times)

    def state(self) -> Any:
        """Return what it knows of itself."""
        return call("GET", f"{self.admin}/admin/state")

    def ledger(self, **query: str) -> list[dict[str, Any]]:
        """Return every booking in order, or those of a ``reference`` or an ``order``."""
        return self._all("ledger", "sequence", query)

    def refusals(self) -> list[dict[str, Any]]:
        """Return everything it refused."""
        return self._all("refusals", "id", {})

    def incidents(self) -> list[dict[str, Any]]:
        """Return every fault it played."""
        return self._all("incidents", "id", {})

    def _all(self, what: str, number: str, query: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            words = "".join(f"&{name}={value}" for name, value in query.items())
            after = found[-1][number] if found else 0
            rows = call("GET", f"{self.admin}/admin/{what}?limit=1000&after={after}{words}")["rows"]
            found += rows
            if len(rows) < 1000:
                return found
