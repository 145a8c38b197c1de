"""The schema is what the API does: generated requests, valid and broken, never get an answer that it does not declare."""

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import factories
from tests.api.callers import ApiClient, with_key

EXAMPLES = int(os.environ.get("LINESIDE_SCHEMA_EXAMPLES", "5"))
"""Requests for each operation: few by default, hundreds by command."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api():
    site = factories.make_site()
    operation = factories.make_operation()
    factories.make_lot(item=factories.make_item(lot_tracked=True))
    factories.make_bom(item=operation.work_order.item, lines=[(factories.make_item(), 1)])
    factories.make_routing(item=operation.work_order.item)
    factories.make_person()
    factories.make_reason()
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application()), with_key(site).key


def test_the_schema_is_complete_and_without_warnings(capsys):
    schema = ApiClient().get("/api/v1/schema/").json()
    assert capsys.readouterr().err == ""
    assert schema["openapi"].startswith("3.1")
    names = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            names.append(operation["operationId"])
            assert operation["description"].strip(), (path, method)
            assert any(status.startswith("2") for status in operation["responses"]), (path, method)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
    assert len(names) == len(set(names)) > 40


def test_generated_requests_get_only_answers_that_are_declared(api):
    schema, key = api
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    off: list[str] = []
    for result in schema.get_all_operations():
        _try(result.ok(), key, checks, off)
    assert not off, f"{len(off)} answers are not as declared:\n" + "\n".join(off[:12])


def _try(operation, key, checks, off):
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def run(case):
        try:
            case.call_and_validate(headers={"Authorization": f"Api-Key {key}"}, checks=checks)
        except FailureGroup as group:  # collected, so that one run shows them all
            off.extend(f"{operation.label} {case.body}: {str(error)[:1200]}" for error in group.exceptions)

    run()
