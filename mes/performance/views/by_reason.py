"""Stops by reason over some days, of a place, a machine, a shift or a product; as a table and as a file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mes.access.queries import may, sites_of
from mes.access.views import requires
from mes.equipment.queries.planned import has_shifts
from mes.equipment.queries.stops import stop_reasons, units_of
from mes.execution.models import Operation
from mes.masterdata.models import Area, Item, ReasonCode, Site, WorkUnit
from mes.performance.queries.actions import actions_of
from mes.performance.queries.pareto import COUNT, MINUTES, ParetoRow, jobs_stopped, pareto
from mes.performance.queries.shifts import production_day, shifts_of_site
from mes.performance.views.actions import ACT
from mes.performance.views.pages import RIGHT, chosen_day, chosen_site, harmless

LONGEST_PERIOD = timedelta(days=92)
MOST_ITEMS = 500


@dataclass
class Asked:
    """What of a site's stops is asked for; what does not exist there is as if it was not asked for."""

    first: date
    last: date
    units: Sequence[WorkUnit]
    """Those that can be chosen: of the area, where one is chosen."""
    unit: WorkUnit | None
    area: Area | None
    shift: str
    reason: str
    item: str
    by: str
    with_micro: bool
    with_planned: bool

    @classmethod
    def of(cls, request: HttpRequest, site: Site, areas: Sequence[Area], now: datetime) -> "Asked":
        """Read the query; a period that is too long is cut, and said so."""
        last = chosen_day(request, "to", production_day(site, now))
        first = min(chosen_day(request, "from", last - timedelta(days=6), latest=date.max), last)
        if last - first > LONGEST_PERIOD:
            first = last - LONGEST_PERIOD
            messages.info(request, _("At most %(n)s days are shown at once.") % {"n": LONGEST_PERIOD.days})
        names = ("unit", "area", "shift", "reason", "item")
        unit, area, shift, reason, item = (request.GET.get(name, "")[:64] for name in names)
        place = next((one for one in areas if one.code == area), None)
        units = [one for one in units_of([site.code]) if place is None or one.work_center.area_id == place.pk]
        return cls(
            first=first, last=last, units=units, unit=next((one for one in units if one.code == unit), None), area=place,
            shift=shift, reason=reason, item=item, by=COUNT if request.GET.get("by") == COUNT else MINUTES,
            with_micro=request.GET.get("micro") == "yes", with_planned=request.GET.get("planned") == "yes",
        )  # fmt: skip


@require_GET
@requires(RIGHT)
def stops_by_reason(request: HttpRequest) -> HttpResponse:
    """Show the stops of a period by reason, most minutes first, or hand them out as CSV."""
    sites = list(sites_of(request.user, RIGHT))
    site = chosen_site(request, sites)
    if site is None:
        raise Http404
    now, areas = timezone.now(), list(Area.objects.filter(site=site, work_centers__work_units__active=True).distinct())
    asked = Asked.of(request, site, areas, now)
    chosen = [asked.unit] if asked.unit else asked.units
    seen = shifts_of_site(site, first=asked.first, last=asked.last, now=now, units=chosen)
    names = {one.window.code: one.window.name for one in seen.shifts}
    stopped = jobs_stopped(seen.shifts)
    items = _items(stopped)
    item = next((one for one in items if one.number == asked.item), None)
    table = pareto(
        [one for one in seen.shifts if asked.shift not in names or one.window.code == asked.shift],
        with_micro=asked.with_micro, with_planned=asked.with_planned, by=asked.by, reason=asked.reason or None,
        only=_stops_of(item, stopped) if item else None,
    )  # fmt: skip
    if request.GET.get("as") == "csv":
        return _as_csv(table.rows, table.shifts, name=f"stops-{site.code}-{asked.first}-{asked.last}.csv")
    others = request.GET.copy()
    others.pop("reason", None)
    reasons = ReasonCode.objects.filter(site=site, kind=ReasonCode.Kind.STOP, code=asked.reason)
    return render(
        request,
        "performance/pareto.html",
        {
            "site": site,
            "sites": sites,
            "asked": asked,
            "areas": areas,
            "items": items,
            "item": item,
            "shift": asked.shift if asked.shift in names else "",
            "names": names,
            "reason": reasons.first() or asked.reason,
            "table": table,
            "planned": seen.whole_sums.planned,
            "has_shifts": has_shifts([site.code]),
            "query": request.GET.urlencode(),
            "others": others.urlencode(),
            "actions": actions_of(site, now=now),
            "may_act": may(request.user, ACT, site.code),
            "stop_reasons": stop_reasons(site),
            "about": request.GET.get("about", "")[:64] or asked.reason,
            "about_unit": request.GET.get("about_unit", "")[:64] or (asked.unit.code if asked.unit else ""),
            "plans": "about" in request.GET or "about_unit" in request.GET,
            "fact": uuid4(),
        },
    )


def _items(stopped: dict[int, int]) -> list[Item]:
    """Return what was being made when machines stopped, for people to choose from."""
    made = Item.objects.filter(work_orders__operations__in=set(stopped.values())).distinct()
    return list(made.order_by("number")[:MOST_ITEMS])


def _stops_of(item: Item, stopped: dict[int, int]) -> set[int]:
    operations = Operation.objects.filter(pk__in=set(stopped.values()), work_order__item=item)
    wanted = set(operations.values_list("pk", flat=True))
    return {key for key, operation in stopped.items() if operation in wanted}


def _as_csv(rows: Sequence[ParetoRow], shifts: Sequence[str], *, name: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(
        [
            "reason",
            "name",
            "counts_as",
            "minutes",
            "count",
            "mean_minutes",
            "share",
            "cumulative",
            *map(harmless, shifts),
        ]
    )
    for row in rows:
        figures = [row.minutes, row.count, row.mean, row.share, row.cumulative, *row.by_shift]
        texts = [harmless(text) for text in (row.code, row.name, row.loss)]
        writer.writerow([*texts, *(figure if isinstance(figure, int) else f"{figure:.4f}" for figure in figures)])
    return response
