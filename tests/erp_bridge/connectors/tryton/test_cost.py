"""What an order cost: worked out by hand, on the page, and as it stands in Tryton; the same to the cent."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from erp_bridge.engine import connections, scheduler
from erp_bridge.models import FlowState, OutboundMessage
from mes.execution import services as execution
from mes.execution.models import WorkOrder
from mes.masterdata.models import Person
from tests import factories
from tests.erp_bridge.connectors.tryton.books import assert_exactly_once
from tests.erp_bridge.plant import Beat, Floor, describe, drain, pull, waiting
from tests.erp_bridge.tryton import DUE, Rpc, Server, planner_of_tryton

pytestmark = [pytest.mark.tryton, pytest.mark.django_db]
D = Decimal
BY_HAND = {
    "planned_total": D("246.55"), "material": D("100.77"), "labor": D("31.65"), "machine": D("151.50"),
    "scrap": D("44.08"), "rework": D("0.00"), "total": D("283.92"),
}  # fmt: skip
_ROW = re.compile(r'<tr><th scope="row">(\w+)</th>((?:<td class="number">.*?</td>)+)</tr>')


def work(order: WorkOrder) -> None:
    """Work an order for ten: 9 good and 1 scrapped at the saw, of these 8 good and 1 scrapped at the coating."""
    morning = datetime.combine(timezone.now().date() - timedelta(days=1), datetime.min.time().replace(hour=9))
    lead = Person.objects.get(number="E006")
    anna = Floor(order, Person.objects.get(number="E001"), morning.replace(tzinfo=ZoneInfo("Europe/Berlin")))
    anna.come()
    anna.start("10", "SETUP")
    anna.pass_time(10)
    anna.start("10")
    anna.pass_time(20)
    anna.report("10", 9, scrap=1)
    anna.complete("10")
    execution.return_component(
        movement_id=uuid4(), work_order_id=order.pk, item="RM-BAR-12", quantity=D("0.4"), person=anna.person,
        occurred_at=anna.now, now=anna.now, reason="LEFT",
    )  # fmt: skip
    bernd = Floor(order, Person.objects.get(number="E002"), anna.now)
    bernd.come()
    bernd.start("20")
    bernd.pass_time(24)
    bernd.report("20", 8, scrap=1)
    execution.complete_operation(
        operation_id=bernd.operation("20").pk,
        person=bernd.person,
        occurred_at=bernd.now,
        now=bernd.now,
        approved_by=lead,
    )


def figures_of(page: str, after: str) -> dict[str, list[Decimal]]:
    """Return planned, target, actual and variance by name, of the table that follows a heading of the cost page."""
    table = page[page.index(f'id="{after}"') :].split("</table>")[0]
    cells = {name: re.findall(r"<td[^>]*>(.*?)</td>", found) for name, found in _ROW.findall(table)}
    return {name: [D(re.sub(r"<[^>]+>|[^\d.-]", "", cell)) for cell in row] for name, row in cells.items()}


def posted(planner: Rpc, reference: str) -> dict[str, Decimal]:
    """Return the amounts in the note that Tryton has under this reference."""
    model, number = reference.split(",")
    assert model == "ir.note"
    [row] = planner.read("ir.note", [["id", "=", int(number)]], "message")
    total = re.search(r"version 1: (\S+) EUR", row["message"])
    assert total is not None, row["message"]
    parts = re.findall(r"(material|labor|machine|scrap|rework|planned) (-?[\d.]+\d)", row["message"])
    names = {"planned": "planned_total"}
    return {"total": D(total[1])} | {names.get(name, name): D(amount) for name, amount in parts}


def test_the_hand_calculation_the_page_and_what_was_posted_are_the_same_to_the_cent(
    server: Server, planner: Rpc, beat: Beat, client: Client
) -> None:
    """An order for 10 of a rack: 2 m of tube at 4.20 and 0.9 m of bar at 1.95 each; sawn at SAW-01 (42.00 an hour), coated
    at COAT-01 (14.50 a cycle). Anna (E001) costs 38.50 an hour, Bernd (E002) 31.00.

    Planned: 20 m x 4.20 + 9 m x 1.95 = 101.55; 10 coatings x 14.50 = 145.00; Tryton plans no times; together 246.55.

    Actual
        10 material   20 x 4.20 + 9 x 1.95 - 0.4 x 1.95 that came back   84.00 + 17.55 - 0.78 = 100.77
        10 labor      10 min setup + 20 min run at 38.50/h                                      19.25
        10 machine    the same 30 min at 42.00/h                                                21.00   together 141.02
        20 labor      24 min at 31.00/h                                                         12.40
        20 machine    8 good + 1 scrapped = 9 cycles x 14.50                                   130.50   together 142.90
        total                                                                                  283.92

    Scrap: 1 of 10 at 10 takes 14.102 of 141.02, which leaves 126.918; 1 of 9 at 20 takes a ninth of (126.918 + 142.90) =
    29.9798; together 44.0818 -> 44.08. The 8 good pieces cost 239.84.

    Tryton itself comes to 168.70: 101.55 (what came back stays in) + 19.25 + 21.00 + 12.40 + 14.50 (one cycle, not nine).
    """
    site = factories.make_site(code="T1", name="Plant 1", time_zone="Europe/Berlin", currency="EUR")
    factories.make_reason(site=site, code="SCRATCH", name="Scratched")
    factories.make_reason(site=site, code="LEFT", kind="RETURN", name="Left over")
    connection = connections.create(name="tryton", site="T1", connector="tryton", values=server.settings())
    code = f"RACK-{uuid4().hex[:6]}"
    parts = [("RM-TUBE-30", 2), ("RM-BAR-12", 0.9)]
    planner_of_tryton.new_item(planner, code, "Rack", parts, ["Saw to length", "Powder coat"])
    production = planner_of_tryton.make_production(planner, code, 10, DUE, "COST")
    pull(connection)
    order = WorkOrder.objects.get(external_ids__tryton=str(production))
    work(order)
    scheduler.run_due(down=False)
    beat.forward(minutes=15)
    assert FlowState.objects.get(flow="order_cost").due_at <= beat()
    scheduler.run_due(down=False)
    drain(beat)
    assert set(waiting()) == {"DONE"}, describe()

    told = OutboundMessage.objects.get(flow="order_cost")
    assert posted(planner, told.reference) == BY_HAND
    assert server.connector().read_ledger(str(production)).cost == BY_HAND

    client.force_login(get_user_model().objects.create_superuser("controller", "", "x"))
    page = client.get(reverse("costing:order-cost", args=[order.number])).content.decode()
    sums = figures_of(page, "sum-title")
    assert {name: row[2] for name, row in sums.items()} == {
        "Material": BY_HAND["material"], "Labor": BY_HAND["labor"], "Machine": BY_HAND["machine"], "Total": BY_HAND["total"],
    }  # fmt: skip
    assert sums["Total"][0] == BY_HAND["planned_total"]
    assert "The last version has the same figures as this page." in page
    assert told.reference in page, "where it stands in Tryton"
    assert f"<b>{BY_HAND['scrap']}</b>" in page

    assert_exactly_once(planner, order)
    assert server.connector().read_ledger(str(production)).own_valuation == D("168.70")
