"""What hostile or mistaken callers send, and the plain problem that each of them gets (reliability (e), R1 to R43)."""

import uuid
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.urls import reverse

from mes.core.actor import current_actor
from mes.core.api.index import SchemaView
from mes.execution.models import WorkOrder
from tests import factories
from tests.api.callers import ApiClient, problem, with_key, with_role

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/work-orders"
REPORTS = "/api/v1/reports"


@pytest.fixture
def site():
    return factories.make_site()


@pytest.fixture
def client(site):
    return with_key(site)


def order(**given):
    return {
        "site": "P1", "number": "WO-1", "item": "ITEM-X", "order_quantity": "10", "uom": "pcs",
    } | given  # fmt: skip


def report(**given):
    return {
        "report_id": str(uuid.uuid4()), "work_order": "WO-1", "operation": "10", "good_quantity": "1",
    } | given  # fmt: skip


def text(**fields):
    """Return an order's JSON with some values spelled as given."""
    base = order()
    parts = [f'"{name}": "{value}"' for name, value in base.items() if name not in fields]
    return ("{" + ", ".join(parts + [f'"{name}": {value}' for name, value in fields.items()]) + "}").encode()


def test_r1_without_or_with_unknown_credentials(client):
    answer = ApiClient().get(ORDERS)
    problem(answer, 401, "auth_missing")
    assert answer.headers["WWW-Authenticate"].startswith("Api-Key")
    for header in (
        "Api-Key mes_00000000." + "A" * 43,
        "Api-Key short",
        "Bearer " + "x" * 50,
        "Api-Key mes_\x00",
        "Basic YTpi",
        "Api-Key " + "x" * 100_000,
    ):
        answer = ApiClient(headers={"Authorization": header}).get(ORDERS)
        problem(answer, 401, "auth_invalid")
        assert answer.headers["WWW-Authenticate"].startswith("Api-Key")


def test_r3_a_key_without_the_right_reads_which_right_it_lacks(site):
    body = problem(with_key(site, "orders:read").send("POST", ORDERS, order()), 403, "scope_missing")
    assert "orders:plan" in body["detail"]


def test_r4_an_object_of_another_site_is_not_found(client):
    other = factories.make_work_order(site=factories.make_site(code="P2"))
    problem(client.get(f"{ORDERS}/{other.pk}"), 404, "not_found")
    problem(client.send("POST", f"{ORDERS}/{other.pk}/hold", {"note": "x"}), 404, "not_found")
    problem(client.send("POST", ORDERS, order(site="P2")), 404, "not_found")
    assert client.get(ORDERS).json()["items"] == []
    assert client.get(ORDERS + "?site=P2").json()["items"] == []


def test_r5_a_fact_without_an_id_is_refused(client):
    factories.make_work_order(number="WO-1")
    body = report()
    del body["report_id"]
    problem(client.send("POST", REPORTS, body), 400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["x" * 10_000, "a b c d e f g h", "short", "äääääääää", "a\x00bcdefgh"])
def test_r9_an_idempotency_key_of_the_wrong_form_is_refused(client, key):
    factories.make_work_order(number="WO-1")
    body = report()
    del body["report_id"]
    problem(client.send("POST", REPORTS, body, Idempotency_Key=key), 400, "idempotency_key_format")


@pytest.mark.parametrize(
    "raw, status, code",
    [
        pytest.param(b"", 400, "body_empty", id="R10 empty"),
        pytest.param(b"   \n ", 400, "body_empty", id="R10 blank"),
        pytest.param(b"{", 400, "json_parse", id="R11 cut off"),
        pytest.param(b"hello", 400, "json_parse", id="R11 not JSON"),
        pytest.param(b"\xef\xbb\xbf" + text(), 400, "json_parse", id="R11 BOM"),
        pytest.param(text().decode().encode("utf-16"), 400, "json_parse", id="R11 UTF-16"),
        pytest.param(
            text(reference='"Gr\u00f6\u00dfe"').decode().encode("latin-1"), 400, "json_parse", id="R11 Latin-1"
        ),
        pytest.param(b"[1]", 400, "type_invalid", id="a list"),
        pytest.param(b"null", 400, "type_invalid", id="null"),
        pytest.param(b'"text"', 400, "type_invalid", id="a text"),
        pytest.param(b"{'a': 1}", 400, "json_parse", id="single quotes"),
        pytest.param(b'{"a": 1,}', 400, "json_parse", id="comma too many"),
        pytest.param(text() + b"x", 400, "json_parse", id="rest behind"),
        pytest.param(
            b'{"order_quantity": "1", "order_quantity": "100"}', 400, "json_duplicate_key", id="R12 a name twice"
        ),
        pytest.param(text(oder_quantity='"1"'), 400, "unknown_field", id="R13 unknown field"),
        pytest.param(text(id="5"), 400, "field_not_writable", id="R14 id"),
        pytest.param(text(held="true"), 400, "field_not_writable", id="R14 held"),
        pytest.param(text(created_by='"me"'), 400, "field_not_writable", id="R14 created_by"),
        pytest.param(text(is_superuser="true"), 400, "unknown_field", id="T11 is_superuser"),
        pytest.param(b"[" * 100_000, 400, "json_too_deep", id="R15 100k deep"),
        pytest.param(b'{"a":' * 40 + b"1" + b"}" * 40, 400, "json_too_deep", id="R15 40 deep"),
        pytest.param(text(reference='"a\\u0000b"'), 400, "text_invalid", id="R16 NUL"),
        pytest.param(text(reference='"a\x00b"'), 400, "json_parse", id="R16 raw NUL"),
        pytest.param(text(reference='"\\ud800"'), 400, "text_invalid", id="R17 lone surrogate"),
        pytest.param(b'{"\\ud800": 1}', 400, "text_invalid", id="R17 surrogate as a name"),
        pytest.param(text(priority="2147483648"), 400, "out_of_range", id="R18 2^31"),
        pytest.param(text(priority="9" * 5000), 400, "json_parse", id="R19 5,000 digits"),
        pytest.param(text(order_quantity="NaN"), 400, "number_invalid", id="R20 NaN"),
        pytest.param(text(order_quantity="-Infinity"), 400, "number_invalid", id="R20 Infinity"),
        pytest.param(text(order_quantity="1e400"), 400, "number_invalid", id="R20 1e400"),
        pytest.param(text(order_quantity="1e-400"), 400, "number_invalid", id="R20 1e-400"),
        pytest.param(text(order_quantity='"NaN"'), 400, "type_invalid", id="R20 NaN as text"),
        pytest.param(text(order_quantity='"1,5"'), 400, "type_invalid", id="R21 comma"),
        pytest.param(text(order_quantity='" 12 "'), 400, "type_invalid", id="R21 blanks"),
        pytest.param(text(order_quantity='"\u0661\u0662"'), 400, "type_invalid", id="R21 Arabic-Indic digits"),
        pytest.param(text(order_quantity='"1e3"'), 400, "type_invalid", id="R21 exponent as text"),
        pytest.param(text(order_quantity='"0x10"'), 400, "type_invalid", id="R21 hexadecimal"),
        pytest.param(text(order_quantity='""'), 400, "type_invalid", id="R21 empty text"),
        pytest.param(text(order_quantity="true"), 400, "type_invalid", id="R21 true"),
        pytest.param(text(order_quantity="[1]"), 400, "type_invalid", id="R21 list"),
        pytest.param(text(order_quantity="null"), 400, "null", id="R21 null"),
        pytest.param(text(priority="1.0"), 400, "type_invalid", id="R21 1.0 for a whole number"),
        pytest.param(text(priority='"5"'), 400, "type_invalid", id="R21 text for a whole number"),
        pytest.param(text(priority="true"), 400, "type_invalid", id="R21 true for a whole number"),
        pytest.param(text(number="5"), 400, "type_invalid", id="R21 number for a text"),
        pytest.param(text(order_quantity='"1.1234567"'), 400, "precision", id="R22 7 places"),
        pytest.param(text(order_quantity="0"), 400, "min_value", id="zero"),
        pytest.param(text(order_quantity='"-0"'), 400, "min_value", id="R22 -0 is 0"),
        pytest.param(text(order_quantity='"-5"'), 400, "min_value", id="negative"),
        pytest.param(text(order_quantity='"1234567890123"'), 400, "out_of_range", id="13 digits"),
        pytest.param(text(due_at='"2026-03-01T10:00:00"'), 400, "time_zone_missing", id="R23 naive"),
        pytest.param(text(due_at='"2026-03-01"'), 400, "time_zone_missing", id="R23 date only"),
        pytest.param(text(due_at='"0001-01-01T00:00:00+14:00"'), 400, "time_invalid", id="R24 year 1"),
        pytest.param(text(due_at='"9999-12-31T23:59:59-12:00"'), 400, "time_invalid", id="R24 year 9999"),
        pytest.param(text(due_at='"2026-03-01T24:00:00Z"'), 400, "time_invalid", id="R24 24:00"),
        pytest.param(text(due_at='"2026-03-01T10:00:60Z"'), 400, "time_invalid", id="R24 :60"),
        pytest.param(text(due_at='"2026-02-30T10:00:00Z"'), 400, "time_invalid", id="30 February"),
        pytest.param(text(due_at='"2026-03-01T10:00:00+99:00"'), 400, "time_invalid", id="offset 99 h"),
        pytest.param(text(due_at="1772000000"), 400, "type_invalid", id="epoch seconds"),
        pytest.param(text(number='"WO\u202e1"'), 400, "text_control", id="W30 right-to-left override"),
        pytest.param(text(number='"WO\u200b1"'), 400, "text_control", id="W30 zero width"),
        pytest.param(text(number='"WO\\n1"'), 400, "text_control", id="line break in a number"),
        pytest.param(text(number='" WO-1"'), 400, "code_blanks", id="blank in front"),
        pytest.param(text(number='""'), 400, "blank", id="empty number"),
        pytest.param(text(number=f'"{"x" * 65}"'), 400, "too_long", id="65 characters"),
        pytest.param(text(reference=f'"{"x" * 201}"'), 400, "too_long", id="long reference"),
        pytest.param(text(status='"RUNNING"'), 400, "choice_unknown", id="a status that cannot be asked for"),
        pytest.param(text(reference=f'"{"x" * 3_000_000}"'), 413, "body_too_large", id="R28 3 MB"),
    ],
)
def test_a_body_that_cannot_be_right(client, raw, status, code):
    body = problem(client.send("POST", ORDERS, raw=raw), status, code)
    assert len(body["detail"]) < 800
    assert not WorkOrder.objects.exists()


@pytest.mark.parametrize("word", ["", ",", "PLANNED,RELEASED", "planned", [], {}, None, 1, True])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/work-orders", "status"), ("/operations/{operation}/start", "activity"), ("/calls", "kind"), ("/split-policies", "policy"),
        ("/labor/clock-on", "activity"), ("/nonconformances/1/dispositions", "kind"), ("/nonconformances", "hold"),
    ],
)  # fmt: skip
def test_where_one_word_is_chosen_none_two_and_others_are_refused(client, site, path, name, word):
    operation = factories.make_work_order(number="WO-7").operations.first()
    body = {name: word} | ({"status": word, **order(status=word)} if name == "status" else {})
    answer = client.send("POST", "/api/v1" + path.format(operation=operation.pk), body)
    if answer.status_code != 404:
        errors = {error["pointer"] for error in problem(answer, 400)["errors"]}
        assert f"/{name}" in errors or (name, word) == ("hold", ""), answer.json()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "9999-99-99", "", "x"])
@pytest.mark.parametrize("path", ["oee?first={}", "oee?last={}", "labor/sums?day={}", "labor/attendance?day={}"])
def test_a_day_at_the_end_of_time_is_no_fault_of_ours(client, path, day):
    assert client.get("/api/v1/" + path.format(day)).status_code in (200, 400, 404, 422)


def test_the_schema_is_written_for_one_caller_at_a_time():
    """The first two who asked a new process at once tripped over each other in it."""
    seen = []

    def watched(self, **given):
        seen.append(SchemaView.one_at_a_time.locked())
        return {}

    with patch("drf_spectacular.generators.SchemaGenerator.get_schema", watched):
        assert ApiClient().get("/api/v1/schema/").status_code == 200
    assert seen == [True] and not SchemaView.one_at_a_time.locked()


def test_r10_a_default_does_not_stand_in_for_an_empty_body(client):
    wo = factories.make_work_order(number="WO-1")
    assert client.send("POST", f"{ORDERS}/{wo.pk}/issues").status_code == 400


def test_r13_a_typing_error_is_answered_with_what_was_probably_meant(client):
    body = problem(client.send("POST", ORDERS, order(oder_quantity="1")), 400, "unknown_field")
    assert body["errors"] == [
        {"pointer": "/oder_quantity", "code": "unknown_field", "detail": body["errors"][0]["detail"]}
    ]
    assert "Did you mean order_quantity?" in body["detail"]


def test_every_wrong_field_is_named_with_a_pointer(client):
    body = problem(
        client.send(
            "POST", REPORTS, report(good_quantity="x", scrap=[{"quantity": "1", "reason": "A"}, {"quantity": "?"}])
        ),
        400,
        "input_invalid",
    )
    assert {error["pointer"]: error["code"] for error in body["errors"]} == {
        "/good_quantity": "type_invalid",
        "/scrap/1/quantity": "type_invalid",
        "/scrap/1/reason": "required",
    }


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
def test_r29_a_body_of_another_type_is_refused(client, content_type):
    problem(client.send("POST", ORDERS, order(), content_type=content_type), 415, "media_type_unsupported")


def test_r29_the_answer_says_which_type_is_understood(client):
    answer = client.send("POST", ORDERS, order(), content_type="application/xml")
    assert "application/json" in answer.json()["detail"]


def test_an_order_for_half_a_piece_is_refused(client):
    factories.make_item(site=factories.make_site(), number="ITEM-X")
    body = problem(client.send("POST", ORDERS, order(order_quantity="10.5")), 422, "qty_precision")
    assert "whole numbers" in body["detail"]
    assert not WorkOrder.objects.exists()


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "x" * 500])
def test_r29_another_charset_is_refused(client, charset):
    answer = client.send("POST", ORDERS, order(), content_type=f"application/json; charset={charset}")
    problem(answer, 415, "media_type_unsupported")


def test_r30_an_answer_in_xml_is_not_to_be_had(client):
    problem(client.get(ORDERS, headers={"Accept": "application/xml"}), 406, "not_acceptable")


def test_r31_a_fact_cannot_be_changed_and_the_answer_says_what_can(client):
    answer = client.send("PUT", f"{REPORTS}/{uuid.uuid4()}", {})
    assert "reversal" in problem(answer, 405, "method_not_allowed")["detail"]
    assert answer.headers["Allow"]
    for method in ("PUT", "PATCH", "DELETE"):
        problem(client.send(method, REPORTS, {}), 405, "method_not_allowed")


def test_r33_a_command_on_an_unknown_order_is_refused(client):
    problem(client.send("POST", REPORTS, report(work_order="WO-?")), 422, "wo_unknown")
    factories.make_work_order(number="WO-1")
    problem(client.send("POST", REPORTS, report(operation="999")), 422, "operation_unknown")


@pytest.mark.parametrize(
    "query, code",
    {
        "ordering=password": "filter_unknown",
        "site__secret__gt=1": "filter_unknown",
        "format=xml": "filter_unknown",
        "stauts=RUNNING": "filter_unknown",
        "status=RUNNING&status=PLANNED": "filter_repeated",
        "status=NOPE": "choice_unknown",
        "held=1": "type_invalid",
        "created_since=2026-03-01": "time_zone_missing",
        "limit=0": "page_invalid",
        "limit=-1": "page_invalid",
        "limit=x": "page_invalid",
        "limit=" + "9" * 400: "page_invalid",
        "cursor=xxx": "page_invalid",
        "cursor=WzAsW251bGwsbnVsbF1d": "page_invalid",
        "cursor=W1tbW1tb": "page_invalid",
        "cursor=" + "A" * 3000: "page_invalid",
        "number=%00": "text_invalid",
        "number=%E2%80%AE": "text_control",
    }.items(),
)
def test_r35_and_r36_a_query_that_cannot_be_right(client, query, code):
    problem(client.get(f"{ORDERS}?{query}"), 400, code)


def test_r36_the_limit_is_capped(client):
    assert client.get(ORDERS + "?limit=1000000").status_code == 200


def test_a_query_string_of_thousands_of_parts_is_refused(client):
    problem(client.get(ORDERS + "?" + "&" * 2000), 400)
    problem(client.get(ORDERS + "?" + "x" * 5000), 400)


def test_r37_who_asks_too_often_waits_and_others_do_not(site, settings):
    settings.LINESIDE_API_RATE = 3
    one, other = with_key(site), with_key(site)
    assert [one.get(ORDERS).status_code for _ in range(3)] == [200] * 3
    answer = one.get(ORDERS)
    problem(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) >= 1
    assert other.get(ORDERS).status_code == 200


@pytest.mark.parametrize(
    "given", ["x", "a" * 2_000_000, "abc\r\nSet-Cookie: a=b", "\x1b[31mred-alert", "id with blanks"]
)
def test_r40_a_forged_request_id_is_replaced(client, given):
    answer = client.get(ORDERS, headers={"X-Request-ID": given})
    assert answer.status_code == 200
    assert uuid.UUID(answer.headers["X-Request-ID"])


def test_a_harmless_request_id_is_kept(client):
    assert client.get(ORDERS, headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1//work-orders", "/api/v1/%2e%2e/admin", "/api/v1/work-orders/%00", "/api/v1/work-orders/1%00",
        "/api/v1/work-orders/", "/api/v1/nothing", "/api/", "/api/v1/work-orders/-1", "/api/v1/work-orders/1e3",
        "/api/v1/work-orders/" + "9" * 30, "/api/v1/reports/not-a-uuid", "/api/v1/%ff%fe", "/api/v1/work-orders/1/nothing",
        "/api/v2/work-orders",
    ],
)  # fmt: skip
def test_r41_an_address_where_nothing_is(client, path):
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "FOO", "CONNECT"])
def test_r42_a_method_that_is_not_offered(client, method):
    answer = client.generic(method, ORDERS)
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_r43_a_database_that_does_not_answer_is_not_the_callers_fault(client):
    with patch("mes.execution.api.orders.services.create_work_order", side_effect=OperationalError("locked")):
        answer = client.send("POST", ORDERS, order())
    problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]


def test_a_fault_of_ours_tells_nothing_about_our_insides(client):
    with patch("mes.execution.api.orders.services.create_work_order", side_effect=ZeroDivisionError("secret/path.py")):
        answer = client.send("POST", ORDERS, order())
    problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content and b"ZeroDivision" not in answer.content


def test_an_unknown_host_is_a_problem_too(client, settings):
    settings.ALLOWED_HOSTS = ["mes.example"]
    problem(client.get(ORDERS, headers={"Host": "evil.example"}), 400, "bad_request")


def test_t23_a_signed_in_person_needs_the_pages_token_to_change_something(site):
    person = with_role(site, "PLANNER", csrf=True)
    assert person.get(ORDERS).status_code == 200
    problem(person.send("POST", ORDERS, order()), 403)
    assert not WorkOrder.objects.exists()


def test_who_acted_in_one_request_does_not_act_in_what_the_thread_does_next(client):
    assert client.get(ORDERS).status_code == 200
    assert current_actor() == ""


def test_every_answer_forbids_caching_and_carries_its_id(client):
    answer = client.get(ORDERS)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"]


def test_the_index_the_problems_the_schema_and_the_docs_are_open(client):
    open_to_all = ApiClient()
    assert "/api/v1/work-orders" in open_to_all.get("/api/v1/").json()["resources"]
    codes = {each["code"] for each in open_to_all.get("/api/v1/problems").json()["items"]}
    assert {"json_duplicate_key", "not_found", "wo_unknown", "idempotency_key_reused"} <= codes
    page = open_to_all.get(reverse("api-docs")).content.decode()
    assert "http://" not in page.replace("http://testserver", "") and "https://" not in page
    schema = open_to_all.get("/api/v1/schema/").json()
    created = schema["paths"]["/api/v1/reports"]["post"]
    assert created["x-right"] == "reports:write"
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "429", "500", "503"} <= set(created["responses"])


def test_health_asks_nothing_and_readiness_asks_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ApiClient().get("/healthz").status_code == 200
    assert ApiClient().get("/readyz").json()["status"] == "ok"
    with patch("mes.core.api.health.connection.cursor", side_effect=OperationalError):
        answer = ApiClient().get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["database"] != "ok"
