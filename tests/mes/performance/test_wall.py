"""The wall: what machines do, on a screen in the hall, for who may see it and for nobody else."""

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone

from mes.core import live
from mes.masterdata.models import Area, WorkCenter
from mes.performance.views import wall
from mes.terminal import queries, services
from mes.terminal.views.caller import COOKIE
from tests.factories import make_site, make_work_center
from tests.mes.equipment.helpers import stop
from tests.mes.performance.helpers import at, make_shift, text, vorne_shift

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def test_it_shows_the_running_shift_and_what_each_machine_makes_of_it(lead):
    unit = vorne_shift()
    with time_machine.travel(at(479.5), tick=False):
        page = text(lead.get("/wall/P1/"))
    assert unit.code in page and "Running" in page and "Early" in page and "06:00–14:00" in page
    # 419.5 min were planned so far, and a piece takes one second.
    assert "<b>18848</b>/25170" in page and "74.9 %" in page
    assert "Nothing needs attention" in page


def test_what_stands_still_comes_first_unless_the_place_counts(lead):
    unit = vorne_shift()
    other = make_work_center(site=unit.site, code="A-CENTER").work_units.get()
    stop(unit, when=at(470))
    for query, order in (("", [unit.code, other.code]), ("?order=place", sorted([unit.code, other.code]))):
        page = text(lead.get(f"/wall/P1/{query}"))
        assert sorted(order, key=lambda code: page.index(f"<bdi>{code}</bdi>")) == order
    assert "no reason yet" in page


def test_an_area_shows_its_own_machines(lead):
    unit = vorne_shift()
    other = make_work_center(site=unit.site, code="OTHER").work_units.get()
    hall = Area.objects.create(site=unit.site, code="HALL-A", name="Hall A")
    WorkCenter.objects.filter(pk=unit.work_center_id).update(area=hall)
    page = text(lead.get("/wall/P1/HALL-A/"))
    assert unit.code in page and f"<bdi>{other.code}</bdi>" not in page and "Hall A" in page
    assert lead.get("/wall/P1/NOWHERE/").status_code == 404


def test_without_a_run_time_there_is_no_target_and_without_a_shift_no_figure(lead):
    unit = make_work_center(site=make_site()).work_units.get()
    assert "No shift now" in text(lead.get("/wall/P1/"))
    make_shift(unit.site)
    page = text(lead.get("/wall/P1/"))
    assert "no target" in page and "No data" in page and "0 %" not in page


def test_more_machines_than_fit_take_turns_by_the_clock(lead, monkeypatch):
    monkeypatch.setattr(wall, "MOST_TILES", 2)
    codes = [make_work_center(site=make_site(), code=f"M-{n}").work_units.get().code for n in range(3)]
    seen = []
    for _turn in range(2):
        page = text(lead.get("/wall/P1/"))
        seen.append({code for code in codes if f"<bdi>{code}</bdi>" in page})
        with time_machine.travel(timezone.now().timestamp() + wall.SECONDS_PER_PAGE, tick=False):
            page = text(lead.get("/wall/P1/"))
            seen.append({code for code in codes if f"<bdi>{code}</bdi>" in page})
    assert {len(one) for one in seen} == {1, 2} and seen[0] | seen[1] == set(codes)


def test_a_device_of_the_site_shows_it_until_it_is_revoked(client):
    site, other = make_site(), make_site(code="P2")
    made, token = services.enroll(
        code=services.make_code(site=site, work_center=None, name="TV", by="lead", now=timezone.now())[1],
        now=timezone.now(),
    )
    client.cookies[COOKIE] = token
    assert client.get(f"/wall/{site.code}/").status_code == 200
    assert client.get(f"/wall/{other.code}/").status_code == 404
    services.revoke(device_id=made.pk, by="lead", now=timezone.now())
    queries.forget_devices()
    assert client.get(f"/wall/{site.code}/").status_code == 404


def test_who_may_not_see_oee_sees_no_wall(client):
    site = make_site()
    assert client.get(f"/wall/{site.code}/").status_code == 302
    user = get_user_model().objects.create_user("guest", password="x")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/wall/{site.code}/").status_code == 403


def test_it_stays_current_by_asking_again(lead):
    unit = vorne_shift()
    url = text(lead.get("/wall/P1/")).split('data-live="')[1].split('"')[0]
    first = lead.get(url)
    assert lead.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    stop(unit, when=at(400))
    live.forget()
    assert "Stopped" in text(lead.get(url, headers={"If-None-Match": first["ETag"]}))
    assert lead.get("/wall/live?page=forged").status_code == 401
