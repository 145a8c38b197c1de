"""Each work unit's shifts of some production days: segments of time, sums and figures."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mes.equipment.queries.intervals import Interval, intervals
from mes.equipment.queries.planned import SiteCalendar, site_calendar
from mes.equipment.queries.stops import units_of
from mes.equipment.rules.calendar import ShiftWindow
from mes.execution.models import ProductionReport
from mes.masterdata.models import Site, WorkUnit
from mes.performance.rules.figures import Figures, Sums, exact_run_time, figures, total
from mes.performance.rules.timeline import Held, Segment, segments, sums_of

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made of one job in a shift: pieces in the job's unit, and the minutes that they should have taken."""

    job: str
    item: str
    uom: str
    run_time_per_unit: Decimal
    good: Decimal
    produced: Decimal

    @property
    def ideal(self) -> Decimal:
        return exact_run_time(self.run_time_per_unit) * self.produced

    @property
    def good_ideal(self) -> Decimal:
        return exact_run_time(self.run_time_per_unit) * self.good


@dataclass(frozen=True, kw_only=True)
class ShiftOfUnit:
    """A unit in one shift, as far as the shift has gone."""

    unit: WorkUnit
    window: ShiftWindow
    until: datetime
    segments: Sequence[Segment]
    intervals: dict[int, Interval]
    made: Sequence[Made]
    sums: Sums
    figures: Figures

    @property
    def is_running(self) -> bool:
        """Say whether the shift still goes on."""
        return self.until < self.window.end


@dataclass(frozen=True)
class DayOfSite:
    """All shifts of a site's units over some production days, and what was reported outside every shift."""

    site: Site
    calendar: SiteCalendar
    units: Sequence[WorkUnit]
    shifts: Sequence[ShiftOfUnit]
    outside: Sequence[Made] = field(default_factory=list)

    @property
    def whole(self) -> Figures:
        """The figures of all units and shifts together: sums divided, never averages of percentages."""
        return figures(self.whole_sums)

    @property
    def whole_sums(self) -> Sums:
        return total(shift.sums for shift in self.shifts)


def production_day(site: Site, now: datetime) -> date:
    """Return the production day that goes on: that of the shift that began last, else the local day."""
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    begun = [
        window
        for window in site_calendar(site, first=today - timedelta(days=1), last=today).windows
        if window.start <= now < window.end
    ]
    return begun[-1].day if begun else today


def shifts_of_site(
    site: Site, *, first: date, last: date, now: datetime, units: Sequence[WorkUnit] | None = None
) -> DayOfSite:
    """Return every shift that began on the days from ``first`` to ``last``, of all active units or of those given."""
    units = units_of([site.code]) if units is None else units
    calendar = site_calendar(site, first=first, last=last)
    windows = [window for window in calendar.windows if window.start < now]
    if not windows or not units:
        return DayOfSite(site, calendar, units, [])
    begins, ends = windows[0].start, min(windows[-1].end, now)
    held = intervals(work_unit_ids=[unit.pk for unit in units], start=begins, end=ends, now=now)
    made, outside = _made(units, windows, begins=begins, ends=ends)
    found = [
        _shift(unit, window, min(window.end, now), calendar, held[unit.pk], made[unit.pk, window.key])
        for unit in units
        for window in windows
    ]
    return DayOfSite(site, calendar, units, found, outside)


def _shift(
    unit: WorkUnit,
    window: ShiftWindow,
    until: datetime,
    calendar: SiteCalendar,
    held: Iterable[Interval],
    made: Sequence[Made],
) -> ShiftOfUnit:
    within = [one for one in held if one.start < until and (one.end is None or one.end > window.start)]
    cut = segments(
        start=window.start,
        end=until,
        planned=calendar.planned(unit, window),
        held=[
            Held(one.start, one.end or until, one.state, one.loss, one.is_micro, one.key)
            for one in within
            if one.start < (one.end or until)
        ],
    )
    times = sums_of(cut)
    sums = times + Sums(
        ideal=sum((one.ideal for one in made), ZERO),
        good_ideal=sum((one.good_ideal for one in made), ZERO),
        produced=sum((one.produced for one in made), ZERO),
        good=sum((one.good for one in made), ZERO),
        without_ideal=frozenset(one.job for one in made if one.produced and not one.run_time_per_unit),
    )
    return ShiftOfUnit(
        unit=unit,
        window=window,
        until=until,
        segments=cut,
        intervals={one.key: one for one in within},
        made=made,
        sums=sums,
        figures=figures(sums),
    )


def _made(
    units: Sequence[WorkUnit], windows: Sequence[ShiftWindow], *, begins: datetime, ends: datetime
) -> tuple[dict[tuple[int, str], list[Made]], list[Made]]:
    """Return what was made by unit and shift, and what was reported in no shift.

    A report counts where and when it happened. One that was taken back does not count, nor what takes it back. Pieces out
    of rework were produced before and were not good the first time, so they count for nothing here.
    """
    reports = (
        ProductionReport.objects.filter(work_unit__in=units, occurred_at__gte=begins, occurred_at__lte=ends)
        .filter(reverses=None, reversed_by=None, from_rework=False)
        .order_by("occurred_at")
        .values_list(
            "work_unit_id", "occurred_at", "work_order__number", "operation__number", "work_order__item__number",
            "work_order__uom__code", "operation__planned_run_time_per_unit", "good_quantity", "scrap_quantity",
            "rework_quantity",
        )
    )  # fmt: skip
    starts = [window.start for window in windows]
    pieces: dict[tuple[int, str], dict[tuple[str, str, str, Decimal], tuple[Decimal, Decimal]]] = defaultdict(dict)
    for unit, at, order, operation, item, uom, run_time, good, scrap, rework in reports:
        index = bisect_right(starts, at) - 1
        inside = index >= 0 and at < windows[index].end
        of_shift = pieces[unit, windows[index].key if inside else ""]
        job = (f"{order}/{operation}", item, uom, run_time)
        before = of_shift.get(job, (ZERO, ZERO))
        of_shift[job] = (before[0] + good, before[1] + good + scrap + rework)
    made: dict[tuple[int, str], list[Made]] = defaultdict(list)
    for key, jobs in pieces.items():
        made[key] = [
            Made(job=job, item=item, uom=uom, run_time_per_unit=run_time, good=good, produced=produced)
            for (job, item, uom, run_time), (good, produced) in jobs.items()
        ]
    return made, [one for (_, window), listed in made.items() if not window for one in listed]
