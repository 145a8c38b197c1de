"""What supervisors and planners see of orders, and what they may decide there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.execution.models import ChangeProposal, OrderHold
from tests.factories import make_site, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()


@pytest.fixture
def sign_in(client):
    def _sign_in(*roles, **given):
        user = User.objects.create_user(given.pop("username", "lead"), password="x", **given)
        for role in roles:
            Membership.objects.create(user=user, site=make_site(), role=role)
        client.force_login(user)
        return client

    return _sign_in


def decide(client, order, **given):
    return client.post(reverse("execution:decide", args=[order.number]), given, follow=True)


def test_the_board_lists_late_orders_first(sign_in):
    make_work_order(number="WO-2", due_at=timezone.now() + timedelta(days=1), priority=1)
    make_work_order(number="WO-1", due_at=timezone.now() - timedelta(days=1), priority=90)
    page = sign_in("SUPERVISOR").get("/board/").content.decode()
    assert page.index("/orders/WO-1/") < page.index("/orders/WO-2/")


def test_a_board_that_did_not_change_is_a_304_without_a_query(sign_in, django_assert_num_queries):
    make_work_order()
    client = sign_in("SUPERVISOR")
    url = client.get("/board/").context["live_url"]
    first = client.get(url)
    with django_assert_num_queries(0):
        again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_the_board_of_another_site_cannot_be_asked_for(client):
    assert client.get("/board/live?page=P1").status_code == 401


def test_a_supervisor_holds_an_order_and_frees_it(sign_in):
    order, client = make_work_order(), sign_in("SUPERVISOR")
    decide(client, order, what="hold", note="Wrong drawing")
    order.refresh_from_db()
    assert order.held
    decide(client, order, what="free", id=str(OrderHold.objects.get().pk))
    order.refresh_from_db()
    assert not order.held


def test_an_operator_may_not_hold_and_is_told_which_right_is_missing(sign_in):
    order, client = make_work_order(), sign_in("OPERATOR")
    answer = decide(client, order, what="hold", note="x")
    assert "orders:hold" in answer.content.decode() and not OrderHold.objects.exists()


def test_a_proposal_is_shown_with_both_values_and_rejected(sign_in):
    order, client = make_work_order(), sign_in("PLANNER")
    proposal = ChangeProposal.objects.create(
        site=order.site, work_order=order, kind="CHANGE", owner="tryton", changes={"order_quantity": ["100", "120"]},
        created_at=timezone.now(),
    )  # fmt: skip
    page = client.get(reverse("execution:order", args=[order.number])).content.decode()
    assert "120" in page and "Order quantity" in page
    decide(client, order, what="reject", id=str(proposal.pk))
    proposal.refresh_from_db()
    assert proposal.status == "REJECTED"


@pytest.mark.parametrize("given", [{"what": "free", "id": "999"}, {"what": "free", "id": "x"}, {"what": "drop"}, {}])
def test_a_decision_about_nothing_is_not_found(sign_in, given):
    order, client = make_work_order(), sign_in("SUPERVISOR", "PLANNER")
    assert decide(client, order, **given).status_code == 404


def test_a_hold_of_another_order_is_not_lifted_here(sign_in):
    order, other, client = make_work_order(), make_work_order(), sign_in("SUPERVISOR")
    decide(client, other, what="hold", note="x")
    assert decide(client, order, what="free", id=str(OrderHold.objects.get().pk)).status_code == 404


def test_an_order_of_a_foreign_site_is_not_found(sign_in):
    order = make_work_order(site=make_site(code="P2", name="Elsewhere"))
    assert sign_in("SUPERVISOR").get(reverse("execution:order", args=[order.number])).status_code == 404


def test_the_planners_home_page_counts_what_is_late(sign_in):
    make_work_order(due_at=timezone.now() - timedelta(days=1))
    page = sign_in("PLANNER", is_staff=True).get("/admin/")
    assert page.context["planner_cards"][0]["count"] == 1


def test_times_are_shown_in_the_zone_of_the_site(sign_in):
    site = make_site()
    site.time_zone = "Asia/Kathmandu"
    site.save()
    make_work_order(site=site, due_at=datetime(2030, 1, 1, 12, 0, tzinfo=UTC))
    client = sign_in("SUPERVISOR")
    assert "17:45" in client.get("/board/").content.decode()
