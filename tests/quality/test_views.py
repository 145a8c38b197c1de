"""What quality sees and decides on its pages: full, empty, without the right, and what is nobody's business."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from mes.access.models import Membership
from mes.core import live
from mes.execution import services as execution
from mes.material import services as material
from quality.models import Disposition, InspectionPlan, InspectionResult, Nonconformance
from tests.factories import NOW, make_item, make_lot, make_reason, make_site, make_work_order
from tests.mes.execution.helpers import at, start
from tests.quality.helpers import check_of, inspected_order, make_plan, measure
from tests.quality.test_nonconformances import found

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


@pytest.fixture
def order():
    order = inspected_order(number="WO-7")
    make_reason(site=order.site, code="BORE", name="Bore too wide")
    start(order, "10")
    return order


def test_an_empty_page_says_why_and_where_things_come_from(sign_in):
    page = sign_in("QUALITY").get("/quality/").content.decode()
    for words in (
        "Nothing is due",
        "Nothing waits for a decision",
        "Nothing is on hold",
        "Plans are made under Planning",
    ):
        assert words in page


def test_the_page_shows_late_checks_nonconformances_and_holds(sign_in, order):
    row = found(order, 5, hold="OPERATION")
    material.hold_lot(lot_id=make_lot(number="L-1").pk, by="qa", note="Certificate missing", now=NOW)
    page = sign_in("SUPERVISOR").get("/quality/").content.decode()
    for words in ("WO-7/10", "Late", "First piece", row.number, "Bore too wide", "L-1", "Certificate missing"):
        assert words in page


def test_who_has_no_right_is_told_which_one(client):
    User.objects.create_user("nobody", password="x")
    client.force_login(User.objects.get(username="nobody"))
    answer = client.get("/quality/")
    assert answer.status_code == 403 and "quality:read" in answer.content.decode()
    assert 'href="/quality/"' not in client.get("/").content.decode()


def test_who_is_not_signed_in_comes_to_the_door(client):
    assert client.get("/quality/").status_code == 302
    assert client.get("/quality/live?page=P1").status_code == 401


def test_the_page_asks_again_at_the_price_of_a_304(sign_in, order, django_assert_num_queries, monkeypatch):
    # However long a busy machine takes between the two.
    monkeypatch.setattr(live, "PROBE_SECONDS", 3600.0)
    monkeypatch.setattr(live, "REBUILD_SECONDS", 3600.0)
    client = sign_in("QUALITY")
    url = client.get("/quality/").context["live_url"]
    first = client.get(url)
    with django_assert_num_queries(0):
        again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_a_sample_is_empty_then_failed_then_released_with_a_reason(sign_in, order):
    client = sign_in("QUALITY")
    url = reverse("quality:sample", args=[check_of(order).pk, "first"])
    assert "Nothing was measured yet" in client.get(url).content.decode()
    measure(order, bore="12.08", when=at(1))
    page = client.get(url).content.decode()
    assert "12.08" in page and "Out of tolerance" in page
    client.post(url, {"note": ""})
    assert InspectionResult.objects.count() == 1
    assert "Released all the same" in client.post(url, {"note": "Customer accepts"}, follow=True).content.decode()
    assert InspectionResult.objects.order_by("number").last().by == "lead"


def test_an_operator_may_look_and_not_release(sign_in, order):
    measure(order, bore="12.08", when=at(1))
    client = sign_in("OPERATOR")
    url = reverse("quality:sample", args=[check_of(order).pk, "first"])
    assert "A supervisor or quality can release it" in client.get(url).content.decode()
    assert "quality:decide" in client.post(url, {"note": "please"}, follow=True).content.decode()
    assert InspectionResult.objects.count() == 1


def decide(client, row, **given):
    page = client.get(reverse("quality:nonconformance", args=[row.pk]))
    body = {"disposition_id": page.context["disposition_id"], "quantity": "1", "note": ""} | given
    return client.post(reverse("quality:decide", args=[row.pk]), body, follow=True).content.decode()


def test_parts_are_decided_about_and_refusals_are_in_words(sign_in, order):
    row, client = found(order, 5), sign_in("SUPERVISOR")
    assert "Decided and booked" in decide(client, row, kind="SCRAP", quantity="2")
    assert "has 3 pcs left" in decide(client, row, kind="SCRAP", quantity="4")
    assert "not a number" in decide(client, row, kind="SCRAP", quantity="many")
    assert "Write why" in decide(client, row, kind="USE_AS_IS", quantity="1")
    assert "out of date" in decide(client, row, kind="SCRAP", disposition_id="x")
    assert "Decided and booked" in decide(client, row, kind="REWORK", quantity="3,0")
    assert sorted(Disposition.objects.values_list("kind", "quantity")) == [("REWORK", 3), ("SCRAP", 2)]
    assert Nonconformance.objects.get().closed_at


def test_the_button_pressed_twice_books_once(sign_in, order):
    row, client = found(order, 5), sign_in("SUPERVISOR")
    page = client.get(reverse("quality:nonconformance", args=[row.pk]))
    body = {"disposition_id": page.context["disposition_id"], "quantity": "2", "kind": "SCRAP", "note": ""}
    for _again in range(2):
        client.post(reverse("quality:decide", args=[row.pk]), body)
    assert Disposition.objects.count() == 1


@pytest.mark.parametrize(("role", "kind"), [("VIEWER", "SCRAP"), ("OPERATOR", "USE_AS_IS"), ("OPERATOR", "LIFT")])
def test_what_a_role_may_not_do_is_refused_by_the_name_of_the_right(sign_in, order, role, kind):
    row = found(order, 5, hold="ORDER")
    assert "It needs the right" in decide(sign_in(role), row, kind=kind, note="please")
    assert not Disposition.objects.exists()
    order.refresh_from_db()
    assert order.held


def test_the_hold_is_lifted_where_it_was_placed(sign_in, order):
    row = found(order, 5, hold="ORDER")
    assert "The hold is lifted" in decide(sign_in("QUALITY"), row, kind="LIFT", note="gauged")
    order.refresh_from_db()
    assert not order.held


def test_a_lot_is_freed_on_the_page_of_its_hold(sign_in):
    lot = make_lot(number="L-1")
    hold = material.hold_lot(lot_id=lot.pk, by="qa", note="Certificate missing", now=NOW)
    client = sign_in("QUALITY")
    assert "Certificate missing" in client.get(reverse("quality:lot-hold", args=[hold.pk])).content.decode()
    client.post(reverse("quality:lift-lot-hold", args=[hold.pk]), {"note": "Certificate is here"})
    lot.refresh_from_db()
    assert lot.status == "AVAILABLE"
    assert "Certificate is here" in client.get(reverse("quality:lot-hold", args=[hold.pk])).content.decode()


def test_the_orders_page_shows_its_results_and_what_was_found(sign_in, order):
    measure(order, when=at(1))
    row = found(order, 5)
    page = sign_in("SUPERVISOR").get(reverse("execution:order", args=["WO-7"])).content.decode()
    assert row.number in page and "First piece" in page
    assert execution.hold_work_order


def test_what_is_at_another_site_is_not_found(sign_in):
    other = make_site(code="P2", name="Elsewhere")
    item = make_item(site=other)
    make_plan(item=item)
    order = make_work_order(item=item, site=other, number="WO-P2")
    make_reason(site=other, code="BORE")
    start(order, "10")
    row = found(order, 5)
    lot = make_lot(item=make_item(site=other, lot_tracked=True))
    hold = material.hold_lot(lot_id=lot.pk, by="qa", now=NOW)
    client = sign_in("QUALITY")
    assert "WO-P2" not in client.get("/quality/").content.decode()
    for name, args in (("nonconformance", [row.pk]), ("lot-hold", [hold.pk])):
        assert client.get(reverse(f"quality:{name}", args=args)).status_code == 404
    assert client.post(reverse("quality:decide", args=[row.pk]), {"kind": "SCRAP"}).status_code == 404
    assert client.post(reverse("quality:lift-lot-hold", args=[hold.pk])).status_code == 404


@pytest.mark.parametrize("kind", ["", "EAT", "scrap", "\x00"])
def test_a_decision_that_is_none_is_not_found(sign_in, order, kind):
    row = found(order, 5)
    answer = sign_in("QUALITY").post(reverse("quality:decide", args=[row.pk]), {"kind": kind, "quantity": "1"})
    assert answer.status_code == 404


class TestPlanning:
    def test_every_change_of_a_plan_raises_its_revision_and_is_kept(self, client):
        client.force_login(User.objects.create_superuser("root", password="x"))
        plan = make_plan(item=make_item())
        url = reverse("admin:quality_inspectionplan_change", args=[plan.pk])
        page = client.get(url)
        assert page.status_code == 200
        body = {"site": plan.site_id, "item": plan.item_id, "operation": "10", "name": "Bracket", "active": "on"}
        for formset in page.context["inline_admin_formsets"]:
            for name, value in formset.formset.management_form.initial.items():
                body[f"{formset.formset.prefix}-{name}"] = value
            for form in formset.formset.initial_forms:
                for name in form.fields:
                    value = form[name].value()
                    if value not in (None, False, []):
                        body[f"{form.prefix}-{name}"] = value
        body["characteristics-0-upper"] = "12.07"
        answer = client.post(url, body)
        assert answer.status_code == 302, [f.errors for f in answer.context["inline_admin_formsets"]]
        plan.refresh_from_db()
        assert plan.revision == 2
        assert plan.characteristics.get(code="BORE").history.count() >= 2
        assert client.get(reverse("admin:quality_inspectionplan_history", args=[plan.pk])).status_code == 200

    def test_planners_of_a_site_see_its_plans_and_facts_are_read_only(self, client, order):
        client.force_login(User.objects.create_superuser("root", password="x"))
        measure(order, when=at(1))
        found(order, 5)
        for model in ("inspectionplan", "reading", "inspectionresult", "nonconformance"):
            assert client.get(reverse(f"admin:quality_{model}_changelist")).status_code == 200
            if model != "inspectionplan":
                assert client.get(reverse(f"admin:quality_{model}_add")).status_code == 403
        assert InspectionPlan.objects.count() == 1
