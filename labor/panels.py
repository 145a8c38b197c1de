"""What labor plugs in: who works on the job at a terminal, who is at work for the board, an order's time for its page."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labor import queries, services
from labor.models import AttendanceSegment, LaborSegment
from labor.services.crews import LARGEST
from mes.access.queries import sites_of
from mes.core.attention import Attention
from mes.core.errors import NotFound
from mes.execution.models import WorkOrder
from mes.execution.panels import looked_at, operation_of
from mes.execution.panels.board import OrderSection, Worker
from mes.execution.queries.terminal import reasons_for, work_units_of
from mes.masterdata.models import ReasonCode, Site
from mes.masterdata.queries import privacy_of, private_sites
from mes.terminal.panels import Action, Panel, Place, Shortcut, StepUpNeeded, Tap, shift_end

CORRECT = "labor:correct"


class CrewPanel(Panel):
    """The people on the job, and what a person can do with their own time."""

    key = "crew"
    zone = "side"
    order = 5
    template = "labor/terminal/crew.html"
    shortcut = Shortcut("my-time", "my-time", "clock", gettext_lazy("My time"))

    def context(self, place: Place) -> dict[str, Any]:
        job = looked_at(place)["job"]
        running = list(queries.running_at(work_center_id=place.work_center.pk))
        unnamed = next(
            (one.crew_size for one in running if one.is_crew and job and one.operation_id == job.operation.pk), 0
        )
        return {
            "job": job,
            "is_private": privacy_of(site_id=place.work_center.site_id) is not None,
            "running": [one for one in running if not one.is_crew],
            "crews": [one for one in running if one.is_crew],
            "past_end": _past_end([one for one in running if not one.is_crew], place),
            "unnamed": unnamed,
            "is_full": unnamed >= LARGEST,
            "largest": LARGEST,
            "keys": "123456789",
            "work_units": work_units_of(place.work_center) if job and job.is_open and not job.is_active else [],
            "other_work": reasons_for(place.work_center, ReasonCode.Kind.INDIRECT),
        }


def _past_end(running: list[LaborSegment], place: Place) -> list[tuple[LaborSegment, datetime]]:
    """Return whose time runs on although the shift in which they began it is over, with its end."""
    ends = {at: shift_end(place.work_center.site, at) for at in {one.started_at for one in running}}
    return [(one, ended) for one in running if (ended := ends[one.started_at]) and ended <= place.now]


class ClockIn(Action):
    key = "clock-in"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.clock_in(person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class ClockOut(Action):
    key = "clock-out"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.clock_out(person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class StartBreak(Action):
    key = "break-start"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.start_break(person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class EndBreak(Action):
    key = "break-end"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.end_break(person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class JoinJob(Action):
    key = "join"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.clock_on(person=tap.person, operation_id=tap.number("operation"), occurred_at=tap.at, now=tap.now)
        return _("saved")


class LeaveJob(Action):
    key = "leave"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.clock_off(person=tap.person, operation_id=tap.number("operation"), occurred_at=tap.at, now=tap.now)
        return _("saved")


class LeaveAfterShift(Action):
    """Somebody whose time runs on after the shift has gone: they say so, or a supervisor does for them."""

    key = "leave-after-shift"

    def apply(self, tap: Tap) -> str:
        segment = (
            queries.running_at(work_center_id=tap.work_center.pk)
            .filter(pk=tap.uuid("segment"))
            .exclude(person=None)
            .first()
        )
        if segment is None or segment.person is None or segment.operation_id is None:
            raise NotFound(_("This time does not run any more."), field="segment")
        if segment.person != tap.person and tap.approver(CORRECT) is None:
            raise StepUpNeeded(
                _("This is the time of %(person)s. Only they end it, or a supervisor.")
                % {"person": segment.person.told_name},
                right=CORRECT,
            )
        services.clock_off(person=segment.person, operation_id=segment.operation_id, occurred_at=tap.at, now=tap.now)
        return _("saved")


class OtherWork(Action):
    """Something that belongs to no order begins; work on orders ends for them."""

    key = "other-work"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.start_indirect(person=tap.person, reason=tap.text("reason"), occurred_at=tap.at, now=tap.now)
        return _("saved")


class OtherWorkEnd(Action):
    key = "other-work-end"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.stop_indirect(person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class CrewMore(Action):
    """One more person who is not named works on the job."""

    key = "crew-more"

    def apply(self, tap: Tap) -> str:
        services.change_crew_size(operation_id=operation_of(tap).pk, by=1, occurred_at=tap.at, now=tap.now)
        return _("saved")


class CrewLess(Action):
    """One person fewer who is not named works on the job."""

    key = "crew-less"

    def apply(self, tap: Tap) -> str:
        services.change_crew_size(operation_id=operation_of(tap).pk, by=-1, occurred_at=tap.at, now=tap.now)
        return _("saved")


class LaborSection(OrderSection):
    """The time that people worked on an order."""

    key = "labor"
    order = 20
    template = "labor/order.html"
    right = "labor:read"

    def context(self, work_order: WorkOrder) -> dict[str, Any]:
        if not queries.is_shown(site=work_order.site):
            return {"sums": queries.sums_by_operation(site=work_order.site, work_order_id=work_order.pk)}
        return {"segments": list(queries.labor_of(work_order_id=work_order.pk))}


def crew(sites: Collection[str], now: datetime) -> list[Worker]:
    """Return who is at work at these sites: one row per job, and one for who is present without a job."""
    running = (
        LaborSegment.objects.filter(site__code__in=sites, ended_at=None, flagged_at=None)
        .select_related("person", "operation__work_order", "operation__work_center", "reason")
        .order_by("started_at")
    )
    workers = [
        Worker(
            name=one.person.name
            if one.person
            else ngettext("%(n)s person", "%(n)s people", one.crew_size) % {"n": one.crew_size},
            number=one.person.number if one.person else f"crew/{one.pk}",
            people=one.crew_size,
            work_center=one.operation.work_center.code if one.operation else "",
            job=str(one.operation) if one.operation else str(one.reason or ""),
            activity=one.activity,
            since=one.started_at,
        )
        for one in running
    ]
    busy = {one.person_id for one in running if one.person_id}
    present = AttendanceSegment.objects.filter(site__code__in=sites, ended_at=None, flagged_at=None)
    for here in present.exclude(person_id__in=busy).select_related("person"):
        assert here.person is not None, "whoever is here is known"
        workers.append(
            Worker(
                name=here.person.name,
                number=here.person.number,
                work_center="",
                job="",
                activity=here.kind,
                since=here.started_at,
            )
        )
    if private_sites(sites):
        return [replace(one, name=_("Somebody")) for one in workers]
    return workers


def forgotten(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return timers that ran longer than anybody works, for a supervisor to set their end."""
    found = []
    private = private_sites(sites)
    for site in Site.objects.filter(code__in=sites):
        attendance, labor = queries.to_settle(site_id=site.pk, now=now)
        for one in labor[:20]:
            found.append(
                Attention(
                    key=f"labor-{one.pk}",
                    what=_("%(person)s: the time on %(job)s was never ended")
                    % {"person": _who(one, site, private), "job": one.operation or one.reason},
                    how=_("Set the end that is right; until then it counts for nothing."),
                    url=_day_url(site, one.started_at),
                    since=one.started_at,
                    severity="wait",
                )
            )
        for shift in attendance[:20]:
            found.append(
                Attention(
                    key=f"attendance-{shift.pk}",
                    what=_("%(person)s never clocked out") % {"person": _who(shift, site, private)},
                    how=_("Set the end that is right; until then it counts for nothing."),
                    url=_day_url(site, shift.started_at),
                    since=shift.started_at,
                    severity="wait",
                )
            )
    return found


def _who(one: AttendanceSegment | LaborSegment, site: Site, private: Collection[str]) -> str:
    """Return who left something without an end; whoever may settle it sees the name on the day's page."""
    if one.person is None:
        return _("A crew")
    return _("Somebody") if site.code in private else one.person.name


def _day_url(site: Site, moment: datetime) -> str:
    return reverse("labor:day", args=[site.code, moment.astimezone(ZoneInfo(site.time_zone)).date()])


def may_see_labor(user: Any) -> bool:
    """Return whether the user may see people's time at any site."""
    return sites_of(user, "labor:read").exists()


def last_change() -> object:
    """Return what changes when someone comes, goes, joins or leaves: for pages that ask again."""
    return (
        LaborSegment.objects.aggregate(started=Max("started_at"), ended=Max("ended_at"), recorded=Max("recorded_at")),
        AttendanceSegment.objects.aggregate(started=Max("started_at"), ended=Max("ended_at")),
        LaborSegment.objects.filter(ended_at=None).count(),
    )


PANELS = (CrewPanel,)
ACTIONS = (
    ClockIn, ClockOut, StartBreak, EndBreak, JoinJob, LeaveJob, LeaveAfterShift, OtherWork, OtherWorkEnd, CrewMore, CrewLess,
)  # fmt: skip
