"""Every endpoint x method x role x own or other site, walked from the URLconf: what is not declared here fails."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from mes.access.rules import RIGHTS, ROLE_RIGHTS
from tests import factories
from tests.api.callers import ApiClient, with_key, with_role
from tests.mes.documents.helpers import PDF, make_document, make_revision, picture

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Route -> method -> right ("" = anybody). A new endpoint is in the walk by default; it fails until it is written here.
DECLARED: dict[str, dict[str, str]] = {
    "api/v1/": {"GET": ""},
    "api/v1/problems": {"GET": ""},
    "api/v1/schema/": {"GET": ""},
    "api/docs/": {"GET": ""},
    "api/v1/changes": {"GET": "changes:read"},
    "api/v1/sites": {"GET": "masterdata:read"},
    "api/v1/uoms": {"GET": "masterdata:read"},
    "api/v1/items": {"GET": "masterdata:read"},
    "api/v1/items/<row:pk>": {"GET": "masterdata:read"},
    "api/v1/boms": {"GET": "masterdata:read"},
    "api/v1/boms/<row:pk>": {"GET": "masterdata:read"},
    "api/v1/routings": {"GET": "masterdata:read"},
    "api/v1/routings/<row:pk>": {"GET": "masterdata:read"},
    "api/v1/work-centers": {"GET": "masterdata:read"},
    "api/v1/split-policies": {"GET": "masterdata:read", "POST": "masterdata:write"},
    "api/v1/people": {"GET": "people:read"},
    "api/v1/documents": {"GET": "documents:read"},
    "api/v1/documents/files": {"POST": "documents:write"},
    "api/v1/documents/<row:pk>/translations": {"PUT": "documents:write"},
    "api/v1/documents/<row:pk>/revisions": {"POST": "documents:write"},
    "api/v1/document-revisions/<row:pk>/release": {"POST": "documents:write"},
    "api/v1/document-revisions/<row:pk>/withdraw": {"POST": "documents:write"},
    "api/v1/document-revisions/<row:pk>/file": {"GET": "documents:read"},
    "api/v1/photos": {"GET": "orders:read", "POST": "reports:write"},
    "api/v1/photos/files": {"POST": "reports:write"},
    "api/v1/photos/<uuid:pk>": {"GET": "orders:read"},
    "api/v1/photos/<uuid:pk>/file": {"GET": "orders:read"},
    "api/v1/document-readings": {"GET": "documents:read"},
    "api/v1/reasons": {"GET": "masterdata:read"},
    "api/v1/reasons/<row:pk>/translations": {"PUT": "masterdata:write"},
    "api/v1/lots": {"GET": "material:read", "POST": "material:write"},
    "api/v1/lots/<row:pk>/hold": {"POST": "orders:hold"},
    "api/v1/lots/<row:pk>/free": {"POST": "orders:hold"},
    "api/v1/lots/<row:pk>/genealogy": {"GET": "material:read"},
    "api/v1/lots/<row:pk>/transfer": {"POST": "material:write"},
    "api/v1/lots/<row:pk>/ship": {"POST": "material:write"},
    "api/v1/lots/<row:pk>/scrap": {"POST": "material:write"},
    "api/v1/lots/<row:pk>/labels": {"GET": "material:read", "POST": "material:write"},
    "api/v1/lots/<row:pk>/hold-all": {"POST": "orders:hold"},
    "api/v1/lot-holds": {"GET": "material:read"},
    "api/v1/serials/hold": {"POST": "orders:hold"},
    "api/v1/stock-places": {"GET": "material:read"},
    "api/v1/stock-places/<row:pk>/replenish": {"POST": "material:write"},
    "api/v1/stock-places/<row:pk>/return": {"POST": "material:write"},
    "api/v1/place-stock": {"GET": "material:read"},
    "api/v1/place-movements": {"GET": "material:read"},
    "api/v1/place-movements/<uuid:pk>/reversal": {"POST": "material:write"},
    "api/v1/work-orders/<row:pk>/byproducts": {"POST": "material:write"},
    "api/v1/work-orders/<row:pk>/byproducts/<uuid:movement>/reversal": {"POST": "reports:reverse"},
    "api/v1/movements": {"GET": "material:read"},
    "api/v1/work-orders": {"GET": "orders:read", "POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>": {"GET": "orders:read"},
    "api/v1/work-orders/<row:pk>/release": {"POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>/hold": {"POST": "orders:hold"},
    "api/v1/work-orders/<row:pk>/free": {"POST": "orders:hold"},
    "api/v1/work-orders/<row:pk>/cancel": {"POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>/complete": {"POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>/close": {"POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>/link": {"POST": "orders:plan"},
    "api/v1/work-orders/<row:pk>/issues": {"POST": "material:write"},
    "api/v1/work-orders/<row:pk>/returns": {"POST": "material:write"},
    "api/v1/proposals": {"GET": "orders:read"},
    "api/v1/proposals/<row:pk>/accept": {"POST": "orders:plan"},
    "api/v1/proposals/<row:pk>/reject": {"POST": "orders:plan"},
    "api/v1/operations": {"GET": "orders:read"},
    "api/v1/operations/<row:pk>": {"GET": "orders:read"},
    "api/v1/operations/<row:pk>/start": {"POST": "operations:run"},
    "api/v1/operations/<row:pk>/pause": {"POST": "operations:run"},
    "api/v1/operations/<row:pk>/complete": {"POST": "operations:run"},
    "api/v1/reports": {"GET": "orders:read", "POST": "reports:write"},
    "api/v1/reports/<uuid:pk>": {"GET": "orders:read"},
    "api/v1/reports/<uuid:pk>/reversal": {"POST": "reports:reverse"},
    "api/v1/counter-readings": {"GET": "orders:read", "POST": "reports:write"},
    "api/v1/counter-readings/<uuid:pk>": {"GET": "orders:read"},
    "api/v1/inspection-checks": {"GET": "quality:read"},
    "api/v1/inspection-checks/<row:pk>/readings": {"POST": "quality:write"},
    "api/v1/inspection-checks/<row:pk>/release": {"POST": "quality:decide"},
    "api/v1/inspection-plans": {"GET": "quality:read"},
    "api/v1/inspection-plans/<row:pk>/translations": {"PUT": "quality:plan"},
    "api/v1/readings": {"GET": "quality:read"},
    "api/v1/inspection-results": {"GET": "quality:read"},
    "api/v1/nonconformances": {"GET": "quality:read", "POST": "quality:write"},
    "api/v1/nonconformances/<row:pk>": {"GET": "quality:read"},
    "api/v1/nonconformances/<row:pk>/dispositions": {"POST": "quality:write"},
    "api/v1/labor/attendance": {"GET": "labor:read"},
    "api/v1/labor/segments": {"GET": "labor:read"},
    "api/v1/labor/segments/<uuid:pk>/shares": {"GET": "labor:read"},
    "api/v1/labor/sums": {"GET": "labor:read"},
    "api/v1/labor/crew": {"POST": "labor:write"},
    "api/v1/labor/segments/<uuid:pk>/reversal": {"POST": "labor:correct"},
    "api/v1/labor/segments/<uuid:pk>/end": {"POST": "labor:correct"},
    "api/v1/labor/clock-in": {"POST": "labor:write"},
    "api/v1/labor/clock-out": {"POST": "labor:write"},
    "api/v1/labor/break": {"POST": "labor:write"},
    "api/v1/labor/break-end": {"POST": "labor:write"},
    "api/v1/labor/clock-on": {"POST": "labor:write"},
    "api/v1/labor/clock-off": {"POST": "labor:write"},
    "api/v1/labor/indirect-start": {"POST": "labor:write"},
    "api/v1/labor/indirect-stop": {"POST": "labor:write"},
    "api/v1/calls": {"GET": "orders:read", "POST": "operations:run"},
    "api/v1/calls/<uuid:pk>": {"GET": "orders:read"},
    "api/v1/calls/<uuid:pk>/acknowledge": {"POST": "calls:answer"},
    "api/v1/calls/<uuid:pk>/arrive": {"POST": "calls:answer"},
    "api/v1/calls/<uuid:pk>/resolve": {"POST": "calls:answer"},
    "api/v1/handovers": {"GET": "orders:read"},
    "api/v1/work-unit-states": {"GET": "equipment:read"},
    "api/v1/stops": {"POST": "stops:write"},
    "api/v1/stops/explain": {"POST": "stops:write"},
    "api/v1/stops/end": {"POST": "stops:write"},
    "api/v1/stops/record": {"POST": "stops:correct"},
    "api/v1/stops/split": {"POST": "stops:correct"},
    "api/v1/stops/join": {"POST": "stops:correct"},
    "api/v1/stop-entries": {"GET": "equipment:read"},
    "api/v1/stop-entries/<uuid:pk>/reversal": {"POST": "stops:correct"},
    "api/v1/downtime": {"GET": "equipment:read"},
    "api/v1/maintenance-requests": {"GET": "equipment:read", "POST": "stops:write"},
    "api/v1/maintenance-requests/<uuid:pk>/acknowledge": {"POST": "maintenance:write"},
    "api/v1/maintenance-requests/<uuid:pk>/done": {"POST": "maintenance:write"},
    "api/v1/oee": {"GET": "performance:read"},
    "api/v1/erp/<slug:connection>/items": {"PUT": "erp:write"},
    "api/v1/erp/<slug:connection>/work-orders": {"PUT": "erp:write"},
}


def walk(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and (prefix + str(pattern.pattern)).startswith("api/"):
            yield prefix + str(pattern.pattern), pattern.callback


def test_every_endpoint_is_declared_with_its_rights():
    found = {route: dict(callback.cls.rights) for route, callback in walk()}
    assert found == DECLARED


def test_every_right_that_an_endpoint_takes_exists_and_somebody_has_it():
    taken = {right for methods in DECLARED.values() for right in methods.values()} - {""}
    assert taken <= set(RIGHTS)
    assert all(any(right in rights for rights in ROLE_RIGHTS.values()) for right in taken)


def things(site: Any) -> dict[str, str]:
    """Return an existing id at the site for each route that has one."""
    from erp_bridge.models import Connection  # noqa: PLC0415
    from labor.models import LaborSegment  # noqa: PLC0415
    from mes.andon.models import Call  # noqa: PLC0415
    from mes.documents.models import Photo  # noqa: PLC0415
    from mes.documents.services import store_photo  # noqa: PLC0415
    from mes.equipment.models import (  # noqa: PLC0415
        MaintenanceRequest,
        StateChange,
        StopEntry,
        StopExplanation,
    )
    from mes.execution.models import ChangeProposal, CounterReading, ProductionReport  # noqa: PLC0415
    from mes.material.models import PlaceMovement  # noqa: PLC0415
    from quality.models import InspectionPlan, Nonconformance, OrderCheck  # noqa: PLC0415

    order = factories.make_work_order(site=site)
    operation = order.operations.first()
    report = ProductionReport.objects.create(
        pk=uuid.uuid4(), site=site, work_order=order, operation=operation, good_quantity=1,
        occurred_at=factories.NOW, recorded_at=factories.NOW, fingerprint="x",
    )  # fmt: skip
    shown = CounterReading.objects.create(
        site=site, operation=operation, value=7, occurred_at=factories.NOW, recorded_at=factories.NOW
    )
    proposal = ChangeProposal.objects.create(
        site=site, work_order=order, kind="CHANGE", owner="erp", created_at=factories.NOW
    )
    segment = LaborSegment.objects.create(
        site=site, person=factories.make_person(site=site), operation=operation, activity="RUN",
        started_at=factories.NOW, recorded_at=factories.NOW,
    )  # fmt: skip
    plan = InspectionPlan.objects.create(site=site, item=order.item, name=f"Plan {site.code}")
    check = OrderCheck.objects.create(operation=operation, plan=plan, revision=1, trigger="FIRST")
    found = Nonconformance.objects.create(
        reported_as=uuid.uuid4(), site=site, work_order=order, operation=operation, item=order.item, quantity=1,
        uom=order.uom, reason=factories.make_reason(site=site), occurred_at=factories.NOW, recorded_at=factories.NOW,
    )  # fmt: skip
    unit = operation.work_center.work_units.get()
    fact = {"site": site, "work_unit": unit, "at": factories.NOW, "recorded_at": factories.NOW}
    entry = StopEntry.objects.create(kind="STOP", **fact)
    StopExplanation.objects.create(reason=factories.make_reason(site=site, kind="STOP"), **fact)
    StateChange.objects.create(
        site=site, work_unit=unit, started_at=factories.NOW, state="STOPPED", recorded_at=factories.NOW
    )
    request = MaintenanceRequest.objects.create(site=site, work_unit=unit, requested_at=factories.NOW)
    call = Call.objects.create(site=site, work_center=operation.work_center, kind="MATERIAL", raised_at=factories.NOW)
    place = factories.make_stock_place(work_center=operation.work_center)
    moved = PlaceMovement.objects.create(
        site=site, kind="REPLENISH", place=place, item=order.item, quantity=1, uom=order.uom,
        occurred_at=factories.NOW, recorded_at=factories.NOW,
    )  # fmt: skip
    bom = factories.make_bom(item=order.item, lines=[])
    routing = factories.make_routing(item=order.item)
    connection = Connection.objects.create(name=f"erp-{site.code.lower()}", site=site.code, connector="practice")
    pixels = store_photo(site=site, content=picture(), now=factories.NOW)
    photo = Photo.objects.create(
        site=site, about="report", subject=report.pk, file=pixels, occurred_at=factories.NOW, recorded_at=factories.NOW
    )
    revision = make_revision(make_document(site), content=PDF)
    return {
        "photos": str(photo.pk), "documents": str(revision.document_id), "document-revisions": str(revision.pk),
        "items": str(order.item.pk), "boms": str(bom.pk), "routings": str(routing.pk), "work-orders": str(order.pk),
        "lots": str(factories.make_lot(item=factories.make_item(site=site, lot_tracked=True)).pk),
        "inspection-checks": str(check.pk), "inspection-plans": str(plan.pk), "reasons": str(found.reason_id),
        "nonconformances": str(found.pk),
        "proposals": str(proposal.pk), "operations": str(operation.pk), "reports": str(report.pk),
        "labor": str(segment.pk), "stop-entries": str(entry.pk), "maintenance-requests": str(request.pk),
        "calls": str(call.pk), "stock-places": str(place.pk), "place-movements": str(moved.pk),
        "erp": connection.name, "counter-readings": str(shown.pk),
    }  # fmt: skip


def filled(route: str, ids: dict[str, str]) -> str:
    resource = route.split("/")[2] if route.count("/") > 1 else ""
    for marker in ("<row:pk>", "<uuid:pk>", "<slug:connection>"):
        route = route.replace(marker, ids.get(resource, ""))
    route = route.replace("<uuid:movement>", str(uuid.UUID(int=0)))
    return "/" + route


@pytest.mark.once  # who may what is no matter of the database
@pytest.mark.parametrize("role", sorted(ROLE_RIGHTS))
def test_each_role_may_what_its_rights_say_and_nothing_at_another_site(role):
    own, other = factories.make_site(code="P1"), factories.make_site(code="P2")
    client = with_role(own, role)
    assert cells_off(client, ROLE_RIGHTS[role], things(own), things(other)) == []


@pytest.mark.once
@pytest.mark.parametrize("right", sorted(RIGHTS))
def test_a_key_with_one_right_may_that_and_nothing_else(right):
    own, other = factories.make_site(code="P1"), factories.make_site(code="P2")
    assert cells_off(with_key(own, right), frozenset({right}), things(own), things(other)) == []


@pytest.mark.once
def test_nobody_may_nothing_but_the_way_in():
    ids = things(factories.make_site())
    for route, methods in DECLARED.items():
        for method in METHODS:
            answer = ApiClient().send(method, filled(route, ids), {"?": 1} if method != "GET" else None)
            if method not in methods:
                assert answer.status_code == 405, (route, method, answer.status_code)
            elif methods[method]:
                assert answer.status_code == 401, (route, method, answer.status_code)
            else:
                assert answer.status_code == 200, (route, method, answer.status_code)


def cells_off(
    client: ApiClient, rights: frozenset[str], mine: dict[str, str], theirs: dict[str, str]
) -> list[tuple[str, str, str, int, int]]:
    """Try every cell and return those that are not as declared: what was answered, and what was expected.

    A body that is wrong on purpose shows who came as far as being read (400) without doing anything.
    """
    off = []
    for route, methods in DECLARED.items():
        for method in METHODS:
            body = None if method == "GET" else {"?": 1}
            for ids in (mine, theirs) if "<" in route else (mine,):
                status = client.send(method, filled(route, ids), body).status_code
                if method not in methods:
                    expected = 405
                elif methods[method] and methods[method] not in rights:
                    expected = 403
                elif ids is theirs:
                    expected = 404
                else:
                    expected = 200 if method == "GET" else 400
                if status != expected:
                    off.append((route, method, "theirs" if ids is theirs else "mine", status, expected))
    return off


@pytest.mark.parametrize(
    "route", sorted(route for route, methods in DECLARED.items() if "GET" in methods and "<" not in route)
)
def test_a_list_never_shows_another_site(route):
    own, other = factories.make_site(code="P1"), factories.make_site(code="ELSEWHERE")
    things(own)
    things(other)
    factories.make_person(site=other)
    factories.make_reason(site=other)
    factories.make_lot(item=factories.make_item(site=other, lot_tracked=True))
    answer = with_key(own).get("/" + route)
    assert answer.status_code == 200
    assert b"ELSEWHERE" not in answer.content


def test_somebody_without_a_role_may_nothing(django_user_model):
    client = ApiClient()
    client.force_login(
        django_user_model.objects.create_user("new"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert client.get("/api/v1/work-orders").status_code == 403


def test_an_administrator_sees_every_site(django_user_model):
    things(factories.make_site(code="P1"))
    things(factories.make_site(code="P2"))
    client = ApiClient()
    client.force_login(
        django_user_model.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert {order["site"] for order in client.get("/api/v1/work-orders").json()["items"]} == {"P1", "P2"}
