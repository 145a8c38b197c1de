"""Crews whose people are not named: so many work on an operation, beside those who are clocked on to it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labor import queries
from labor.models import LaborSegment
from labor.rules import is_forgotten
from labor.services import shares
from labor.services.shares import counted, whole
from mes.core.errors import DomainError, InvalidInput
from mes.execution.models import Operation
from mes.execution.services.locking import check_open, lock_operation

LARGEST = 99
Activity, EndedBy = LaborSegment.Activity, LaborSegment.EndedBy


class CrewSizeInvalid(InvalidInput):
    """Fewer than nobody, or more than fit at a machine."""

    code = "crew_size_invalid"


class CrewNotAtWork(DomainError):
    """A crew works on what runs."""

    code = "operation_not_running"
    title = gettext_lazy("The operation is not running")


@transaction.atomic
def set_crew_size(*, operation_id: int, size: int, occurred_at: datetime, now: datetime) -> LaborSegment | None:
    """Say how many people who are not named work on a running operation from now on; 0: nobody but who is named.

    The time of those before is booked: elapsed time for each. The same number again changes nothing.

    :raises CrewSizeInvalid: the size is not between 0 and 99.
    :raises CrewNotAtWork: the operation is not running.
    """
    check_size(size)
    operation = _locked(operation_id)
    return put(operation, size=size, activity=_activity(operation), at=counted(occurred_at, now), now=whole(now))


@transaction.atomic
def change_crew_size(*, operation_id: int, by: int, occurred_at: datetime, now: datetime) -> LaborSegment | None:
    """Say that so many people more (or fewer, below zero) who are not named work on a running operation from now on.

    :raises CrewSizeInvalid: there would be fewer than nobody, or more than 99.
    :raises CrewNotAtWork: the operation is not running.
    """
    operation = _locked(operation_id)
    running = queries.crew_of(operation_id=operation_id)
    size = by + (running.crew_size if running else 0)
    check_size(size)
    return put(operation, size=size, activity=_activity(operation), at=counted(occurred_at, now), now=whole(now))


def _locked(operation_id: int) -> Operation:
    locked = lock_operation(operation_id)
    check_open(locked.order)
    operation = locked.operation
    if operation.status not in Operation.ACTIVE:
        raise CrewNotAtWork(
            _("%(step)s is not running, so nobody can work on it. Start it first.")
            % {"step": f"{operation.number} {operation.name}"},
            field="operation",
        )
    return operation


def check_size(size: int) -> None:
    """Refuse a number of people that there cannot be.

    :raises CrewSizeInvalid: it is not between 0 and 99.
    """
    if not 0 <= size <= LARGEST:
        raise CrewSizeInvalid(
            _("A crew has 0 to %(largest)s people who are not named, not %(size)s.")
            % {"largest": LARGEST, "size": size},
            field="crew_size",
        )


def put(operation: Operation, *, size: int, activity: str, at: datetime, now: datetime) -> LaborSegment | None:
    """Let a crew of this size work on the operation from a moment on, under the order's lock; the one before ends."""
    running = queries.crew_of(operation_id=operation.pk)
    if running is not None:
        if running.crew_size == size and running.activity == activity and running.started_at <= at:
            return running
        end(operation, running, at=at, ended_by=EndedBy.SWITCH, now=now)
    if not size:
        return None
    return LaborSegment.objects.create(
        site_id=operation.work_order.site_id, operation=operation, activity=activity, crew_size=size,
        started_at=at, recorded_at=now, planned_minutes=operation.planned_minutes(activity),
    )  # fmt: skip


def end(operation: Operation, crew: LaborSegment, *, at: datetime, ended_by: str, now: datetime) -> None:
    """End the time of a crew and book it; one that went on longer than anybody works waits for a supervisor."""
    ended_at = max(at, crew.started_at)
    crew.ended_by = ended_by
    if is_forgotten(started_at=crew.started_at, ended_at=ended_at, limit=queries.forgotten_after()):
        crew.flagged_at, crew.claimed_ended_at = now, ended_at
        crew.save(update_fields=["flagged_at", "claimed_ended_at", "ended_by"])
        return
    crew.ended_at = ended_at
    shares.settle_crew(operation.work_order.site, crew, now=now)


def on_start(operation: Operation, *, size: int | None, activity: str, at: datetime, now: datetime) -> None:
    """Follow the start of an operation: with the size that was given, or else the crew that works on it goes on.

    A pause sends nobody home: the crew of before is back with it, unless that is longer ago than a shift.
    """
    if size is None:
        running = queries.crew_of(operation_id=operation.pk)
        size = running.crew_size if running else _size_before(operation, at)
    put(operation, size=size, activity=activity, at=at, now=now)


def on_stop(operation: Operation, *, at: datetime, now: datetime) -> None:
    """Follow the stop of an operation: its crew's time ends."""
    running = queries.crew_of(operation_id=operation.pk)
    if running is not None:
        end(operation, running, at=at, ended_by=EndedBy.STOP, now=now)


def _size_before(operation: Operation, at: datetime) -> int:
    last = (
        LaborSegment.objects.filter(operation=operation, person=None, anonymized_at=None, reverses=None)
        .order_by("started_at")
        .last()
    )
    if last is None or last.ended_by != EndedBy.STOP or last.ended_at is None:
        return 0
    recent: timedelta = at - last.ended_at
    return last.crew_size if recent <= queries.forgotten_after() else 0


def _activity(operation: Operation) -> str:
    return Activity.SETUP if operation.status == Operation.Status.SETUP else Activity.RUN
