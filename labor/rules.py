"""How one person's presence is shared out between the jobs that ran at the same time, and when a timer was forgotten."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Window:
    """A half-open interval [start, end); ``end`` None means that it is still running."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Job:
    """Something a person worked on over a closed or running interval; ``key`` names it.

    ``standard_seconds`` and ``quantity`` are there for split policies that weigh by them; EQUAL does not look at them.
    """

    key: Hashable
    start: datetime
    end: datetime | None = None
    standard_seconds: int = 0
    quantity: int = 0


Policy = Callable[[Sequence[Job]], Sequence[int]]
"""Given the jobs that run at the same moment, their whole-number weights, in the same order; not all zero."""


def _equal(jobs: Sequence[Job]) -> Sequence[int]:
    return [1] * len(jobs)


EQUAL = "EQUAL"
POLICIES: dict[str, Policy] = {EQUAL: _equal}
"""How parallel jobs share a moment of one person. A policy by standard time or quantity is one more entry here."""


def seconds_by_job(
    jobs: Iterable[Job], *, presence: Iterable[Window], until: datetime, policy: str = EQUAL
) -> dict[Hashable, int]:
    """Return the whole seconds of the person that each job gets, up to ``until``.

    Time is cut where a job or the presence begins or ends; each piece is shared between the jobs that run in it, and
    seconds that do not divide go to the jobs that began first. So the shares add up exactly to the time in which the
    person was present and at work, and a job's share up to its own end does not depend on how long the others go on.
    Method: "net time" of research on parallel jobs; ISO 22400 asks for such a split without naming one.

    :raises KeyError: there is no such policy.
    """
    weigh = POLICIES[policy]
    ordered = sorted(jobs, key=lambda job: (job.start, str(job.key)))
    shares: dict[Hashable, int] = {job.key: 0 for job in ordered}
    present = merge(_closed(window, until) for window in presence)
    for start, end, running in _pieces(ordered, present, until):
        seconds = round((end - start).total_seconds())
        for job, part in zip(running, apportion(seconds, weigh(running)), strict=True):
            shares[job.key] += part
    return shares


def merge(windows: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the union of the intervals as intervals that neither overlap nor touch, in order."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(window for window in windows if window[0] < window[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Return ``total`` in whole parts by weight that add up to it; what does not divide goes by largest remainder.

    Among equal remainders the earlier one gets more.
    """
    weight = sum(weights)
    parts = [total * one // weight for one in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % weight), index))
    for index in by_remainder[:left]:
        parts[index] += 1
    return parts


def is_forgotten(*, started_at: datetime, ended_at: datetime, limit: timedelta) -> bool:
    """Return whether a timer that ran this long was most likely forgotten, so that a person has to set its end."""
    return ended_at - started_at > limit


def _closed(window: Window | Job, until: datetime) -> tuple[datetime, datetime]:
    return window.start, until if window.end is None else min(window.end, until)


def _pieces(
    jobs: Sequence[Job], present: Sequence[tuple[datetime, datetime]], until: datetime
) -> list[tuple[datetime, datetime, list[Job]]]:
    """Return the stretches in which the same jobs run and the person is present.

    Neighbors with the same jobs are one piece: otherwise a cut that means nothing could move a second.
    """
    spans = [(job, *_closed(job, until)) for job in jobs]
    cuts = sorted(
        {moment for _, *edges in spans for moment in edges} | {moment for edges in present for moment in edges}
    )
    pieces: list[tuple[datetime, datetime, list[Job]]] = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        if not any(begin <= start and end <= finish for begin, finish in present):
            continue
        running = [job for job, begin, finish in spans if begin <= start and end <= finish]
        if not running:
            continue
        if pieces and pieces[-1][1] == start and pieces[-1][2] == running:
            pieces[-1] = (pieces[-1][0], end, running)
        else:
            pieces.append((start, end, running))
    return pieces
