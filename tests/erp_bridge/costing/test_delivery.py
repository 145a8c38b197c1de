"""A rolled-up cost goes into the outbox once, behind what it was computed from, and the page says where it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from erp_bridge.costing import services
from erp_bridge.engine import scheduler, wiring
from erp_bridge.flows.order_cost import OrderCostFlow
from erp_bridge.models import Connection, FlowState, OutboundMessage
from tests.erp_bridge.costing.test_services import plant, rates, released, work  # noqa: F401  plant is a fixture
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def erp():
    connection = Connection.objects.create(name="practice", site="P1", connector="practice")
    wiring.enroll(connection)
    yield connection
    wiring.forget()


def collect(connection: Connection) -> int:
    state = FlowState.objects.get(connection=connection, flow="order_cost")
    return scheduler.collect(state, OrderCostFlow, since=NOW, until=NOW + timedelta(hours=2))


def test_a_cost_is_told_once_after_everything_it_was_computed_from(plant, erp, client):  # noqa: F811
    anna, centers = plant
    services.apply_rates(rates(centers), owner="practice")
    work(released(), anna)
    assert (collect(erp), collect(erp)) == (1, 0)
    message = OutboundMessage.objects.get(flow="order_cost")
    earlier = OutboundMessage.objects.filter(stream=message.stream, seq__lt=message.seq)
    assert {"production", "consumption", "scrap", "labor_time", "machine_time", "order_completion"} <= set(
        earlier.values_list("flow", flat=True)
    )
    assert Decimal(message.event["total"]) == Decimal("56.50")
    client.force_login(get_user_model().objects.create_superuser("controller", "", "x"))
    page = client.get(reverse("costing:order-cost", args=["WO-7"])).content.decode()
    assert "Waiting for the ERP" in page
    OutboundMessage.objects.filter(pk=message.pk).update(
        state="DONE", reference="COST-81", done_at=datetime(2026, 3, 2, 12, tzinfo=UTC)
    )
    assert "COST-81" in client.get(reverse("costing:order-cost", args=["WO-7"])).content.decode()
