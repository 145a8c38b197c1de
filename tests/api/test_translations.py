"""Translations over HTTP: whole or not at all, in the languages of terminals, and ours also where an ERP owns the source."""

import pytest

from mes.execution import gates
from mes.masterdata.models import ReasonCode
from quality.models import Characteristic, InspectionPlan, OrderCharacteristic
from tests import factories
from tests.api.callers import problem, with_key
from tests.mes.documents.helpers import make_document
from tests.quality.helpers import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return factories.make_site()


@pytest.fixture
def client(site):
    return with_key(site)


def test_a_reason_s_names_are_written_all_at_once_and_remembered(client, site):
    reason = factories.make_reason(site=site, owner="erp")
    path = f"/api/v1/reasons/{reason.pk}/translations"
    answer = client.send("PUT", path, {"name": {"de": "Grat", "ar": "نتوء"}})
    assert answer.status_code == 200, answer.content
    assert answer.json()["translations"] == {"name": {"de": "Grat", "ar": "نتوء"}}
    client.send("PUT", path, {"name": {"de": "Grat"}})
    client.send("PUT", path, {"name": {"de": "Grat"}})
    reason.refresh_from_db()
    assert reason.translations == {"name": {"de": "Grat"}}
    assert [len(each.translations["name"]) for each in reason.history.all()[:2]] == [1, 2]
    assert reason.history.count() == 3
    assert client.get("/api/v1/reasons").json()["items"][0]["translations"] == {"name": {"de": "Grat"}}
    assert client.send("PUT", path, {}).json()["translations"] == {}


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"name": "Grat"}, "type_invalid", "/name"),
        ({"name": None}, "null", "/name"),
        ({"name": ["Grat"]}, "type_invalid", "/name"),
        ({"name": {"xx": "Grat"}}, "language_unknown", "/name/xx"),
        ({"name": {"": "Grat"}}, "language_unknown", None),
        ({"name": {"de": ""}}, "blank", "/name/de"),
        ({"name": {"de": "  "}}, "blank", "/name/de"),
        ({"name": {"de": 5}}, "type_invalid", "/name/de"),
        ({"name": {"de": {"deep": "x"}}}, "type_invalid", "/name/de"),
        ({"name": {"de": "x" * 201}}, "too_long", "/name/de"),
        ({"name": {"de": "a\x00b"}}, "text_invalid", None),
        ({"nmae": {"de": "Grat"}}, "unknown_field", "/nmae"),
        ({"translations": {"de": "Grat"}}, "unknown_field", "/translations"),
    ],
)
def test_translations_that_cannot_be_are_refused_with_the_place(client, site, body, code, pointer):
    reason = factories.make_reason(site=site)
    refused = problem(client.send("PUT", f"/api/v1/reasons/{reason.pk}/translations", body), 400, code)
    assert pointer is None or [error["pointer"] for error in refused["errors"]] == [pointer]
    assert ReasonCode.objects.get().translations == {}


def test_a_reason_elsewhere_is_not_found_and_reading_is_not_writing(client, site):
    away = factories.make_reason(site=factories.make_site(code="P2"))
    problem(client.send("PUT", f"/api/v1/reasons/{away.pk}/translations", {}), 404, "not_found")
    here = factories.make_reason(site=site)
    reader = with_key(site, "masterdata:read")
    problem(reader.send("PUT", f"/api/v1/reasons/{here.pk}/translations", {}), 403, "scope_missing")


def test_a_plan_s_characteristics_are_translated_as_a_new_revision_that_later_orders_keep(client, site):
    item = factories.make_item(site=site)
    factories.make_routing(item=item)
    plan = make_plan(item=item)
    path = f"/api/v1/inspection-plans/{plan.pk}/translations"
    bore = {"code": "BORE", "name": {"de": "Bohrung"}, "reaction": {"de": "Anhalten"}}
    answer = client.send("PUT", path, {"characteristics": [bore]})
    assert answer.status_code == 200, answer.content
    assert answer.json()["revision"] == 2
    shown = {each["code"]: each["translations"] for each in answer.json()["characteristics"]}
    assert shown == {"BORE": {"name": {"de": "Bohrung"}, "reaction": {"de": "Anhalten"}}, "SURFACE": {}}
    assert client.send("PUT", path, {"characteristics": [bore]}).json()["revision"] == 2
    for wrong, status, code in (
        ([], 400, "empty"), ([{"code": "WIDTH"}], 422, "characteristic_unknown"),
        ([bore | {"name": {"de": "X"}}, {"code": "WIDTH"}], 422, "characteristic_unknown"),
        ([{"code": "BORE", "instruction": {"de": "x" * 1001}}], 400, "too_long"), ("BORE", 400, "not_a_list"),
    ):  # fmt: skip
        problem(client.send("PUT", path, {"characteristics": wrong}), status, code)
    assert Characteristic.objects.get(code="BORE").translations["name"] == {"de": "Bohrung"}
    assert InspectionPlan.objects.get().revision == 2
    gates.complete_snapshot(factories.make_work_order(item=item))
    assert OrderCharacteristic.objects.get(code="BORE").translations["reaction"] == {"de": "Anhalten"}


def test_a_document_s_title_and_its_revision_s_steps_are_translated(client, site):
    document = make_document(site)
    path = f"/api/v1/documents/{document.pk}"
    answer = client.send("PUT", f"{path}/translations", {"title": {"de": "Entgraten"}})
    assert answer.status_code == 200 and answer.json()["translations"] == {"title": {"de": "Entgraten"}}
    draft = {"revision": "A", "steps": "Clamp it.", "translations": {"steps": {"de": "Spannen."}}}
    made = client.send("POST", f"{path}/revisions", draft)
    assert made.status_code == 201, made.content
    assert made.json()["translations"] == {"steps": {"de": "Spannen."}}
    problem(client.send("POST", f"{path}/revisions", draft | {"revision": "B", "translations": {"title": {}}}), 400)
    problem(
        client.send("POST", f"{path}/revisions", draft | {"revision": "B", "translations": {"steps": {"xx": "?"}}}), 400
    )
