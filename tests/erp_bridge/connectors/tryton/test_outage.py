"""Tryton is away, or dies in the middle of a booking: the floor never waits, and in the end each fact is booked once."""

import datetime as dt
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from erp_bridge.engine import connections, scheduler, worker
from erp_bridge.models import Attempt, Circuit, Connection, OutboundMessage
from erp_bridge.sdk.transport import Transport
from mes.execution.models import WorkOrder
from mes.masterdata.models import Item, Person, Site
from mes.material import services as material
from tests import factories
from tests.api.callers import ApiClient, with_key
from tests.erp_bridge.connectors.tryton.books import assert_exactly_once
from tests.erp_bridge.connectors.tryton.line import Line
from tests.erp_bridge.plant import Ahead, Floor, drain, pull, waiting
from tests.erp_bridge.tryton import Rpc, Server, planner_of_tryton

pytestmark = [pytest.mark.tryton, pytest.mark.django_db]
POWDER = ("RM-POWDER-7016", "P7016-118")
DUE = dt.date(2026, 12, 18)


@contextmanager
def nobody_calls() -> Iterator[None]:
    """Fail whatever speaks to an ERP, or opens a socket at all, inside."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the floor waits for the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "request", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        yield


@dataclass
class ApiFloor(Floor):
    """The same people at terminals that speak Lineside's HTTP API, which never speaks to an ERP while it answers."""

    client: ApiClient

    def _post(self, path: str, **body: Any) -> None:
        given = {"person": self.person.number, "occurred_at": self.now.isoformat()} | body
        with nobody_calls():
            answer = self.client.send("POST", f"/api/v1/{path}", given, idempotency_key=str(uuid4()))
        assert answer.status_code in (200, 201), answer.content

    def come(self) -> None:
        self._post("labor/clock-in", site="T1")

    def start(self, number: str, activity: str = "RUN") -> None:
        self._post(f"operations/{self.operation(number).pk}/start", activity=activity)

    def complete(self, number: str) -> None:
        self._post(f"operations/{self.operation(number).pk}/complete")

    def make(self, number: str, good: int, scrap: int = 0, lot: str = "") -> None:
        """Work five minutes and report what was made in them."""
        self.pass_time(5)
        lines = [{"quantity": str(scrap), "reason": "SCRATCH"}] if scrap else []
        facts = {"operation_id": str(self.operation(number).pk), "good_quantity": str(good)}
        self._post("reports", scrap=lines, lot=lot, **facts)

    def finish(self, number: str) -> None:
        self.pass_time(1)
        self.complete(number)


def connect(url: str, mortal: Server) -> Connection:
    """Connect to this Tryton by an address, and take in what it has."""
    site = factories.make_site(code="T1", name="Plant 1", time_zone="Europe/Berlin")
    factories.make_reason(site=site, code="SCRATCH", name="Scratched")
    made = connections.create(name="tryton", site="T1", connector="tryton", values=mortal.settings() | {"url": url})
    pull(made)
    item, now = Item.objects.get(number=POWDER[0]), timezone.now()
    material.receive_lot(
        movement_id=uuid4(), item=item, lot_number=POWDER[1], quantity=Decimal(100), person=None, occurred_at=now, now=now
    )  # fmt: skip
    return made


def at_work(planner: Rpc, connection: Connection, item: str, person: str) -> ApiFloor:
    """Plan an order for twenty in Tryton, let it come down, and return somebody who came to work on it."""
    made = planner_of_tryton.make_production(planner, item, 20, DUE, "OUTAGE")
    pull(connection, "work_orders")
    order = WorkOrder.objects.get(external_ids__tryton=str(made))
    began = timezone.now().replace(microsecond=0) - timedelta(hours=3)
    floor = ApiFloor(order, Person.objects.get(number=person), began, with_key(Site.objects.get(code="T1")))
    floor.come()
    return floor


def test_tryton_is_away_for_twenty_minutes_and_the_floor_never_waits(mortal: Server, ahead: Ahead) -> None:
    connection, planner = connect(mortal.description["url"], mortal), mortal.planner()
    brackets = at_work(planner, connection, "FG-BRACKET", "E001")
    frames = at_work(planner, connection, "SF-FRAME", "E002")
    planner.close()
    brackets.start("10", "SETUP")
    frames.start("10")
    frames.make("10", 3)
    drain(ahead)
    assert set(waiting()) == {"DONE"}
    booked = OutboundMessage.objects.filter(state="DONE").count()

    mortal.stop()
    states = set()
    for minute in range(20):
        if minute == 0:
            brackets.start("10")
        elif minute < 5:
            brackets.make("10", 5, scrap=minute % 2)
            frames.make("10", 4)
        elif minute == 5:
            brackets.finish("10")
            brackets.start("20")
        elif minute < 9:
            brackets.make("20", 6, lot=f"LOT-{brackets.order.number}")
        ahead.forward(minutes=1)
        scheduler.run_due(down=True)
        worker.sweep(budget=30)
        circuit = Circuit.objects.get(connection=connection)
        states.add(circuit.state)
        if circuit.state == "OPEN" and circuit.open_until and circuit.open_until > ahead():
            with nobody_calls():
                assert worker.sweep(budget=30) == scheduler.run_due(down=True) == 0
    assert "OPEN" in states
    assert set(waiting()) == {"DONE", "PENDING"}, "nobody was there to be told anything: nothing is in doubt"
    assert OutboundMessage.objects.filter(state="DONE", reference__gt="").count() <= booked

    mortal.start()
    brackets.finish("20")
    frames.finish("10")
    frames.start("20")
    frames.make("20", 18, scrap=1)
    frames.finish("20")
    drain(ahead)
    assert Circuit.objects.get(connection=connection).state == "CLOSED"
    planner = mortal.planner()
    for floor in (brackets, frames):
        floor.order.refresh_from_db()
        assert floor.order.status == "COMPLETED"
        assert_exactly_once(planner, floor.order)
    planner.close()


@pytest.mark.parametrize(
    ("cut_at", "manner"),
    [(1, "answer"), (4, "sent"), (9, "answer")],
)
def test_tryton_killed_between_a_booking_and_its_answer_has_it_once_when_it_is_back(
    mortal: Server, ahead: Ahead, cut_at: int, manner: str
) -> None:
    line = Line(mortal.description["url"])
    connection, planner = connect(line.url, mortal), mortal.planner()
    floor = at_work(planner, connection, "FG-BRACKET", "E003")
    planner.close()
    floor.start("10")
    floor.make("10", 9, scrap=1)
    line.arm(cut_at, manner, only_writes=True, then=mortal.kill)
    ahead.forward(minutes=1)
    worker.sweep(budget=30)
    in_doubt = list(OutboundMessage.objects.filter(state="DOUBT"))
    assert in_doubt, "the answer got lost"
    floor.make("10", 10)
    for _ in range(3):
        ahead.forward(minutes=1)
        worker.sweep(budget=30)
    assert OutboundMessage.objects.get(pk=in_doubt[0].pk).state == "DOUBT"

    mortal.start()
    floor.finish("10")
    floor.start("20")
    floor.make("20", 18, lot=f"LOT-{floor.order.number}")
    floor.finish("20")
    drain(ahead)
    looked = Attempt.objects.filter(message=in_doubt[0], what="FIND")
    assert {attempt.outcome for attempt in looked} & {"FOUND", "ABSENT"}
    line.close()
    planner = mortal.planner()
    floor.order.refresh_from_db()
    assert_exactly_once(planner, floor.order)
    planner.close()
