"""An order is planned, worked with the real services, costed, and told: the same figures everywhere."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from erp_bridge.costing import queries, services
from erp_bridge.costing.models import CostRate, CostRollUp, PlannedCost
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.costing.services import BadRate
from erp_bridge.flows.order_cost import OrderCostFlow
from labor import services as labor
from mes.execution import services as execution
from mes.execution.models import WorkOrder
from mes.execution.records import WorkOrderRecord
from tests.factories import NOW, make_bom, make_item, make_person, make_reason, make_routing, make_site

pytestmark = pytest.mark.django_db
D = Decimal


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)


def rate(kind: str, key: str, amount: str, *, since: date = date(2026, 1, 1), per: str = "", **more) -> CostRateRecord:
    return CostRateRecord(
        site="P1", kind=kind, key=key, valid_from=since, amount=D(amount), currency="EUR",
        per=per or ("UNIT" if kind == "ITEM" else "HOUR"), **more,
    )  # fmt: skip


@pytest.fixture
def plant():
    """An item of one steel and two steps: setup 10 min, run 1 min a piece at each."""
    make_site()
    steel, item = make_item(number="STEEL"), make_item(number="BRACKET")
    make_bom(item=item, lines=[(steel, D(1))])
    routing = make_routing(item=item)
    centers = [step.work_center.code for step in routing.steps.all()]
    make_reason(code="BURR")
    return make_person(number="ANNA"), centers


def rates(centers) -> list[CostRateRecord]:
    return [
        rate("ITEM", "STEEL", "2.50"),
        rate("PERSON", "ANNA", "30.00"),
        rate("WORK_CENTER", centers[0], "36.00"),
        rate("WORK_CENTER", centers[1], "48.00"),
    ]


def released() -> WorkOrder:
    record = WorkOrderRecord(site="P1", number="WO-7", item="BRACKET", order_quantity=D(10), uom="pcs")
    return execution.create_work_order(record=record, by="planner", now=NOW)


def work(order: WorkOrder, anna) -> None:
    """10: setup 6 min, run 12 min, 9 good and 1 scrapped. 20: run 9 min, 9 good."""
    first, second = order.operations.order_by("position")
    who = {"person": anna}

    def when(minutes: float) -> dict:
        return {"occurred_at": at(minutes), "now": at(minutes)}

    execution.start_operation(operation_id=first.pk, activity="SETUP", **who, **when(0))
    execution.start_operation(operation_id=first.pk, activity="RUN", **who, **when(6))
    execution.report_production(
        report_id=uuid4(), operation_id=first.pk, good_quantity=D(9), scrap=[execution.Scrap(D(1), "BURR")], **who,
        **when(18),
    )  # fmt: skip
    execution.complete_operation(operation_id=first.pk, **who, **when(18))
    execution.start_operation(operation_id=second.pk, activity="RUN", **who, **when(20))
    execution.report_production(report_id=uuid4(), operation_id=second.pk, good_quantity=D(9), **who, **when(29))
    execution.complete_operation(operation_id=second.pk, **who, **when(29))
    order.refresh_from_db()


def figures(order: WorkOrder) -> dict[str, Decimal]:
    return queries.cost_of(work_order=order).statement.posting()


def told(since: float = 0, until: float = 120) -> list:
    return list(OrderCostFlow().collect(since=at(since), until=at(until)))


def test_the_page_the_roll_up_and_the_hand_calculation_are_the_same_to_the_cent(plant, client):
    """Planned for 10: material 25.00; 10 labor 20 min x 30.00/h = 10.00, machine 20 min x 36.00/h = 12.00;
    20 labor 10.00, machine 20 min x 48.00/h = 16.00; together 73.00.

    Actual: material 10 x 2.50 = 25.00 (9 good and 1 scrapped were made of it);
    10 labor 18 min x 30.00/h = 9.00, machine 18 min x 36.00/h = 10.80; 20 labor 9 min = 4.50, machine 9 min x 48.00/h = 7.20.
    Together 56.50. Scrap: 1/10 of (25.00 + 9.00 + 10.80) = 4.48.
    """
    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    order = released()
    work(order, anna)
    expected = {
        "planned_total": D("73.00"), "material": D("25.00"), "labor": D("13.50"), "machine": D("18.00"),
        "scrap": D("4.48"), "rework": D("0.00"), "total": D("56.50"),
    }  # fmt: skip
    assert figures(order) == expected
    (event,) = told()
    assert {name: getattr(event, name) for name in expected} == expected
    client.force_login(get_user_model().objects.create_superuser("controller", "", "x"))
    page = client.get(reverse("costing:order-cost", args=["WO-7"])).content.decode()
    for figure in ("73.00", "56.50", "25.00", "4.48", "10.80", "7.20"):
        assert figure in page
    assert "the same figures as this page" in page
    assert "ANNA" in page and "2.50 / unit" in page, "each figure with how it was computed"
    assert "56.50" in client.get(reverse("execution:order", args=["WO-7"])).content.decode()


def test_an_unchanged_roll_up_is_the_same_event_and_a_changed_one_replaces_it(plant):
    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    order = released()
    work(order, anna)
    (first,) = told()
    (again,) = told()
    assert (first, CostRollUp.objects.count()) == (again, 1)
    segment = anna.labor_segments.filter(operation__number="20").get()
    labor.correct_labor(segment_id=segment.pk, started_at=at(20), ended_at=at(26), by="boss", now=at(100))
    (second,) = told()
    assert (second.revision, second.replaces, second.labor) == (2, first.event_id, D("12.00"))
    later = anna.labor_segments.get(reverses=None, reversed_by=None, operation__number="20")
    labor.correct_labor(segment_id=later.pk, started_at=at(20), ended_at=at(29), by="boss", now=at(101))
    (third,) = told()
    assert (third.revision, third.total) == (3, first.total)
    assert third.event_id != first.event_id, "back to the first figures is still news to who was told the second"


def test_what_an_erp_is_told_are_the_figures_of_the_roll_up(plant):
    class Links:
        def work_order(self, number: str) -> str:
            return f"ERP-{number}"

    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    order = released()
    work(order, anna)
    (event,) = told()
    document = OrderCostFlow().translate(event, Links())
    assert (document.erp_work_order, document.version, document.currency) == ("ERP-WO-7", 1, "EUR")
    assert {name: getattr(document, name) for name in figures(order)} == figures(order)


def test_what_lies_outside_the_period_is_not_asked_about(plant):
    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    CostRate.objects.update(changed_at=at(-60))
    work(released(), anna)
    assert told(since=60) == []


def test_without_a_rate_nothing_is_posted_and_the_page_names_what_is_missing(plant, client):
    anna, centers = plant
    services.apply_rates(rates(centers)[1:], owner="erp")
    order = released()
    work(order, anna)
    assert told() == []
    client.force_login(get_user_model().objects.create_superuser("controller", "", "x"))
    assert b"No rate for material STEEL" in client.get(reverse("costing:order-cost", args=["WO-7"])).content
    services.apply_rates(rates(centers)[:1], owner="erp")
    CostRate.objects.filter(key="STEEL").update(changed_at=at(110))
    (event,) = told(since=100)
    assert (event.total, event.planned_total) == (D("56.50"), D("73.00")), "the plan was completed as well"


def test_planned_cost_stays_as_it_was_at_release(plant):
    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    order = released()
    work(order, anna)
    services.apply_rates([rate("ITEM", "STEEL", "9.00", since=date(2026, 1, 1))], owner="erp")
    cost = queries.cost_of(work_order=order)
    assert cost.statement.total.planned == D("73.00")
    assert cost.statement.posting()["material"] == D("90.00")
    assert sum(one.amount for one in cost.statement.total.variances) == cost.statement.total.actual - D("73.00")
    assert PlannedCost.objects.get().lines.count() == 9


def test_rates_are_written_only_when_they_differ(plant):
    _, centers = plant
    page = rates(centers)
    assert services.apply_rates(page, owner="erp").created == 4
    assert services.apply_rates(page, owner="erp").unchanged == 4
    dearer = services.apply_rates([rate("ITEM", "STEEL", "2.60")], owner="erp")
    assert (dearer.changed, CostRate.objects.get(key="STEEL").history.count()) == (1, 2)


def test_the_same_rate_told_anew_each_day_is_one_rate(plant):
    days = [rate("ITEM", "STEEL", "2.50", since=date(2026, 1, day)) for day in (1, 2, 3)]
    applied = services.apply_rates([*days, rate("ITEM", "STEEL", "2.70", since=date(2026, 1, 4))], owner="erp")
    assert (applied.created, applied.unchanged) == (2, 2)


@pytest.mark.parametrize(
    "bad",
    [rate("ITEM", "X", "-1"), rate("ITEM", "X", "NaN"), rate("PERSON", "X", "1", per="UNIT"), rate("ITEM", "", "1")],
)
def test_what_cannot_be_a_rate_is_refused_in_words(bad):
    with pytest.raises(BadRate, match="rate"):
        services.apply_rates([bad], owner="erp")


def test_rework_is_counted_once_as_a_bucket_and_never_as_new_pieces(plant):
    anna, centers = plant
    services.apply_rates(rates(centers), owner="erp")
    order = released()
    make_reason(kind="REWORK", code="AGAIN")
    first = order.operations.get(number="10")
    execution.start_operation(operation_id=first.pk, person=anna, occurred_at=at(0), now=at(0))
    for minute, good, rework, back in ((10, 8, 2, False), (12, 2, 0, True)):
        execution.report_production(
            report_id=uuid4(), operation_id=first.pk, good_quantity=D(good), rework_quantity=D(rework),
            from_rework=back, person=anna, occurred_at=at(minute), now=at(minute),
        )  # fmt: skip
    execution.pause_operation(operation_id=first.pk, person=anna, occurred_at=at(12), now=at(12))
    order.refresh_from_db()
    # 12 min x (30.00 + 36.00)/h = 13.20 for 12 passes, 2 of them repeated: 2.20
    assert figures(order)["rework"] == D("2.20")


def test_only_who_may_see_costs_sees_them(plant, client):
    released()
    page = reverse("costing:order-cost", args=["WO-7"])
    assert client.get(page).status_code == 302
    client.force_login(get_user_model().objects.create_user("someone", "", "x"))
    assert client.get(page).status_code == 404
