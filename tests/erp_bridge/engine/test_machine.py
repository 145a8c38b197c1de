"""The outbox against a model of what it promises, by thousands of small histories that hypothesis invents."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from erp_bridge.engine import circuit, clock, connections, decisions, delivery, drain, points, wiring, worker
from erp_bridge.models import Connection, FlowState, OutboundMessage, Stream
from erp_bridge.sdk import errors
from tests.erp_bridge.engine import plant
from tests.erp_bridge.engine.conftest import Clock

SUBJECTS = ("A", "B")
SETTLED = ("DONE", "SUPERSEDED", "DISCARDED")
FAILURES = {
    "lost": lambda: "lost",
    "unknown": lambda: errors.OutcomeUnknown("reset"),
    "contract": lambda: errors.BrokenContract("what is this"),
    "not sent": lambda: errors.NotSent("refused"),
    "busy": lambda: errors.Busy("later", retry_after=30),
    "not ready": lambda: errors.NotReady("in draft", retry_after=60),
    "rejected": lambda: errors.Rejected("no", code="E1"),
    "bug": lambda: KeyError("x"),
    "config": lambda: errors.Misconfigured("401"),
}


class Killed(BaseException):
    """The worker is gone between one instruction and the next."""


class Outbox(RuleBasedStateMachine):
    """Facts are enqueued, workers run and die, the ERP fails in every way, people decide, time passes."""

    connector = "memory"

    def __init__(self):
        super().__init__()
        plant.ERP.__init__()
        plant.ERP.honors_keys = self.connector == "memory_keyed"
        self.clock = Clock(plant.NOON)
        self.plugged = plant.plugged(
            plant.Counts, plant.Slow, plant.Finishes, plant.Memory, plant.KeyedMemory, plant.BlindMemory
        )
        self.plugged.__enter__()
        self.kept = (clock.now, decisions.clock.now)
        clock.now = self.clock
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        wiring.forget()
        self.connection = plant.connect(self.connector)
        self.was_dead: set[int] = set()
        self.posted_by_hand: set[str] = set()

    @initialize()
    def everything_at_once(self):
        FlowState.objects.filter(flow="slow").update(cadence="every 60")

    @rule(
        facts=st.lists(
            st.tuples(st.sampled_from(SUBJECTS), st.sampled_from([1, 2, 0, -1, None])),
            min_size=1, max_size=4,
        )
    )  # fmt: skip
    def facts_are_recorded(self, facts):
        for subject, pieces in facts:
            if pieces is None:
                event = plant.finished(subject)
            else:
                reverses = plant.counted().event_id if pieces < 0 else None
                event = plant.counted(pieces, subject, reverses=reverses)
            for message in plant.tell(event):
                self._start_clock(message)

    def _start_clock(self, message):
        # The enqueuing clock is the host's; here it is the same as the database's.
        OutboundMessage.objects.filter(pk=message.pk).update(
            recorded_at=self.clock(),
            due_at=self.clock() + (timedelta(seconds=60) if message.flow == "slow" else timedelta(0)),
        )
        Stream.objects.filter(pk=message.stream_id).update(due_at=self.clock())

    @rule(
        faults=st.lists(st.sampled_from([None, *FAILURES, None, None]), max_size=5),
        searches=st.lists(st.sampled_from(["not sent", None]), max_size=2),
    )
    def work(self, faults, searches):
        plant.ERP.script = [FAILURES[each]() if each else None for each in faults]
        plant.ERP.find_script = [FAILURES[each]() if each else None for each in searches]
        worker.sweep(budget=600)
        plant.ERP.script, plant.ERP.find_script = [], []

    @rule(point=st.sampled_from(points.POINTS), nth=st.integers(1, 3))
    def work_and_die(self, point, nth):
        seen = []

        def listener(name):
            if name == point:
                seen.append(name)
                if len(seen) == nth:
                    raise Killed

        points.listen(listener)
        try:
            worker.sweep(budget=600)
        except Killed:
            pass
        finally:
            points.listen(None)

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 130, 700]))
    def time_passes(self, seconds):
        self.clock.forward(timedelta(seconds=seconds))

    def _some(self, *states):
        return list(OutboundMessage.objects.filter(state__in=states).order_by("pk"))

    @rule(what=st.sampled_from(["retry", "dismiss", "correct"]), nth=st.integers(0, 5))
    def a_person_decides(self, what, nth):
        self.a_person_resumes()
        for message in self._some("REVIEW"):
            self._say_what_is_there(message)
        found = self._some("DEAD")
        if not found:
            return
        message = found[nth % len(found)]
        if what == "dismiss":
            decisions.dismiss(message_id=message.pk, by=None, reason="given up")
        elif what == "correct" and message.doubt_since is None and "pieces" in message.event:
            decisions.correct(message_id=message.pk, event=message.event | {"pieces": "77"}, by=None, reason="typo")
        else:
            decisions.retry(message_id=message.pk, by=None)

    def _say_what_is_there(self, message):
        there = any(key == message.key for _, key, _ in plant.ERP.ledger)
        decisions.settle(
            message_id=message.pk, posted=there, by=None, reason="looked there", reference="seen" if there else ""
        )

    @rule()
    def a_person_resumes(self):
        connections.resume(self.connection)

    @invariant()
    def nothing_is_booked_twice(self):
        keys = [key for _, key, _ in plant.ERP.ledger]
        assert len(keys) == len(set(keys)), "booked twice"

    @invariant()
    def done_means_booked_and_booked_is_never_just_waiting(self):
        booked = {key for _, key, _ in plant.ERP.ledger}
        for message in OutboundMessage.objects.all():
            if message.state == "DONE" and message.outcome != "NOTHING":
                assert message.key in booked, f"{message} is done but not booked"
            if message.key in booked and message.state in ("PENDING", "DISCARDED", "SUPERSEDED"):
                raise AssertionError(f"{message} is booked, and nobody would know")
            if message.state == "DEAD":
                self.was_dead.add(message.pk)
                assert message.key not in booked or message.doubt_since is not None

    @invariant()
    def within_a_flow_of_an_order_bookings_keep_their_places(self):
        place = {message.key: message for message in OutboundMessage.objects.all()}
        highest: dict[tuple, int] = {}
        for _, key, _ in plant.ERP.ledger:
            message = place[key]
            lane = (message.stream_id, message.flow)
            if message.pk not in self.was_dead:
                assert message.seq > highest.get(lane, 0), f"{message} came after a later one"
            highest[lane] = max(highest.get(lane, 0), message.seq)

    @invariant()
    def nothing_is_finished_before_what_was_counted_earlier_is_settled(self):
        booked = {key for _, key, _ in plant.ERP.ledger}
        for end in OutboundMessage.objects.filter(flow="finishes", key__in=booked):
            before = OutboundMessage.objects.filter(stream=end.stream, seq__lt=end.seq, flow__in=["counts", "slow"])
            assert not before.exclude(state__in=SETTLED).exists()

    @precondition(lambda self: True)
    @invariant()
    def nobody_is_forgotten(self):
        """A stream that is idle has nothing due, unless a person must decide."""
        for stream in Stream.objects.filter(due_at=None, blocked=False, lease_token=None):
            due = stream.messages.filter(state__in=["PENDING", "DOUBT", "SENDING"], due_at__lte=self.clock())
            assert not due.exists(), f"{stream} sleeps on {list(due)}"

    def teardown(self):
        try:
            self._heal()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            clock.now = self.kept[0]
            self.plugged.__exit__(None, None, None)

    def _heal(self):
        """When the ERP is well and people do their part, everything is settled, and exactly once."""
        for _ in range(200):
            unsettled = OutboundMessage.objects.exclude(state__in=SETTLED)
            if not unsettled.exists():
                break
            connections.resume(Connection.objects.get(pk=self.connection.pk))
            circuit.close(self.connection.pk)
            for message in self._some("DEAD"):
                decisions.retry(message_id=message.pk, by=None)
            for message in self._some("REVIEW"):
                self._say_what_is_there(message)
            worker.sweep(budget=600)
            self.nothing_is_booked_twice()
            self.clock.forward(timedelta(minutes=5))
        assert not OutboundMessage.objects.exclude(state__in=SETTLED).exists(), "something never ends"
        booked = {key for _, key, _ in plant.ERP.ledger}
        told = OutboundMessage.objects.filter(state="DONE").exclude(outcome="NOTHING")
        assert booked == set(told.values_list("key", flat=True))


class KeyedOutbox(Outbox):
    connector = "memory_keyed"


class BlindOutbox(Outbox):
    connector = "memory_blind"


@pytest.mark.django_db
@pytest.mark.parametrize("machine", [Outbox, KeyedOutbox, BlindOutbox])
def test_every_history_keeps_the_promises(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def _naive_after_send(judge):
    def after_send(self, message, ack, failure, before):
        lost = isinstance(failure, errors.OutcomeUnknown)
        return judge(self, message, ack, errors.NotSent("?") if lost else failure, before)

    return after_send


def _without(monkeypatch, protection):
    if protection == "doubt":
        monkeypatch.setattr(delivery.Delivery, "_after_send", _naive_after_send(delivery.Delivery._after_send))
    elif protection == "barrier":
        monkeypatch.setattr(drain, "_barriers", dict)
    elif protection == "recheck before rest":
        monkeypatch.setattr(worker, "wake_forgotten", lambda: 0)
        monkeypatch.setattr(drain.Drain, "_rest", _careless_rest)


def _careless_rest(work):
    with transaction.atomic():
        work._lease.give_back(due_at=None, blocked=False)
    return True


class HastyOutbox(Outbox):
    """Only what is seen on the way; for histories that are expected to go wrong."""

    def _heal(self):
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("protection", ["doubt", "barrier", "recheck before rest"])
def test_the_model_notices_when_a_protection_is_missing(protection, monkeypatch):
    _without(monkeypatch, protection)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(
            HastyOutbox,
            settings=settings(
                max_examples=150, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
                derandomize=True, phases=[Phase.generate], report_multiple_bugs=False,
            ),
        )  # fmt: skip
