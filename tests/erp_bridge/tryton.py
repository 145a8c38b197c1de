"""A real Tryton that tests start, break, kill and plan in; installed once, seeded anew for each run."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector
from tests.conftest import REQUIRED

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "tryton"
DUE = dt.date(2026, 12, 18)

sys.path.insert(0, str(SCRIPTS))
import planner as planner_of_tryton  # noqa: E402
from rpc import Rpc  # noqa: E402

__all__ = ["DUE", "Rpc", "Server", "planner_of_tryton"]


class Server:
    """A running server and how to begin it again with the database it has."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.home = Path(os.environ.get("LINESIDE_TRYTON_HOME", ROOT / "var" / "tryton"))
        self.description: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        """Start it, with a new copy of the seeded database when told ``--fresh``; again at the address that it had."""
        command = [sys.executable, str(SCRIPTS / "server.py"), "--home", str(self.home), "--database", self.database]
        if self.description:
            command += ["--port", self.description["url"].rpartition(":")[2]]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            (pytest.fail if REQUIRED else pytest.skip)("Tryton could not be started; what it said stands above.")
        self.description = json.loads(line)

    def stop(self) -> None:
        """End it in good order; nothing happens when it does not run."""
        if self._process is not None:
            self._process.terminate()
            self._ended()

    def kill(self) -> None:
        """End Tryton, with every process of its group, as a power cut would: kill -9."""
        os.killpg(self.description["pid"], signal.SIGKILL)
        self._ended()

    def kill_starter(self) -> None:
        """End the process that started Tryton, without giving it a chance to stop anything."""
        assert self._process is not None
        self._process.kill()
        self._ended()

    def _ended(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        self._process.wait(60)
        self._process.stdout.close()
        self._process = None

    def forget(self) -> None:
        """Remove its database; the installed Tryton and the seeded template stay for the next run."""
        for file in (self.home / "databases").glob(f"{self.database}.sqlite*"):
            file.unlink()

    def settings(self) -> dict[str, Any]:
        """Return what a connection needs."""
        return {name: self.description[name] for name in ("url", "database", "user", "password")} | {"site": "T1"}

    def connector(self, **settings: str) -> TrytonConnector:
        return TrytonConnector(self.settings() | settings)

    def planner(self) -> Rpc:
        """Return a session of the ERP's administrator, who plans the orders and looks into every record."""
        its = self.description
        return Rpc(its["url"], its["database"], its["admin_user"], its["admin_password"])
