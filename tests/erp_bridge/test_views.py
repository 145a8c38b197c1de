"""The bridge's pages, as people with and without rights see them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from erp_bridge import queries
from erp_bridge.engine import intake, registry, wiring, worker
from erp_bridge.models import Circuit, Connection, FlowState, InboundRow, OutboundMessage
from erp_bridge.sdk import errors
from erp_bridge.sdk.cadence import parse
from erp_bridge.sdk.connector import Refused
from erp_bridge.views import MessagesSection
from mes.access.models import Membership
from mes.masterdata.models import Site
from tests import factories
from tests.erp_bridge.engine import plant
from tests.erp_bridge.engine.conftest import erp, now  # noqa: F401  the pretend ERP and its clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("erp")]


@pytest.fixture
def person(django_user_model):
    """Return a function that makes a person with a role at MAIN."""
    site = factories.make_site(code="MAIN")

    def make(role):
        user = django_user_model.objects.create_user(username=role.lower(), password="x")
        if role:
            Membership.objects.create(user=user, site=site, role=role)
        return user

    return make


@pytest.fixture
def it(client, person):
    client.force_login(person("INTEGRATOR"))
    return client


@pytest.fixture
def refused(erp):  # noqa: F811
    plant.connect()
    FlowState.objects.filter(flow="slow").update(enabled=False)
    wiring.forget()
    message = plant.tell(plant.counted(5))[0]
    erp.script = [errors.Rejected("Order WO1 is closed", code="M7-041")]
    worker.sweep(budget=600)
    return message


def test_without_a_connection_the_page_says_what_to_do(it):
    assert b"No ERP is connected yet" in it.get(reverse("bridge:overview")).content


def test_the_overview_counts_what_needs_a_person_and_says_so_in_a_sentence(it, refused):
    page = it.get(reverse("bridge:overview")).content.decode()
    assert "Connected; 1 message for a person to decide, nothing waits." in page
    assert "state=attention" in page


def test_an_erp_that_is_down_is_said_with_what_waits(it, erp):  # noqa: F811
    plant.connect()
    Connection.objects.update(paused=True, paused_reason="401: wrong password")
    plant.tell(plant.counted(5))
    page = it.get(reverse("bridge:overview")).content.decode()
    assert "Paused: 401: wrong password" in page
    assert "2 messages in the queue" in page


def test_the_live_body_is_the_same_and_then_not_modified(it, refused):
    page = it.get(reverse("bridge:overview"))
    answer = it.get(page.context["live_url"])
    assert b"M7" in answer.content or b"for a person" in answer.content
    assert it.get(page.context["live_url"], headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert it.get(reverse("bridge:live") + "?page=forged").status_code == 401


def test_messages_are_found_by_state_order_and_words(it, refused):
    url = reverse("bridge:messages")
    for query in (
        "",
        "?state=attention",
        "?subject=WO1",
        "?text=closed",
        "?text=M7-041",
        "?flow=counts&connection=erp",
    ):
        assert b"Order WO1 is closed" in it.get(url + query).content, query
    for query in ("?state=DONE", "?subject=WO2", "?before=1", "?text=%00", "?before=99999999999999999999"):
        assert it.get(url + query).status_code == 200, query


def test_a_message_shows_event_document_attempt_and_history(it, refused):
    page = it.get(reverse("bridge:message", args=[refused.pk])).content.decode()
    for words in (
        "&quot;pieces&quot;: &quot;5&quot;",
        "erp_work_order",
        "POST /bookings",
        "Order WO1 is closed",
        "Send again",
    ):
        assert words in page, words


def test_sending_again_dismissing_and_correcting(it, refused, erp):  # noqa: F811
    act = reverse("bridge:message-act", args=[refused.pk])
    assert b"Say why" in it.post(act, {"what": "dismiss", "reason": ""}, follow=True).content
    assert b"not JSON" in it.post(act, {"what": "correct", "event": "{", "reason": "x"}, follow=True).content
    event = reverse("bridge:message", args=[refused.pk])
    copy = it.get(event).context["event"].replace('"5"', '"4"')
    assert (
        b"corrected copy is message"
        in it.post(act, {"what": "correct", "event": copy, "reason": "typo"}, follow=True).content
    )
    worker.sweep(budget=600)
    assert [each.pieces for each in erp.booked()] == [4]
    assert it.post(act, {"what": "retry"}, follow=True).status_code == 200
    assert it.post(act, {"what": "explode"}).status_code == 404


def test_many_at_once(it, refused, erp):  # noqa: F811
    answer = it.post(reverse("bridge:messages-act"), {"message": [refused.pk], "back": "https://evil.example/"})
    assert answer.url == reverse("bridge:messages")
    worker.sweep(budget=600)
    assert len(erp.booked()) == 1


def test_testing_pausing_resuming_and_fetching(it, erp):  # noqa: F811
    plant.connect()
    act = reverse("bridge:connection-act", args=["erp"])
    assert b"Memory 1.0" in it.post(act, {"what": "test"}, follow=True).content
    it.post(act, {"what": "pause", "reason": "stock-taking"})
    assert Connection.objects.get().paused_reason == "Paused by integrator. stock-taking"
    it.post(act, {"what": "resume"})
    assert not Connection.objects.get().paused
    assert b"Parts: nothing new" in it.post(act, {"what": "pull", "flow": "parts"}, follow=True).content
    erp.down = True
    assert b"No connection" in it.post(act, {"what": "test"}, follow=True).content


def test_rows_that_were_set_aside_are_shown_and_can_be_dismissed(it):
    connection = plant.connect()
    intake.receive(connection, "parts", [], message_id="m1", refused=[Refused("P9", "no unit <b>", raw="{}")])
    page = it.get(reverse("bridge:rows")).content
    assert b"no unit &lt;b&gt;" in page
    row = InboundRow.objects.get()
    it.post(reverse("bridge:row-act", args=[row.pk]), {"what": "dismiss", "reason": "obsolete"})
    row.refresh_from_db()
    assert row.state == "DISMISSED"


@pytest.mark.parametrize("role", ["", "OPERATOR"])
def test_who_may_not_look_is_refused(client, person, refused, role):
    client.force_login(person(role or "VIEWER"))
    for url in (reverse("bridge:overview"), reverse("bridge:messages"), reverse("bridge:message", args=[refused.pk])):
        assert client.get(url).status_code == 403


def test_a_supervisor_looks_but_decides_nothing(client, person, refused):
    client.force_login(person("SUPERVISOR"))
    page = client.get(reverse("bridge:message", args=[refused.pk]))
    assert page.status_code == 200
    assert b"Send again" not in page.content
    assert client.post(reverse("bridge:message-act", args=[refused.pk]), {"what": "retry"}).status_code == 403
    assert client.post(reverse("bridge:connection-act", args=["erp"]), {"what": "pause"}).status_code == 403


def test_another_sites_messages_do_not_exist(it):
    plant.connect(site="OTHER")
    message = plant.tell(plant.counted(1, site="OTHER"))[0]
    assert it.get(reverse("bridge:message", args=[message.pk])).status_code == 404
    assert it.post(reverse("bridge:connection-act", args=["erp"]), {"what": "pause"}).status_code == 404
    it.post(reverse("bridge:messages-act"), {"message": [message.pk]})
    assert OutboundMessage.objects.get(pk=message.pk).decisions.count() == 0


def test_in_the_admin_a_connection_is_made_with_settings_and_secrets_never_come_back(admin_client, erp):  # noqa: F811
    factories.make_site(code="MAIN")
    url = reverse("admin:erp_bridge_connection_add")
    flows = {"flows-TOTAL_FORMS": "0", "flows-INITIAL_FORMS": "0"}
    first = {"name": "plant-erp", "label": "ERP", "site": "MAIN", "connector": "memory", "enabled": "on", **flows}
    answer = admin_client.post(url, {**first, "setting_url": "http://127.0.0.1:1", "setting_password": "s3cret-value"})
    assert answer.status_code == 302, answer.context["adminform"].errors
    connection = Connection.objects.get()
    assert connection.settings == {"url": "http://127.0.0.1:1"}
    assert "s3cret" not in connection.secrets
    assert set(connection.flows.values_list("flow", flat=True)) == {"counts", "slow", "finishes", "parts"}
    page = admin_client.get(reverse("admin:erp_bridge_connection_change", args=[connection.pk])).content
    assert b"s3cret" not in page
    assert b"http://127.0.0.1:1" in page


def test_in_the_admin_an_address_in_the_machine_room_is_refused(admin_client, erp):  # noqa: F811
    factories.make_site(code="MAIN")
    flows = {"flows-TOTAL_FORMS": "0", "flows-INITIAL_FORMS": "0"}
    data = {"name": "x", "site": "MAIN", "connector": "memory", "enabled": "on", **flows}
    answer = admin_client.post(
        reverse("admin:erp_bridge_connection_add"), {**data, "setting_url": "http://169.254.169.254/latest/"}
    )
    assert answer.status_code == 200
    assert b"not allowed" in answer.content


def test_in_the_admin_the_connection_is_tested_by_an_action(admin_client, erp):  # noqa: F811
    connection = plant.connect()
    data = {"action": "test_connection", "_selected_action": [connection.pk]}
    answer = admin_client.post(reverse("admin:erp_bridge_connection_changelist"), data, follow=True)
    assert b"Memory 1.0" in answer.content


def test_the_floor_reads_what_the_erp_says_about_a_report(refused, now):  # noqa: F811
    answer = queries.erp_answers([refused.event_id])[refused.event_id][0]
    assert (answer.state, answer.words) == ("rejected", "Order WO1 is closed")
    attention = queries.needs_attention(sites=["MAIN"], now=now() + timedelta(minutes=1))
    assert "1 message (counts) to erp for a person to decide" in attention[0].what


def test_how_often_a_flow_runs_is_said_as_people_say_it(it):
    for text, words in {
        "every 600": "every 10 min", "every 30": "every 30 s", "every 90": "every 90 s", "every 7200": "every 2 h",
        "daily 02:00": "daily at 02:00", "immediate": "at once", "shift_end": "at shift end", "by_hand": "by hand",
    }.items():  # fmt: skip
        assert queries.in_words(parse(text)) == words
    plant.connect()
    FlowState.objects.filter(flow="counts").update(cadence="every 600")
    assert "every 10 min" in it.get(reverse("bridge:overview")).content.decode()


def test_times_are_those_of_the_site(it, refused):
    Site.objects.filter(code="MAIN").update(time_zone="Asia/Kathmandu")
    local = refused.recorded_at.astimezone(ZoneInfo("Asia/Kathmandu"))
    for name, args in (("bridge:message", [refused.pk]), ("bridge:messages", [])):
        assert f"{local:%H:%M:%S}" in it.get(reverse(name, args=args)).content.decode()
    circuit = Circuit.objects.get()
    circuit.state, circuit.open_until = Circuit.State.OPEN, refused.recorded_at
    circuit.save()
    assert f"Next try at {local:%H:%M:%S}." in it.get(reverse("bridge:overview")).content.decode()


def test_what_was_refused_is_a_card_on_the_planners_home(client, person, refused):
    planner = person("PLANNER")
    planner.is_staff = True
    planner.save()
    client.force_login(planner)
    card = client.get("/admin/").context["planner_cards"][-1]
    assert (card["count"], card["words"]) == (1, "1 refused, 0 in doubt, 0 set aside on the way down")
    assert b"state=attention" in client.get(card["url"]).content


def test_an_orders_page_names_what_was_told_as_the_bridge_does(refused):
    order = factories.make_work_order(site=factories.make_site(code="MAIN"), number=refused.stream.key)
    ((message, label),) = MessagesSection().context(order)["messages"]
    assert (message, label) == (refused, registry.flows[refused.flow].label or refused.flow)
