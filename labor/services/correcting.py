"""What a supervisor puts right: forgotten ends, wrong times, work that nobody clocked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labor.models import AttendanceSegment, LaborSegment
from labor.services import shares
from labor.services.shares import lock, whole
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.core.shares import Window
from mes.execution.models import Operation
from mes.execution.services.locking import lock_operation
from mes.masterdata.models import Person


class AlreadyFinal(DomainError):
    """The segment has its end, or was taken back."""

    code = "labor_already_final"
    title = gettext_lazy("This time is already final")


class PersonForgotten(DomainError):
    """The time is so old that whose it was is no longer known."""

    code = "labor_anonymized"
    title = gettext_lazy("This time is nobody's any more")


class BadTimes(InvalidInput):
    """An end before its start, or a time that has not come yet."""

    code = "bad_times"
    title = gettext_lazy("These times cannot be right")


@transaction.atomic
def set_labor_end(*, segment_id: UUID, ended_at: datetime, by: str, now: datetime) -> LaborSegment:
    """Set the true end of a forgotten timer, which books it.

    :raises AlreadyFinal: it has an end.
    :raises BadTimes: the end is before the start or in the future.
    """
    segment, person = _locked(segment_id)
    if segment.ended_at is not None:
        raise AlreadyFinal(_("This time has an end. Correct it instead, which takes it back and books it anew."))
    _check(segment.started_at, ended_at, now)
    segment.ended_at, segment.ended_by, segment.corrected_by = whole(ended_at), LaborSegment.EndedBy.SUPERVISOR, by
    if person is None:
        shares.settle_crew(segment.site, segment, now=whole(now))
    else:
        shares.settle(person, [segment], now=whole(now))
    return segment


@transaction.atomic
def set_attendance_end(*, segment_id: UUID, ended_at: datetime, by: str, now: datetime) -> AttendanceSegment:
    """Set when someone who forgot to clock out really went; their timers that still waited end with it.

    :raises AlreadyFinal: it has an end.
    :raises BadTimes: the end is before the start or in the future.
    """
    attendance, person = _locked_attendance(segment_id)
    if attendance.ended_at is not None:
        raise AlreadyFinal(_("This attendance has an end. Correct it instead."))
    _check(attendance.started_at, ended_at, now)
    claimed = attendance.claimed_ended_at
    attendance.ended_at, attendance.recorded_at, attendance.corrected_by = whole(ended_at), whole(now), by
    attendance.save(update_fields=["ended_at", "recorded_at", "corrected_by"])
    waiting = LaborSegment.objects.filter(
        person=person, ended_at__isnull=True, started_at__gte=attendance.started_at, started_at__lte=claimed or now
    ).select_related("operation__work_order", "reason")
    ended = []
    for segment in waiting:
        segment.ended_at = max(attendance.ended_at, segment.started_at)
        segment.ended_by, segment.corrected_by = LaborSegment.EndedBy.SUPERVISOR, by
        ended.append(segment)
    shares.settle(person, ended, now=whole(now), around=[Window(attendance.started_at, claimed or now)])
    return attendance


@transaction.atomic
def reverse_labor(*, segment_id: UUID, by: str, now: datetime, note: str = "") -> LaborSegment:
    """Take a booked segment back; work that ran beside it gets the time.

    :raises AlreadyFinal: it was taken back before, or is not booked yet.
    """
    segment, person = _locked(segment_id)
    _check_booked(segment)
    reversal = shares.reverse(segment.site, segment, by=by, note=note, now=whole(now))
    if person is not None:
        shares.settle(person, [], now=whole(now), around=[Window(segment.started_at, segment.ended_at)])
    return reversal


@transaction.atomic
def correct_labor(
    *, segment_id: UUID, started_at: datetime, ended_at: datetime, by: str, now: datetime, note: str = ""
) -> LaborSegment:
    """Book a segment anew with other times: the old one is taken back, the new one returned.

    :raises AlreadyFinal: it was taken back before, or is not booked yet.
    :raises BadTimes: the end is before the start or in the future.
    """
    segment, person = _locked(segment_id)
    _check_booked(segment)
    _check(started_at, ended_at, now)
    shares.reverse(segment.site, segment, by=by, note=note, now=whole(now))
    renewed = shares.copy_of(segment)
    renewed.started_at, renewed.ended_at = whole(started_at), whole(ended_at)
    renewed.corrected_by, renewed.note = by, note
    if person is None:
        shares.settle_crew(segment.site, renewed, now=whole(now))
    else:
        before = Window(segment.started_at, segment.ended_at)
        shares.settle(person, [renewed], now=whole(now), around=[before])
    return renewed


@transaction.atomic
def add_labor(
    *,
    person: Person,
    operation_id: int,
    activity: str,
    started_at: datetime,
    ended_at: datetime,
    by: str,
    now: datetime,
    note: str = "",
) -> LaborSegment:
    """Book work that nobody clocked; what ran beside it is shared anew. It counts only where the person was present.

    :raises NotFound: no such operation at the person's site.
    :raises BadTimes: the end is before the start or in the future.
    """
    operation = Operation.objects.select_related("work_order").filter(pk=operation_id).first()
    if operation is None or operation.work_order.site_id != person.site_id:
        raise NotFound(_("There is no such operation at this person's site."), field="operation")
    if activity not in (LaborSegment.Activity.SETUP, LaborSegment.Activity.RUN):
        raise InvalidInput(
            _("The activity is %(activity)s. Use SETUP or RUN.") % {"activity": repr(activity)}, field="activity"
        )
    _check(started_at, ended_at, now)
    person = lock(person.pk)
    segment = LaborSegment(
        site_id=person.site_id, person=person, operation=operation, activity=activity,
        started_at=whole(started_at), ended_at=whole(ended_at), ended_by=LaborSegment.EndedBy.SUPERVISOR,
        recorded_at=whole(now), corrected_by=by, note=note, planned_minutes=operation.planned_minutes(activity),
    )  # fmt: skip
    shares.settle(person, [segment], now=whole(now))
    return segment


@transaction.atomic
def correct_attendance(
    *, segment_id: UUID, started_at: datetime, ended_at: datetime, by: str, now: datetime, note: str = ""
) -> AttendanceSegment:
    """Put other times in the place of an attendance or break; shares that depend on it are booked anew.

    :raises AlreadyFinal: it was corrected before, or has no end yet.
    :raises BadTimes: the end is before the start or in the future.
    """
    attendance, person = _locked_attendance(segment_id)
    if attendance.ended_at is None or attendance.voided_by_id is not None:
        raise AlreadyFinal(_("Only an attendance that has ended and was not corrected before can be corrected."))
    _check(started_at, ended_at, now)
    renewed = AttendanceSegment.objects.create(
        site_id=attendance.site_id, person=person, kind=attendance.kind, started_at=whole(started_at),
        ended_at=whole(ended_at), recorded_at=whole(now), corrected_by=by, note=note,
    )  # fmt: skip
    attendance.voided_by = renewed
    attendance.save(update_fields=["voided_by"])
    around = [Window(attendance.started_at, attendance.ended_at), Window(renewed.started_at, renewed.ended_at)]
    shares.settle(person, [], now=whole(now), around=around)
    return renewed


def _locked(segment_id: UUID) -> tuple[LaborSegment, Person | None]:
    """Return the segment and whose it is, locked: the person, or of a crew without names (None) its order.

    :raises PersonForgotten: whose it was is no longer known, so nothing can be shared anew.
    """
    found = LaborSegment.objects.filter(pk=segment_id)
    owner = found.values_list("person_id", "operation_id", "anonymized_at").first()
    if owner is None:
        raise NotFound(_("There is no such time on a job."))
    person_id, operation_id, anonymized_at = owner
    if anonymized_at is not None:
        raise PersonForgotten(
            _("The site's retention took the person out of this time. It can no longer be corrected.")
        )
    person = lock(person_id) if person_id else None
    if person is None:
        lock_operation(operation_id)
    return found.select_related("operation__work_order", "reason", "site", "person").get(), person


def _locked_attendance(segment_id: UUID) -> tuple[AttendanceSegment, Person]:
    owner = AttendanceSegment.objects.filter(pk=segment_id).values_list("person_id", "anonymized_at").first()
    if owner is None:
        raise NotFound(_("There is no such attendance."))
    if owner[0] is None:
        raise PersonForgotten(
            _("The site's retention took the person out of this time. It can no longer be corrected.")
        )
    person = lock(owner[0])
    return AttendanceSegment.objects.get(pk=segment_id), person


def _check_booked(segment: LaborSegment) -> None:
    if segment.ended_at is None:
        raise AlreadyFinal(_("This time has no end yet. Set its end instead."))
    if segment.reverses_id or LaborSegment.objects.filter(reverses=segment).exists():
        raise AlreadyFinal(_("This time was taken back. Correct the segment that took its place."))


def _check(started_at: datetime, ended_at: datetime, now: datetime) -> None:
    if ended_at < started_at:
        raise BadTimes(
            _("The end %(end)s is before the start %(start)s.")
            % {"end": f"{ended_at:%Y-%m-%d %H:%M}", "start": f"{started_at:%Y-%m-%d %H:%M}"},
            field="ended_at",
        )
    if ended_at > now:
        raise BadTimes(_("The end %(end)s has not come yet.") % {"end": f"{ended_at:%Y-%m-%d %H:%M}"}, field="ended_at")
