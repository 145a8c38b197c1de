"""What comes down: stored before it is trusted, applied a page at a time, parked until what it waits for is here."""

import json
from datetime import timedelta

import pytest

from erp_bridge.engine import intake, scheduler
from erp_bridge.models import Connection, FlowState, InboundPage, InboundRow
from erp_bridge.sdk import errors
from erp_bridge.sdk.connector import Page, Refused
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata.records import Applied
from tests.erp_bridge.engine.plant import Part, Parts, connect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


class Store:
    """A master data service that keeps parts in memory and lets them refer to each other."""

    def __init__(self):
        self.parts = {}
        self.calls = 0

    def apply(self, records, *, owner):
        self.calls += 1
        done = Applied()
        for record in records:
            if record.name == "refuse":
                raise InvalidInput("Part has no unit.", field="uom")
            if record.name == "explode":
                raise ZeroDivisionError("nobody thought of this")
            if record.made_of and record.made_of not in self.parts:
                done.parked.append((record.number, f"part:{record.made_of}"))
            elif record.number not in self.parts:
                self.parts[record.number] = record
                done.created += 1
            elif self.parts[record.number] != record:
                self.parts[record.number] = record
                done.changed += 1
            else:
                done.unchanged += 1
        return done

    def vanish(self, present, *, owner):
        gone = set(self.parts) - set(present)
        if len(gone) > 2:
            raise DomainError("More than 2 parts would vanish at once.")
        for key in gone:
            del self.parts[key]
        return len(gone)


@pytest.fixture
def store(erp, monkeypatch):
    kept = Store()
    monkeypatch.setattr(Parts, "apply", staticmethod(kept.apply), raising=False)
    monkeypatch.setattr(Parts, "vanish", staticmethod(kept.vanish))
    return kept


def part(number, name="x", made_of=""):
    return Part(number=number, name=name, made_of=made_of)


def pull():
    connect()
    return scheduler.run_now(FlowState.objects.get(flow="parts"))


def again():
    return scheduler.run_now(FlowState.objects.get(flow="parts"))


def cursor():
    return FlowState.objects.get(flow="parts").cursor


def test_pages_are_stored_applied_and_the_cursor_moves_with_them(store, erp):
    erp.pages = [Page([part("A"), part("B")], cursor="1"), Page([part("C")], cursor="2")]
    assert pull() == "Parts: 3 created."
    assert list(store.parts) == ["A", "B", "C"]
    assert cursor() == "2"
    page = InboundPage.objects.order_by("pk").first()
    assert json.loads(page.raw)[0] == {"number": "A", "name": "x", "made_of": ""}
    assert (page.state, page.counts["created"]) == ("APPLIED", 2)


def test_the_last_row_that_comes_twice_is_not_stored_twice(store, erp):
    erp.pages = [Page([part("A")], cursor="1")]
    pull()
    assert again() == "Parts: 1 unchanged."
    assert InboundPage.objects.count() == 1


def test_an_erp_that_fails_in_the_middle_loses_nothing(store, erp):
    erp.pages = [Page([part("A")], cursor="1"), errors.NotSent("gone")]
    assert pull() == "gone"
    state = FlowState.objects.get(flow="parts")
    assert (state.cursor, state.last_error, state.failures) == ("1", "gone", 1)
    erp.pages = [Page([part("A")], cursor="1"), Page([part("B")], cursor="2")]
    again()
    state.refresh_from_db()
    assert (state.cursor, state.last_error, state.failures) == ("2", "", 0)


def test_a_row_that_could_not_be_read_is_set_aside_with_its_reason(store, erp):
    erp.pages = [Page([part("A")], cursor="1", refused=[Refused("B", "quantity is no number", raw="{'q': 'x'}")])]
    pull()
    row = InboundRow.objects.get()
    assert (row.key, row.state, row.reason) == ("B", "REFUSED", "quantity is no number")
    assert "A" in store.parts


@pytest.mark.parametrize(("name", "words"), [("refuse", "no unit"), ("explode", "ZeroDivisionError")])
def test_a_record_that_the_mes_refuses_does_not_hold_the_rest_of_its_page(store, erp, name, words):
    good = [part(f"P{number}") for number in range(7)]
    erp.pages = [Page([*good[:3], part("BAD", name), *good[3:]], cursor="1")]
    pull()
    assert len(store.parts) == 7
    row = InboundRow.objects.get()
    assert row.key == "BAD"
    assert words in row.reason
    assert cursor() == "1"


def test_what_came_too_early_waits_and_is_taken_up_when_the_other_arrives(store, erp):
    erp.pages = [Page([part("CAR", made_of="ENGINE"), part("ENGINE", made_of="BOLT")], cursor="1")]
    pull()
    assert {row.key: row.waits_for for row in InboundRow.objects.all()} == {
        "CAR": "part:ENGINE", "ENGINE": "part:BOLT",
    }  # fmt: skip
    erp.pages = [Page([part("BOLT")], cursor="2")]
    again()
    assert set(store.parts) == {"CAR", "ENGINE", "BOLT"}
    assert set(InboundRow.objects.values_list("state", flat=True)) == {"APPLIED"}


def test_a_newer_version_replaces_the_parked_one(store, erp):
    erp.pages = [Page([part("CAR", "old", made_of="ENGINE")], cursor="1")]
    pull()
    erp.pages = [Page([part("CAR", "new")], cursor="2")]
    again()
    erp.pages = [Page([part("ENGINE")], cursor="3")]
    again()
    assert store.parts["CAR"].name == "new"
    assert InboundRow.objects.get().state == "REPLACED"


def test_a_row_is_tried_again_or_dismissed_by_a_person(store, erp, now):
    erp.pages = [Page([part("CAR", made_of="ENGINE")], cursor="1", refused=[Refused("B", "unreadable")])]
    pull()
    parked, refused = InboundRow.objects.order_by("-state", "pk")
    store.parts["ENGINE"] = part("ENGINE")
    parked, refused = InboundRow.objects.get(key="CAR"), InboundRow.objects.get(key="B")
    assert intake.retry_row(row_id=parked.pk).state == "APPLIED"
    with pytest.raises(InvalidInput):
        intake.retry_row(row_id=refused.pk)
    with pytest.raises(InvalidInput):
        intake.dismiss_row(row_id=refused.pk, reason="", now=now())
    intake.dismiss_row(row_id=refused.pk, reason="obsolete", now=now())
    refused.refresh_from_db()
    assert (refused.state, refused.reason) == ("DISMISSED", "unreadable\nDismissed: obsolete")


class TestWhatIsPushed:
    def test_the_same_message_has_one_effect_and_one_answer(self, store, erp):
        connection = connect()
        first, repeated = intake.receive(connection, "parts", [part("A")], message_id="m1")
        assert (first["created"], repeated) == (1, False)
        assert intake.receive(connection, "parts", [part("A")], message_id="m1") == (first, True)
        assert store.calls == 1

    def test_the_same_id_with_other_content_is_refused(self, store, erp):
        connection = connect()
        intake.receive(connection, "parts", [part("A")], message_id="m1")
        with pytest.raises(intake.SameIdOtherContent):
            intake.receive(connection, "parts", [part("B")], message_id="m1")

    def test_a_flow_that_does_not_come_down_is_not_found(self, store, erp):
        with pytest.raises(NotFound, match="parts"):
            intake.receive(connect(), "counts", [], message_id="m1")


class TestComparison:
    def test_what_the_erp_no_longer_has_is_let_go(self, store, erp):
        erp.pages = [Page([part("A"), part("B")], cursor="1")]
        pull()
        erp.keys = ["A"]
        state = FlowState.objects.get(flow="parts")
        assert scheduler.run_now(state, compare=True).endswith("1 gone.")
        assert list(store.parts) == ["A"]
        state.refresh_from_db()
        assert state.compare_due_at > scheduler.clock.now()

    def test_a_half_read_list_deletes_nothing(self, store, erp):
        erp.pages = [Page([part(name) for name in "ABCD"], cursor="1")]
        pull()
        erp.keys = []
        assert "vanish at once" in scheduler.run_now(FlowState.objects.get(flow="parts"), compare=True)
        assert len(store.parts) == 4
        assert "vanish at once" in FlowState.objects.get(flow="parts").last_error


class TestSchedule:
    def test_a_fresh_connection_is_pulled_at_once_then_with_its_cadence(self, store, erp, now):
        connect()
        assert scheduler.run_due(down=True) == 1
        assert scheduler.run_due(down=True) == 0
        assert FlowState.objects.get(flow="parts").due_at == now() + timedelta(minutes=15)
        now.forward(timedelta(minutes=15))
        assert scheduler.run_due(down=True) == 1

    def test_one_worker_runs_a_flow_at_a_time(self, store, erp, now):
        connect()
        state = FlowState.objects.get(flow="parts")
        FlowState.objects.filter(pk=state.pk).update(due_at=now())
        assert scheduler.FlowRun.claim(state.pk, now=now())
        assert scheduler.FlowRun.claim(state.pk, now=now()) is None
        with pytest.raises(DomainError, match="running already"):
            scheduler.run_now(state)
        now.forward(timedelta(minutes=11))
        assert scheduler.FlowRun.claim(state.pk, now=now()), "a run whose worker vanished is taken over"

    def test_a_run_that_lost_its_lease_stops(self, store, erp, now):
        connect()
        state = FlowState.objects.get(flow="parts")
        FlowState.objects.filter(pk=state.pk).update(due_at=now())
        run = scheduler.FlowRun.claim(state.pk, now=now())
        now.forward(timedelta(minutes=11))
        scheduler.FlowRun.claim(state.pk, now=now())
        with pytest.raises(scheduler.RunLost):
            run.still_mine()

    def test_wrong_credentials_pause_the_connection(self, store, erp):
        erp.pages = [errors.Misconfigured("401")]
        pull()
        assert Connection.objects.get().paused
        assert scheduler.run_due(down=True) == 0

    def test_a_flow_that_fails_is_tried_again_sooner_than_its_cadence(self, store, erp, now):
        erp.pages = [errors.Busy("closing")]
        pull()
        assert FlowState.objects.get(flow="parts").due_at <= now() + timedelta(seconds=10)

    def test_a_flow_by_hand_is_never_due(self, store, erp):
        connect()
        FlowState.objects.filter(flow="parts").update(cadence="by_hand")
        assert scheduler.run_due(down=True) == 0
