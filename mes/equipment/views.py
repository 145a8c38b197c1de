"""The supervisor's list of stops, where they are explained, cut, joined and entered later; and calls for maintenance."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import may, sites_of
from mes.access.views import requires
from mes.core import live
from mes.core.errors import DomainError
from mes.core.pages import posted_fact
from mes.core.routes import row_key
from mes.equipment import services
from mes.equipment.models import MaintenanceRequest, StateChange
from mes.equipment.queries import stops as queries
from mes.equipment.rules import states
from mes.masterdata.models import Site

SEE, EXPLAIN, CORRECT, MAINTAIN = "equipment:read", "stops:write", "stops:correct", "maintenance:write"
MOST_SHOWN = 200
DAYS = (1, 3, 7, 14)


@require_GET
@requires(SEE)
def stops(request: HttpRequest) -> HttpResponse:
    """Show the stops of the last days, those without a reason first."""
    sites = list(sites_of(request.user, SEE))
    site = _chosen(request, sites)
    if site is None:
        raise Http404
    now = timezone.now()
    days = next((n for n in DAYS if str(n) == request.GET.get("days")), 3)
    units = queries.units_of([site.code])
    code = request.GET.get("unit", "")
    chosen = [unit for unit in units if unit.code == code] or units
    waiting = queries.unexplained(chosen, now=now, within=timedelta(days=max(DAYS)))
    open_keys = {stop.interval.key for stop in waiting}
    known = [
        stop
        for stop in queries.standstills(chosen, start=now - timedelta(days=days), end=now, now=now)
        if stop.interval.key not in open_keys
    ]
    with timezone.override(site.time_zone):
        return render(
            request,
            "equipment/stops.html",
            {
                "site": site,
                "sites": sites,
                "units": units,
                "unit": code if len(chosen) == 1 else "",
                "days": days,
                "all_days": DAYS,
                "waiting": waiting[:MOST_SHOWN],
                "known": known[:MOST_SHOWN],
                "cut_off": max(len(waiting) - MOST_SHOWN, 0) + max(len(known) - MOST_SHOWN, 0),
                "tree": queries.reason_tree(site),
                "may_explain": may(request.user, EXPLAIN, site.code),
                "may_correct": may(request.user, CORRECT, site.code),
                "now": now,
                "fact": uuid4(),
            },
        )


@require_POST
@requires(EXPLAIN)
def explain(request: HttpRequest) -> HttpResponse:
    """Give the ticked stops the chosen reason."""
    rows = _named(request, [row_key(key) for key in request.POST.getlist("stop")], EXPLAIN)
    if not rows:
        messages.error(request, _("Tick the stops that the reason is for."))
        return _back(request)
    return _do(
        request,
        lambda: services.explain_stops(
            explanation_id=posted_fact(request),
            stops=[(row.work_unit_id, row.started_at) for row in rows],
            reason=request.POST.get("reason", "")[:64],
            note=_text(request, "note"),
            person=None,
            by=request.user.get_username(),
            now=timezone.now(),
        ),
        ngettext("%(n)s stop has its reason.", "%(n)s stops have their reason.", len(rows)) % {"n": len(rows)},
    )


@require_POST
@requires(CORRECT)
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """Cut a stop in two at a time of its site."""
    row = _one(request, pk, CORRECT)
    at = _local(request.POST.get("at", ""), row.site)
    if at is None:
        messages.error(request, _("Say at what time the stop is to be cut."))
        return _back(request)
    return _do(
        request,
        lambda: services.split_stop(
            entry_id=posted_fact(request), work_unit_id=row.work_unit_id, at=at, person=None,
            by=request.user.get_username(), now=timezone.now(), reason=request.POST.get("reason", "")[:64],
        ),
        _("The stop is cut in two."),
    )  # fmt: skip


@require_POST
@requires(CORRECT)
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """Join a stop with the part that somebody cut off before it."""
    row = _one(request, pk, CORRECT)
    return _do(
        request,
        lambda: services.join_stops(
            entry_id=posted_fact(request), work_unit_id=row.work_unit_id, at=row.started_at, person=None,
            by=request.user.get_username(), now=timezone.now(),
        ),
        _("The two parts are one stop again."),
    )  # fmt: skip


@require_POST
@requires(CORRECT)
def record(request: HttpRequest) -> HttpResponse:
    """Enter a stop that nobody entered when it happened."""
    site = _chosen(request, list(sites_of(request.user, CORRECT)), request.POST.get("site", ""))
    unit = (
        next((one for one in queries.units_of([site.code]) if one.code == request.POST.get("unit")), None)
        if site
        else None
    )
    if site is None or unit is None:
        raise Http404
    started_at, ended_at = (_local(request.POST.get(name, ""), site) for name in ("started_at", "ended_at"))
    if started_at is None or ended_at is None:
        messages.error(request, _("Say from when to when it stood still."))
        return _back(request)
    return _do(
        request,
        lambda: services.record_stop(
            entry_id=posted_fact(request), work_unit_id=unit.pk, started_at=started_at, ended_at=ended_at, person=None,
            by=request.user.get_username(), now=timezone.now(), reason=request.POST.get("reason", "")[:64],
            note=_text(request, "note"),
        ),
        _("The stop is entered."),
    )  # fmt: skip


@require_GET
@requires(SEE)
def maintenance(request: HttpRequest) -> HttpResponse:
    """Show open calls for maintenance, and those that were done last."""
    codes = [site.code for site in sites_of(request.user, SEE)]
    may_answer = {site.code for site in sites_of(request.user, MAINTAIN)}
    done = MaintenanceRequest.objects.filter(site__code__in=codes, status=MaintenanceRequest.Status.DONE)
    with timezone.override(_zone(codes)):
        return render(
            request,
            "equipment/maintenance.html",
            {
                "open": [(one, one.site.code in may_answer) for one in queries.open_requests(sites=codes)],
                "done": done.select_related("site", "work_unit", "reason", "person").order_by("-done_at")[:20],
            },
        )


@require_POST
@requires(MAINTAIN)
def answer_maintenance(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that somebody comes, or that the work is done, as the pressed button says."""
    sites = sites_of(request.user, MAINTAIN)
    if not MaintenanceRequest.objects.filter(pk=pk, site__in=sites).exists():
        raise Http404
    who: dict[str, Any] = {"request_id": pk, "by": request.user.get_username(), "now": timezone.now()}
    if request.POST.get("what") == "done":
        outcome = _text(request, "outcome")
        return _do(
            request,
            lambda: services.finish_maintenance(outcome=outcome, **who),
            _("The work is done."),
            "equipment:maintenance",
        )
    return _do(
        request, lambda: services.acknowledge_maintenance(**who), _("They know that you come."), "equipment:maintenance"
    )


def _do(request: HttpRequest, deed: Callable[[], Any], words: str, to: str = "") -> HttpResponse:
    try:
        deed()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.detail)
    live.forget()
    return redirect(to) if to else _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the list as it was filtered."""
    kept = {name: request.POST[name] for name in ("site", "unit_filter", "days") if request.POST.get(name)}
    if "unit_filter" in kept:
        kept["unit"] = kept.pop("unit_filter")
    return redirect(f"{reverse('equipment:stops')}?{urlencode(kept)}")


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()[:4000]


def _local(text: str, site: Site) -> datetime | None:
    """Return a time of a form, which is local to the site."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    if at is None or at.tzinfo is not None:
        return at
    try:
        return at.replace(tzinfo=ZoneInfo(site.time_zone)).astimezone(ZoneInfo("UTC"))
    except OverflowError:
        return None  # a day at an end of time


def _named(request: HttpRequest, keys: list[int], right: str) -> list[StateChange]:
    rows = StateChange.objects.filter(
        pk__in=keys[:MOST_SHOWN],
        site__in=sites_of(request.user, right),
        state__in=states.EXPLAINABLE,
    )
    return list(rows.select_related("site"))


def _one(request: HttpRequest, pk: int, right: str) -> StateChange:
    rows = _named(request, [pk], right)
    if not rows:
        raise Http404
    return rows[0]


def _chosen(request: HttpRequest, sites: list[Site], wanted: str | None = None) -> Site | None:
    wanted = request.GET.get("site", "") if wanted is None else wanted
    return next((site for site in sites if site.code == wanted), None if wanted else next(iter(sites), None))


def _zone(codes: list[str]) -> str:
    zones = set(Site.objects.filter(code__in=codes).values_list("time_zone", flat=True))
    return zones.pop() if len(zones) == 1 else "UTC"
