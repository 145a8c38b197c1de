"""What people paste into forms by mistake: every field of every form of the admin, and its searches."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse

from tests import access_matrix, factories

pytestmark = pytest.mark.django_db

HOSTILE = {
    "empty": "", "blank": "   ", "negative": "-5", "zero": "0", "huge": "9" * 40, "letters": "abc", "not a number": "NaN",
    "exponent": "1e400", "NUL": "a\x00b", "emoji": "\N{HAMMER}", "markup": "<script>", "long": "x" * 20_000,
}  # fmt: skip
FORMS = sorted(model._meta.label_lower for model in admin.site._registry)


@pytest.fixture
def planner(client):
    client.force_login(get_user_model().objects.create_superuser("planner", password="x"))
    return client


@pytest.fixture
def plant():
    order = factories.make_work_order(number="WO-1", status="PLANNED")
    factories.make_reason(site=order.site)
    factories.make_person(site=order.site)
    factories.make_bom(item=order.item, lines=[(factories.make_item(site=order.site), 1)])
    factories.make_routing(item=order.item)
    factories.make_lot(item=factories.make_item(site=order.site, lot_tracked=True))
    return order


def filled(page):
    """Return what a browser would send if a person pressed Save at once, and the fields that a person types into."""
    forms = [page.context["adminform"].form]
    forms += [
        part
        for inline in page.context["inline_admin_formsets"]
        for part in (inline.formset.management_form, *inline.formset.forms)
    ]
    sent = {}
    for form in forms:
        for field in form:
            value = field.value()
            sent[field.html_name] = "" if value is None or value is False else value
    typed = [field.html_name for field in forms[0] if not hasattr(field.field, "choices")]
    return sent, typed


@pytest.mark.parametrize("label", FORMS)
@pytest.mark.parametrize("what", ["add", "change"])
def test_no_field_of_the_admin_takes_the_page_down(planner, plant, label, what):
    name = label.replace(".", "_")
    if what == "change":
        row = admin.site._registry[
            next(m for m in admin.site._registry if m._meta.label_lower == label)
        ].model.objects.first()
        if row is None:
            pytest.skip("there is none to change in this plant")
        address = reverse(f"admin:{name}_change", args=[row.pk])
    else:
        address = reverse(f"admin:{name}_add")
    page = planner.get(address)
    if page.status_code == 403 or "adminform" not in (page.context or {}):
        pytest.skip("made by services only")
    usual, fields = filled(page)
    for kind, text in HOSTILE.items():
        answer = planner.post(address, usual | dict.fromkeys(fields, text))
        assert answer.status_code in (200, 302, 400, 403), kind


@pytest.mark.parametrize("label", FORMS)
def test_no_list_of_the_admin_that_is_sent_what_it_does_not_offer_takes_the_page_down(planner, plant, label):
    address = reverse(f"admin:{label.replace('.', '_')}_add")
    page = planner.get(address)
    if page.status_code == 403 or "adminform" not in (page.context or {}):
        pytest.skip("made by services only")
    form = page.context["adminform"].form
    usual, _ = filled(page)
    lists = [field.html_name for field in form if hasattr(field.field, "choices")]
    for kind in ("letters", "NUL", "markup"):
        answer = planner.post(address, usual | dict.fromkeys(lists, HOSTILE[kind]))
        assert answer.status_code in (200, 400), kind
        if answer.status_code == 200 and lists and kind == "letters":
            errors = answer.context["adminform"].form.errors
            assert any(name in errors for name in lists), errors


TOO_MUCH = "99999999999999999999"
"""A whole number that no database has a column for."""


def of(label):
    return next(page for model, page in admin.site._registry.items() if model._meta.label_lower == label)


@pytest.mark.parametrize("label", FORMS)
def test_no_number_beyond_every_column_takes_a_form_down(planner, plant, label):
    """Where a list, a multi-select, an inline or a typed field is sent it, the form comes back and says so."""
    address = reverse(f"admin:{label.replace('.', '_')}_add")
    page = planner.get(address)
    if page.status_code == 403 or "adminform" not in (page.context or {}):
        pytest.skip("made by services only")
    usual, typed = filled(page)
    offered = [field.html_name for field in page.context["adminform"].form if hasattr(field.field, "choices")]
    for sent in (
        usual | dict.fromkeys(typed, TOO_MUCH),
        usual | dict.fromkeys(offered, TOO_MUCH),
        usual | dict.fromkeys(offered, [TOO_MUCH, "1"]),
    ):
        answer = planner.post(address, sent)
        assert answer.status_code in (200, 302, 400), sent


@pytest.mark.parametrize("label", FORMS)
def test_no_number_beyond_every_column_takes_a_list_down(planner, plant, label):
    """As a page, an order, a filter, what an action is for, or as the address of a row."""
    page, name = of(label), label.replace(".", "_")
    address = reverse(f"admin:{name}_changelist")
    listed = planner.get(address)
    if listed.status_code == 403:
        pytest.skip("not shown")
    filters = [spec for spec in listed.context["cl"].filter_specs]
    expected = [each for spec in filters for each in spec.expected_parameters() if each]
    related = [f"{one.name}__in" for one in page.model._meta.fields if one.is_relation]
    for asked in dict.fromkeys(["id", "id__in", "p", "o", *expected, *related[:2]]):
        assert planner.get(address, {asked: TOO_MUCH}).status_code in (200, 302, 400), asked
    for action in page.get_actions(listed.wsgi_request):
        for sent in ([TOO_MUCH], ["1", TOO_MUCH]):
            answer = planner.post(address, {"action": action, "_selected_action": sent, "index": TOO_MUCH})
            assert answer.status_code in (200, 302, 400), action
    for what in ("change", "delete", "history"):
        answer = planner.get(reverse(f"admin:{name}_{what}", args=[TOO_MUCH]))
        assert answer.status_code in (302, 403, 404), what


def test_no_number_beyond_every_column_takes_a_lookup_of_the_admin_down(planner, plant):
    for model in admin.site._registry:
        for field in model._meta.fields + model._meta.many_to_many:
            asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            for more in ({"page": TOO_MUCH}, {"term": TOO_MUCH}) if field.is_relation else ():
                answer = planner.get(reverse("admin:autocomplete"), asked | more)
                assert answer.status_code in (200, 403, 404), asked
    for place in ((TOO_MUCH, "1"), ("1", TOO_MUCH)):
        assert planner.get(reverse("admin:view_on_site", args=place)).status_code in (302, 404)


@pytest.mark.parametrize("label", FORMS)
def test_no_search_and_no_filter_of_the_admin_takes_the_page_down(planner, plant, label):
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    for kind in ("NUL", "emoji", "huge"):
        for query in ({"q": HOSTILE[kind]}, {"o": HOSTILE[kind], "site__id__exact": HOSTILE[kind]}):
            assert planner.get(address, query).status_code in (200, 302, 400), query


ASKED = (
    "site", "day", "first", "last", "from", "to", "job", "page", "item", "lot", "number", "q", "work_center", "work_unit",
    "limit", "kind", "state", "code", "ids", "connection", "form", "report", "person", "reason", "quantity", "note",
)  # fmt: skip
"""What pages are asked for, or sent, by these names."""
PAGES = [
    route
    for route, _view in access_matrix.routes()
    if "<" not in route and not route.startswith(("admin/", "api/", "login", "logout"))
]


@pytest.mark.parametrize("route", PAGES)
def test_no_query_and_no_form_takes_a_page_down(planner, plant, route):
    for text in (HOSTILE["NUL"], HOSTILE["huge"], "0001-01-01", "9999-12-31", "\N{SUPERSCRIPT TWO}", HOSTILE["emoji"]):
        sent = dict.fromkeys(ASKED, text)
        for asked in (planner.get(f"/{route}", sent), planner.post(f"/{route}", sent)):
            assert asked.status_code < 500, text


@pytest.mark.parametrize("text", ["NUL", "huge"])
def test_what_no_column_holds_is_a_400_in_the_form_of_a_page(planner, plant, text):
    """What PostgreSQL refuses to compare, as SQLite does huge numbers; the other of the two finds nothing."""
    answer = planner.get("/sheets/reasons", {"site": HOSTILE[text]})
    assert answer.status_code == (400 if text == "NUL" and connection.vendor == "postgresql" else 200)
