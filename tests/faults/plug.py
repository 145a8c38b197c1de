"""What a worker of the kill run loads besides the product: hands that stop it, and ways to break the engine."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

from erp_bridge.engine import connections, delivery, order, points, registry, states
from erp_bridge.engine.leases import Lease
from erp_bridge.models import OutboundMessage, Stream
from erp_bridge.sdk import errors
from erp_bridge.sdk.transport import Transport

ANSWER_BEGINS = "when the answer begins"


def plug_in() -> None:
    """Have reports nudge where the run has a broker, and break the engine in the way that ``LINESIDE_CONTROL`` names."""
    if os.environ.get("LINESIDE_URGENT"):
        registry.flows["production"].urgent = True
    if control := os.environ.get("LINESIDE_CONTROL"):
        CONTROLS[control]()


def tell_when_the_answer_begins() -> None:
    """Make a crash point of the moment in which the ERP has booked and nothing of its answer has been read."""
    read = Transport._read

    def reading(self: Transport, response: Any, started: float) -> bytes:
        points.reached(ANSWER_BEGINS)
        return read(self, response, started)

    Transport._read = reading  # type: ignore[method-assign]


def freeze_when_told(folder: Path) -> None:
    """Have this process stop itself between its next intent and the call, once it has received SIGUSR1: the worst moment.

    The message that it stands at is left in a file, so that the run can wait until another worker has dealt with it.
    """
    told: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
    covers = Lease.covers_a_call

    def listener(self: Lease) -> bool:
        if told:
            told.clear()
            busy_with = Stream.objects.values_list("busy_with", flat=True).get(pk=self.stream.pk)
            (folder / f"frozen-{os.getpid()}").write_text(str(busy_with))
            os.kill(os.getpid(), signal.SIGSTOP)
        return covers(self)

    Lease.covers_a_call = listener  # type: ignore[method-assign]


def _resend_on_unknown() -> None:
    """What a plain retry does: no answer means send again."""
    judge = delivery.Delivery._after_send

    def naive(self: Any, message: Any, ack: Any, failure: Any, before: str) -> Any:
        if isinstance(failure, errors.OutcomeUnknown):
            failure = errors.NotSent(str(failure))
        return judge(self, message, ack, failure, before)

    def recover(self: Any, message: Any, *, died: bool) -> None:
        OutboundMessage.objects.filter(pk=message.pk, state="SENDING").update(state="PENDING")

    delivery.Delivery._after_send = naive  # type: ignore[method-assign]
    delivery.Delivery.recover = recover  # type: ignore[method-assign,assignment]


def _no_settle() -> None:
    """Look at once, and believe the first look."""
    connections.settle_time = lambda connection: timedelta(0)  # type: ignore[assignment]
    missing = delivery.Delivery._not_found

    def at_once(self: Any, message: Any) -> Any:
        message.absent = 1
        return missing(self, message)

    delivery.Delivery._not_found = at_once  # type: ignore[method-assign]


def _no_fencing() -> None:
    """A worker that lost its lease goes on as if it had not."""
    renew = Lease.renew

    def careless(self: Any, *, busy_with: int | None, **fields: Any) -> Any:
        self._mine = lambda: type(self.stream).objects.filter(pk=self.stream.pk)
        return renew(self, busy_with=busy_with, **fields)

    Lease.renew = careless  # type: ignore[method-assign]
    Lease.covers_a_call = lambda self: True  # type: ignore[method-assign]
    delivery.states.move = _move_anyway  # type: ignore[assignment]


def _move_anyway(message: Any, to: str, *, now: Any, **fields: Any) -> bool:
    if to in states.SETTLED:
        fields |= {"done_at": now, "due_at": None}
    else:
        fields |= {"done_at": None}
    OutboundMessage.objects.filter(pk=message.pk).update(state=to, **fields)
    for name, value in (fields | {"state": to}).items():
        setattr(message, name, value)
    return True


def _no_order() -> None:
    """Whatever is due goes, whoever waits before it."""
    order._heads = lambda lines: [line for line in lines if line.state in order._HEADS]  # type: ignore[assignment]


CONTROLS = {
    "resend_on_unknown": _resend_on_unknown,
    "no_settle": _no_settle,
    "no_fencing": _no_fencing,
    "no_order": _no_order,
}
