"""Four people whom nobody names work on an order: their minutes stand on the timesheet of the employee for crews, once each."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from erp_bridge.engine import connections, decisions
from erp_bridge.models import Connection, OutboundMessage
from labor import services as labor
from labor.models import LaborSegment
from mes.execution.models import WorkOrder
from mes.masterdata.models import Person
from tests import factories
from tests.erp_bridge.plant import Ahead, Floor, describe, drain, pull, waiting
from tests.erp_bridge.tryton import Rpc, Server

pytestmark = [pytest.mark.tryton, pytest.mark.django_db]

FOR_CREWS = "E005"
"""Any employee will do; no badge of theirs is scanned here, so that nobody's own time stands on their timesheet."""


def lines(planner: Rpc, order: WorkOrder) -> list[tuple[Any, ...]]:
    """Return the timesheet lines of an order: who, how many minutes, what they say before our key; and their versions."""
    works = planner.read("production.work", [["production", "=", int(order.external_ids["tryton"])]], "timesheet_work")
    fields = ("duration", "description", "employee.party.code", "write_date")
    found = planner.read("timesheet.line", [["work", "in", [work["timesheet_work"] for work in works]]], *fields)
    return [
        (
            row["employee."]["party."]["code"],
            Decimal(str(row["duration"].total_seconds())) / 60,
            row["description"].partition(" (Lineside")[0],
            (row["id"], row["write_date"]),
        )
        for row in sorted(found, key=lambda row: row["id"])
    ]


def sync(connection: Connection, ahead: Ahead) -> None:
    """Let everything go up and come down that has something to say, and what is periodic beside it."""
    ahead.forward(minutes=20)
    pull(connection)
    drain(ahead)


def test_the_minutes_of_a_crew_are_its_own_on_the_employee_for_crews_and_are_booked_once(
    server: Server, planner: Rpc, plan: Callable[..., str], ahead: Ahead
) -> None:
    """Anna sets up for 10 minutes with four, runs for 20 with four and for 10 with three: 40, 80 and 30 beside her 10 and 30.

    Then the supervisor sees that the three left after 5 minutes: 30 is taken back and 15 booked.
    """
    factories.make_site(code="T1", name="Plant 1", time_zone="Europe/Berlin")
    connection = connections.create(name="tryton", site="T1", connector="tryton", values=server.settings())
    production = plan("FG-BRACKET", 20, "CREW")
    pull(connection)
    order = WorkOrder.objects.get(external_ids__tryton=production)
    noon = (timezone.now() - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    anna = Floor(order, Person.objects.get(number="E001"), noon)
    anna.come()
    anna.start("10", "SETUP", crew_size=4)
    anna.pass_time(10)
    anna.start("10")
    anna.pass_time(20)
    anna.crew("10", 3)
    anna.pass_time(10)
    anna.pause("10")

    drain(ahead)
    refused = OutboundMessage.objects.filter(state="DEAD")
    assert set(refused.values_list("flow", "code")) == {("labor_time", "NO_CREW_EMPLOYEE")}, describe()
    connections.create(
        name="tryton", site="T1", connector="tryton", values=server.settings() | {"crew_employee": FOR_CREWS}
    )
    assert decisions.retry_all(messages=list(refused.order_by("seq").values_list("pk", flat=True)), by=None) == (3, 0)
    sync(connection, ahead)
    assert set(waiting()) == {"DONE"}, describe()
    once = lines(planner, order)
    assert sorted(row[:3] for row in once) == [
        ("E001", 10, "Operation 10, setup"),
        ("E001", 30, "Operation 10, run"),
        (FOR_CREWS, 30, "Operation 10, run, 3 people"),
        (FOR_CREWS, 40, "Operation 10, setup, 4 people"),
        (FOR_CREWS, 80, "Operation 10, run, 4 people"),
    ]
    here = LaborSegment.objects.filter(person=None).order_by("started_at")
    assert [(one.crew_size, one.minutes) for one in here] == [(4, 40), (4, 80), (3, 30)]

    sync(connection, ahead)
    assert lines(planner, order) == once, "the second sync changes nothing"

    [three] = here.filter(crew_size=3)
    labor.correct_labor(
        segment_id=three.pk, started_at=three.started_at, ended_at=three.started_at + timedelta(minutes=5), by="lead",
        now=noon + timedelta(hours=2),
    )  # fmt: skip
    sync(connection, ahead)
    assert set(waiting()) == {"DONE"}, describe()
    ledger = server.connector().read_ledger(production).labor
    assert ledger == {("10", "E001"): 40, ("10", FOR_CREWS): 40 + 80 + 15}
    corrected = lines(planner, order)
    sync(connection, ahead)
    assert lines(planner, order) == corrected
