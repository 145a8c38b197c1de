"""The wall of an area: what every machine does and how its shift goes, for a screen that is read from across the hall."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET

from mes.access.queries import sites_of
from mes.access.views import requires
from mes.core import live
from mes.core.attention import all_attention
from mes.equipment.queries.intervals import Interval
from mes.equipment.queries.stops import current_intervals, units_of
from mes.execution.models import Operation
from mes.masterdata.models import Area, Site, WorkUnit
from mes.performance.queries.shifts import ShiftOfUnit, production_day, shifts_of_site
from mes.performance.rules.figures import exact_run_time, figures, total
from mes.performance.views.drawing import drawn
from mes.performance.views.pages import RIGHT
from mes.terminal.views.caller import caller_of, sign_in_first

WALL = live.Page("performance:wall-live", salt="oee-wall")
MOST_TILES = 24
SECONDS_PER_PAGE = 15
MOST_ATTENTION = 3
COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3, 10: 4, 11: 4, 12: 4}
"""Columns for few tiles, so that each gets as much of the screen as it can; more than twelve stand in six."""
WORST_FIRST = {"STOPPED": 0, "SETUP": 1, "IDLE": 2, "RUNNING": 4}


@require_GET
def wall(request: HttpRequest, site: str, area: str = "") -> HttpResponse:
    """Show the wall of a site or of one of its areas, to people who may see OEE and on devices enrolled at the site.

    ``?order=place`` keeps the machines in the order of their codes; else what needs somebody stands first.
    """
    caller = caller_of(request)
    if caller is None:
        return sign_in_first(request)
    if caller.device is None:
        return _for_people(request, site, area)
    if caller.revoked or caller.device.site.code != site:
        raise Http404
    return _page(request, caller.device.site, area)


@requires(RIGHT)
def _for_people(request: HttpRequest, site: str, area: str) -> HttpResponse:
    found = sites_of(request.user, RIGHT).filter(code=site).first()
    if found is None:
        raise Http404
    return _page(request, found, area)


def _page(request: HttpRequest, site: Site, area: str) -> HttpResponse:
    chosen = Area.objects.filter(site=site, code=area).first() if area else None
    if area and chosen is None:
        raise Http404
    in_place, now = request.GET.get("order") == "place", timezone.now()
    return render(
        request,
        "performance/wall.html",
        {
            "site": site,
            "area": chosen,
            "areas": Area.objects.filter(site=site, work_centers__work_units__active=True).distinct(),
            "in_place": in_place,
            "body": _body(site, chosen, in_place=in_place, now=now),
            "live_url": WALL.address([site.pk, chosen.pk if chosen else None, in_place]),
            "now": now,
        },
    )


@require_GET
def wall_live(request: HttpRequest) -> HttpResponse:
    """Return the wall's body, or 304; the page's address says of which place."""

    def draw(shown: Any) -> str:
        site_pk, area_pk, in_place = shown
        area = Area.objects.filter(pk=area_pk).first() if area_pk else None
        return _body(Site.objects.get(pk=site_pk), area, in_place=in_place, now=timezone.now())

    return WALL.answer(request, draw)


def _body(site: Site, area: Area | None, *, in_place: bool, now: datetime) -> str:
    units = [unit for unit in units_of([site.code]) if area is None or unit.work_center.area_id == area.pk]
    today = production_day(site, now)
    seen = shifts_of_site(site, first=today, last=today, now=now, units=units)
    running = {shift.unit.pk: shift for shift in seen.shifts if shift.is_running}
    tiles = _tiles(units, running, in_place=in_place, now=now)
    # Which page is shown follows from the clock: every screen of the hall shows the same one, and none needs a script.
    pages = max(ceil(len(tiles) / MOST_TILES), 1)
    page = int(now.timestamp()) // SECONDS_PER_PAGE % pages
    shown = tiles[page * MOST_TILES : (page + 1) * MOST_TILES]
    attention = all_attention(sites=[site.code], now=now)
    with timezone.override(site.time_zone):
        return render_to_string(
            "performance/wall_body.html",
            {
                "site": site,
                "area": area,
                "now": now,
                "window": next(iter(running.values())).window if running else None,
                "whole": figures(total(shift.sums for shift in running.values())),
                "tiles": shown,
                "columns": COLUMNS.get(len(shown), 6),
                "page": page + 1,
                "pages": pages,
                "attention": attention[:MOST_ATTENTION],
                "further": max(len(attention) - MOST_ATTENTION, 0),
            },
        )


def _tiles(
    units: Sequence[WorkUnit], running: dict[int, ShiftOfUnit], *, in_place: bool, now: datetime
) -> list[dict[str, Any]]:
    held = current_intervals(units, now=now)
    operations = [one.operation_id for one in held.values() if one.operation_id]
    jobs = Operation.objects.filter(pk__in=operations).select_related("work_order__item", "work_order__uom").in_bulk()
    tiles = [_tile(unit, held.get(unit.pk), running.get(unit.pk), jobs) for unit in units]
    return tiles if in_place else sorted(tiles, key=lambda tile: tile["rank"])


def _tile(
    unit: WorkUnit, held: Interval | None, shift: ShiftOfUnit | None, jobs: dict[int, Operation]
) -> dict[str, Any]:
    job = jobs.get(held.operation_id) if held and held.operation_id else None
    return {
        "unit": unit,
        "held": held,
        "job": job,
        "drawn": drawn(shift) if shift else None,
        "target": _target(shift, job) if shift else None,
        # What is not known stands with what stands idle: somebody should look, but first at what is down.
        "rank": (WORST_FIRST.get(held.state, 3) if held else 3, unit.code),
    }


def _target(shift: ShiftOfUnit, job: Operation | None) -> int | None:
    """Return how many good pieces the shift's planned time so far was enough for; None where no run time is planned.

    Planned time ÷ ideal time per good piece: the mean of what was made, or the present job's as long as nothing was.
    """
    sums = shift.sums
    if sums.without_ideal:
        return None
    each = Decimal(0)
    if sums.good:
        each = sums.good_ideal / sums.good
    elif job is not None:
        each = exact_run_time(job.planned_run_time_per_unit)
    return round(Decimal(sums.planned) / 60 / each) if each else None
