"""The supervisor's pages: figures by unit and shift, live; one unit's day or week with the way it was computed."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mes.access.queries import may, sites_of
from mes.access.views import requires
from mes.core import live
from mes.core.attention import all_attention
from mes.equipment.queries.planned import has_shifts
from mes.equipment.queries.stops import current_intervals, open_requests
from mes.execution.models import Operation
from mes.masterdata.models import Site, WorkUnit
from mes.masterdata.queries import uom_symbols
from mes.performance.queries.shifts import DayOfSite, production_day, shifts_of_site
from mes.performance.rules.figures import waterfall
from mes.performance.views.drawing import UnitShift, drawn, jobs_of, lane

RIGHT = "performance:read"
OVERVIEW = live.Page("performance:overview-live", salt="oee-page")
WEEK = timedelta(days=7)


@require_GET
@requires(RIGHT)
def overview(request: HttpRequest) -> HttpResponse:
    """Show a site's production day: its figures, what each unit does now, what needs attention."""
    sites = list(sites_of(request.user, RIGHT))
    site = chosen_site(request, sites)
    if site is None:
        raise Http404
    now = timezone.now()
    today = production_day(site, now)
    day = chosen_day(request, "day", today)
    return render(
        request,
        "performance/overview.html",
        {
            "site": site,
            "sites": sites,
            "day": day,
            "today": today,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1) if day < today else None,
            "body": _overview(site, day, is_today=day == today, now=now),
            "live_url": OVERVIEW.address([site.pk, day.isoformat() if day != today else ""]),
            "now": now,
        },
    )


@require_GET
def overview_live(request: HttpRequest) -> HttpResponse:
    """Return the page's body, or 304; the page's address says of which site and day."""

    def draw(shown: Any) -> str:
        pk, day = shown
        site, now = Site.objects.get(pk=pk), timezone.now()
        today = production_day(site, now)
        chosen = date.fromisoformat(day) if day else today
        return _overview(site, chosen, is_today=chosen == today, now=now)

    return OVERVIEW.answer(request, draw)


def _overview(site: Site, day: date, *, is_today: bool, now: datetime) -> str:
    seen = shifts_of_site(site, first=day, last=day, now=now)
    shifts = [drawn(shift) for shift in seen.shifts]
    by_unit: dict[int, list[UnitShift]] = {}
    for one in shifts:
        by_unit.setdefault(one.shift.unit.pk, []).append(one)
    with timezone.override(site.time_zone):
        return render_to_string(
            "performance/overview_body.html",
            {
                "site": site,
                "day": day,
                "is_today": is_today,
                "now": now,
                "has_shifts": has_shifts([site.code]),
                "seen": seen,
                "whole": seen.whole,
                "whole_sums": seen.whole_sums,
                "losses": waterfall(seen.whole_sums),
                "units": [(unit, by_unit.get(unit.pk, [])) for unit in seen.units],
                "tiles": _tiles(seen, by_unit, now) if is_today else [],
                "attention": all_attention(sites=[site.code], now=now) if is_today else [],
                "unexplained": sum(shift.sums.unexplained for shift in seen.shifts),
            },
        )


def _tiles(seen: DayOfSite, by_unit: dict[int, list[UnitShift]], now: datetime) -> list[dict[str, Any]]:
    """Return what each unit does now, what stands still without a reason first."""
    held = current_intervals(seen.units, now=now)
    operations = [one.operation_id for one in held.values() if one.operation_id]
    jobs = Operation.objects.filter(pk__in=operations).select_related("work_order__item", "work_order__uom").in_bulk()
    calls = {request.work_unit_id: request for request in open_requests(sites=[seen.site.code])}
    rank = {"STOPPED": 0, "SETUP": 2, "RUNNING": 3, "IDLE": 4}
    tiles = []
    for unit in seen.units:
        now_held = held.get(unit.pk)
        shifts = by_unit.get(unit.pk, [])
        running = shifts[-1] if shifts and shifts[-1].shift.is_running else None
        tiles.append(
            {
                "unit": unit,
                "held": now_held,
                "job": jobs.get(now_held.operation_id) if now_held and now_held.operation_id else None,
                "call": calls.get(unit.pk),
                "drawn": running,
                "rank": (rank.get(now_held.state, 5) if now_held else 5, unit.code),
            }
        )
    return sorted(tiles, key=lambda tile: tile["rank"])


@require_GET
@requires(RIGHT)
def unit(request: HttpRequest, site: str, code: str) -> HttpResponse:
    """Show one unit's production day, or with ``?days=7`` its week: the timeline, the stops, and how each figure came about."""
    found = (
        WorkUnit.objects.filter(site__in=sites_of(request.user, RIGHT), site__code=site, code=code)
        .select_related("site", "work_center")
        .first()
    )
    if found is None:
        raise Http404
    now = timezone.now()
    today = production_day(found.site, now)
    day = chosen_day(request, "day", today)
    if request.GET.get("days") == str(WEEK.days):
        return _week(request, found, day, today=today, now=now)
    seen = shifts_of_site(found.site, first=day, last=day, now=now, units=[found])
    before = shifts_of_site(
        found.site, first=day - timedelta(days=1), last=day - timedelta(days=1), now=now, units=[found]
    )
    earlier = {one.window.code: one for one in before.shifts}
    shifts = [drawn(shift) for shift in seen.shifts]
    jobs = jobs_of(shifts)
    if request.GET.get("as") == "csv":
        return _events_csv(shifts, jobs, name=f"timeline-{found.code}-{day}.csv")
    with timezone.override(found.site.time_zone):
        return render(
            request,
            "performance/unit.html",
            {
                "unit": found,
                "site": found.site,
                "day": day,
                "today": today,
                "before": day - timedelta(days=1),
                "after": day + timedelta(days=1) if day < today else None,
                "shifts": [
                    (one, waterfall(one.shift.sums), lane(one, jobs), earlier.get(one.shift.window.code))
                    for one in shifts
                ],
                "jobs": jobs,
                "outside": seen.outside,
                "symbols": uom_symbols(),
                "whole": seen.whole,
                "whole_sums": seen.whole_sums,
                "has_shifts": has_shifts([found.site.code]),
                "may_explain": may(request.user, "stops:write", found.site.code),
                "now": now,
            },
        )


def _week(request: HttpRequest, unit: WorkUnit, last: date, *, today: date, now: datetime) -> HttpResponse:
    """Show a unit's seven production days up to one: every shift in a row, and where their planned time went together."""
    first = last - WEEK + timedelta(days=1)
    seen = shifts_of_site(unit.site, first=first, last=last, now=now, units=[unit])
    with timezone.override(unit.site.time_zone):
        return render(
            request,
            "performance/unit_week.html",
            {
                "unit": unit,
                "site": unit.site,
                "day": last,
                "first": first,
                "today": today,
                "before": last - WEEK,
                "after": min(last + WEEK, today) if last < today else None,
                "shifts": [drawn(shift) for shift in reversed(seen.shifts)],
                "losses": waterfall(seen.whole_sums),
                "whole": seen.whole,
                "whole_sums": seen.whole_sums,
                "has_shifts": has_shifts([unit.site.code]),
            },
        )


def _events_csv(shifts: Sequence[UnitShift], jobs: dict[int, str], *, name: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(["shift", "from", "to", "state", "reason", "job", "minutes", "note"])
    for one in shifts:
        for bar in one.bars:
            held = bar.interval
            texts = [
                held.reason.name if held and held.reason else "",
                jobs.get(bar.operation_id, ""),
                held.note if held else "",
            ]
            reason, job, note = (harmless(text) for text in texts)
            edges = (f"{edge.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for edge in (bar.segment.start, bar.segment.end))
            code = harmless(one.shift.window.code)
            writer.writerow([code, *edges, bar.segment.kind, reason, job, f"{bar.minutes:.4f}", note])
    return response


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def chosen_site(request: HttpRequest, sites: Sequence[Site]) -> Site | None:
    wanted = request.GET.get("site", "")
    return next((site for site in sites if site.code == wanted), None if wanted else next(iter(sites), None))


def chosen_day(request: HttpRequest, name: str, usual: date, *, latest: date | None = None) -> date:
    """Return a day of the query; one that cannot be read is taken as the usual one, and said so.

    So, without a word, is one after the ``latest``: the day after the usual one where nothing else is given.
    """
    text = request.GET.get(name, "")
    if not text:
        return usual
    try:
        day = date.fromisoformat(text)
    except ValueError:
        messages.warning(request, _("“%(text)s” is not a date, so this is today.") % {"text": text[:20]})
        return usual
    return day if date(2000, 1, 1) <= day <= (latest or usual + timedelta(days=1)) else usual
