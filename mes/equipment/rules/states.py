"""Which state a work unit was in, from which moment: decided from jobs and from what people said, in whatever order it came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

RUNNING, SETUP, STOPPED, IDLE, NO_DATA = "RUNNING", "SETUP", "STOPPED", "IDLE", "NO_DATA"
EXPLAINABLE = frozenset({STOPPED, IDLE})
"""Standing still: what a person can give a reason for, and cut in two."""

STOP, RUN, CUT = "STOP", "RUN", "CUT"


@dataclass(frozen=True)
class Occupation:
    """An operation held the work unit for ``activity`` (``SETUP`` or ``RUN``); ``end`` None while it does.

    From ``end`` to ``paused_until`` it was paused here, without end where ``paused_until`` is None; one that was finished,
    or went on elsewhere, has its ``paused_until`` there.
    """

    operation: int
    activity: str
    start: datetime
    end: datetime | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """What a person said about a work unit: it stands still from here (``STOP``), it runs again (``RUN``), or from here
    it stood still for another reason (``CUT``)."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """From ``at`` on, until the next change, the work unit was in ``state``; ``operation`` is the job it worked on."""

    at: datetime
    state: str
    operation: int | None = None


def whole(moment: datetime) -> datetime:
    """Return the moment without fractions of a second: states begin and end on whole seconds, so that sums are exact."""
    return moment.replace(microsecond=0)


def derive(
    occupations: Iterable[Occupation],
    entries: Iterable[Entry],
    *,
    since: datetime | None = None,
    before: Change | None = None,
) -> list[Change]:
    """Return the changes of state that these jobs and entries amount to, in order.

    The same jobs and entries give the same changes in whatever order they became known. A job that runs outranks one
    that is set up, and that one a paused job. A stop that a person entered lasts until a person says that the unit runs
    again, or the next job starts there. ``since`` leaves out earlier changes; ``before`` is then what held until it.
    """
    jobs = sorted(map(_whole, occupations), key=lambda job: (job.start, job.operation))
    said = sorted(((entry.kind, whole(entry.at)) for entry in entries), key=lambda one: (one[1], one[0] == STOP))
    stops = _stops(said, [job.start for job in jobs])
    moments = {at for _, at in said} | {
        moment for job in jobs for moment in (job.start, job.end, job.paused_until) if moment
    }
    cuts = {at for kind, at in said if kind == CUT}
    changes: list[Change] = []
    last = before
    for at in sorted(moments):
        if since is not None and at < since:
            continue
        state, operation = _state_at(at, jobs, stops)
        is_cut = at in cuts and state in EXPLAINABLE
        if last is None or is_cut or (last.state, last.operation) != (state, operation):
            last = Change(at, state, operation)
            changes.append(last)
    return changes


def _whole(job: Occupation) -> Occupation:
    end = whole(job.end) if job.end else None
    until = whole(job.paused_until) if job.paused_until else None
    return Occupation(job.operation, job.activity, whole(job.start), end, until)


def _stops(said: Sequence[tuple[str, datetime]], starts: Sequence[datetime]) -> list[tuple[datetime, datetime | None]]:
    """Return when people said that the unit stood still: each until it ran again or a job started."""
    stops: list[tuple[datetime, datetime | None]] = []
    for index, (kind, at) in enumerate(said):
        if kind != STOP:
            continue
        runs = [later for other, later in said[index + 1 :] if other == RUN]
        ends = [start for start in starts if start > at] + runs[:1]
        stops.append((at, min(ends, default=None)))
    return stops


def _state_at(
    at: datetime, jobs: Sequence[Occupation], stops: Sequence[tuple[datetime, datetime | None]]
) -> tuple[str, int | None]:
    if any(begin <= at and (end is None or at < end) for begin, end in stops):
        return STOPPED, None
    active = [job for job in jobs if job.start <= at and (job.end is None or at < job.end)]
    for activity, state in (("RUN", RUNNING), ("SETUP", SETUP)):
        job = next((one for one in active if one.activity == activity), None)
        if job:
            return state, job.operation
    paused = any(
        job.end is not None and job.end <= at and (job.paused_until is None or at < job.paused_until) for job in jobs
    )
    return (STOPPED, None) if paused else (IDLE, None)
