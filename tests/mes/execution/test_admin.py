"""Planners work in the admin: every page opens, what an ERP owns cannot be edited, actions answer for each row."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.urls import reverse

from mes.access.models import Membership
from mes.execution.models import ChangeProposal, WorkOrder
from mes.masterdata.models import Item, Person
from tests.factories import (
    NOW,
    make_bom,
    make_item,
    make_lot,
    make_person,
    make_reason,
    make_routing,
    make_site,
    make_uom,
    make_work_order,
)
from tests.mes.execution.helpers import report, start

pytestmark = pytest.mark.django_db

PAGES = {
    "masterdata": [
        "site",
        "area",
        "workcenter",
        "uom",
        "item",
        "billofmaterials",
        "routing",
        "person",
        "reasoncode",
        "shift",
    ],
    "material": ["lot", "materialmovement"],
    "execution": ["workorder", "productionreport", "changeproposal"],
}


@pytest.fixture
def planner(client):
    client.force_login(get_user_model().objects.create_superuser("planner", password="x"))
    return client


@pytest.fixture
def plant():
    steel = make_item(number="STEEL", lot_tracked=True)
    make_lot(item=steel)
    order = make_work_order(number="WO-A", components=[(steel, Decimal(100))])
    make_bom(item=order.item, lines=[(steel, Decimal(1))])
    make_routing(item=order.item)
    make_reason(code="BURR")
    make_person()
    start(order, "10")
    report(order, "10", good=5, scrap={"BURR": 1})
    ChangeProposal.objects.create(
        site=order.site, work_order=order, kind="CHANGE", owner="erp", created_at=NOW,
        changes={"order_quantity": ["100", "120"]},
    )  # fmt: skip
    return order


def test_numbers_stand_without_needless_zeros(planner, plant):
    listing = planner.get(reverse("admin:execution_workorder_changelist")).content.decode()
    page = planner.get(reverse("admin:execution_workorder_change", args=[plant.pk])).content.decode()
    made = make_work_order(order_quantity=Decimal("12.5"), status="PLANNED")
    form = planner.get(reverse("admin:execution_workorder_change", args=[made.pk])).content.decode()
    lots = planner.get(reverse("admin:material_lot_changelist")).content.decode()
    for html in (listing, page, form, lots):
        assert not re.search(r"\d\.\d*000\b", html), re.search(r".{80}\d\.\d*000\b", html, re.S)
    assert 'value="12.5"' in form
    assert "?o=" in listing


def test_times_are_shown_and_entered_in_the_zone_of_the_site(planner):
    site = make_site()
    site.time_zone = "Asia/Kathmandu"
    site.save()
    order = make_work_order(site=site, status="PLANNED", due_at=datetime(2030, 1, 1, 12, 0, tzinfo=UTC))
    assert "5:45 p.m." in planner.get(reverse("admin:execution_workorder_changelist")).content.decode()
    assert (
        'value="17:45:00"' in planner.get(reverse("admin:execution_workorder_change", args=[order.pk])).content.decode()
    )


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def act(client, model, action, *rows, note=""):
    return client.post(
        reverse(f"admin:execution_{model}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows], "note": note},
    )


@pytest.mark.parametrize(("app", "model"), [(app, model) for app, models in PAGES.items() for model in models])
def test_lists_forms_and_search_open(planner, plant, app, model):
    listing = reverse(f"admin:{app}_{model}_changelist")
    assert planner.get(listing).status_code == 200
    assert planner.get(listing, {"q": "a"}).status_code == 200
    add = planner.get(reverse(f"admin:{app}_{model}_add"))
    assert add.status_code in (200, 403)
    row = planner.get(listing).context["cl"].queryset.first()
    if row:
        assert planner.get(reverse(f"admin:{app}_{model}_change", args=[row.pk])).status_code == 200


def test_what_an_erp_owns_is_read_only_and_says_so(planner):
    item = make_item(owner="tryton", external_ids={"tryton": "42"}, name="Bracket")
    page = reverse("admin:masterdata_item_change", args=[item.pk])
    html = planner.get(page).content.decode()
    assert "tryton owns this (42 in tryton)" in html
    assert 'name="name"' not in html
    planner.post(page, {"name": "Other", "conversions-TOTAL_FORMS": 0, "conversions-INITIAL_FORMS": 0})
    assert Item.objects.get(pk=item.pk).name == "Bracket"


def test_an_order_made_by_hand_goes_through_the_service(planner):
    item = make_item()
    page = planner.post(
        reverse("admin:execution_workorder_add"),
        {"site": make_site().pk, "number": "M-1", "item": item.pk, "uom": item.uom_id, "order_quantity": "12",
         "priority": 50, "over_delivery_percent": 0, "under_delivery_percent": 100},
    )  # fmt: skip
    assert page.status_code == 302, page.context["adminform"].form.errors
    order = WorkOrder.objects.get(number="M-1")
    assert (order.status, order.owner, order.order_quantity) == ("PLANNED", "", 12)


@pytest.mark.parametrize("quantity", ["0", "-5"])
def test_an_order_of_nothing_is_refused_in_words(planner, quantity):
    item = make_item()
    page = planner.post(
        reverse("admin:execution_workorder_add"),
        {"site": make_site().pk, "number": "M-1", "item": item.pk, "uom": item.uom_id, "order_quantity": quantity},
    )
    assert "must be more than zero" in page.content.decode()
    assert "is violated" not in page.content.decode()


def test_an_order_quantity_that_its_unit_does_not_take_is_shown_at_the_field(planner):
    item = make_item()
    page = planner.post(
        reverse("admin:execution_workorder_add"),
        {"site": make_site().pk, "number": "M-1", "item": item.pk, "uom": item.uom_id, "order_quantity": "1.5",
         "priority": 50, "over_delivery_percent": 0, "under_delivery_percent": 100},
    )  # fmt: skip
    assert "whole numbers only" in page.content.decode()


def test_releasing_several_orders_answers_for_each(planner):
    good = make_work_order(status="PLANNED", number="WO-1")
    make_routing(item=good.item)
    bad = make_work_order(status="PLANNED", number="WO-2")
    words = said(act(planner, "workorder", "release", good, bad))
    assert "WO-1: released" in words
    assert any(word.startswith("WO-2:") and "no routing" in word for word in words)


def test_hold_and_free_with_a_note(planner):
    order = make_work_order(number="WO-1")
    assert said(act(planner, "workorder", "hold", order, note="Check the drawing")) == ["WO-1: on hold"]
    order.refresh_from_db()
    assert order.held
    assert order.holds.get().note == "Check the drawing"
    assert said(act(planner, "workorder", "free", order))[-1] == "WO-1: free"


def test_a_planner_without_the_right_at_a_site_is_told_which(client):
    user = get_user_model().objects.create_user("viewer", password="x", is_staff=True)
    order = make_work_order(number="WO-1", status="PLANNED")
    Membership.objects.create(user=user, site=order.site, role="VIEWER")
    client.force_login(user)
    assert "orders:plan" in said(act(client, "workorder", "release", order))[0]


def test_a_proposal_is_accepted_or_rejected_from_the_list(planner, plant):
    proposal = ChangeProposal.objects.get()
    act(planner, "changeproposal", "accept", proposal)
    proposal.refresh_from_db()
    plant.refresh_from_db()
    assert (proposal.status, proposal.decided_by, plant.order_quantity) == ("ACCEPTED", "planner", 120)
    assert "accepted" in said(act(planner, "changeproposal", "reject", proposal))[-1]


def test_saving_an_order_leaves_sums_alone_that_changed_meanwhile(planner, plant):
    page = reverse("admin:execution_workorder_change", args=[plant.pk])
    before = WorkOrder.objects.get(pk=plant.pk)
    forms = {
        f"{name}-{part}_FORMS": 0
        for name in ("operations", "components", "holds", "reports")
        for part in ("TOTAL", "INITIAL")
    }
    planner.post(page, {"priority": 7, "over_delivery_percent": 0, "under_delivery_percent": 100} | forms)
    after = WorkOrder.objects.get(pk=plant.pk)
    assert (after.priority, after.scrap_quantity) == (7, before.scrap_quantity)
    assert after.history.first().history_user.username == "planner"


def test_a_badge_and_a_pin_are_set_and_never_shown(planner):
    person = make_person(number="7")
    page = reverse("admin:masterdata_person_change", args=[person.pk])
    planner.post(page, {"site": person.site_id, "number": "7", "name": "A. Kim", "active": "on",
                        "new_badge": "B-7", "new_pin": "4711"})  # fmt: skip
    person = Person.objects.get(pk=person.pk)
    assert person.badge_hash
    html = planner.get(page).content.decode()
    assert "B-7" not in html
    assert "4711" not in html


def test_facts_cannot_be_added_changed_or_deleted(planner, plant):
    fact = plant.reports.get()
    assert planner.get(reverse("admin:execution_productionreport_add")).status_code == 403
    assert planner.post(reverse("admin:execution_productionreport_delete", args=[fact.pk])).status_code == 403
    assert planner.post(reverse("admin:execution_productionreport_change", args=[fact.pk]), {}).status_code == 403
    make_uom()
