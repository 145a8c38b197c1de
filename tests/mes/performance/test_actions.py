"""What is done about a loss: planned from the stops by reason, with who and until when, and ended by what came of it."""

import uuid

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.urls import reverse

from mes.access.models import Membership
from mes.performance.events import LossActionChanged
from mes.performance.models import LossAction
from tests.factories import make_reason, make_site
from tests.mes.equipment.helpers import make_stop_reason
from tests.mes.performance.conftest import EVENING
from tests.mes.performance.helpers import at, text, vorne_shift

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
PARETO = "/oee/pareto/?site=P1&from=2026-03-02&to=2026-03-02"


def wanted(**given):
    return {
        "site": "P1", "fact": str(uuid.uuid4()), "reason": "TOOL", "what": "Order <harder> inserts", "owned_by": "Tooling",
        "due_on": "2026-03-09",
    } | given  # fmt: skip


def plan(client, **given):
    return client.post(reverse("performance:plan-action"), wanted(**given), follow=True)


def test_an_action_is_planned_from_a_reason_seen_there_and_ended_with_what_came_of_it(lead, published):
    unit = vorne_shift()
    with time_machine.travel(at(480), tick=False):
        page = text(lead.get(PARETO))
        assert "about=TOOL#plan-action" in page and 'id="plan-action">' in page
        form = text(lead.get(PARETO + "&about=TOOL"))
        assert 'id="plan-action" open>' in form and '<option value="TOOL" selected>' in form
        assert f'about_unit={unit.code}#plan-action"' in text(lead.get(PARETO + "&reason=TOOL"))
        sent = wanted(unit=unit.code)
        for _twice in range(2):
            assert lead.post(reverse("performance:plan-action"), sent).status_code == 302
        action = LossAction.objects.get()
        page = text(lead.get(PARETO))
        assert "Order &lt;harder&gt; inserts" in page and "until 9 Mar 2026" in page and ">1 action</a>" in page
        done = reverse("performance:finish-action", args=[action.pk])
        assert "what came of it" in text(lead.post(done, {"outcome": "  "}, follow=True))
        assert "It is done" in text(lead.post(done, {"outcome": "Half the breaks"}, follow=True))
        assert "was done already" in text(lead.post(done, {"outcome": "Again"}, follow=True))
    action.refresh_from_db()
    assert (action.work_unit, action.owned_by, action.outcome, action.done_by) == (
        unit,
        "Tooling",
        "Half the breaks",
        "lead",
    )
    told = [event for event in published if isinstance(event, LossActionChanged)]
    assert [(event.status, event.subject, event.by) for event in told] == [
        ("OPEN", "reason/TOOL", "lead"), ("DONE", "reason/TOOL", "lead"),
    ]  # fmt: skip


def test_what_is_not_done_in_time_needs_attention(lead):
    make_stop_reason("TOOL", site=make_site())
    plan(lead, due_on="2026-03-02")
    assert "Due since" not in text(lead.get("/board/"))
    with time_machine.travel(EVENING.replace(day=3), tick=False):
        assert "Due since 2026-03-02: Order &lt;harder&gt; inserts" in text(lead.get("/board/"))
        assert "due since 2 Mar 2026" in text(lead.get(PARETO))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"what": "  "}, "Say what is to be done"),
        ({"owned_by": ""}, "who sees to it"),
        ({"due_on": "2026-03-01"}, "has passed"),
        ({"due_on": "soon"}, "until which day"),
        ({"due_on": "2026-02-31"}, "until which day"),
        ({"due_on": ""}, "until which day"),
        ({"reason": ""}, "Choose the reason"),
        ({"reason": "BURR"}, "Choose the reason"),
        ({"reason": "x\x00" * 90}, "Choose the reason"),
        ({"unit": "NOWHERE"}, "no work unit NOWHERE"),
    ],
)
def test_an_action_that_says_too_little_is_not_planned(lead, given, words):
    make_stop_reason("TOOL", site=make_site())
    make_reason(site=make_site(), code="BURR")
    assert words in text(plan(lead, **given))
    assert not LossAction.objects.exists()


def test_only_who_may_plans_and_only_at_their_site(client, lead):
    site = make_site()
    make_stop_reason("TOOL", site=site)
    make_site(code="P2")
    assert plan(lead, site="P2").status_code == 404
    plan(lead)
    action = LossAction.objects.get()
    for role, where, status in (("VIEWER", "P1", 403), ("SUPERVISOR", "P2", 404)):
        user = get_user_model().objects.create_user(f"{role}-{where}")
        Membership.objects.create(user=user, site=make_site(code=where), role=role)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert plan(client).status_code == status
        done = client.post(reverse("performance:finish-action", args=[action.pk]), {"outcome": "x"})
        assert done.status_code == status
        if role == "VIEWER":
            page = text(client.get(PARETO))
            assert "Order &lt;harder&gt;" in page and "plan-action" not in page
    assert LossAction.objects.get().done_at is None
