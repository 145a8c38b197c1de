"""Call maintenance to a work unit, acknowledge the call, and say that the work is done."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.equipment.events import MaintenanceRequestChanged
from mes.equipment.models import MaintenanceRequest
from mes.equipment.services.states import lock_unit
from mes.execution.services.locking import clock_time
from mes.masterdata.models import Person, ReasonCode, WorkUnit

Status = MaintenanceRequest.Status


class AlreadyRequested(DomainError):
    """There is an open request for the work unit."""

    code = "maintenance_requested"
    title = gettext_lazy("Called already")


class RequestUnknown(NotFound):
    """There is no such request."""

    code = "maintenance_unknown"


class WrongStep(DomainError):
    """A request is acknowledged and then done, each once."""

    code = "maintenance_status"
    title = gettext_lazy("Not in this state")


class NothingSaid(InvalidInput):
    """Whoever did the work says what it was."""

    code = "maintenance_outcome_missing"


@transaction.atomic
def request_maintenance(
    *,
    request_id: UUID,
    work_unit_id: int,
    person: Person | None,
    now: datetime,
    note: str = "",
    by: str = "",
    stop_started_at: datetime | None = None,
    occurred_at: datetime | None = None,
) -> MaintenanceRequest:
    """Call maintenance to a unit; the same id again returns the first request.

    ``occurred_at`` is when somebody called, where that was before ``now``: at a terminal without a network.

    :raises AlreadyRequested: a request for the unit is open, saying since when and whether somebody comes.
    """
    unit = lock_unit(work_unit_id)
    known = MaintenanceRequest.objects.filter(pk=request_id, work_unit=unit).first()
    if known:
        return known
    opened = MaintenanceRequest.objects.filter(work_unit=unit).exclude(status=Status.DONE).first()
    if opened:
        words = (
            _("Maintenance was called to %(unit)s %(time)s, %(who)s has seen it.")
            if opened.acknowledged_at
            else _("Maintenance was called to %(unit)s %(time)s.")
        )
        raise AlreadyRequested(
            words
            % {
                "unit": unit.code,
                "time": clock_time(opened.requested_at, unit.site),
                "who": opened.acknowledged_by,
            }
        )
    return _request(
        unit,
        request_id=request_id,
        reason=None,
        note=note,
        person=person,
        by=by,
        stop_started_at=stop_started_at,
        now=now,
        occurred_at=occurred_at,
    )


def call_unless_called(
    unit: WorkUnit,
    *,
    request_id: UUID,
    reason: ReasonCode,
    note: str,
    person: Person | None,
    by: str,
    stop_started_at: datetime,
    now: datetime,
) -> None:
    """Call maintenance to a locked unit because of a stop's reason, unless a call is open."""
    if not MaintenanceRequest.objects.filter(work_unit=unit).exclude(status=Status.DONE).exists():
        _request(
            unit, request_id=request_id, reason=reason, note=note, person=person, by=by, stop_started_at=stop_started_at,
            now=now,
        )  # fmt: skip


@transaction.atomic
def acknowledge_maintenance(*, request_id: UUID, by: str, now: datetime) -> MaintenanceRequest:
    """Say that somebody has seen the request and comes; twice is once.

    :raises RequestUnknown: there is none.
    :raises WrongStep: it is done.
    """
    request = _lock(request_id)
    if request.status == Status.ACKNOWLEDGED:
        return request
    if request.status == Status.DONE:
        raise WrongStep(_("The work on %(unit)s is done already.") % {"unit": request.work_unit.code})
    request.status, request.acknowledged_at, request.acknowledged_by = Status.ACKNOWLEDGED, now, by
    request.save(update_fields=["status", "acknowledged_at", "acknowledged_by"])
    _tell(request, now=now, by=by)
    return request


@transaction.atomic
def finish_maintenance(*, request_id: UUID, by: str, now: datetime, outcome: str) -> MaintenanceRequest:
    """Say that the work is done, and what it was; twice is once.

    :raises RequestUnknown: there is none.
    :raises NothingSaid: ``outcome`` is empty.
    """
    request = _lock(request_id)
    if request.status == Status.DONE:
        return request
    if not outcome.strip():
        raise NothingSaid(_("Say in a few words what was done."), field="outcome")
    if request.acknowledged_at is None:
        request.acknowledged_at, request.acknowledged_by = now, by
    request.status, request.done_at, request.done_by, request.outcome = Status.DONE, now, by, outcome.strip()[:4000]
    request.save()
    _tell(request, now=now, by=by)
    return request


def _lock(request_id: UUID) -> MaintenanceRequest:
    requests = MaintenanceRequest.objects.select_for_update(of=["self"]).select_related(
        "site", "work_unit__work_center", "reason", "person"
    )
    request = requests.filter(pk=request_id).first()
    if request is None:
        raise RequestUnknown(_("This maintenance request is not known here."))
    return request


def _request(
    unit: WorkUnit,
    *,
    request_id: UUID,
    reason: ReasonCode | None,
    note: str,
    person: Person | None,
    by: str,
    stop_started_at: datetime | None,
    now: datetime,
    occurred_at: datetime | None = None,
) -> MaintenanceRequest:
    request = MaintenanceRequest.objects.create(
        id=request_id, site=unit.site, work_unit=unit, reason=reason, note=note[:4000], stop_started_at=stop_started_at,
        person=person, requested_at=effective_time(claimed=occurred_at or now, now=now), requested_by=by,
    )  # fmt: skip
    _tell(request, now=now, by=by)
    return request


def _tell(request: MaintenanceRequest, *, now: datetime, by: str) -> None:
    unit = request.work_unit
    bus.publish(
        MaintenanceRequestChanged(
            event_id=uuid.uuid5(request.pk, request.status),
            site=request.site.code,
            subject=f"unit/{unit.code}",
            occurred_at=now,
            request_id=request.pk,
            work_center=unit.work_center.code,
            work_unit=unit.code,
            status=request.status,
            reason=request.reason.code if request.reason else "",
            note=request.outcome or request.note,
            person=request.person.number if request.person else "",
            by=by,
        )
    )
