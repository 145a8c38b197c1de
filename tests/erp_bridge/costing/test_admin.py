"""A controller keeps rates by hand where no ERP does, and reads the rest."""

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from erp_bridge.costing import services
from erp_bridge.costing.models import CostRate
from tests.erp_bridge.costing.test_services import rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def controller(client):
    client.force_login(get_user_model().objects.create_superuser("controller", "", "x"))
    return client


def test_a_rate_is_added_by_hand_and_an_owned_one_is_read_only(controller):
    answer = controller.post(
        reverse("admin:costing_costrate_add"),
        {
            "site": "P1", "kind": "PERSON", "key": "", "valid_from": "2026-01-01", "amount": "31", "per": "HOUR",
            "currency": "EUR",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert CostRate.objects.get(kind="PERSON").amount == Decimal(31)
    services.apply_rates([rate("ITEM", "STEEL", "2.50")], owner="erp")
    page = reverse("admin:costing_costrate_change", args=[CostRate.objects.get(key="STEEL").pk])
    assert controller.get(page).status_code == 200
    assert controller.post(page, {"amount": "0"}).status_code == 403


@pytest.mark.parametrize("name", ["costrate", "plannedcost", "costrollup"])
def test_the_lists_open(controller, name):
    services.apply_rates([rate("ITEM", "STEEL", "2.50")], owner="erp")
    assert controller.get(reverse(f"admin:costing_{name}_changelist")).status_code == 200
