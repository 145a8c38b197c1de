"""What the tests of the Tryton connector share: a server, its planner, and orders planned in it."""

import os
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector
from tests.erp_bridge.tryton import DUE, Rpc, Server, planner_of_tryton


@pytest.fixture(scope="session")
def server(tryton_server: Server) -> Server:
    return tryton_server


@pytest.fixture(scope="session")
def mortal() -> Iterator[Server]:
    """A Tryton of its own, with orders, for tests that stop or kill it; each leaves it running."""
    own = Server(f"mortal-{os.getpid()}")
    own.start("--fresh", "--seed", "demo")
    yield own
    own.stop()
    own.forget()


@pytest.fixture
def connector(server: Server) -> Iterator[TrytonConnector]:
    opened = server.connector()
    yield opened
    opened.close()


@pytest.fixture
def planner(server: Server) -> Iterator[Rpc]:
    rpc = server.planner()
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
