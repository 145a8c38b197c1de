"""Privacy mode at every door: a person planted everywhere is told to nobody, and after the retention is nowhere."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from labor import services as labor
from mes.access.models import Membership
from mes.access.rules import ROLES
from mes.core import live, persons
from mes.documents.models import DocumentRevision
from mes.masterdata.models import PrivacyPolicy
from mes.terminal import services as terminal
from mes.terminal.views.caller import COOKIE
from tests import access_matrix, planted
from tests.api.callers import ApiClient
from tests.test_access import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PEOPLE = {
    "api/v1/people": "people:read: who works here, and nothing of what they did",
    "sheets/badges": "people:manage: whose badge is printed",
    "labor/<str:site>/<day:day>/": "labor:correct",
    "entries/<uuid:entry_id>/": "reports:reverse, of what waits: whose it is, and for whom it is booked",
    "admin/masterdata/person/": "people:manage: the list of people",
    "admin/masterdata/person/<path:object_id>/change/": "people:manage: the list of people",
    "admin/masterdata/person/<path:object_id>/history/": "people:manage: the list of people",
}
"""Where people are named whatever they did, or because something has to be put right: route to the reason why."""


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    live.forget()


@pytest.fixture
def world():
    return World("P1")


def private(world, **given):
    return PrivacyPolicy.objects.create(site=world.site, smallest_group=3, **given)


def somebody_with(world, *roles):
    user = User.objects.create_user("-".join(roles).lower()[:30], is_staff=True)
    for role in roles:
        Membership.objects.create(user=user, site=world.site, role=role)
    client = ApiClient()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def device_of(world):
    client = ApiClient()
    _, code = terminal.make_code(site=world.site, name="tablet", by="test", now=timezone.now())
    _, client.cookies[COOKIE] = terminal.enroll(code=code, now=timezone.now())
    return client


def addresses(world, found):
    """Return every address of the product, with the planted rows' keys in the admin and the API."""
    by_model = {row._meta.label_lower: row for row in found.rows.values()}
    for route, callback in access_matrix.routes():
        if "logout" in route or "GET" not in access_matrix.methods_of(route, callback):
            continue
        yield route, world.address(route)
        parts = route.split("/")
        row = by_model.get(".".join(parts[1:3])) if parts[0] == "admin" and "object_id" in route else None
        if row is not None and "history_id" not in route:
            yield route, f"/admin/{parts[1]}/{parts[2]}/{row.pk}/{parts[-2]}/"
    yield "bridge/messages/<pk>", f"/bridge/messages/{found.message.pk}/"


def told_by(client, world, found):
    """Walk every address and return where the planted person is named, and how many pages answered."""
    told, answered = {}, 0
    for route, path in addresses(world, found):
        answer = client.get(path, follow=False)
        assert answer.status_code < 500, (path, answer.content[-2000:])
        if answer.status_code == 200:
            answered += 1
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if what := planted.found_in(body.decode(errors="replace")):
                told[route] = (path, what)
    return told, answered


EVERYBODY_ELSE = [role for role in ROLES if role != "SUPERVISOR"]


def test_who_does_not_have_to_put_it_right_is_told_of_nobody_by_any_page_or_endpoint(world):
    found = planted.Planted(world)  # before the policy was agreed: what was written then is told as what is written now
    private(world)
    told, answered = told_by(somebody_with(world, *EVERYBODY_ELSE), world, found)
    assert answered > 150
    assert {route: where for route, where in told.items() if route not in PEOPLE} == {}


def test_a_supervisor_is_told_where_something_must_be_put_right_and_nowhere_else(world):
    found = planted.Planted(world)
    private(world)
    told, _ = told_by(somebody_with(world, *ROLES), world, found)
    assert {route: where for route, where in told.items() if route not in PEOPLE} == {}


def test_a_terminal_names_nobody_who_is_not_there(world):
    found = planted.Planted(world)
    private(world)
    told, answered = told_by(device_of(world), world, found)
    assert answered and told == {}


def test_without_privacy_mode_the_same_walk_finds_the_person(world):
    found = planted.Planted(world)
    told, _ = told_by(somebody_with(world, *ROLES), world, found)
    assert len(set(told) - set(PEOPLE)) > 40
    for route in ("api/v1/readings", "api/v1/changes", "api/v1/calls", "api/v1/movements", "bridge/messages/<pk>"):
        assert route in told
    assert told_by(device_of(world), world, found)[0]


def test_the_admin_does_not_say_by_a_search_whose_a_row_is(world):
    found = planted.Planted(world)
    private(world)
    client = somebody_with(world, *ROLES)
    for page in ("documents/readconfirmation", "terminal/terminalentry", "andon/handover"):
        answer = client.get(f"/admin/{page}/?q={planted.NUMBER}")
        assert "0 " in answer.content.decode() and planted.NAME not in answer.content.decode()
    answer = client.get(f"/admin/documents/readconfirmation/?person={found.person.pk}")
    assert answer.status_code in (302, 400)


def every_text():
    """Yield (table, column, text) of everything that the database holds, history tables included."""
    with connection.cursor() as cursor:
        tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  names of our own tables
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    yield table, column, value if isinstance(value, str) else json.dumps(value, default=str)


def tables_that_name(person):
    keys = {(row._meta.db_table, row._meta.get_field(name).column) for row, name in references()}
    return {
        table
        for table, column, text in every_text()
        if planted.found_in(text) or ((table, column) in keys and text == str(person.pk))
    }


def references():
    for named in persons.all_named():
        for name in named.persons:
            yield named.model, name


KEPT = {
    "masterdata_person": "who works here, as its owner says",
    "masterdata_historicalperson": "when their name or number changed",
}


def withdraw_what_must_be_read():
    DocumentRevision.objects.update(status="WITHDRAWN", withdrawn_at=planted.THEN)


def test_after_the_retention_nothing_in_the_database_names_the_person(world):
    policy = private(world, retention_days=30)
    found = planted.Planted(world)
    withdraw_what_must_be_read()
    before = tables_that_name(found.person)
    assert {named.model._meta.db_table for named in persons.all_named() if named.persons} <= before
    labor.forget_persons(now=planted.THEN + timedelta(days=29))
    assert tables_that_name(found.person) == before
    labor.forget_persons(now=planted.THEN + timedelta(days=policy.retention_days + 1))
    assert tables_that_name(found.person) - set(KEPT) == set()


def test_what_was_sealed_or_queued_before_the_policy_stays_and_nothing_else(world):
    found = planted.Planted(world)
    private(world, retention_days=30)
    withdraw_what_must_be_read()
    labor.forget_persons(now=planted.THEN + timedelta(days=60))
    left = tables_that_name(found.person) - set(KEPT)
    assert left == {"journal_journalentry", "erp_bridge_outboundmessage"}


def test_who_has_read_what_counts_is_known_as_long_as_it_counts(world):
    private(world, retention_days=30)
    found = planted.Planted(world)
    labor.forget_persons(now=planted.THEN + timedelta(days=60))
    read = found.rows["documents.ReadConfirmation"]
    read.refresh_from_db()
    assert read.person == found.person


def test_what_waits_for_somebody_keeps_its_person_until_it_is_settled(world):
    private(world, retention_days=30)
    found = planted.Planted(world)
    entry = found.rows["terminal.TerminalEntry"]
    type(entry).objects.filter(pk=entry.pk).update(state="REFUSED")
    labor.forget_persons(now=planted.THEN + timedelta(days=60))
    entry.refresh_from_db()
    assert entry.person == found.person


def test_every_model_that_names_persons_says_when_they_are_forgotten_and_where():
    for named in persons.all_named():
        named.model._meta.get_field(named.rule.at)
        named.model._meta.get_field(named.rule.site.split("__")[0])
