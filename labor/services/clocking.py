"""Coming, going, breaks, and working on things."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labor import queries
from labor.models import AttendanceSegment, LaborSegment
from labor.rules import is_forgotten
from labor.services import crews, shares
from labor.services.shares import counted, lock, lock_active, whole
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution.models import Operation
from mes.masterdata.models import Person, ReasonCode

PRESENT, BREAK = AttendanceSegment.Kind.PRESENT, AttendanceSegment.Kind.BREAK
EndedBy = LaborSegment.EndedBy


class NotHere(DomainError):
    """The person has not clocked in, so cannot go or take a break."""

    code = "not_clocked_in"
    title = gettext_lazy("Not clocked in")


class NotClockedOn(DomainError):
    """The person does not work on that."""

    code = "not_clocked_on"
    title = gettext_lazy("Not clocked on")


class OperationNotRunning(DomainError):
    """Nobody can join work that nobody has started."""

    code = "operation_not_running"
    title = gettext_lazy("The operation is not running")


@transaction.atomic
def clock_in(*, person: Person, occurred_at: datetime, now: datetime) -> AttendanceSegment:
    """The person comes to work (or is back from a break). Twice is once.

    :raises PersonInactive: the person was set inactive.
    """
    person = lock_active(person.pk)
    return _be_present(person, at=counted(occurred_at, now), now=whole(now))


@transaction.atomic
def clock_out(*, person: Person, occurred_at: datetime, now: datetime) -> AttendanceSegment:
    """The person goes home: all running segments end.

    :raises NotHere: the person has not clocked in.
    """
    person, at, now = lock(person.pk), counted(occurred_at, now), whole(now)
    attendance = _open_attendance(person)
    if attendance is None:
        raise NotHere(_("%(person)s has not clocked in, so there is nothing to end.") % {"person": person})
    running, doubtful = queries.running_of(person_id=person.pk), _too_old(attendance, at)
    shares.close(person, running, at=at, ended_by=EndedBy.CLOCK_OUT, now=now, is_doubtful=doubtful)
    _end_attendance(attendance, at=at, now=now)
    return attendance


@transaction.atomic
def start_break(*, person: Person, occurred_at: datetime, now: datetime) -> AttendanceSegment:
    """The person takes a break: work on everything stops until it ends.

    :raises NotHere: the person has not clocked in.
    """
    person, at, now = lock(person.pk), counted(occurred_at, now), whole(now)
    attendance = _open_attendance(person)
    if attendance is None:
        raise NotHere(_("%(person)s has not clocked in. Clock in first, then take the break.") % {"person": person})
    if attendance.kind == BREAK:
        return attendance
    shares.close(person, queries.running_of(person_id=person.pk), at=at, ended_by=EndedBy.BREAK, now=now)
    _end_attendance(attendance, at=at, now=now)
    return AttendanceSegment.objects.create(
        site_id=person.site_id, person=person, kind=BREAK, started_at=max(at, attendance.started_at), recorded_at=now
    )


@transaction.atomic
def end_break(*, person: Person, occurred_at: datetime, now: datetime, resume: bool = True) -> AttendanceSegment:
    """The break is over; with ``resume``, work goes on where the break interrupted it, if it still runs.

    :raises NotHere: the person is not on a break.
    """
    person, at, now = lock(person.pk), counted(occurred_at, now), whole(now)
    pause = _open_attendance(person)
    if pause is None or pause.kind != BREAK:
        raise NotHere(_("%(person)s is not on a break.") % {"person": person})
    attendance = _be_present(person, at=at, now=now)
    if resume:
        interrupted = LaborSegment.objects.filter(
            Q(operation__isnull=True) | Q(operation__status__in=Operation.ACTIVE),
            person=person,
            ended_by=EndedBy.BREAK,
            ended_at=pause.started_at,
            reverses__isnull=True,
            reversed_by__isnull=True,
        )
        for segment in interrupted.order_by("started_at"):
            _open(
                person, segment.operation_id, segment.reason_id, segment.activity, at=max(at, pause.started_at), now=now
            )
    return attendance


@transaction.atomic
def clock_on(
    *, person: Person, operation_id: int, occurred_at: datetime, now: datetime, activity: str = ""
) -> LaborSegment:
    """The person joins the work on a running operation; attendance opens by itself. Twice is once.

    ``activity`` is ``SETUP`` or ``RUN``; "" is what the operation is in.

    :raises NotFound: no such operation at the person's site.
    :raises OperationNotRunning: nobody has started it.
    """
    operation = Operation.objects.select_related("work_order").filter(pk=operation_id).first()
    if operation is None or operation.work_order.site_id != person.site_id:
        raise NotFound(_("There is no such operation at this person's site."), field="operation")
    if operation.status not in Operation.ACTIVE:
        raise OperationNotRunning(
            _("Operation %(operation)s is %(status)s. Start it first.")
            % {"operation": operation, "status": _(operation.get_status_display()).lower()}
        )
    if activity not in ("", LaborSegment.Activity.SETUP, LaborSegment.Activity.RUN):
        raise InvalidInput(
            _("The activity is %(activity)s. Use SETUP or RUN.") % {"activity": repr(activity)}, field="activity"
        )
    activity = activity or (
        LaborSegment.Activity.SETUP if operation.status == Operation.Status.SETUP else LaborSegment.Activity.RUN
    )
    return _work_on(lock_active(person.pk), operation.pk, activity, at=counted(occurred_at, now), now=whole(now))


@transaction.atomic
def clock_off(*, person: Person, operation_id: int, occurred_at: datetime, now: datetime) -> LaborSegment:
    """The person leaves the work on an operation, which goes on without them.

    :raises NotClockedOn: the person does not work on it.
    """
    person = lock(person.pk)
    segment = queries.running_of(person_id=person.pk).filter(operation_id=operation_id).first()
    if segment is None:
        raise NotClockedOn(_("%(person)s is not clocked on to this operation.") % {"person": person}, field="operation")
    shares.close(person, [segment], at=counted(occurred_at, now), ended_by=EndedBy.PERSON, now=whole(now))
    return segment


@transaction.atomic
def start_indirect(*, person: Person, reason: str, occurred_at: datetime, now: datetime) -> LaborSegment:
    """The person does something that belongs to no order (code of an INDIRECT reason); work on orders ends for them.

    :raises NotFound: the site has no such reason.
    """
    person, at, now = lock_active(person.pk), counted(occurred_at, now), whole(now)
    code = ReasonCode.objects.filter(
        site_id=person.site_id, kind=ReasonCode.Kind.INDIRECT, code=reason, active=True
    ).first()
    if code is None:
        raise NotFound(
            _("The site has no active reason %(reason)s for indirect work.") % {"reason": repr(reason)},
            field="reason",
        )
    _be_present(person, at=at, now=now)
    running = list(queries.running_of(person_id=person.pk))
    for segment in running:
        if segment.reason_id == code.pk:
            return segment
    shares.close(person, running, at=at, ended_by=EndedBy.SWITCH, now=now)
    return _open(person, None, code.pk, LaborSegment.Activity.INDIRECT, at=at, now=now)


@transaction.atomic
def stop_indirect(*, person: Person, occurred_at: datetime, now: datetime) -> LaborSegment:
    """The indirect work of the person ends.

    :raises NotClockedOn: there is none.
    """
    person = lock(person.pk)
    segment = queries.running_of(person_id=person.pk).filter(operation__isnull=True).first()
    if segment is None:
        raise NotClockedOn(_("%(person)s is not clocked on to indirect work.") % {"person": person})
    shares.close(person, [segment], at=counted(occurred_at, now), ended_by=EndedBy.PERSON, now=whole(now))
    return segment


@transaction.atomic
def work_started(
    *,
    site: str,
    work_order: str,
    operation: str,
    activity: str,
    person: str,
    occurred_at: datetime,
    now: datetime,
    crew_size: int | None = None,
) -> None:
    """An operation started or went from setup to run: who started it works on it, and who is on it changes with it.

    Called in the transaction that started it, with order and operation locked. ``person`` "" is a machine;
    ``crew_size`` people who are not named work on it too, None: as many as before.
    """
    row = Operation.objects.select_related("work_order__site").get(
        work_order__site__code=site, work_order__number=work_order, number=operation
    )
    at, now = whole(occurred_at), whole(now)
    crews.on_start(row, size=crew_size, activity=activity, at=at, now=now)
    others = LaborSegment.objects.filter(
        operation=row, ended_at__isnull=True, flagged_at__isnull=True, person__isnull=False
    )
    crew = set(others.exclude(activity=activity).values_list("person_id", flat=True))
    starter = Person.objects.filter(site__code=site, number=person, active=True).first() if person else None
    for person_id in sorted(crew | ({starter.pk} if starter else set())):
        _work_on(lock(person_id), row.pk, activity, at=at, now=now)


@transaction.atomic
def work_stopped(*, site: str, work_order: str, operation: str, occurred_at: datetime, now: datetime) -> None:
    """An operation was paused or completed: everybody's time on it ends. Called in the transaction that stopped it."""
    at, now = whole(occurred_at), whole(now)
    row = Operation.objects.select_related("work_order__site").get(
        work_order__site__code=site, work_order__number=work_order, number=operation
    )
    crews.on_stop(row, at=at, now=now)
    running = LaborSegment.objects.filter(
        operation=row, ended_at__isnull=True, flagged_at__isnull=True, person__isnull=False
    )
    for person_id in sorted(set(running.values_list("person_id", flat=True))):
        person = lock(person_id)
        mine = running.filter(person_id=person_id).select_related("operation__work_order", "reason")
        shares.close(person, mine, at=at, ended_by=EndedBy.STOP, now=now)


def _work_on(person: Person, operation_id: int, activity: str, *, at: datetime, now: datetime) -> LaborSegment:
    """Let the person work on the operation; what cannot go on beside it (indirect work, the other activity) ends."""
    _be_present(person, at=at, now=now)
    running = list(queries.running_of(person_id=person.pk))
    for segment in running:
        if segment.operation_id == operation_id and segment.activity == activity and not _too_old(segment, at):
            return segment
    ending = [one for one in running if one.operation_id in (None, operation_id) or _too_old(one, at)]
    shares.close(person, ending, at=at, ended_by=EndedBy.SWITCH, now=now)
    return _open(person, operation_id, None, activity, at=at, now=now)


def _open(
    person: Person, operation_id: int | None, reason_id: int | None, activity: str, *, at: datetime, now: datetime
) -> LaborSegment:
    job = Operation.objects.select_related("work_order").get(pk=operation_id) if operation_id else None
    return LaborSegment.objects.create(
        site_id=person.site_id, person=person, operation=job, reason_id=reason_id, activity=activity,
        started_at=at, recorded_at=now, planned_minutes=job.planned_minutes(activity) if job else 0,
    )  # fmt: skip


def _open_attendance(person: Person) -> AttendanceSegment | None:
    return AttendanceSegment.objects.filter(person=person, ended_at__isnull=True, flagged_at__isnull=True).first()


def _be_present(person: Person, *, at: datetime, now: datetime) -> AttendanceSegment:
    """Return the attendance that covers the moment, opening one if there is none; a break ends."""
    attendance = _open_attendance(person)
    if attendance is not None and _too_old(attendance, at):
        # Nobody stays that long: yesterday's clock-out was forgotten, and today begins now.
        running = queries.running_of(person_id=person.pk)
        shares.close(person, running, at=at, ended_by=EndedBy.SWITCH, now=now, is_doubtful=True)
        shares.set_aside(attendance, claimed=at, now=now)
        attendance = None
    covering = AttendanceSegment.objects.filter(
        person=person, kind=PRESENT, started_at__lte=at, ended_at__gt=at, voided_by__isnull=True
    ).first()
    if covering is not None:
        return covering
    if attendance is not None and attendance.kind == BREAK and at >= attendance.started_at:
        _end_attendance(attendance, at=at, now=now)
        attendance = None
    if attendance is None:
        return AttendanceSegment.objects.create(site_id=person.site_id, person=person, started_at=at, recorded_at=now)
    if at < attendance.started_at and not AttendanceSegment.objects.filter(person=person, ended_at__gt=at).exists():
        # It arrived late, but who worked was there; an attendance that is still open may begin earlier.
        attendance.started_at = at
        attendance.save(update_fields=["started_at"])
    return attendance


def _end_attendance(attendance: AttendanceSegment, *, at: datetime, now: datetime) -> None:
    if _too_old(attendance, at):
        shares.set_aside(attendance, claimed=at, now=now)
        return
    attendance.ended_at, attendance.recorded_at = max(at, attendance.started_at), now
    attendance.save(update_fields=["ended_at", "recorded_at"])


def _too_old(segment: AttendanceSegment | LaborSegment, at: datetime) -> bool:
    return is_forgotten(started_at=segment.started_at, ended_at=at, limit=queries.forgotten_after())
