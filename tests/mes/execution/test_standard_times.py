"""Where an ERP names no times, the plant's own standard times are planned with."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from mes.execution import services
from mes.execution.models import StandardTime
from mes.masterdata.models import RoutingStep
from tests.api.callers import with_role
from tests.factories import NOW, make_item, make_routing, make_work_order

pytestmark = pytest.mark.django_db


def released(item):
    """Release an order of 10 by the item's routing, and return the minutes that are planned for each step."""
    order = make_work_order(item=item, order_quantity=Decimal(10), operations=0, status="PLANNED")
    services.release_work_order(work_order_id=order.pk, by="planner", now=NOW)
    return {
        one.number: (one.planned_setup_time, one.planned_run_time_per_unit, one.planned_minutes("RUN"))
        for one in order.operations.all()
    }


@pytest.fixture
def item():
    """An item whose routing has two steps without times, as Tryton's have."""
    item = make_item(number="FRAME")
    make_routing(item=item, steps=2)
    RoutingStep.objects.update(setup_time=0, run_time_per_unit=0)
    return item


def test_a_step_without_times_takes_the_plants_own(item):
    StandardTime.objects.create(item=item, operation="10", setup_time=12, run_time_per_unit=Decimal("2.5"))
    assert released(item) == {"10": (12, Decimal("2.5"), 25), "20": (0, 0, 0)}


def test_a_time_that_the_routing_names_goes_before(item):
    RoutingStep.objects.filter(number="10").update(run_time_per_unit=3)
    StandardTime.objects.create(item=item, operation="10", setup_time=12, run_time_per_unit=Decimal("2.5"))
    assert released(item)["10"] == (12, 3, 30)


def test_another_items_times_are_not_taken(item):
    StandardTime.objects.create(item=make_item(number="OTHER"), operation="10", run_time_per_unit=9)
    assert released(item)["10"] == (0, 0, 0)


def test_a_planner_enters_them_and_an_operator_does_not(item):
    body = {"item": item.pk, "operation": "10", "setup_time": "12", "run_time_per_unit": "2.5"}
    operator, planner = with_role(item.site, "OPERATOR"), with_role(item.site, "PLANNER")
    User.objects.update(is_staff=True)
    address = "/admin/execution/standardtime/add/"
    assert operator.post(address, body).status_code == 403 and not StandardTime.objects.exists()
    assert planner.post(address, body).status_code == 302
    assert StandardTime.objects.get().run_time_per_unit == Decimal("2.5")
    again = planner.post(address, body)
    assert again.status_code == 200 and "already exists" in again.content.decode()
