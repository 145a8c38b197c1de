"""Works off one stream under one lease: one message after the other, until there is nothing to do now."""

import time
from datetime import datetime

from django.db import transaction

from erp_bridge.engine import order, points, registry
from erp_bridge.engine.delivery import Delivery
from erp_bridge.engine.leases import Lease
from erp_bridge.models import OutboundMessage
from erp_bridge.sdk.connector import Connector

State = OutboundMessage.State

_READ_AHEAD = 20
"""How many messages are read at once."""


class Drain:
    """What one worker does about one stream, from the claim until the lease is given back."""

    def __init__(
        self, lease: Lease, connector: Connector, *, deadline: float, calls_allowed: int | None = None
    ) -> None:
        self._lease = lease
        self._delivery = Delivery(lease, lease.stream.connection, connector, ahead=self._ahead)
        self._deadline = deadline
        self._calls_allowed = calls_allowed
        self._lines: list[order.Line] = []
        self._read: dict[int, OutboundMessage] = {}

    @property
    def calls(self) -> int:
        """Return how many calls were made."""
        return self._delivery.calls

    def run(self) -> bool:
        """Take one step after the other until there is nothing to do now. Return whether the ERP was at fault.

        :raises erp_bridge.engine.leases.LeaseLost: another worker owns the stream; nothing more may be done.
        """
        if self._lease.orphaned:
            self._blame()
        self._look_again()
        while True:
            step = self._next()
            if isinstance(step, order.Take):
                not_before = self._take(step.line)
                if not_before is not None:
                    go_idle(self._lease, not_before=not_before)
                    return True
                if self._delivery.begun is None and self._must_stop():
                    go_idle(self._lease, not_before=self._lease.now)
                    return False
                continue
            if isinstance(step, order.Hasten):
                self._hasten(step.lines)
            elif self._rest():
                return False
            self._look_again()

    def _next(self) -> order.Take | order.Hasten | order.Rest:
        if begun := self._delivery.begun:
            return order.Take(self._line(begun.pk))
        return order.plan(self._lines, _barriers(), self._lease.now)

    def _take(self, line: order.Line) -> datetime | None:
        """Deliver the message of the line, bring the line up to date, and return until when the stream is to rest."""
        # A person may have decided about it since the lines were read.
        message = self._delivery.begun or OutboundMessage.objects.get(pk=line.pk)
        not_before = None
        if message is self._delivery.begun or message.state == line.state:
            not_before = self._delivery.deliver(message)
        line.state, line.due_at, line.attempts = message.state, message.due_at, message.attempts
        line.waits_for = message.waits_for
        return not_before

    def _ahead(self, message: OutboundMessage, state: str) -> OutboundMessage | None:
        """Return what is sent next once the message has come to the state, if that is sure: only what waits, and is due."""
        line = self._line(message.pk)
        line.state, line.due_at = state, None
        if self._must_stop():
            return None
        step = order.plan(self._lines, _barriers(), self._lease.now)
        if not isinstance(step, order.Take) or step.line.state != State.PENDING:
            return None
        if step.line.pk not in self._read:
            place = self._lines.index(step.line)
            self._read = OutboundMessage.objects.in_bulk(
                [each.pk for each in self._lines[place : place + _READ_AHEAD] if each.state == State.PENDING]
            )
        return self._read.pop(step.line.pk, None)

    def _must_stop(self) -> bool:
        spent = self._calls_allowed is not None and self.calls >= self._calls_allowed
        return spent or time.monotonic() >= self._deadline

    def _look_again(self) -> None:
        self._lines, self._read = _lines(self._lease.stream.pk), {}

    def _line(self, pk: int) -> order.Line:
        return next(line for line in self._lines if line.pk == pk)

    def _blame(self) -> None:
        """Find what the vanished worker was busy with: what it noted, else what it would have begun with, as we would."""
        suspect = self._lease.stream.busy_with
        if suspect is None:
            step = order.plan(_lines(self._lease.stream.pk), _barriers(), self._lease.now)
            suspect = step.line.pk if isinstance(step, order.Take) else None
        message = OutboundMessage.objects.filter(pk=suspect).first() if suspect is not None else None
        if message is not None and message.state in (State.PENDING, State.SENDING, State.DOUBT):
            self._delivery.recover(message, died=True)

    def _hasten(self, lines: tuple[order.Line, ...]) -> None:
        with transaction.atomic():
            now = self._lease.renew(busy_with=None)
            OutboundMessage.objects.filter(pk__in=[line.pk for line in lines], state=State.PENDING).update(due_at=now)

    def _rest(self) -> bool:
        """Give the stream back, unless something came in the meantime; return whether it was given back."""
        points.reached("before idle")
        with transaction.atomic():
            # The stream's row is locked first, as whoever adds or changes a message does: nothing slips in between.
            now = self._lease.renew(busy_with=None)
            step = order.plan(_lines(self._lease.stream.pk), _barriers(), now)
            if not isinstance(step, order.Rest):
                return False
            self._lease.give_back(due_at=step.due_at, blocked=step.blocked)
        return True


def go_idle(lease: Lease, *, not_before: datetime) -> None:
    """Give the stream back before it is finished, to be looked at again not before that time.

    :raises erp_bridge.engine.leases.LeaseLost: another worker owns the stream; nothing more may be done.
    """
    with transaction.atomic():
        now = lease.renew(busy_with=None)
        step = order.plan(_lines(lease.stream.pk), _barriers(), now)
        due_at = step.due_at if isinstance(step, order.Rest) else now
        blocked = isinstance(step, order.Rest) and step.blocked
        lease.give_back(due_at=max(due_at, not_before) if due_at else None, blocked=blocked)


def _lines(stream_id: int) -> list[order.Line]:
    rows = OutboundMessage.objects.filter(stream_id=stream_id, state__in=order.OPEN).order_by("seq")
    return [
        order.Line(*row)
        for row in rows.values_list("pk", "seq", "flow", "state", "due_at", "attempts", "strict", "waits_for")
    ]


def _barriers() -> dict[str, tuple[str, ...]]:
    return {flow.key: flow.after for flow in registry.pushes() if flow.after}
