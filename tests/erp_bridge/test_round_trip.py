"""From the ERP to the floor and back: the practice ERP, the bridge and the services, with nothing pretended between."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_bridge.engine import connections, scheduler
from erp_bridge.models import Connection, FlowState, InboundRow
from mes.execution.models import WorkOrder
from mes.masterdata.models import Item, Person
from tests import factories
from tests.erp_bridge.practice import Practice

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    erp = Practice(Path(tmp_path_factory.mktemp("practice")))
    yield erp
    erp.stop()


@pytest.fixture
def erp(running: Practice) -> Iterator[Practice]:
    yield running
    running.tell("faults/clear")


@pytest.fixture
def connection(erp: Practice) -> Connection:
    factories.make_site(code="P1")
    return connections.create(name="practice", site="P1", connector="practice", values=erp.settings())


def pull(connection: Connection, *flows: str) -> None:
    """Run down-flows as a person would by hand, once each, in the order given; none given means all."""
    states = FlowState.objects.filter(connection=connection)
    for state in states.filter(flow__in=flows) if flows else states:
        if state.flow in {"uoms", "items", "boms", "routings", "work_centers", "people", "work_orders", "cost_rates"}:
            print(state.flow, scheduler.run_now(state))


def test_everything_comes_down_whatever_comes_first(connection):
    pull(connection)
    pull(connection)
    print(list(InboundRow.objects.values("flow", "key", "state", "reason", "waits_for")))
    assert Item.objects.filter(site__code="P1").count() == 7
    assert Person.objects.count() == 5
    assert WorkOrder.objects.count() == 12
    assert not InboundRow.objects.filter(state__in=["REFUSED", "PARKED"]).exists()
