"""Intervals of state, read from the points of change, with the reason that people gave for each."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, OuterRef, Q, Subquery

from mes.core.durations import minutes_between
from mes.equipment.models import StateChange, StopExplanation, StopPolicy, StopReason
from mes.equipment.rules import states
from mes.masterdata.models import ReasonCode, WorkUnit

USUAL_MICRO_STOP = 120


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A work unit's state from ``start`` to ``end`` (None: it goes on), with its reason where it stood still.

    ``key`` names its beginning; ``is_micro``: it was too short to need a reason.
    """

    key: int
    work_unit_id: int
    state: str
    start: datetime
    end: datetime | None
    operation_id: int | None = None
    reason: ReasonCode | None = None
    loss: str = ""
    note: str = ""
    is_micro: bool = False

    @classmethod
    def of_stop(cls, row: StateChange, ended_at: datetime | None) -> "Interval":
        """Return the interval of a stop that nobody has explained."""
        return cls(key=row.pk, work_unit_id=row.work_unit_id, state=row.state, start=row.started_at, end=ended_at)

    def minutes(self, until: datetime) -> Decimal:
        """Return how long it was, or has been ``until`` now."""
        return minutes_between(self.start, self.end or max(until, self.start))


@dataclass(frozen=True)
class _Point:
    """A change with the moment of the next one, which is the end of its interval."""

    change: StateChange
    ended_at: datetime | None


def intervals(
    *, work_unit_ids: Collection[int], start: datetime, end: datetime, now: datetime
) -> dict[int, list[Interval]]:
    """Return, for each work unit, the intervals that touch [start, end), in order and in full length.

    A stop that goes on is judged by its length until ``now``. Before a unit's first change nothing is known of it.
    """
    points = _points(work_unit_ids, start=start, end=end)
    return {pk: [] for pk in work_unit_ids} | _with_reasons(points, now=now)


def _points(work_unit_ids: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[_Point]]:
    """Return the change that held at ``start`` and those until ``end``, each with the next one's moment."""
    changes = StateChange.objects.filter(work_unit=OuterRef("pk"))
    edges = (
        WorkUnit.objects.filter(pk__in=work_unit_ids)
        .order_by()
        .annotate(
            held=Subquery(changes.filter(started_at__lte=start).order_by("-started_at").values("pk")[:1]),
            after=Subquery(changes.filter(started_at__gte=end).order_by("started_at").values("started_at")[:1]),
        )
        .values_list("pk", "held", "after")
    )
    held = {pk: first for pk, first, _ in edges}
    after = {pk: moment for pk, _, moment in edges}
    rows = StateChange.objects.filter(
        Q(pk__in=[pk for pk in held.values() if pk]) | Q(work_unit__in=held, started_at__gt=start, started_at__lt=end)
    )
    found: dict[int, list[StateChange]] = defaultdict(list)
    for row in rows.order_by("work_unit_id", "started_at"):
        found[row.work_unit_id].append(row)
    return {
        pk: [
            _Point(row, then)
            for row, then in zip(rows, [*(row.started_at for row in rows[1:]), after[pk]], strict=True)
        ]
        for pk, rows in found.items()
    }


def _with_reasons(points: dict[int, list[_Point]], *, now: datetime) -> dict[int, list[Interval]]:
    """Return the points as intervals, each standstill with the reason that was given last within it."""
    if not points:
        return {}
    limits = micro_stop_seconds(points)
    every = [point for listed in points.values() for point in listed]
    given = StopExplanation.objects.filter(
        work_unit__in=points, at__gte=min(point.change.started_at for point in every)
    )
    ends = [point.ended_at for point in every]
    if None not in ends:
        given = given.filter(at__lt=max(end for end in ends if end))
    explained: dict[int, list[StopExplanation]] = defaultdict(list)
    for one in given.select_related("reason").order_by("at"):
        explained[one.work_unit_id].append(one)
    losses = loss_of_reasons({one.reason for ones in explained.values() for one in ones})
    return {
        pk: [_interval(point, explained[pk], losses, limits[pk], now) for point in listed]
        for pk, listed in points.items()
    }


def _interval(
    point: _Point, explained: Sequence[StopExplanation], losses: dict[int, str], limit: int, now: datetime
) -> Interval:
    row, end = point.change, point.ended_at
    start, state = row.started_at, row.state
    said = None
    if state in states.EXPLAINABLE:
        first = bisect_left(explained, start, key=lambda one: one.at)
        within = [one for one in explained[first:] if end is None or one.at < end]
        said = max(within, key=lambda one: (one.recorded_at, one.pk), default=None)
    length = ((end or max(now, start)) - start).total_seconds()
    return Interval(
        key=row.pk,
        work_unit_id=row.work_unit_id,
        state=state,
        start=start,
        end=end,
        operation_id=row.operation_id,
        reason=said.reason if said else None,
        loss=losses[said.reason_id] if said else "",
        note=said.note if said else "",
        is_micro=state == states.STOPPED and said is None and length < limit,
    )


def micro_stop_seconds(work_unit_ids: Iterable[int]) -> dict[int, int]:
    """Return below how many seconds a stop of each unit needs no reason."""
    ids = list(work_unit_ids)
    known = dict(StopPolicy.objects.filter(work_unit__in=ids).values_list("work_unit_id", "micro_stop_seconds"))
    return {pk: known.get(pk, USUAL_MICRO_STOP) for pk in ids}


def loss_of_reasons(reasons: Collection[ReasonCode]) -> dict[int, str]:
    """Return what each reason counts as: by its own row, else its nearest ancestor's, else OTHER."""
    if not reasons:
        return {}
    sites = {reason.site_id for reason in reasons}
    parents = dict(ReasonCode.objects.filter(site__in=sites, kind=ReasonCode.Kind.STOP).values_list("pk", "parent_id"))
    own = dict(StopReason.objects.filter(reason__site__in=sites).values_list("reason_id", "loss"))

    def found(pk: int | None) -> str:
        seen: set[int] = set()
        while pk is not None and pk not in seen:
            if pk in own:
                return own[pk]
            seen.add(pk)
            pk = parents.get(pk)
        return str(StopReason.Loss.OTHER)

    return {reason.pk: found(reason.pk) for reason in reasons}


def last_change() -> object:
    """Return what changes when a state, an explanation or a request did: for pages that ask again."""
    return (
        StateChange.objects.aggregate(key=Max("pk"), at=Max("recorded_at")),
        StateChange.objects.count(),
        StopExplanation.objects.aggregate(at=Max("recorded_at"))["at"],
    )
