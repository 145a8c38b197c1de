"""A call for maintenance of a work unit and the request for maintenance: one thing, with one id.

The request is the record of the work and is kept by equipment; the call is how the floor hears of it. Whoever calls,
comes or is done does it to the request, and the call follows its events in the same transaction.
"""

from datetime import datetime

from mes.andon.models import Call, CallKind
from mes.andon.services.told import tell_answered, tell_raised
from mes.equipment.models import MaintenanceRequest
from mes.masterdata.models import WorkUnit


def unit_meant(*, work_center_id: int, work_unit: str = "") -> WorkUnit | None:
    """Return the active work unit of that code, or without a code the only one there is; None where that leaves it open."""
    units = WorkUnit.objects.filter(work_center_id=work_center_id, active=True)
    found = list((units.filter(code=work_unit) if work_unit else units)[:2])
    return found[0] if len(found) == 1 else None


def follow_request(*, request: MaintenanceRequest, now: datetime) -> None:
    """Bring the call for maintenance to where its request is; the caller holds the request's lock."""
    call = (
        Call.objects.select_for_update(of=("self",)).select_related("work_center", "site").filter(pk=request.pk).first()
    )
    if call is None:
        if request.status == MaintenanceRequest.Status.REQUESTED:
            tell_raised(_call_of(request))
        return
    if request.acknowledged_at and not call.acknowledged_at:
        call.acknowledged_at, call.acknowledged_by = request.acknowledged_at, request.acknowledged_by
        if request.status == MaintenanceRequest.Status.ACKNOWLEDGED:
            call.status = Call.Status.ACKNOWLEDGED
            tell_answered(call, by=request.acknowledged_by, at=now)
    if request.status == MaintenanceRequest.Status.DONE and call.status != Call.Status.RESOLVED:
        call.status, call.resolved_at, call.resolved_by = Call.Status.RESOLVED, request.done_at, request.done_by
        call.outcome = request.outcome[:400]
        tell_answered(call, by=request.done_by, at=now)
    call.save()


def _call_of(request: MaintenanceRequest) -> Call:
    words = [request.reason.name if request.reason else "", request.note]
    return Call.objects.create(
        id=request.pk, site=request.site, work_center=request.work_unit.work_center, work_unit=request.work_unit,
        kind=CallKind.MAINTENANCE, note=" · ".join(word for word in words if word)[:400], raised_by=request.person,
        raised_at=request.requested_at,
    )  # fmt: skip
