"""Who is here, who works on what, and what time went into an order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from labor.models import AttendanceSegment, DayApproval, LaborSegment
from mes.core.durations import minutes_between
from mes.core.shares import QUANTITY, Job, Pieces, Stretch, Window, divide, merge
from mes.execution.queries.pieces import reported_between
from mes.masterdata.models import Person, Site
from mes.masterdata.queries import split_rules


def forgotten_after() -> timedelta:
    """Return how long a timer may run before it counts as forgotten (setting LINESIDE_FORGOTTEN_TIMER_HOURS)."""
    return timedelta(hours=settings.LINESIDE_FORGOTTEN_TIMER_HOURS)


def running_at(*, work_center_id: int) -> QuerySet[LaborSegment]:
    """Return the running segments on operations of a work center, longest first."""
    running = _open(LaborSegment.objects).filter(operation__work_center_id=work_center_id)
    return running.select_related("person", "operation__work_order").order_by("started_at")


def running_of(*, person_id: int) -> QuerySet[LaborSegment]:
    """Return what a person works on now."""
    running = _open(LaborSegment.objects).filter(person_id=person_id)
    return running.select_related("operation__work_order", "operation__work_center", "reason").order_by("started_at")


def crew_of(*, operation_id: int) -> LaborSegment | None:
    """Return the crew without names that works on an operation now."""
    return _open(LaborSegment.objects).filter(operation_id=operation_id, person=None).first()


def crews_on(*, site: Site, day: date) -> list[LaborSegment]:
    """Return the stretches of crews without names that began on a day, without what was taken back."""
    begin, end = day_bounds(site=site, day=day)
    found = LaborSegment.objects.filter(
        site=site, person=None, anonymized_at=None, reverses=None, reversed_by=None,
        started_at__gte=begin, started_at__lt=end,
    )  # fmt: skip
    return list(found.select_related("operation__work_order", "reason").order_by("started_at"))


def labor_of(*, work_order_id: int) -> QuerySet[LaborSegment]:
    """Return every final segment of an order, reversals included, in the order in which they were recorded."""
    final = LaborSegment.objects.filter(operation__work_order_id=work_order_id, ended_at__isnull=False)
    return final.select_related("person", "operation").order_by("recorded_at", "started_at")


def to_settle(*, site_id: int, now: datetime) -> tuple[QuerySet[AttendanceSegment], QuerySet[LaborSegment]]:
    """Return forgotten attendance and labor whose end a supervisor has to set, those still running included."""
    late = Q(flagged_at__isnull=False) | Q(started_at__lt=now - forgotten_after())
    waiting = Q(site_id=site_id, ended_at__isnull=True) & late
    return (
        AttendanceSegment.objects.filter(waiting).select_related("person"),
        LaborSegment.objects.filter(waiting).select_related("person", "operation__work_order", "reason"),
    )


def effective(*, person_id: int) -> QuerySet[LaborSegment]:
    """Return the person's segments that count: neither reversed, nor a reversal, nor waiting for an end."""
    return LaborSegment.objects.filter(person_id=person_id, reverses__isnull=True, reversed_by__isnull=True).exclude(
        ended_at__isnull=True, flagged_at__isnull=False
    )


def presence(*, person_id: int) -> QuerySet[AttendanceSegment]:
    """Return when the person was present, without breaks and without what a correction took the place of."""
    return AttendanceSegment.objects.filter(
        person_id=person_id, kind=AttendanceSegment.Kind.PRESENT, voided_by__isnull=True
    )


def beside(*, person_id: int, windows: Sequence[Window], but: Collection[UUID] = ()) -> list[LaborSegment]:
    """Return the person's segments that count and lie, at least in part, in one of the windows."""
    within = Q()
    for window in windows:
        end = Q(started_at__lt=window.end) if window.end else Q()
        within |= end & (Q(ended_at__isnull=True) | Q(ended_at__gt=window.start))
    found = effective(person_id=person_id).filter(within).select_related("operation__work_order", "reason", "person")
    return [one for one in found if one.pk not in but]


def hull(segments: Sequence[LaborSegment]) -> Window:
    """Return the one window in which all of the segments lie."""
    ends = [one.ended_at for one in segments]
    return Window(min(one.started_at for one in segments), None if None in ends else max(end for end in ends if end))


def divided(segments: Sequence[LaborSegment], *, person: Person, until: datetime) -> list[Stretch]:
    """Return how a person's time is divided between segments that ran at once, by the site's split policy.

    Presence decides how much there is: what was worked while nobody was clocked in counts for nothing. Two segments on
    the same operation overlap where a forgotten one got a late end or an entry arrived late; that is one share.
    """
    if not segments:
        return []
    rules = split_rules(site_id=person.site_id)
    start = min(one.started_at for one in segments)
    pieces = _pieces(segments, start=start, until=until) if any(one.policy == QUANTITY for one in rules) else {}
    jobs = [
        Job(
            one.pk,
            one.started_at,
            one.ended_at,
            one.planned_minutes,
            pieces.get(one.operation_id or 0, ()),
            work=(one.operation_id, one.reason_id),
        )
        for one in segments
    ]
    present = presence(person_id=person.pk).filter(started_at__lt=until)
    windows = [
        Window(one.started_at, one.ended_at or one.claimed_ended_at)
        for one in present.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=start))
    ]
    return divide(jobs, within=windows, until=until, rules=rules)


def _pieces(segments: Sequence[LaborSegment], *, start: datetime, until: datetime) -> dict[int, tuple[Pieces, ...]]:
    """Return what was reported on the jobs, without what came after the first of those it concerns was booked.

    Counting it later would divide differently what was divided then; a correction books anew, and counts it.
    """
    second = timedelta(seconds=1)
    operations = {one.operation_id for one in segments if one.operation_id}
    told = reported_between(operations, start=start, end=until + second)
    booked = [
        (one.started_at, one.ended_at, one.recorded_at) for one in segments if one.ended_at and one.minutes is not None
    ]
    found = {}
    for operation, reports in told.items():
        whole = [(one.at.replace(microsecond=0), one.recorded_at.replace(microsecond=0), one) for one in reports]
        found[operation] = tuple(
            Pieces(at, one.quantity)
            for at, known, one in whole
            if not any(begin < at <= end and recorded < known for begin, end, recorded in booked)
        )
    return found


def how_divided(segment: LaborSegment) -> list[Stretch]:
    """Return how the minutes of a person's booked segment came about: the stretches it is in, and who else was."""
    if segment.person is None or segment.ended_at is None:
        return []
    original = segment.reverses or segment
    others = beside(person_id=segment.person.pk, windows=[hull([original])], but={original.pk})
    until = max(one.ended_at or segment.ended_at for one in [original, *others])
    stretches = divided([original, *others], person=segment.person, until=until)
    return [one for one in stretches if any(part.key == original.pk for part in one.parts)]


@dataclass
class PersonDay:
    """One person's day: when present, what worked on, what a supervisor vouched for.

    A stretch belongs to the day on which it began. ``labor`` leaves out what was taken back.
    """

    person: Person
    day: date
    presence: list[AttendanceSegment] = field(default_factory=list)
    breaks: list[AttendanceSegment] = field(default_factory=list)
    labor: list[LaborSegment] = field(default_factory=list)
    approval: DayApproval | None = None
    present: Decimal = Decimal(0)
    """Minutes present up to now, breaks left out."""

    @property
    def worked(self) -> Decimal:
        """Minutes on orders and on indirect work."""
        return sum((one.minutes for one in self.labor if one.minutes), Decimal(0))

    @property
    def indirect(self) -> Decimal:
        return sum((one.minutes for one in self.labor if one.minutes and one.operation_id is None), Decimal(0))

    @property
    def unaccounted(self) -> Decimal:
        """Minutes of presence that went into nothing that was clocked; running work counts as accounted for when it ends."""
        return self.present - self.worked

    @property
    def waits(self) -> bool:
        """Whether somebody has to set an end."""
        return any(one.awaits_end for one in (*self.labor, *self.presence))

    @property
    def is_open(self) -> bool:
        return any(one.is_open for one in self.labor)

    @property
    def is_approved(self) -> bool:
        """Whether all that counts has been vouched for."""
        return self.approval is not None and all(is_vouched(one, self.approval) for one in self.labor)


def day_bounds(*, site: Site, day: date) -> tuple[datetime, datetime]:
    """Return the instants at which the day begins and ends at the site: 23, 24 or 25 hours apart."""
    zone = ZoneInfo(site.time_zone)
    return (
        datetime.combine(day, time(), tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time(), tzinfo=zone),
    )


def local_day(*, site: str, moment: datetime) -> date:
    """Return the day on which a moment lies at the site (by code)."""
    zone = Site.objects.filter(code=site).values_list("time_zone", flat=True).get()
    return moment.astimezone(ZoneInfo(zone)).date()


def days(*, site: Site, day: date, now: datetime) -> list[PersonDay]:
    """Return the day of everybody who was there or worked, by name."""
    begin, end = day_bounds(site=site, day=day)
    found: dict[int, PersonDay] = {}
    within = {"site": site, "started_at__gte": begin, "started_at__lt": end}
    within["person__isnull"] = False
    attendance = AttendanceSegment.objects.filter(**within, voided_by__isnull=True).select_related("person__site")
    for stretch in attendance.order_by("started_at"):
        assert stretch.person is not None, "only what is a person's was asked for"
        told = found.setdefault(stretch.person.pk, PersonDay(stretch.person, day))
        (told.presence if stretch.kind == AttendanceSegment.Kind.PRESENT else told.breaks).append(stretch)
    labor = LaborSegment.objects.filter(**within, reverses__isnull=True, reversed_by__isnull=True)
    for segment in labor.select_related("person__site", "operation__work_order", "reason").order_by("started_at"):
        assert segment.person is not None, "only what is a person's was asked for"
        found.setdefault(segment.person.pk, PersonDay(segment.person, day)).labor.append(segment)
    for approval in DayApproval.objects.filter(site=site, day=day, person_id__in=found).order_by("approved_at"):
        assert approval.person_id is not None, "only these persons' were asked for"
        found[approval.person_id].approval = approval
    for told in found.values():
        told.present = _minutes_present(told.presence, now)
    return sorted(found.values(), key=lambda told: (told.person.name, told.person.number))


def crews_approval(*, site: Site, day: date) -> DayApproval | None:
    """Return the last approval of the day's crews without names."""
    found = DayApproval.objects.filter(site=site, day=day, person=None, anonymized_at=None)
    return found.order_by("approved_at").last()


def day_of(*, person: Person, day: date, now: datetime | None = None) -> PersonDay:
    """Return one person's day; without ``now`` what is still running counts as nothing."""
    begin, end = day_bounds(site=person.site, day=day)
    within = {"person": person, "started_at__gte": begin, "started_at__lt": end}
    attendance = list(AttendanceSegment.objects.filter(**within, voided_by__isnull=True).order_by("started_at"))
    told = PersonDay(
        person,
        day,
        presence=[one for one in attendance if one.kind == AttendanceSegment.Kind.PRESENT],
        breaks=[one for one in attendance if one.kind == AttendanceSegment.Kind.BREAK],
        labor=list(
            LaborSegment.objects.filter(**within, reverses__isnull=True, reversed_by__isnull=True)
            .select_related("operation__work_order", "reason")
            .order_by("started_at")
        ),
        approval=DayApproval.objects.filter(person=person, day=day).order_by("approved_at").last(),
    )
    told.present = _minutes_present(told.presence, now)
    return told


def is_approved(*, segment_id: UUID) -> bool:
    """Return whether a supervisor vouched for a segment: entered or corrected it, or approved its day after it was recorded.

    A reversal is vouched for with what it takes back: an ERP that was told one has to be told the other.
    """
    segment = (
        LaborSegment.objects.select_related("site", "person", "reverses").filter(pk=segment_id, ended_at__isnull=False)
    ).first()
    if segment is None:
        return False
    if segment.anonymized_at is not None:
        return bool((segment.reverses or segment).corrected_by)
    day = segment.started_at.astimezone(ZoneInfo(segment.site.time_zone)).date()
    approvals = list(
        DayApproval.objects.filter(site_id=segment.site_id, person=segment.person, day=day, anonymized_at=None)
    )
    asked = segment.reverses or segment
    return any(is_vouched(asked, approval) for approval in approvals) or bool(asked.corrected_by)


def is_vouched(segment: LaborSegment, approval: DayApproval) -> bool:
    """Return whether an approval covers a segment: it had ended and was recorded by then, or a supervisor entered it."""
    return segment.ended_at is not None and (bool(segment.corrected_by) or segment.recorded_at <= approval.approved_at)


def _minutes_present(stretches: Iterable[AttendanceSegment], now: datetime | None) -> Decimal:
    windows = [
        (one.started_at, one.ended_at or now or one.started_at) for one in stretches if one.ended_at or one.is_open
    ]
    return sum((minutes_between(begin, end) for begin, end in merge(windows)), Decimal(0))


def _open(manager):
    return manager.filter(ended_at__isnull=True, flagged_at__isnull=True)
