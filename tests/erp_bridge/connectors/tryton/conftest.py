"""A real Tryton for the tests of its connector: installed once, seeded anew for each run."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector

ROOT = Path(__file__).parents[4]
SCRIPTS = ROOT / "deploy" / "tryton"
DUE = dt.date(2026, 12, 18)

sys.path.insert(0, str(SCRIPTS))
import planner as planner_of_tryton  # noqa: E402
from rpc import Rpc  # noqa: E402


class Server:
    """A running server and how to begin it again with the database it has."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.home = Path(os.environ.get("LINESIDE_TRYTON_HOME", ROOT / "var" / "tryton"))
        self.description: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        command = [sys.executable, str(SCRIPTS / "server.py"), "--home", str(self.home), "--database", self.database]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "Tryton did not start; what it said stands above."
        self.description = json.loads(line)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def connector(self, **settings: str) -> TrytonConnector:
        login = {name: self.description[name] for name in ("url", "database", "user", "password")}
        return TrytonConnector({**login, "site": "T1", **settings})


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One Tryton for the whole run, with the masters and stock of the demo factory and no orders."""
    running = Server(f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    running.start("--fresh", "--seed", "minimal")
    yield running
    running.stop()


@pytest.fixture
def connector(server: Server) -> TrytonConnector:
    return server.connector()


@pytest.fixture
def planner(server: Server) -> Iterator[Rpc]:
    """The ERP's administrator, who plans the orders and looks into every record."""
    its = server.description
    rpc = Rpc(its["url"], its["database"], its["admin_user"], its["admin_password"])
    yield rpc
    rpc.close()


@pytest.fixture
def plan(planner: Rpc) -> Callable[..., str]:
    """Plan and release a production; answers its id as our work orders know it."""

    def make(item: str = "FG-BRACKET", quantity: float = 20, reference: str = "TEST") -> str:
        return str(planner_of_tryton.make_production(planner, item, quantity, DUE, reference))

    return make


@pytest.fixture
def key() -> str:
    return uuid4().hex
