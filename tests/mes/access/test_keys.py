"""API keys: only their hash is stored, they end within seconds, and using one costs the database next to nothing."""

import io
import logging
import time
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from mes.access import api, queries, services
from mes.access.models import AnsweredRequest, ApiKey, Membership
from mes.access.queries import may, sites_of
from mes.access.rules import RIGHTS, ROLE_RIGHTS, ROLES, rights_by_site
from mes.access.views import requires
from tests import factories
from tests.api.callers import ApiClient, problem, with_key, with_role

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/work-orders"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _forget():
    queries.forget_keys()
    api._noted.clear()


@pytest.fixture
def site():
    return factories.make_site()


def test_who_reads_the_table_has_no_usable_key(site):
    client = with_key(site)
    dump = serializers.serialize("json", [*ApiKey.objects.all(), *ApiKey.history.all()])
    secret = client.key.split(".")[1]
    assert secret not in dump and len(secret) == 43
    stored = ApiKey.objects.get()
    for guess in (stored.digest, stored.prefix, f"mes_{stored.prefix}.{stored.digest[:43]}"):
        problem(ApiClient(headers={"Authorization": f"Api-Key {guess}"}).get(ORDERS), 401, "auth_invalid")


def test_a_revoked_key_ends_here_at_once(site):
    client = with_key(site)
    assert client.get(ORDERS).status_code == 200
    services.revoke_key(key=ApiKey.objects.get(), now=timezone.now())
    problem(client.get(ORDERS), 401, "auth_expired")


def test_a_key_revoked_by_another_process_ends_within_five_seconds(site):
    client = with_key(site)
    assert client.get(ORDERS).status_code == 200
    ApiKey.objects.update(revoked_at=timezone.now())
    assert queries.CACHE_SECONDS <= 5
    later = time.monotonic() + 5
    with patch("mes.access.queries.time.monotonic", return_value=later):
        problem(client.get(ORDERS), 401, "auth_expired")


def test_an_expired_key_is_refused_although_it_is_still_remembered(site):
    client = with_key(site, expires_at=timezone.now() + timedelta(seconds=60))
    assert client.get(ORDERS).status_code == 200
    with patch("mes.access.api.timezone.now", return_value=timezone.now() + timedelta(seconds=61)):
        problem(client.get(ORDERS), 401, "auth_expired")


def test_a_known_key_costs_no_query(site, django_assert_num_queries):
    client = with_key(site)
    client.get(ORDERS)
    with django_assert_num_queries(1):  # the list itself
        assert client.get(ORDERS).status_code == 200


def test_an_unknown_key_costs_one_query_however_often_it_is_tried(django_assert_num_queries):
    client = ApiClient(headers={"Authorization": "Api-Key mes_00000000." + "A" * 43})
    with django_assert_num_queries(1):
        for _ in range(5):
            problem(client.get(ORDERS), 401, "auth_invalid")


def test_the_last_use_is_written_at_most_once_a_minute(site):
    client = with_key(site)
    client.get(ORDERS)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    api._noted.clear()  # another process
    client.get(ORDERS)
    assert ApiKey.objects.get().last_used_at == first


def test_a_key_has_rights_that_exist(site):
    with pytest.raises(ValidationError, match="orders:everything"):
        services.create_key(name="x", site=site, scopes=["orders:everything"], now=NOW)
    with pytest.raises(ValidationError):
        services.create_key(name="x", site=site, scopes=[], now=NOW)


def test_secrets_are_in_no_log_line(site, caplog):
    caplog.set_level(logging.DEBUG)
    client = with_key(site)
    client.get(ORDERS)
    client.send("POST", ORDERS, raw=b"{")
    with patch("mes.execution.api.orders.services.create_work_order", side_effect=ZeroDivisionError):
        client.send("POST", ORDERS, {"site": "P1", "number": "1", "item": "I", "order_quantity": 1, "uom": "pcs"})
    bad = "mes_12345678." + "CANARY" + "x" * 37
    ApiClient(headers={"Authorization": f"Api-Key {bad}"}).get(ORDERS)
    text = caplog.text + "".join(
        str(record.__dict__) for record in caplog.records if record.name != "django.db.backends"
    )
    assert client.key.split(".")[1] not in text and "CANARY" not in text


def test_the_command_prints_a_key_that_works(site):
    out, err = io.StringIO(), io.StringIO()
    call_command("make_api_key", "cell 7", site="P1", role="OPERATOR", stdout=out, stderr=err)
    client = ApiClient(headers={"Authorization": f"Api-Key {out.getvalue().strip()}"})
    assert client.get(ORDERS).status_code == 200
    with pytest.raises(CommandError, match="no site"):
        call_command("make_api_key", "x", site="NOPE", role="OPERATOR")
    with pytest.raises(CommandError, match="at least one right"):
        call_command("make_api_key", "x", site="P1")


def test_every_role_has_rights_that_exist():
    assert set(ROLE_RIGHTS) == set(ROLES)
    assert all(rights <= set(RIGHTS) for rights in ROLE_RIGHTS.values())


def test_roles_at_one_site_add_up():
    rights = rights_by_site([("A", "PLANNER"), ("A", "OPERATOR"), ("B", "VIEWER")])
    assert {"orders:plan", "reports:write"} <= rights["A"]
    assert "orders:plan" not in rights["B"]


def test_a_person_sees_the_sites_of_their_roles(site):
    other = factories.make_site(code="P2")
    user = User.objects.create_user("anna")
    Membership.objects.create(user=user, site=other, role="PLANNER")
    assert [each.code for each in sites_of(user, "orders:plan")] == ["P2"]
    assert not sites_of(user, "costs:read").exists()
    assert may(user, "orders:plan", "P2") and not may(user, "orders:plan", "P1")


def test_a_page_asks_for_sign_in_and_for_its_right(site):
    @requires("bridge:read")
    def page(request):
        return HttpResponse(request.grant.actor)

    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    request = RequestFactory().get("/bridge/?a=b")
    request.user = AnonymousUser()
    assert page(request).headers["Location"].endswith("next=%2Fbridge%2F%3Fa%3Db")
    htmx = RequestFactory().get("/bridge/", headers={"HX-Request": "true"})
    htmx.user = AnonymousUser()
    assert page(htmx).status_code == 401 and page(htmx).headers["HX-Redirect"]
    request.user = User.objects.create_user("anna")
    with pytest.raises(PermissionDenied, match="bridge:read"):
        page(request)
    request.user = User.objects.create_user("ines")
    Membership.objects.create(user=request.user, site=site, role="INTEGRATOR")
    assert page(request).content == b"user:ines"


def test_a_page_cannot_ask_for_a_right_that_does_not_exist():
    with pytest.raises(ValueError, match="no right"):
        requires("bridge:everything")


def test_a_person_who_left_may_nothing_any_more(site):
    client = with_role(site, "PLANNER")
    assert client.get(ORDERS).status_code == 200
    User.objects.update(is_active=False)
    problem(client.get(ORDERS), 401, "auth_missing")


def test_old_answers_are_forgotten_in_the_end(site):
    for days in (1, 44, 46):
        AnsweredRequest.objects.create(
            caller="k", key=str(days), endpoint="e", fingerprint="f", status=200, body="{}",
            answered_at=NOW - timedelta(days=days),
        )  # fmt: skip
    assert services.forget_old_answers(now=NOW) == 1
