"""The one table of what may become of a message, and the only hand that moves it."""

from datetime import datetime
from typing import Any

from erp_bridge.models import OutboundMessage

State = OutboundMessage.State

MOVES: dict[str, frozenset[str]] = {
    State.PENDING: frozenset({State.SENDING, State.DONE, State.DEAD, State.DISCARDED}),
    State.SENDING: frozenset({State.DONE, State.DOUBT, State.PENDING, State.DEAD}),
    State.DOUBT: frozenset({State.DONE, State.PENDING, State.SENDING, State.REVIEW, State.DEAD}),
    State.REVIEW: frozenset({State.DONE, State.PENDING, State.DISCARDED}),
    State.DEAD: frozenset({State.PENDING, State.DOUBT, State.SUPERSEDED, State.DISCARDED}),
    State.DONE: frozenset(),
    State.SUPERSEDED: frozenset(),
    State.DISCARDED: frozenset(),
}
"""PENDING → DONE only where there is nothing to tell; DOUBT → SENDING only under a key that the ERP honors."""

SETTLED = frozenset(state for state, targets in MOVES.items() if not targets)


class ForbiddenMove(RuntimeError):
    """A move that is not in the table: a mistake in our code."""


def move(message: OutboundMessage, to: str, *, now: datetime, **fields: Any) -> bool:
    """Move the message if it still is where the caller saw it; return whether it was.

    Compare-and-set on state and attempts: of two who decide, one wins and the other changes nothing.

    :raises ForbiddenMove: the table has no such move.
    """
    if to not in MOVES[message.state]:
        raise ForbiddenMove(f"{message.state} → {to} ({message})")
    if to in SETTLED:
        fields |= {"done_at": now, "due_at": None, "waits_for": ""}
    changed = OutboundMessage.objects.filter(pk=message.pk, state=message.state, attempts=message.attempts).update(
        state=to, **fields
    )
    if changed:
        message.state = to
        for name, value in fields.items():
            setattr(message, name, value)
    return bool(changed)


def note(message: OutboundMessage, **fields: Any) -> bool:
    """Change what is known about a message without moving it; return whether it still is where the caller saw it."""
    changed = OutboundMessage.objects.filter(pk=message.pk, state=message.state, attempts=message.attempts).update(
        **fields
    )
    if changed:
        for name, value in fields.items():
            setattr(message, name, value)
    return bool(changed)
