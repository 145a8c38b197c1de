"""The andon board and answering from it."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mes.access.models import Membership
from mes.andon import services
from mes.andon.models import Call, EscalationStep
from mes.core import live
from tests.factories import make_person, make_site, make_work_center

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()


@pytest.fixture
def sign_in(client):
    def _sign_in(role="SUPERVISOR", site=None):
        user = User.objects.create_user("lead", password="x")
        Membership.objects.create(user=user, site=site or make_site(), role=role)
        client.force_login(user)
        return client

    return _sign_in


@pytest.fixture
def call():
    center, now = make_work_center(code="MILL"), timezone.now()
    return services.raise_call(
        call_id=uuid4(), work_center_id=center.pk, kind="QUALITY", person=make_person(name="Anna"), occurred_at=now,
        now=now, note="Burrs <b>again</b>",
    )  # fmt: skip


def answer(client, call, **given):
    return client.post(f"/andon/calls/{call.pk}/answer", given, follow=True)


def test_a_quiet_board_says_so(sign_in):
    page = sign_in().get("/andon/").content.decode()
    assert "Nobody calls." in page and "No handover yet." in page


def test_the_board_shows_who_calls_for_what(sign_in, call):
    page = sign_in().get("/andon/").content.decode()
    assert "MILL" in page and "Quality" in page and "Anna" in page and "Burrs &lt;b&gt;again" in page


def test_a_call_nobody_answers_is_on_the_supervisor_s_board_and_says_who_was_told(sign_in, call):
    EscalationStep.objects.create(site=call.site, kind="QUALITY", tier=2, after_minutes=0, tells="Shift lead")
    Call.objects.update(note="")
    client = sign_in()
    assert "Nobody has answered; Shift lead was told." in client.get("/board/").content.decode()
    assert "Shift lead was told" in client.get("/andon/").content.decode()


def test_somebody_comes_and_resolves(sign_in, call):
    client = sign_in("QUALITY")
    assert "The floor sees that you come." in answer(client, call, what="acknowledge").content.decode()
    page = answer(client, call, what="resolve", outcome="Deburred, tool changed").content.decode()
    assert "The call is resolved." in page and "Deburred, tool changed" in page


def test_resolving_without_a_word_is_refused(sign_in, call):
    page = answer(sign_in(), call, what="resolve", outcome=" ").content.decode()
    assert "Say in a few words what was done." in page


def test_who_may_not_answer_sees_why(sign_in, call):
    client = sign_in("VIEWER")
    assert "It needs the right “calls:answer”" in client.get(f"/andon/calls/{call.pk}/").content.decode()
    assert "calls:answer" in answer(client, call, what="acknowledge").content.decode()
    call.refresh_from_db()
    assert call.status == "RAISED"


def test_another_site_s_calls_are_not_found(sign_in, call):
    client = sign_in(site=make_site(code="P2"))
    assert client.get(f"/andon/calls/{call.pk}/").status_code == 404
    assert "MILL" not in client.get("/andon/").content.decode()


def test_a_board_that_did_not_change_is_a_304_without_a_query(sign_in, call, django_assert_num_queries):
    client = sign_in()
    url = client.get("/andon/").context["live_url"]
    first = client.get(url)
    with django_assert_num_queries(0):
        again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_the_board_of_another_site_cannot_be_asked_for(client):
    assert client.get("/andon/live?page=P1").status_code == 401


def test_what_is_no_answer_is_not_found(sign_in, call):
    assert answer(sign_in(), call, what="ignore").status_code == 404
