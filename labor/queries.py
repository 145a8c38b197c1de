"""Who is here, who works on what, and what time went into an order."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from labor.models import AttendanceSegment, LaborSegment


def forgotten_after() -> timedelta:
    """Return how long a timer may run before it counts as forgotten (setting LINESIDE_FORGOTTEN_TIMER_HOURS)."""
    return timedelta(hours=settings.LINESIDE_FORGOTTEN_TIMER_HOURS)


def people_here(*, site_id: int, now: datetime) -> QuerySet[AttendanceSegment]:
    """Return the open attendance (present or on a break) of the site's people, without forgotten ones."""
    return (
        _open(AttendanceSegment.objects)
        .filter(site_id=site_id, started_at__gte=now - forgotten_after())
        .select_related("person")
    )


def running_at(*, work_center_id: int) -> QuerySet[LaborSegment]:
    """Return the running segments on operations of a work center, longest first."""
    running = _open(LaborSegment.objects).filter(operation__work_center_id=work_center_id)
    return running.select_related("person", "operation__work_order").order_by("started_at")


def running_of(*, person_id: int) -> QuerySet[LaborSegment]:
    """Return what a person works on now."""
    running = _open(LaborSegment.objects).filter(person_id=person_id)
    return running.select_related("operation__work_order", "operation__work_center", "reason").order_by("started_at")


def labor_of(*, work_order_id: int) -> QuerySet[LaborSegment]:
    """Return every final segment of an order, reversals included, in the order in which they were recorded."""
    final = LaborSegment.objects.filter(operation__work_order_id=work_order_id, ended_at__isnull=False)
    return final.select_related("person", "operation").order_by("recorded_at", "started_at")


def minutes_by_operation(*, work_order_id: int) -> dict[str, Decimal]:
    """Return the minutes that people worked on each operation of an order, by its number."""
    sums = labor_of(work_order_id=work_order_id).order_by().values_list("operation__number").annotate(Sum("minutes"))
    return dict(sums)


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


def _open(manager):
    return manager.filter(ended_at__isnull=True, flagged_at__isnull=True)
