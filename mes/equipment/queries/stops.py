"""Stops as people look at them: which need a reason, which reasons are usual here, what needs attention."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.core.attention import Attention
from mes.equipment.models import MaintenanceRequest, StateChange, StopEntry, StopExplanation
from mes.equipment.queries.intervals import Interval, intervals, micro_stop_seconds
from mes.equipment.queries.planned import SiteCalendar, calendar_between
from mes.equipment.rules import states
from mes.masterdata.models import ReasonCode, Site, WorkUnit

USUAL_REASONS = 8
USUAL_PERIOD = timedelta(days=30)
EXPLAIN_WITHIN = timedelta(days=14)
MOST_SHOWN = 20


@dataclass(frozen=True)
class ReasonGroup:
    """A reason of the top level with the reasons under it."""

    reason: ReasonCode
    children: list[ReasonCode] = field(default_factory=list)


@dataclass(frozen=True)
class Stop:
    """A standstill of a unit, with its interval; ``joins``: it was cut off from the one before it."""

    unit: WorkUnit
    interval: Interval
    joins: bool = False


def units_at(*, work_center_id: int) -> list[WorkUnit]:
    """Return the active work units of a work center."""
    return list(
        WorkUnit.objects.filter(work_center_id=work_center_id, active=True)
        .select_related("site", "work_center")
        .order_by("code")
    )


def units_of(sites: Collection[str]) -> list[WorkUnit]:
    """Return the active work units of sites."""
    units = WorkUnit.objects.filter(site__code__in=sites, active=True, work_center__active=True)
    return list(units.select_related("site", "work_center__area").order_by("site__code", "code"))


def current_intervals(units: Sequence[WorkUnit], *, now: datetime) -> dict[int, Interval]:
    """Return the present interval of each unit of which anything is known."""
    found = intervals(work_unit_ids=[unit.pk for unit in units], start=now, end=now + timedelta(seconds=1), now=now)
    return {pk: listed[-1] for pk, listed in found.items() if listed}


def usual_reasons(*, work_unit: WorkUnit, now: datetime) -> list[ReasonCode]:
    """Return the reasons for one-tap tiles: what this unit had most in the last 30 days, then the others by code."""
    given = StopExplanation.objects.filter(work_unit=work_unit, recorded_at__gte=now - USUAL_PERIOD)
    often = Counter(dict(given.order_by().values_list("reason_id").annotate(times=Count("pk"))))
    reasons = [one for one in stop_reasons(work_unit.site) if not _is_group(one, often)]
    return sorted(reasons, key=lambda one: (-often[one.pk], one.code))[:USUAL_REASONS]


def _is_group(reason: ReasonCode, often: Counter[int]) -> bool:
    """Say whether a reason only holds others together: whoever knows better than the group taps the other."""
    return bool(getattr(reason, "n_children", 0)) and not often[reason.pk]


def stop_reasons(site: Site) -> list[ReasonCode]:
    """Return the site's active stop reasons."""
    reasons = ReasonCode.objects.filter(site=site, kind=ReasonCode.Kind.STOP, active=True)
    return list(reasons.select_related("parent", "stop").annotate(n_children=Count("children")).order_by("code"))


def reason_tree(site: Site) -> list[ReasonGroup]:
    """Return the stop reasons by their top level, each with all that lies under it."""
    reasons = stop_reasons(site)
    known = {one.pk for one in reasons}
    groups = {one.pk: ReasonGroup(one) for one in reasons if one.parent_id not in known}
    parents = {one.pk: one.parent_id for one in reasons if one.parent_id in known}
    for one in reasons:
        top, seen = one.pk, {one.pk}
        while (parent := parents.get(top)) and parent not in seen:
            top = parent
            seen.add(top)
        if top != one.pk and top in groups:
            groups[top].children.append(one)
    return list(groups.values())


def unexplained(units: Sequence[WorkUnit], *, now: datetime, within: timedelta = EXPLAIN_WITHIN) -> list[Stop]:
    """Return the stops that need a reason, the newest first: not micro-stops, and not those outside planned time."""
    by_pk = {unit.pk: unit for unit in units}
    limits = micro_stop_seconds(by_pk)
    after = StateChange.objects.filter(work_unit=OuterRef("work_unit"), started_at__gt=OuterRef("started_at"))
    given = StopExplanation.objects.filter(
        at__lt=OuterRef("until"), work_unit=OuterRef("work_unit"), at__gte=OuterRef("started_at")
    )
    rows = (
        StateChange.objects.filter(work_unit__in=by_pk, state=states.STOPPED, started_at__gte=now - within)
        .annotate(ended_at=Subquery(after.order_by("started_at").values("started_at")[:1]))
        .annotate(until=Coalesce("ended_at", Value(now + timedelta(seconds=1))))
        .exclude(Exists(given))
        .order_by("-started_at")
    )
    found = [
        Stop(by_pk[row.work_unit_id], Interval.of_stop(row, row.ended_at))  # type: ignore[attr-defined]  # annotated
        for row in rows
        if ((row.ended_at or now) - row.started_at).total_seconds() >= limits[row.work_unit_id]  # type: ignore[attr-defined]
    ]
    return _in_planned_time(found, now=now)


def _in_planned_time(stops: Sequence[Stop], *, now: datetime) -> list[Stop]:
    """Leave out the stops in which nothing was planned; where a site has no shifts, nobody can say so, and all stay."""
    calendars: dict[int, SiteCalendar] = {}
    for stop in reversed(stops):
        site = stop.unit.site
        if site.pk not in calendars:
            calendars[site.pk] = calendar_between(site, stop.interval.start, now)
    return [
        stop
        for stop in stops
        if not (calendar := calendars[stop.unit.site_id]).windows
        or calendar.planned_between(stop.unit, stop.interval.start, stop.interval.end or now)
    ]


def standstills(units: Sequence[WorkUnit], *, start: datetime, end: datetime, now: datetime) -> list[Stop]:
    """Return every stop of the period that is no micro-stop, the newest first; those that are explained, too."""
    by_pk = {unit.pk: unit for unit in units}
    found = intervals(work_unit_ids=by_pk, start=start, end=end, now=now)
    cuts = set(
        StopEntry.objects.filter(work_unit__in=by_pk, kind=states.CUT, reverses=None, reversed_by=None).values_list(
            "work_unit_id", "at"
        )
    )
    stops = [
        Stop(by_pk[pk], one, joins=(pk, one.start) in cuts)
        for pk, listed in found.items()
        for one in listed
        if (one.state == states.STOPPED and not one.is_micro) or (one.state == states.IDLE and one.reason)
    ]
    return sorted(stops, key=lambda stop: stop.interval.start, reverse=True)


def open_requests(*, sites: Collection[str]) -> list[MaintenanceRequest]:
    """Return maintenance requests that are not done, the oldest first."""
    requests = MaintenanceRequest.objects.filter(site__code__in=sites).exclude(status=MaintenanceRequest.Status.DONE)
    return list(requests.select_related("site", "work_unit", "reason", "person").order_by("requested_at"))


def request_of(request_id: UUID) -> MaintenanceRequest:
    """Return a request with everything that it names."""
    related = ("site", "work_unit__work_center", "reason", "person")
    return MaintenanceRequest.objects.select_related(*related).get(pk=request_id)


def needs_attention(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return units that stand still without a reason, and stops that nobody has explained; calls are told by andon."""
    waiting = unexplained(units_of(sites), now=now)
    still = [stop for stop in waiting if stop.interval.end is None]
    ended: dict[int, list[Stop]] = {}
    for stop in waiting:
        if stop.interval.end is not None:
            ended.setdefault(stop.unit.pk, []).append(stop)
    url = reverse("equipment:stops")
    found = [
        Attention(
            key=f"stopped-{stop.interval.key}",
            what=_("%(unit)s stands still, nobody has said why") % {"unit": stop.unit.code},
            how=_("Give the stop its reason at the terminal or here."),
            url=f"{url}#stop-{stop.interval.key}",
            since=stop.interval.start,
        )
        for stop in still[:MOST_SHOWN]
    ]
    found += [
        Attention(
            key=f"unexplained-{pk}",
            what=ngettext("%(unit)s: %(n)s stop without a reason", "%(unit)s: %(n)s stops without a reason", len(stops))
            % {"unit": stops[0].unit.code, "n": len(stops)},
            how=_("Say why while people remember."),
            url=f"{url}?unit={stops[0].unit.code}",
            since=stops[-1].interval.start,
            severity="wait",
        )
        for pk, stops in list(ended.items())[:MOST_SHOWN]
    ]
    return found
