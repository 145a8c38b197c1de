"""The supervisor's day: who was here, what each worked on, what was forgotten, and putting it right by correction."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labor import queries, services
from labor.models import AttendanceSegment, LaborSegment
from mes.access.queries import may, sites_of
from mes.access.views import lacking
from mes.core import live
from mes.core.durations import seconds_to_minutes
from mes.core.errors import DomainError, InvalidInput
from mes.core.routes import row_key
from mes.execution.models import Operation
from mes.masterdata.models import Person, Site, SplitPolicy


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Go to today at the first site whose labor the person may see."""
    site = sites_of(request.user, "labor:read").filter(active=True).first()
    if site is None:
        raise PermissionDenied(lacking("labor:read"))
    return redirect("labor:day", site.code, _today(site))


@login_required
@require_GET
def day(request: HttpRequest, site: str, day: date) -> HttpResponse:
    """Show everybody's day at a site."""
    found = _site(request, site)
    now = timezone.now()
    here = _today(found)
    if not queries.is_shown(site=found):
        return _private_day(request, found, day)
    begin, end = queries.day_bounds(site=found, day=day)
    people = queries.days(site=found, day=day, now=now)
    crews, vouched = queries.crews_on(site=found, day=day), queries.crews_approval(site=found, day=day)
    with timezone.override(found.time_zone):
        return render(
            request,
            "labor/day.html",
            {
                "site": found,
                "sites": sites_of(request.user, "labor:read").filter(active=True),
                "day": day,
                "is_today": day == here,
                "before": day - timedelta(days=1),
                "after": day + timedelta(days=1) if day < here else None,
                "people": [(told, _strip(told, begin, end, now)) for told in people],
                "crews": crews,
                "crew_minutes": sum((one.minutes for one in crews if one.minutes), Decimal(0)),
                "crews_settled": all(one.ended_at for one in crews),
                "crews_approved": vouched
                if vouched and all(queries.is_vouched(one, vouched) for one in crews)
                else None,
                "hours": [(hour * 60, f"{hour:02d}") for hour in range(0, 24, 3)],
                "to_settle": sum(told.waits for told in people),
                "to_approve": sum(bool(told.labor) and not told.is_approved for told in people),
                "may_correct": may(request.user, "labor:correct", found.code),
                "operations": _open_operations(found) if may(request.user, "labor:correct", found.code) else [],
            },
        )


@login_required
@require_GET
def shares(request: HttpRequest, site: str, day: date, pk: UUID) -> HttpResponse:
    """Show how the minutes of a booked stretch of work came about."""
    found = _site(request, site)
    if not queries.is_shown(site=found):
        raise Http404
    segments = LaborSegment.objects.filter(site=found, person__isnull=False, ended_at__isnull=False)
    segment = segments.select_related("person", "operation__work_order", "reason", "reverses").filter(pk=pk).first()
    if segment is None:
        raise Http404
    stretches = queries.how_divided(segment)
    keys = {part.key for stretch in stretches for part in stretch.parts}
    named = LaborSegment.objects.select_related("operation__work_order", "reason").in_bulk(list(keys))
    mine = (segment.reverses or segment).pk
    rows = [
        (
            stretch,
            SplitPolicy.Policy(stretch.basis).label,
            [(named.get(part.key), part, part.key == mine) for part in stretch.parts],
            next(part.seconds for part in stretch.parts if part.key == mine),
        )
        for stretch in stretches
    ]
    with timezone.override(found.time_zone):
        return render(
            request,
            "labor/shares.html",
            {
                "site": found,
                "day": day,
                "segment": segment,
                "rows": rows,
                "sum": seconds_to_minutes(sum(row[3] for row in rows)),
                "booked": abs(segment.minutes or 0),
            },
        )


def _private_day(
    request: HttpRequest, site: Site, day: date, *, opened: queries.PersonDay | None = None
) -> HttpResponse:
    """Show a day at a site in privacy mode: sums of several people, crews, and to who may set it what has no end.

    ``opened`` is one person's day, of which who looked and why is written down: times to put right, and no figures.
    """
    may_correct = may(request.user, "labor:correct", site.code)
    people = queries.days(site=site, day=day, now=timezone.now())
    crews, vouched = queries.crews_on(site=site, day=day), queries.crews_approval(site=site, day=day)
    here = _today(site)
    context = {
        "site": site,
        "sites": sites_of(request.user, "labor:read").filter(active=True),
        "day": day,
        "is_today": day == here,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < here else None,
        "sums": queries.sums_by_work_center(site=site, day=day),
        "waiting": [told for told in people if told.waits] if may_correct else [],
        "to_settle": sum(told.waits for told in people),
        "to_approve": sum(bool(told.labor) and not told.is_approved for told in people),
        "opened": opened,
        "crews": crews,
        "crew_minutes": sum((one.minutes for one in crews if one.minutes), Decimal(0)),
        "crews_settled": all(one.ended_at for one in crews),
        "crews_approved": vouched if vouched and all(queries.is_vouched(one, vouched) for one in crews) else None,
        "may_correct": may_correct,
        "operations": _open_operations(site) if opened else [],
    }
    with timezone.override(site.time_zone):
        return render(request, "labor/private_day.html", context)


@login_required
@require_POST
def person_day(request: HttpRequest, site: str, day: date) -> HttpResponse:
    """Show one person's day at a site in privacy mode to who may correct it; that they looked, and why, is written down."""
    found = _site(request, site)
    given = _Given(request, found, day)
    if not may(request.user, "labor:correct", found.code):
        messages.error(request, lacking("labor:correct"))
        return redirect("labor:day", found.code, day)
    try:
        opened = given.open_person()
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("labor:day", found.code, day)
    return _private_day(request, found, day, opened=opened)


@login_required
@require_POST
def decide(request: HttpRequest, site: str, day: date) -> HttpResponse:
    """Set an end, correct, take back, add or approve, as the pressed button says."""
    found = _site(request, site)
    back = redirect("labor:day", found.code, day)
    if not may(request.user, "labor:correct", found.code):
        messages.error(request, lacking("labor:correct"))
        return back
    given = _Given(request, found, day)
    deeds: dict[str, tuple[Callable[[], Any], str]] = {
        "end-labor": (given.end_labor, _("The end is set.")),
        "end-attendance": (given.end_attendance, _("The end is set.")),
        "correct-labor": (given.correct_labor, _("The time is corrected.")),
        "correct-attendance": (given.correct_attendance, _("The time is corrected.")),
        "take-back": (given.take_back, _("The time is taken back.")),
        "add": (given.add, _("The time is added.")),
        "approve": (given.approve, _("The day is approved.")),
        "approve-all": (given.approve_everybody, _("The day of everybody whose time is settled is approved.")),
        "approve-crews": (given.approve_crews, _("The crews’ day is approved.")),
    }
    asked = request.POST.get("what", "")
    if asked not in deeds:
        raise Http404
    deed, words = deeds[asked]
    try:
        deed()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.detail)
    live.forget()
    return back


class _Given:
    """What the form says, read in the site's time zone."""

    def __init__(self, request: HttpRequest, site: Site, day: date) -> None:
        self.site, self.day, self.post = site, day, request.POST
        self.acting: dict[str, Any] = {"by": request.user.get_username(), "now": timezone.now()}

    def end_labor(self) -> None:
        one = self._own(LaborSegment)
        services.set_labor_end(
            segment_id=one.pk, ended_at=self._moment("ended_at", after=one.started_at), **self.acting
        )

    def end_attendance(self) -> None:
        one = self._own(AttendanceSegment)
        ended_at = self._moment("ended_at", after=one.started_at)
        services.set_attendance_end(segment_id=one.pk, ended_at=ended_at, **self.acting)

    def correct_labor(self) -> None:
        one = self._own(LaborSegment)
        services.correct_labor(segment_id=one.pk, **self._times(one), note=self._note(), **self.acting)

    def correct_attendance(self) -> None:
        one = self._own(AttendanceSegment)
        services.correct_attendance(segment_id=one.pk, **self._times(one), note=self._note(), **self.acting)

    def take_back(self) -> None:
        services.reverse_labor(segment_id=self._own(LaborSegment).pk, note=self._note(), **self.acting)

    def add(self) -> None:
        started_at = self._moment("started_at")
        services.add_labor(
            person=self._person(),
            operation_id=row_key(self.post.get("operation", "")),
            activity=self.post.get("activity", ""),
            started_at=started_at,
            ended_at=self._moment("ended_at", after=started_at),
            note=self._note(),
            **self.acting,
        )

    def approve(self) -> None:
        services.approve_day(person=self._person(), day=self.day, **self.acting)

    def approve_everybody(self) -> None:
        services.approve_everybody(site=self.site, day=self.day, **self.acting)

    def open_person(self) -> queries.PersonDay:
        return services.open_person_day(
            person=self._person(), day=self.day, why=self.post.get("why", "").replace("\x00", ""), **self.acting
        )

    def approve_crews(self) -> None:
        services.approve_crews(site=self.site, day=self.day, **self.acting)

    def _own(self, model: Any) -> Any:
        try:
            key = UUID(self.post.get("id", ""))
        except ValueError as error:
            raise Http404 from error
        found = model.objects.filter(pk=key, site=self.site).first()
        if found is None:
            raise Http404
        return found

    def _person(self) -> Person:
        found = Person.objects.filter(site=self.site, number=self.post.get("person", "").replace("\x00", "")).first()
        if found is None:
            raise Http404
        return found

    def _note(self) -> str:
        return self.post.get("note", "").replace("\x00", "").strip()[:400]

    def _times(self, one: Any) -> dict[str, Any]:
        """Return both times; one that was not touched keeps its seconds, which the form does not show."""
        started_at = self._kept("started_at", one.started_at)
        return {"started_at": started_at, "ended_at": self._kept("ended_at", one.ended_at, after=started_at)}

    def _kept(self, name: str, before: datetime | None, after: datetime | None = None) -> datetime:
        zone = ZoneInfo(self.site.time_zone)
        if before and before.astimezone(zone).strftime("%H:%M") == self.post.get(name, ""):
            return before
        return self._moment(name, after=after)

    def _moment(self, name: str, after: datetime | None = None) -> datetime:
        """Return the time of the day that was entered; before ``after`` it means the next day: a night shift ends then."""
        try:
            wall = datetime.strptime(self.post.get(name, ""), "%H:%M").time()  # noqa: DTZ007  a time of day has no zone
        except ValueError as error:
            raise InvalidInput(_("Enter a time as hours and minutes, such as 14:30."), field=name) from error
        zone = ZoneInfo(self.site.time_zone)
        moment = datetime.combine(self.day, wall, tzinfo=zone)
        if after is not None and moment < after:
            moment = datetime.combine(self.day + timedelta(days=1), wall, tzinfo=zone)
        return moment


def _site(request: HttpRequest, code: str) -> Site:
    found = sites_of(request.user, "labor:read").filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _today(site: Site) -> date:
    return timezone.now().astimezone(ZoneInfo(site.time_zone)).date()


def _open_operations(site: Site) -> list[Operation]:
    startable = Operation.objects.filter(work_order__site=site, started_at__isnull=False)
    open_orders = startable.filter(work_order__status__in=("RELEASED", "RUNNING", "COMPLETED"))
    return list(open_orders.select_related("work_order").order_by("-started_at")[:200])


def _strip(told: queries.PersonDay, begin: datetime, end: datetime, now: datetime) -> list[tuple[str, float, float]]:
    """Return what the timeline draws: (kind, minute from midnight, length); parallel work lies over each other."""
    drawn = []
    for kind, stretches in (("present", told.presence), ("break", told.breaks), ("work", told.labor)):
        for one in stretches:
            last = min(one.ended_at or (now if one.is_open else one.started_at), end)
            start = (one.started_at - begin).total_seconds() / 60
            words = "waits" if one.awaits_end else "indirect" if getattr(one, "activity", "") == "INDIRECT" else kind
            drawn.append((words, round(start, 1), round(max((last - one.started_at).total_seconds() / 60, 4), 1)))
    return drawn
