"""How time in which several jobs went on at once is divided between them: by policy, in whole seconds, to the last one."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

EQUAL, STANDARD, QUANTITY, MACHINE = "EQUAL", "STANDARD", "QUANTITY", "MACHINE"
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """A half-open interval [start, end); ``end`` None means that it is still running."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Pieces:
    """So many pieces of a job were reported at a moment; those of a report that was taken back are left out."""

    at: datetime
    quantity: Decimal


@dataclass(frozen=True)
class Job:
    """Something that went on over a closed or running interval; ``key`` names it.

    ``planned_minutes`` is what the routing planned for it and ``pieces`` what was reported on it: the weights of a split
    by standard time and by quantity. ``work`` is what it was done for, None: a work of its own.
    """

    key: Hashable
    start: datetime
    end: datetime | None = None
    planned_minutes: Decimal = Decimal(0)
    pieces: tuple[Pieces, ...] = ()
    work: Hashable | None = None


@dataclass(frozen=True)
class Rule:
    """From a moment on, time is divided by this policy, until the next rule."""

    valid_from: datetime
    policy: str


@dataclass(frozen=True)
class Part:
    """What one job got of a stretch, and the weight by which."""

    key: Hashable
    weight: int
    seconds: int


@dataclass(frozen=True)
class Stretch:
    """A stretch in which the same jobs went on, under one policy. ``basis`` is what it was really divided by.

    Where a policy finds nothing to weigh by (no planned time, no pieces), the stretch is divided equally.
    """

    start: datetime
    end: datetime
    policy: str
    basis: str
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> int:
        return _seconds(self.start, self.end)


def _equal(jobs: Sequence[Job], _start: datetime, _end: datetime) -> list[int]:
    return [1] * len(jobs)


def _standard(jobs: Sequence[Job], _start: datetime, _end: datetime) -> list[int]:
    weights = [_scaled(job.planned_minutes) for job in jobs]
    return weights if all(weights) else []


def _quantity(jobs: Sequence[Job], start: datetime, end: datetime) -> list[int]:
    """Pieces count to the stretch at whose end they were reported: a report comes before the stop that it goes with."""
    return [
        _scaled(max(sum((one.quantity for one in job.pieces if start < one.at <= end), Decimal(0)), Decimal(0)))
        for job in jobs
    ]


def _nobody(jobs: Sequence[Job], _start: datetime, _end: datetime) -> list[int]:
    return [0] * len(jobs)


POLICIES: dict[str, Callable[[Sequence[Job], datetime, datetime], list[int]]] = {
    EQUAL: _equal,
    STANDARD: _standard,
    QUANTITY: _quantity,
    MACHINE: _nobody,
}
"""The weights of the jobs of a stretch, in the same order; none above zero: there is nothing to weigh by."""


def divide(
    jobs: Iterable[Job], *, within: Iterable[Window], until: datetime, rules: Iterable[Rule] = ()
) -> list[Stretch]:
    """Return the stretches in which anything went on ``within`` the windows up to ``until``, each with its parts.

    Time is cut where a job, a window or a policy begins or ends; each stretch is shared between the jobs that go on in
    it, by the rule that holds then (EQUAL before the first), and what does not divide goes by largest remainder. So the
    parts add up exactly to the time that there was, and a job's part up to its own end does not depend on how long the
    others go on. Of jobs that overlap and are for the same work the first takes part: the same work done twice at once
    is no second share. MACHINE gives nobody anything: the time is the presence's, and jobs have their machine time.
    Method: "net time" of research on parallel jobs; ISO 22400 asks for such a split without naming one.

    :raises KeyError: there is no such policy.
    """
    ordered = sorted(jobs, key=lambda job: (job.start, str(job.key)))
    known = sorted(rules, key=lambda rule: rule.valid_from)
    present = merge(_closed(window, until) for window in within)
    found = []
    for start, end, running, policy in _pieces(ordered, present, until, known):
        weights = POLICIES[policy](running, start, end)
        basis = policy
        if not any(weights) and policy != MACHINE:
            weights, basis = _equal(running, start, end), EQUAL
        shares = apportion(_seconds(start, end), weights)
        parts = tuple(Part(job.key, weight, share) for job, weight, share in zip(running, weights, shares, strict=True))
        found.append(Stretch(start, end, policy, basis, parts))
    return found


def seconds_of(stretches: Iterable[Stretch]) -> dict[Hashable, int]:
    """Return the whole seconds that each job got of these stretches; a job that is in none is left out."""
    total: dict[Hashable, int] = {}
    for stretch in stretches:
        for part in stretch.parts:
            total[part.key] = total.get(part.key, 0) + part.seconds
    return total


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

    Among equal remainders the earlier one gets more. Without any weight nobody gets anything.
    """
    weight = sum(weights)
    if not weight:
        return [0] * len(weights)
    parts = [total * one // weight for one in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % weight), index))
    for index in by_remainder[:left]:
        parts[index] += 1
    return parts


def policy_at(rules: Sequence[Rule], moment: datetime) -> str:
    """Return the policy that holds at a moment, of rules in the order of their validity."""
    held = EQUAL
    for rule in rules:
        if rule.valid_from > moment:
            break
        held = rule.policy
    return held


def _closed(window: Window | Job, until: datetime) -> tuple[datetime, datetime]:
    return window.start, until if window.end is None else min(window.end, until)


def _pieces(
    jobs: Sequence[Job], present: Sequence[tuple[datetime, datetime]], until: datetime, rules: Sequence[Rule]
) -> list[tuple[datetime, datetime, list[Job], str]]:
    """Return the stretches in which the same jobs go on within the windows, under one policy.

    Neighbors with the same jobs and policy are one piece: otherwise a cut that means nothing could move a second.
    """
    spans = [(job, *_closed(job, until)) for job in jobs]
    cuts = sorted(
        {moment for _, *edges in spans for moment in edges}
        | {moment for edges in present for moment in edges}
        | {rule.valid_from for rule in rules}
    )
    pieces: list[tuple[datetime, datetime, list[Job], str]] = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        if not any(begin <= start and end <= finish for begin, finish in present):
            continue
        running = _once_each(job for job, begin, finish in spans if begin <= start and end <= finish)
        if not running:
            continue
        policy = policy_at(rules, start)
        if pieces and pieces[-1][1] == start and pieces[-1][2:] == (running, policy):
            pieces[-1] = (pieces[-1][0], end, running, policy)
        else:
            pieces.append((start, end, running, policy))
    return pieces


def _once_each(jobs: Iterable[Job]) -> list[Job]:
    """Return the first job for each work."""
    first: dict[Hashable, Job] = {}
    for job in jobs:
        first.setdefault(("job", job.key) if job.work is None else ("work", job.work), job)
    return list(first.values())


def _seconds(start: datetime, end: datetime) -> int:
    """Return the whole seconds between, counted on the clock: neighbors add up to the whole, whatever their fractions."""
    return int((end - _FIRST).total_seconds()) - int((start - _FIRST).total_seconds())


def _scaled(value: Decimal) -> int:
    return int(value.scaleb(6))
