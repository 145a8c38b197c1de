"""Whatever is lost between us and Tryton, each fact is booked once: looked up when found, sent again when not."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.errors import Busy, CallFailed, OutcomeUnknown
from mes.execution.records import WorkOrderRecord
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.connectors.tryton.line import Line
from tests.erp_bridge.tryton import Server

pytestmark = pytest.mark.tryton
Plan = Callable[..., str]

SAID: dict[str, Callable[[str], Document]] = {
    "good pieces": lambda order: doc.good(order, "3", "L-0"),
    "good pieces with a new lot": lambda order: doc.good(order, "3", f"L-{order}"),
    "scrap": lambda order: doc.scrap(order, "1"),
    "material": lambda order: doc.used(order, "RM-POWDER-7016", "0.2", "kg", "P7016-118"),
    "material that came back": lambda order: doc.used(order, "BP-BOLT-M8", "-2"),
    "machine time": lambda order: doc.ran(order, "12.5"),
    "labor": lambda order: doc.worked(order, "30"),
    "labor across midnight": lambda order: replace(doc.worked(order, "30"), ended_at=doc.MOMENT + timedelta(days=1)),
    "pieces taken back": lambda order: doc.good(order, "-1", "L-0"),
    "minutes taken back": lambda order: doc.worked(order, "-4"),
    "completion": lambda order: doc.complete(order, "2"),
}
MOST_CALLS = 40


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    cuttable = Line(server.description["url"])
    yield cuttable
    cuttable.close()


def settled(connector: TrytonConnector, document: Document, key: str) -> Ack:
    """Do what the engine does with a message in doubt: look, and send again only what is not found."""
    for _ in range(5):
        try:
            return connector.find(document, key=key) or connector.send(document, key=key)
        except Busy:
            continue
    raise AssertionError("never settled")


def begun(plan: Plan, connector: TrytonConnector, kind: str) -> str:
    """Plan an order, and report on it what this kind of message takes back."""
    order = plan()
    if kind == "pieces taken back":
        connector.send(doc.good(order, "2", "L-0"), key=uuid4().hex)
    if kind == "minutes taken back":
        connector.send(doc.worked(order, "10"), key=uuid4().hex)
    return order


def facts(connector: TrytonConnector, order: str) -> tuple[object, ...]:
    ledger = connector.read_ledger(order)
    return (
        ledger.state,
        sorted(ledger.good.values()),
        ledger.scrap,
        ledger.consumed,
        ledger.labor,
        ledger.machine,
        ledger.own_valuation,
    )


def cut_at_every_call(server: Server, line: Line, plan: Plan, kind: str, manner: str, *, only_writes: bool) -> None:
    direct = server.connector()
    expected = None
    for cut_at in range(MOST_CALLS):
        order = begun(plan, direct, kind)
        document, key = SAID[kind](order), uuid4().hex
        through = TrytonConnector({**direct.settings, "url": line.url})
        through.check()
        line.arm(cut_at, manner, only_writes=only_writes)
        try:
            through.send(document, key=key)
        except OutcomeUnknown:
            settled(direct, document, key)
            # What was still under way arrives after all, when nobody waits for it any more.
            line.release()
        stands = facts(direct, order)
        expected = expected or stands
        assert stands == expected, f"cut at call {cut_at}"
        if cut_at > line.calls:
            return
    raise AssertionError(f"more than {MOST_CALLS} calls for one message")


@pytest.mark.parametrize("kind", ["good pieces", "material", "machine time", "labor"])
def test_a_call_that_arrives_after_all_was_settled_books_nothing(
    server: Server, line: Line, plan: Plan, kind: str
) -> None:
    cut_at_every_call(server, line, plan, kind, "held", only_writes=True)


@pytest.mark.parametrize("kind", ["material", "pieces taken back", "completion"])
def test_an_answer_that_is_lost_changes_nothing_in_the_end(server: Server, line: Line, plan: Plan, kind: str) -> None:
    cut_at_every_call(server, line, plan, kind, "answer", only_writes=True)


@pytest.mark.faults
@pytest.mark.skipif(os.environ.get("LINESIDE_PROFILE") != "full", reason="five minutes: part of the long profiles")
@pytest.mark.parametrize("manner", ["answer", "held"])
@pytest.mark.parametrize("kind", SAID)
def test_wherever_the_line_is_cut_the_fact_is_booked_once(
    server: Server, line: Line, plan: Plan, kind: str, manner: str
) -> None:
    cut_at_every_call(server, line, plan, kind, manner, only_writes=False)


@pytest.mark.parametrize("manner", ["sent", "answer"])
def test_a_server_killed_in_the_middle_books_nothing_twice(mortal: Server, manner: str) -> None:
    [order] = [
        row.external_id for page in mortal.connector().fetch(WorkOrderRecord, cursor="") for row in page.records
    ][:1]
    before = mortal.connector().read_ledger(order).consumed
    document, key = doc.used(order, "RM-SHEET-2", "1.5", "kg", "SH2-2609-A"), uuid4().hex
    line = Line(mortal.description["url"])
    through = TrytonConnector({**mortal.connector().settings, "url": line.url})
    through.check()
    line.arm(4, manner, only_writes=True, then=mortal.kill)
    with pytest.raises(CallFailed):
        through.send(document, key=key)
    line.close()
    mortal.start()
    again = mortal.connector()
    settled(again, document, key)
    used = again.read_ledger(order).consumed["RM-SHEET-2", "SH2-2609-A"]
    assert used == before.get(("RM-SHEET-2", "SH2-2609-A"), 0) + document.quantity
