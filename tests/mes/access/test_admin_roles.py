"""The admin asks the same roles as every other page, and shows people their own sites."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from mes.access.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client):
    def _sign_in(role):
        user = User.objects.create_user(role.lower(), password="x", is_staff=True)
        Membership.objects.create(user=user, site=factories.make_site(), role=role)
        client.force_login(user)
        return client

    return _sign_in


def pages(client, *names):
    return [client.get(reverse(f"admin:{name}")).status_code for name in names]


def test_a_planner_plans(sign_in):
    order, item = factories.make_work_order(status="PLANNED"), factories.make_item()
    client = sign_in("PLANNER")
    assert pages(
        client, "index", "execution_workorder_changelist", "execution_workorder_add", "execution_changeproposal_changelist",
        "execution_productionreport_changelist", "masterdata_item_add", "masterdata_person_changelist", "material_lot_changelist",
    ) == [200] * 8  # fmt: skip
    page = reverse("admin:execution_workorder_change", args=[order.pk])
    assert 'name="order_quantity"' in client.get(page).content.decode()
    assert client.get(reverse("admin:masterdata_item_change", args=[item.pk])).status_code == 200
    assert client.get(reverse("admin:masterdata_site_add")).status_code == 403
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403


def test_a_viewer_looks_and_changes_nothing(sign_in):
    order = factories.make_work_order(status="PLANNED")
    client = sign_in("VIEWER")
    assert pages(client, "execution_workorder_changelist", "masterdata_item_changelist") == [200, 200]
    assert pages(client, "execution_workorder_add", "masterdata_item_add", "masterdata_person_changelist") == [403] * 3
    assert (
        'name="order_quantity"'
        not in client.get(reverse("admin:execution_workorder_change", args=[order.pk])).content.decode()
    )


def test_rows_of_other_sites_are_neither_seen_nor_chosen(sign_in):
    other = factories.make_site(code="P2", name="Elsewhere")
    foreign = factories.make_item(site=other, number="FOREIGN")
    client = sign_in("PLANNER")
    assert "FOREIGN" not in client.get(reverse("admin:masterdata_item_changelist")).content.decode()
    assert client.get(reverse("admin:masterdata_item_change", args=[foreign.pk])).status_code == 302
    sites = client.get(reverse("admin:execution_workorder_add")).context["adminform"].form.fields["site"].queryset
    assert [site.code for site in sites] == [factories.make_site().code]


def test_a_page_that_is_not_for_someone_says_what_to_do(sign_in):
    answer = sign_in("VIEWER").get(reverse("bridge:overview"))
    assert answer.status_code == 403 and "bridge:read" in answer.content.decode()
    missing = sign_in("PLANNER").get("/nowhere/")
    assert missing.status_code == 404 and "Nothing is here" in missing.content.decode()
