"""Ends segments and books each person's shares; whatever changes a share that was booked reverses and books anew."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labor import queries
from labor.events import LaborTimeRecorded
from labor.models import AttendanceSegment, LaborSegment
from labor.rules import is_forgotten
from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.durations import minutes_to_seconds, seconds_to_minutes
from mes.core.errors import NotAllowed
from mes.core.shares import Window, seconds_of
from mes.masterdata.models import Person, Site


class PersonInactive(NotAllowed):
    """Someone who no longer works here cannot clock anything."""

    code = "person_inactive"
    title = gettext_lazy("This person is not active")


def lock(person_id: int) -> Person:
    """Return the person, locked: one person's time is written by one transaction at a time.

    Taken after the locks of work order and operation, and by ascending id where there are several.
    """
    return Person.objects.select_for_update(of=("self",)).select_related("site").get(pk=person_id)


def lock_active(person_id: int) -> Person:
    """Return the person, locked.

    :raises PersonInactive: the person was set inactive.
    """
    person = lock(person_id)
    if not person.active:
        raise PersonInactive(
            _("%(person)s is inactive. The planner can set the person active again in master data.")
            % {"person": person}
        )
    return person


def counted(occurred_at: datetime, now: datetime) -> datetime:
    """Return the whole second at which something counts as having happened, which is now where the clock cannot be right."""
    return whole(effective_time(claimed=occurred_at, now=now))


def whole(moment: datetime) -> datetime:
    """Return the moment at its whole second: shares are counted in whole seconds."""
    return moment.replace(microsecond=0)


def close(
    person: Person,
    segments: Iterable[LaborSegment],
    *,
    at: datetime,
    ended_by: str,
    now: datetime,
    is_doubtful: bool = False,
) -> None:
    """End running segments of one person and book the shares; those that ran too long are flagged instead.

    ``is_doubtful``: the whole attendance was forgotten, so no end of a segment in it can be believed.
    """
    ended: list[LaborSegment] = []
    for segment in segments:
        end = max(at, segment.started_at)
        segment.ended_by = ended_by
        too_long = is_forgotten(started_at=segment.started_at, ended_at=end, limit=queries.forgotten_after())
        if is_doubtful or too_long:
            segment.flagged_at, segment.claimed_ended_at = now, end
            segment.save(update_fields=["flagged_at", "claimed_ended_at", "ended_by"])
        else:
            segment.ended_at = end
            ended.append(segment)
    settle(person, ended, now=now)


def settle(person: Person, ended: Sequence[LaborSegment], *, now: datetime, around: Sequence[Window] = ()) -> None:
    """Book the shares of segments that have just got their end, and put right the booked ones that this changes.

    Shares of what runs at the same time are known at the end of each segment, so in the course of a day nothing is
    ever put right here; a late entry or a correction does it. ``around``: further stretches in which something changed.
    """
    windows = [*around, *(Window(one.started_at, one.ended_at) for one in ended)]
    if not windows:
        return
    fresh = {one.pk for one in ended}
    touched = queries.beside(person_id=person.pk, windows=windows, but=fresh)
    parallel = touched
    if touched:
        parallel = queries.beside(person_id=person.pk, windows=[queries.hull([*ended, *touched])], but=fresh)
    until = max([now, *(one.ended_at for one in [*ended, *parallel] if one.ended_at)])
    seconds = seconds_of(queries.divided([*ended, *parallel], person=person, until=until))
    for one in ended:
        _book(person.site, one, seconds=seconds.get(one.pk, 0), now=now)
    for one in touched:
        if one.ended_at is not None and booked_seconds(one) != seconds.get(one.pk, 0):
            reverse(person.site, one, by="", note="shared anew with parallel work", now=now)
            _book(person.site, copy_of(one), seconds=seconds.get(one.pk, 0), now=now)


def settle_crew(site: Site, ended: LaborSegment, *, now: datetime) -> None:
    """Book the time of a crew without names that has just ended: elapsed time for each of them, shared with nothing."""
    assert ended.ended_at is not None, "only what has ended is booked"
    elapsed = round((ended.ended_at - ended.started_at).total_seconds())
    _book(site, ended, seconds=elapsed * ended.crew_size, now=now)


def reverse(site: Site, segment: LaborSegment, *, by: str, note: str, now: datetime) -> LaborSegment:
    """Take a booked segment back by its negative."""
    taken_back = copy_of(segment)
    taken_back.reverses = segment
    taken_back.corrected_by, taken_back.note = by, note
    _book(site, taken_back, seconds=-booked_seconds(segment), now=now)
    return taken_back


def booked_seconds(segment: LaborSegment) -> int:
    """Return the whole seconds that were booked for a segment, none while it runs."""
    return 0 if segment.minutes is None else minutes_to_seconds(segment.minutes)


def copy_of(segment: LaborSegment) -> LaborSegment:
    """Return a new, unsaved segment of the same person, work and time."""
    return LaborSegment(
        id=uuid.uuid4(),
        site_id=segment.site_id,
        person=segment.person,
        operation=segment.operation,
        reason=segment.reason,
        activity=segment.activity,
        crew_size=segment.crew_size,
        planned_minutes=segment.planned_minutes,
        started_at=segment.started_at,
        ended_at=segment.ended_at,
        ended_by=segment.ended_by,
        recorded_at=segment.recorded_at,
        corrected_by=segment.corrected_by,
        note=segment.note,
    )


def _book(site: Site, segment: LaborSegment, *, seconds: int, now: datetime) -> None:
    assert segment.ended_at is not None, "only what has ended is booked"
    segment.minutes = seconds_to_minutes(seconds)
    segment.recorded_at = now
    segment.save()
    if not seconds:
        return  # nobody books nothing
    operation, who = segment.operation, segment.person.told_number if segment.person else ""
    bus.publish(
        LaborTimeRecorded(
            event_id=segment.pk,
            site=site.code,
            subject=operation.work_order.number if operation else f"person/{who}",
            occurred_at=segment.ended_at,
            segment_id=segment.pk,
            person=who,
            crew_size=segment.crew_size,
            operation=operation.number if operation else "",
            activity=segment.activity,
            started_at=segment.started_at,
            ended_at=segment.ended_at,
            minutes=segment.minutes,
            reason=segment.reason.code if segment.reason else "",
            reverses=segment.reverses_id,
        )
    )


def set_aside(attendance: AttendanceSegment, *, claimed: datetime, now: datetime) -> None:
    """Flag an attendance that was never ended, so that a supervisor sets its end."""
    attendance.flagged_at, attendance.claimed_ended_at = now, max(claimed, attendance.started_at)
    attendance.save(update_fields=["flagged_at", "claimed_ended_at"])
