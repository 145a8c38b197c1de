"""The admin by role and site: rows of other sites are not there, not to be chosen, and not to be reached by an action."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from mes.access.models import Membership
from mes.masterdata.models import Area, Item, Person, Uom
from tests.factories import make_item, make_person, make_site, make_uom

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client):
    """Plans at P1, and only looks at P2."""
    user = User.objects.create_user("planner", is_staff=True)
    for code, role in (("P1", "PLANNER"), ("P2", "VIEWER")):
        Membership.objects.create(user=user, site=make_site(code=code), role=role)
    make_site(code="P3")
    client.force_login(user)
    return client


def page(name, *args):
    return reverse(f"admin:masterdata_{name}", args=args)


def rows(answer):
    return set(answer.context["cl"].queryset)


def test_only_sites_with_a_role_are_listed(planner):
    mine, seen, hidden = (make_item(site=make_site(code=code)) for code in ("P1", "P2", "P3"))
    assert rows(planner.get(page("item_changelist"))) == {mine, seen}
    assert planner.get(page("item_change", hidden.pk)).status_code == 302


def test_what_one_may_only_look_at_is_not_saved(planner):
    item = make_item(site=make_site(code="P2"), name="Plate")
    assert planner.get(page("item_change", item.pk)).status_code == 200
    assert planner.post(page("item_change", item.pk), {"name": "Hacked"}).status_code == 403
    item.refresh_from_db()
    assert item.name == "Plate"


@pytest.mark.parametrize(("code", "made"), [("P1", 1), ("P2", 0), ("P3", 0)])
def test_a_row_is_made_only_at_a_site_where_one_edits(planner, code, made):
    site = make_site(code=code)
    planner.post(page("area_add"), {"site": site.pk, "code": "H1", "name": "Hall"})
    assert Area.objects.filter(site=site).count() == made


def test_an_action_leaves_alone_what_one_may_only_look_at(planner):
    locked = [make_person(site=make_site(code=code), pin_attempts=5) for code in ("P1", "P2")]
    Membership.objects.filter(role="VIEWER").update(role="QUALITY")  # sees people at P2
    chosen = {"action": "unlock", "_selected_action": [one.pk for one in locked]}
    planner.post(page("person_changelist"), chosen)
    assert [Person.objects.get(pk=one.pk).pin_attempts for one in locked] == [0, 5]


def test_what_belongs_to_no_site_is_kept_by_who_may_everywhere(planner, admin_client):
    uom = make_uom()
    assert planner.get(page("uom_change", uom.pk)).status_code == 200
    assert planner.post(page("uom_change", uom.pk), {"name": "x"}).status_code == 403
    assert admin_client.get(page("uom_add")).status_code == 200
    assert Uom.objects.get(pk=uom.pk).name == "Pieces"


def test_the_history_of_a_row_elsewhere_is_not_shown(planner):
    hidden = make_item(site=make_site(code="P3"))
    assert planner.get(page("item_history", hidden.pk)).status_code in (302, 403, 404)


def test_nobody_without_a_role_sees_anything_though_they_may_enter(client):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    make_item()
    assert client.get(page("item_changelist")).status_code == 403
    assert client.get(reverse("admin:index")).status_code == 200
    assert Item.objects.exists()
