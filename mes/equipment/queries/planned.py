"""When production is planned: shifts and their breaks, less planned stops."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from mes.equipment.models import PlannedStop
from mes.equipment.rules.calendar import ShiftPattern, ShiftWindow, Span, clip, shift_windows, subtract
from mes.masterdata.models import Shift, Site, WorkUnit


@dataclass(frozen=True)
class SiteCalendar:
    """A site's shifts and planned stops over some production days; asked once, read for every unit."""

    windows: Sequence[ShiftWindow]
    stops: Sequence[PlannedStop]

    def stops_of(self, unit: WorkUnit) -> list[PlannedStop]:
        """Return the planned stops that hold for a unit: its own, its work center's and the site's."""
        return [
            stop
            for stop in self.stops
            if stop.work_unit_id in (None, unit.pk) and stop.work_center_id in (None, unit.work_center_id)
        ]

    def planned(self, unit: WorkUnit, window: ShiftWindow) -> list[Span]:
        """Return when production is planned on the unit within a shift: without breaks and planned stops."""
        stops = [(stop.starts_at, stop.ends_at) for stop in self.stops_of(unit)]
        return subtract([(window.start, window.end)], [*window.breaks, *stops])

    def planned_between(self, unit: WorkUnit, start: datetime, end: datetime) -> list[Span]:
        """Return when production is planned on the unit from ``start`` to ``end``, whatever the shift."""
        spans = [span for window in self.windows for span in self.planned(unit, window)]
        return subtract(clip(spans, start, end), ())


def site_calendar(site: Site, *, first: date, last: date) -> SiteCalendar:
    """Return the calendar of the production days from ``first`` to ``last``, and of what of the day before reaches into them."""
    zone = ZoneInfo(site.time_zone)
    patterns = [
        ShiftPattern(
            code=shift.code,
            name=shift.name,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            weekdays=frozenset(int(day) for day in shift.weekdays if day.isdigit()),
            breaks=tuple((one.starts_at, one.ends_at) for one in shift.breaks.all()),
        )
        for shift in Shift.objects.filter(site=site, active=True).prefetch_related("breaks")
    ]
    windows = shift_windows(patterns, zone=zone, first=first, last=last)
    if not windows:
        return SiteCalendar([], [])
    begins, ends = windows[0].start, max(window.end for window in windows)
    stops = PlannedStop.objects.filter(site=site, starts_at__lt=ends, ends_at__gt=begins).select_related("reason")
    return SiteCalendar(windows, list(stops))


def calendar_between(site: Site, start: datetime, end: datetime) -> SiteCalendar:
    """Return the calendar of all shifts that touch the time from ``start`` to ``end``."""
    zone = ZoneInfo(site.time_zone)
    return site_calendar(
        site, first=start.astimezone(zone).date() - timedelta(days=1), last=end.astimezone(zone).date()
    )


def shift_end_at(site: Site, at: datetime) -> datetime | None:
    """Return when the shift that runs at a moment ends; None where none runs."""
    windows = calendar_between(site, at, at).windows
    return next((window.end for window in windows if window.start <= at < window.end), None)


def has_shifts(sites: Collection[str]) -> bool:
    """Say whether any shift is known at these sites; without one nothing is planned."""
    return Shift.objects.filter(site__code__in=sites, active=True).exists()


def planned_stops(site: Site, *, start: datetime, end: datetime) -> list[PlannedStop]:
    """Return the planned stops of a site that touch a period."""
    touching = Q(starts_at__lt=end, ends_at__gt=start)
    return list(PlannedStop.objects.filter(touching, site=site).select_related("work_unit", "work_center", "reason"))
