"""Which calls are open and how long, and what is open at a work center."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from mes.andon.models import Call, CallKind, EscalationStep, Handover
from mes.andon.rules import IN_TIME, Step, next_step, standing, tier_of
from mes.core.durations import seconds_to_minutes
from mes.core.registry import Registry
from mes.execution.models import Operation, OrderHold
from mes.masterdata.models import WorkCenter

OpenPoints = Callable[[WorkCenter, datetime], list[str]]


@dataclass(frozen=True)
class PointSource:
    """What an app knows to be open at a work center, as sentences for whoever takes over."""

    key: str
    look: OpenPoints
    order: int = 50


point_sources: Registry[PointSource] = Registry(PointSource)


@dataclass(frozen=True)
class OpenCall:
    """A call that is not resolved, with the step it has climbed to, the one that comes next and when, and how late it is."""

    call: Call
    step: Step | None
    following: Step | None
    standing: str

    @property
    def follows_at(self) -> datetime | None:
        return self.call.raised_at + timedelta(minutes=self.following.after_minutes) if self.following else None


@dataclass(frozen=True)
class AnswerTimes:
    """How long calls of a kind waited for an answer and until they were over: minutes on average; None without any."""

    kind: str
    calls: int
    late: int
    response: Decimal | None
    resolution: Decimal | None


def open_calls(*, sites: Collection[str], now: datetime) -> list[OpenCall]:
    """Return the open calls of these sites, unacknowledged ones first, the oldest first."""
    found = Call.objects.filter(site__code__in=sites).exclude(status=Call.Status.RESOLVED)
    steps = _steps(sites)
    listed = []
    for call in found.select_related("work_center", "work_unit", "site", "raised_by"):
        given: dict[str, Any] = {
            "raised_at": call.raised_at,
            "acknowledged_at": call.acknowledged_at,
            "steps": steps[call.site_id, call.kind],
            "now": now,
        }
        listed.append(OpenCall(call, tier_of(**given), next_step(**given), standing(**given)))
    return sorted(listed, key=lambda one: (one.call.status != Call.Status.RAISED, one.call.raised_at))


def calls_at(*, work_center_id: int) -> list[Call]:
    """Return the open calls at a work center and its work units, the oldest first."""
    found = Call.objects.filter(work_center_id=work_center_id).exclude(status=Call.Status.RESOLVED)
    return list(found.select_related("work_center", "work_unit").order_by("raised_at"))


def answer_times(*, sites: Collection[str], since: datetime) -> list[AnswerTimes]:
    """Return how long the calls since then waited, by kind; those that nobody has answered yet count as calls only."""
    steps = _steps(sites)
    found = Call.objects.filter(site__code__in=sites, raised_at__gte=since)
    rows = []
    for kind in CallKind.values:
        calls = [call for call in found if call.kind == kind]
        first = [(call.acknowledged_at or call.resolved_at or call.raised_at) - call.raised_at for call in calls
                 if call.acknowledged_at or call.resolved_at]  # fmt: skip
        whole = [call.resolved_at - call.raised_at for call in calls if call.resolved_at]
        late = [
            call
            for call in calls
            if (until := call.acknowledged_at or call.resolved_at)
            and standing(
                raised_at=call.raised_at, acknowledged_at=until, steps=steps[call.site_id, call.kind], now=until
            ) != IN_TIME
        ]  # fmt: skip
        if calls:
            rows.append(AnswerTimes(kind, len(calls), len(late), _mean(first), _mean(whole)))
    return rows


def _mean(times: list[timedelta]) -> Decimal | None:
    if not times:
        return None
    return seconds_to_minutes(sum(int(time.total_seconds()) for time in times)) / len(times)


def recent_calls(*, sites: Collection[str], limit: int = 20) -> QuerySet[Call]:
    """Return the calls that were resolved last."""
    done = Call.objects.filter(site__code__in=sites, status=Call.Status.RESOLVED)
    return done.select_related("work_center", "work_unit", "raised_by").order_by("-resolved_at")[:limit]


def waiting_handover(*, work_center_id: int) -> Handover | None:
    """Return the handover that nobody has accepted yet, the latest if there are several."""
    found = Handover.objects.filter(work_center_id=work_center_id, accepted_at=None).select_related("person")
    return found.order_by("-handed_over_at").first()


def handovers(*, sites: Collection[str], limit: int = 20) -> QuerySet[Handover]:
    """Return the latest handovers of these sites."""
    found = Handover.objects.filter(site__code__in=sites).select_related("work_center", "person", "accepted_by")
    return found.order_by("-handed_over_at")[:limit]


def open_points(work_center: WorkCenter, *, now: datetime) -> list[str]:
    """Return what is open at a work center, as every app that knows of something says it."""
    return [
        sentence
        for source in sorted(point_sources, key=lambda source: source.order)
        for sentence in source.look(work_center, now)
    ]


def running_jobs(work_center: WorkCenter) -> QuerySet[Operation]:
    """Return the operations of a work center that were begun and are not finished."""
    begun = Operation.objects.filter(work_center=work_center, started_at__isnull=False, completed_at=None)
    return begun.select_related("work_order__item", "work_order__uom").order_by("started_at")


def holds_at(work_center: WorkCenter) -> QuerySet[OrderHold]:
    """Return the open holds of jobs that were begun at a work center and are not finished there."""
    mine = OrderHold.objects.filter(
        Q(operation=None) | Q(operation__work_center=work_center),
        work_order__operations__in=running_jobs(work_center),
        released_at=None,
    )
    return mine.select_related("work_order", "reason").order_by("placed_at").distinct()


def last_change() -> Any:
    """Return what changes when a call or a handover does: for pages that ask again."""
    return (
        Call.objects.aggregate(
            n=Count("pk"),
            acknowledged=Max("acknowledged_at"),
            arrived=Max("arrived_at"),
            resolved=Max("resolved_at"),
            tier=Max("tier"),
        ),
        Handover.objects.aggregate(n=Count("pk"), accepted=Max("accepted_at")),
    )


def _steps(sites: Collection[str]) -> dict[tuple[int, str], list[Step]]:
    found: dict[tuple[int, str], list[Step]] = defaultdict(list)
    for row in EscalationStep.objects.filter(site__code__in=sites):
        found[row.site_id, row.kind].append(Step(row.tier, row.after_minutes, row.tells))
    return found
