"""Decides what is next in a stream: plain values in, one decision out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

OPEN = ("PENDING", "SENDING", "DOUBT", "REVIEW", "DEAD")
_HEADS = ("PENDING", "SENDING", "DOUBT", "REVIEW")


@dataclass
class Line:
    """What the order of a stream depends on, of one message that is not settled."""

    pk: int
    seq: int
    flow: str
    state: str
    due_at: datetime | None
    attempts: int = 0
    strict: bool = False
    waits_for: str = ""


@dataclass(frozen=True)
class Take:
    """This one now."""

    line: Line


@dataclass(frozen=True)
class Hasten:
    """These are waited for by one that is due: make them due too."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Rest:
    """Nothing now; look again at ``due_at`` (None: when something new arrives, or a person has decided)."""

    due_at: datetime | None
    blocked: bool
    """True: something waits for a person's decision."""


def plan(lines: Sequence[Line], after: Mapping[str, Sequence[str]], now: datetime) -> Take | Hasten | Rest:
    """Return what to do next about the open messages of one stream, given in the order of their places.

    - what one flow says goes in order: its first message that is neither settled nor refused is its head;
    - a strict message waits behind every earlier refused one, others pass it;
    - a head whose flow is ``after`` others waits for all that those said earlier, refused ones included, and when it
      is due itself, makes due what only waited for its cadence;
    - of the heads that may go, the one with the lowest place goes first.
    """
    ready: list[Line] = []
    wakes: list[datetime] = []
    blocked = False
    for head in _heads(lines):
        if head.state == "REVIEW":
            blocked = True
            continue
        if head.state == "PENDING" and head.strict and _refused_before(head, lines):
            blocked = True
            continue
        waited_for = _waited_for(head, lines, after) if head.state == "PENDING" else []
        if waited_for:
            hasten = tuple(each for each in waited_for if _only_waits_for_its_cadence(each, now))
            if head.due_at is not None and head.due_at <= now and hasten:
                return Hasten(hasten)
            # Its turn comes with the end of what it waits for, in a drain of this same stream. Only its own due
            # time can come first, and must then hasten the others.
            blocked = blocked or any(each.state in ("DEAD", "REVIEW") for each in waited_for)
            if hasten and head.due_at is not None:
                wakes.append(head.due_at)
        elif head.state == "SENDING" or (head.due_at is not None and head.due_at <= now):
            ready.append(head)
        elif head.due_at is not None:
            wakes.append(head.due_at)
    if ready:
        return Take(min(ready, key=lambda line: line.seq))
    return Rest(min(wakes, default=None), blocked)


def _heads(lines: Sequence[Line]) -> list[Line]:
    heads: dict[str, Line] = {}
    for line in lines:
        if line.state in _HEADS:
            heads.setdefault(line.flow, line)
    return list(heads.values())


def _refused_before(head: Line, lines: Sequence[Line]) -> bool:
    return any(line.state == "DEAD" and line.seq < head.seq for line in lines)


def _waited_for(head: Line, lines: Sequence[Line], after: Mapping[str, Sequence[str]]) -> list[Line]:
    flows = after.get(head.flow, ())
    return [line for line in lines if line.flow in flows and line.seq < head.seq and line.state in OPEN]


def _only_waits_for_its_cadence(line: Line, now: datetime) -> bool:
    # Not what was tried and backs off, not what waits for a link, and not what a person wants to start by hand.
    return (
        line.state == "PENDING"
        and line.attempts == 0
        and not line.waits_for
        and line.due_at is not None
        and line.due_at > now
    )
