"""Says one message to an ERP, or finds out whether it was said, and writes down what became of it."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from erp_bridge.engine import circuit, clock, connections, links, points, states, wording
from erp_bridge.engine.leases import Lease, LeaseLost
from erp_bridge.engine.limits import limits
from erp_bridge.engine.states import State
from erp_bridge.models import Attempt, Connection, OutboundMessage
from erp_bridge.sdk import errors
from erp_bridge.sdk.connector import Ack, Connector, Recall
from erp_bridge.sdk.documents import Document

logger = logging.getLogger(__name__)

What = Attempt.What


@dataclass(frozen=True)
class Verdict:
    """What becomes of a message after one call.

    ``later`` is the pause before it is looked at again. ``tired`` says that the ERP, or the way to it, is at fault: the
    whole stream rests, and the circuit counts. ``pause`` stops the connection.
    """

    state: str
    outcome: str
    detail: str = ""
    code: str = ""
    reference: str = ""
    later: timedelta = timedelta(0)
    absent: int = 0
    waits_for: str = ""
    tired: bool = False
    answered: bool = True
    pause: bool = False


def backoff(failures: int) -> timedelta:
    """Return the pause after that many failures in a row: anything up to 2 s, 4 s, 8 s ... 300 s (full jitter)."""
    cap = min(limits().backoff_cap, limits().backoff_base * 2 ** min(failures, 20))
    return timedelta(seconds=random.uniform(0, cap))  # noqa: S311  spreads load, keeps no secret


class Delivery:
    """The delivery of one stream's messages under one lease, over one connector.

    ``ahead`` is asked, when the ERP has answered and before that is noted, which message is sent next once this one has
    come to that state. Its intent is then noted in the same transaction, which saves every second commit.
    """

    def __init__(
        self,
        lease: Lease,
        connection: Connection,
        connector: Connector,
        *,
        ahead: Callable[[OutboundMessage, str], OutboundMessage | None],
    ) -> None:
        self.lease = lease
        self.connection = connection
        self.connector = connector
        self.failures = lease.stream.failures
        self.calls = 0
        self.begun: OutboundMessage | None = None
        """The message whose intent was noted with the last answer. It must be delivered next."""
        self._ahead = ahead
        self._document: Document | None = None
        self._links = links.LinksOf(connection)

    def deliver(self, message: OutboundMessage) -> datetime | None:
        """Do the next thing about the message. Return None, or until when the stream is to rest.

        :raises erp_bridge.engine.leases.LeaseLost: another worker owns the stream; nothing more may be done.
        """
        if self.begun is not None and self._document is not None:
            self.begun = None
            return self._say(message, self._document, before=State.PENDING)
        if message.state == State.SENDING:
            return self.recover(message, died=False)
        document, verdict = self._translate(message)
        if verdict is not None:
            return self._write(message, What.TRANSLATE, verdict, started=self.lease.now)
        if document is None:
            nothing = Verdict(State.DONE, "NOTHING", "The ERP does not need to know of this.", answered=False)
            return self._write(message, None, nothing, started=self.lease.now)
        if message.state == State.PENDING or self._key_still_holds(message):
            return self._send(message, document)
        if self._can_look_up():
            return self._find(message, document)
        words = "This ERP can neither be asked for the booking nor told the same key again: look there, then decide."
        review = Verdict(
            State.REVIEW, message.outcome, message.detail + "\n" + words, code=message.code, answered=False
        )
        return self._write(message, What.JUDGE, review, started=self.lease.now)

    def recover(self, message: OutboundMessage, *, died: bool) -> datetime | None:
        """Take over what another worker left behind. What it was sending is in doubt, never simply sent again."""
        crashes = message.crashes + died
        if message.state in (State.PENDING, State.SENDING, State.DOUBT) and crashes >= limits().crashes:
            words = (
                f"{crashes} workers died while they were busy with this message. It is set aside so that others go on."
            )
            verdict = Verdict(State.DEAD, "POISON", words, answered=False)
        elif message.state == State.SENDING:
            words = "The worker that was sending this vanished before it noted an answer."
            verdict = Verdict(State.DOUBT, "DIED", words, later=self._before_asking(), answered=False)
        else:
            if died:
                states.note(message, crashes=crashes)
            return None
        started = message.sent_at or self.lease.now
        return self._write(message, What.RECOVER, verdict, started=started, crashes=crashes)

    # --- what is said -------------------------------------------------------------------------------------------

    def _translate(self, message: OutboundMessage) -> tuple[Document | None, Verdict | None]:
        try:
            flow, event = wording.read(message)
            missing = links.approval_missing(self.connection, flow, event) if message.state == State.PENDING else ""
            if missing and flow.approval:
                return None, Verdict(
                    State.PENDING, "NOT_APPROVED", flow.approval.missing, waits_for=missing, answered=False,
                    later=timedelta(seconds=limits().link_recheck),
                )  # fmt: skip
            return wording.say(flow, event, self._links), None
        except errors.NotLinked as error:
            return None, self._not_linked(message, error)
        except wording.CannotSay as error:
            logger.exception("Message %s cannot be translated", message.key)
            state = State.DEAD if message.state != State.DOUBT else State.DOUBT
            words = f"Our own fault: this could not be put into words for the ERP ({error})."
            return None, Verdict(state, "BUG", words, later=self._pause(), answered=False)

    def _send(self, message: OutboundMessage, document: Document) -> datetime | None:
        before = message.state
        with transaction.atomic():
            now = self.lease.renew(busy_with=message.pk)
            if not self._intend(message, now):
                raise LeaseLost(str(message))
        return self._say(message, document, before=before)

    def _intend(self, message: OutboundMessage, now: datetime) -> bool:
        """Note that the message is about to be sent, in the caller's transaction; return whether it still may be."""
        return states.move(
            message, State.SENDING, now=now, attempts=message.attempts + 1, sent_at=now, absent=0, waits_for="",
            first_sent_at=message.first_sent_at or now,
        )  # fmt: skip

    def _say(self, message: OutboundMessage, document: Document, *, before: str) -> datetime | None:
        """Make the call for a message whose intent is durable."""
        points.reached("after intent")
        if not self.lease.covers_a_call():
            # Frozen between the note and the call. It stays as it is, and whoever owns the stream now will look first.
            raise LeaseLost(str(message))
        started = self.lease.now
        verdict = self._call(lambda: self.connector.send(document, key=message.key), message, self._after_send, before)
        points.reached("after answer")
        return self._write(message, What.SEND, verdict, started=started)

    def _find(self, message: OutboundMessage, document: Document) -> datetime | None:
        with transaction.atomic():
            self.lease.renew(busy_with=message.pk)
        points.reached("before look-up")
        started = self.lease.now
        verdict = self._call(lambda: self.connector.find(document, key=message.key), message, self._after_find, "")
        points.reached("after look-up")
        return self._write(message, What.FIND, verdict, started=started)

    def _call(
        self,
        call: Callable[[], Ack | None],
        message: OutboundMessage,
        judge: Callable[..., Verdict],
        before: str,
    ) -> Verdict:
        self.calls += 1
        self.connector.exchanges.clear()
        result: Ack | None = None
        failure: Exception | None = None
        try:
            result = call()
        except errors.CallFailed as error:
            failure = error
        except Exception as error:
            logger.exception("The connector failed on message %s", message.key)
            failure = error
        return judge(message, result, failure, before)

    # --- what the answer means ----------------------------------------------------------------------------------

    def _after_send(self, message: OutboundMessage, ack: Ack | None, failure: Exception | None, before: str) -> Verdict:
        # What was in doubt before this call stays in doubt unless the ERP has now said something about it.
        unsent = State.DOUBT if before == State.DOUBT or message.doubt_since else State.PENDING
        words, code = str(failure or ""), getattr(failure, "code", "")
        match failure:
            case None if ack is not None:
                return Verdict(State.DONE, "ACK", ack.note, reference=ack.reference)
            case errors.AlreadyBooked():
                if self._can_look_up():
                    return Verdict(State.DOUBT, "ALREADY", words, code)
                return Verdict(State.DONE, "ALREADY", words, code, reference=failure.reference)
            case errors.Rejected():
                return Verdict(State.DEAD, "REJECTED", words, code)
            case errors.NotLinked():
                return self._not_linked(message, failure)
            case errors.Misconfigured():
                return Verdict(unsent, "CONFIG", words, code, pause=True, tired=True, answered=False)
            case errors.NotSent():
                return Verdict(unsent, "NOT_SENT", words, code, later=self._pause(), tired=True, answered=False)
            case errors.NotReady():
                # Answered in words: nothing is held against the ERP, or its other orders would wait with this one.
                return Verdict(unsent, "NOT_READY", words, code, later=self._pause(failure))
            case errors.Busy():
                return Verdict(unsent, "BUSY", words, code, later=self._pause(failure), tired=True, answered=False)
            case errors.CallFailed():
                outcome = "CONTRACT" if isinstance(failure, errors.BrokenContract) else "AMBIGUOUS"
                return Verdict(
                    State.DOUBT, outcome, words, code, later=self._before_asking(), tired=True, answered=False
                )
        words = f"Our own fault: {type(failure).__name__}: {failure}"
        if not self.connector.exchanges and unsent == State.PENDING:
            return Verdict(State.DEAD, "BUG", words, answered=False)
        return Verdict(State.DOUBT, "BUG", words, later=self._before_asking(), answered=False)

    def _after_find(self, message: OutboundMessage, ack: Ack | None, failure: Exception | None, _: str) -> Verdict:
        words, code = str(failure or ""), getattr(failure, "code", "")
        kept: dict[str, Any] = {"absent": message.absent, "answered": False, "tired": True}
        match failure:
            case None if ack is not None:
                return Verdict(State.DONE, "FOUND", ack.note, reference=ack.reference)
            case None:
                return self._not_found(message)
            case errors.Misconfigured():
                return Verdict(State.DOUBT, message.outcome, words, code, pause=True, **kept)
            case errors.Busy():
                return Verdict(State.DOUBT, message.outcome, words, code, later=self._pause(failure), **kept)
        # The look-up failed, which says nothing about the booking: it stays in doubt, and we ask again later.
        return Verdict(State.DOUBT, message.outcome, words or repr(failure), code, later=self._pause(), **kept)

    def _not_found(self, message: OutboundMessage) -> Verdict:
        if message.absent == 0:
            # Its search may lag behind its bookings: one miss is not proof.
            gap = timedelta(seconds=limits().absent_gap)
            return Verdict(State.DOUBT, message.outcome, message.detail, message.code, later=gap, absent=1)
        if message.outcome == "ALREADY":
            words = "The ERP says that it has this booking, but it cannot be found there: look, then decide."
            return Verdict(State.REVIEW, "ALREADY", f"{message.detail}\n{words}", message.code)
        if message.outcome == "BUG":
            return Verdict(State.DEAD, "BUG", f"{message.detail}\nThe ERP was asked twice: it has no such booking.")
        return Verdict(State.PENDING, "ABSENT", "The ERP was asked twice: it has no such booking. It is sent again.")

    def _not_linked(self, message: OutboundMessage, error: Exception) -> Verdict:
        state = State.DOUBT if message.state == State.DOUBT or message.doubt_since else State.PENDING
        return Verdict(
            state, "NOT_LINKED", str(error), waits_for=links.waits_for(message.event["subject"]), answered=False,
            later=timedelta(seconds=limits().link_recheck),
        )  # fmt: skip

    # --- how long ------------------------------------------------------------------------------------------------

    def _pause(self, failure: errors.CallFailed | None = None) -> timedelta:
        asked = min(getattr(failure, "retry_after", None) or 0.0, limits().retry_after_cap)
        return max(backoff(self.failures), timedelta(seconds=asked))

    def _before_asking(self) -> timedelta:
        if self.connector.recall == Recall.KEY:
            return self._pause()
        return connections.settle_time(self.connection) if self._can_look_up() else timedelta(0)

    def _can_look_up(self) -> bool:
        if self.connector.recall == Recall.NONE:
            return False
        return self.connector.recall == Recall.LOOKUP or type(self.connector).find is not Connector.find

    def _key_still_holds(self, message: OutboundMessage) -> bool:
        if self.connector.recall != Recall.KEY or message.first_sent_at is None or message.outcome == "ALREADY":
            return False
        return clock.now() - message.first_sent_at < self.connector.key_window

    # --- what is written down ------------------------------------------------------------------------------------

    def _write(
        self, message: OutboundMessage, what: str | None, verdict: Verdict, *, started: datetime, **more: Any
    ) -> datetime | None:
        exchanges = connections.recorded(self.connector) if what in (What.SEND, What.FIND) else ""
        self.failures = self.failures + 1 if verdict.tired else 0 if verdict.answered else self.failures
        following = self._look_ahead(message, what, verdict)
        points.reached("before done commit")
        with transaction.atomic():
            now = self.lease.renew(busy_with=following.pk if following else None, failures=self.failures)
            fields = self._fields(message, verdict, now) | more
            if verdict.state == message.state:
                written = states.note(message, **fields)
            else:
                written = states.move(message, verdict.state, now=now, **fields)
            if not written:
                raise LeaseLost(str(message))
            if what is not None:
                Attempt.objects.create(
                    message=message, what=what, number=message.attempts, started_at=started, ended_at=now,
                    outcome=self._shown(what, verdict), code=verdict.code[:120], detail=verdict.detail[:4000],
                    state_after=verdict.state, exchanges=exchanges,
                )  # fmt: skip
            if verdict.answered and what in (What.SEND, What.FIND):
                circuit.answered(self.connection.pk, now)
            # If a person has taken it away meanwhile, it is simply not begun: what is next is then asked anew.
            self.begun = following if following is not None and self._intend(following, now) else None
        return self._afterwards(verdict, now)

    def _look_ahead(self, message: OutboundMessage, what: str | None, verdict: Verdict) -> OutboundMessage | None:
        """Return the message, put into words, that can be begun with the note of this answer.

        Not where the ERP can never be asked: there, what dies between its answer and our note is a person's work, and
        nothing may come between the two. And not behind a message with which a worker has died: were it the next one
        that kills whoever puts it into words, this one would be in doubt again and again, and blamed in its place.
        """
        answered = what in (What.SEND, What.FIND) and verdict.state in (State.DONE, State.DEAD)
        if not answered or message.crashes or self.connector.recall == Recall.NONE:
            return None
        following = self._ahead(message, verdict.state)
        if following is None:
            return None
        self._document, _ = self._translate(following)
        return following if self._document is not None else None

    def _shown(self, what: str, verdict: Verdict) -> str:
        if what == What.FIND and verdict.state == State.DOUBT:
            return "ABSENT" if verdict.answered else "NO_ANSWER"
        return verdict.outcome

    def _fields(self, message: OutboundMessage, verdict: Verdict, now: datetime) -> dict[str, Any]:
        in_doubt = verdict.state in (State.DOUBT, State.REVIEW) or (verdict.outcome == "POISON" and message.attempts)
        return {
            "outcome": verdict.outcome,
            "code": verdict.code[:120],
            "detail": verdict.detail[:4000],
            "reference": verdict.reference[:200] or message.reference,
            "due_at": None if verdict.state in (State.DEAD, State.REVIEW) else now + verdict.later,
            "absent": verdict.absent,
            "waits_for": verdict.waits_for,
            "doubt_since": (message.doubt_since or now) if in_doubt else None,
        }

    def _afterwards(self, verdict: Verdict, now: datetime) -> datetime | None:
        if verdict.pause:
            connections.pause(self.connection, reason=verdict.detail)
        elif verdict.tired:
            circuit.failed(self.connection.pk, stream_id=self.lease.stream.pk, now=now, error=verdict.detail)
        if not verdict.tired:
            return None
        return now + (verdict.later if verdict.outcome in ("BUSY", "NOT_SENT") else backoff(self.failures))
