"""Calls from the floor: raised, acknowledged, resolved, and taken further when nobody comes."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.andon.events import CallEscalated
from mes.andon.models import Call, CallKind, EscalationStep
from mes.andon.rules import Step, tier_of
from mes.andon.services.maintenance import unit_meant
from mes.andon.services.told import tell_answered, tell_raised
from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.equipment import services as equipment
from mes.execution.services.locking import clock_time
from mes.masterdata.models import Person, WorkCenter

Status = Call.Status
_NAMESPACE = uuid.UUID("9a1a2a3c-6f0b-4c55-9d0e-2f5f2b7f6c11")


class CallOpen(DomainError):
    """There is an open call of this kind."""

    code = "call_open"
    title = gettext_lazy("Called already")


class CallUnknown(NotFound):
    """There is no such call."""

    code = "call_unknown"


class CallOver(DomainError):
    """The call was resolved."""

    code = "call_over"
    title = gettext_lazy("This call is over")


class KindUnknown(InvalidInput):
    """Nobody can be called by that name."""

    code = "call_kind_unknown"


class UnitUnknown(InvalidInput):
    """The work center has no such work unit."""

    code = "call_unit_unknown"


class OutcomeMissing(InvalidInput):
    """Whoever resolves a call says what was done."""

    code = "call_outcome_missing"


@transaction.atomic
def raise_call(
    *,
    call_id: UUID,
    work_center_id: int,
    kind: str,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    note: str = "",
    work_unit: str = "",
) -> Call:
    """Call somebody to a work center; the same id again returns the first call.

    Maintenance is called to a work unit, the only one if none is named: that is a request for maintenance, and the other way
    round. Where several could be meant, it is a call to the work center.

    :raises KindUnknown: nobody can be called by that name.
    :raises UnitUnknown: the work center has no work unit of that code.
    :raises CallOpen: a call of this kind is open there, saying since when and whether somebody comes.
    :raises mes.equipment.services.maintenance.AlreadyRequested: the same of a work unit.
    """
    if kind not in CallKind.values:
        raise KindUnknown(
            _("Nobody is called %(kind)s. Choose one of %(values)s.")
            % {"kind": kind, "values": ", ".join(CallKind.values)},
            field="kind",
        )
    unit = unit_meant(work_center_id=work_center_id, work_unit=work_unit)
    if work_unit and unit is None:
        raise UnitUnknown(_("There is no work unit “%(unit)s” here.") % {"unit": work_unit[:64]}, field="work_unit")
    if known := _known(call_id):
        return known
    if kind == CallKind.MAINTENANCE and unit:
        # No lock on the work center: requests lock the unit, and so does a stop that calls maintenance.
        equipment.request_maintenance(
            request_id=call_id, work_unit_id=unit.pk, person=person, note=note, occurred_at=occurred_at, now=now
        )
        return Call.objects.get(pk=call_id)
    center = WorkCenter.objects.select_for_update(of=("self",)).select_related("site").get(pk=work_center_id)
    if known := _known(call_id):
        return known
    _check_not_called(center, kind)
    call = Call.objects.create(
        id=call_id, site=center.site, work_center=center, kind=kind, note=note, raised_by=person,
        raised_at=effective_time(claimed=occurred_at, now=now),
    )  # fmt: skip
    tell_raised(call)
    return call


@transaction.atomic
def acknowledge_call(*, call_id: UUID, by: str, now: datetime) -> Call:
    """Say that somebody comes. Twice is once.

    :raises CallUnknown: there is no such call.
    :raises CallOver: it was resolved.
    """
    if _is_request(call_id):
        equipment.acknowledge_maintenance(request_id=call_id, by=by, now=now)
        return _locked(call_id)
    call = _open(call_id)
    if call.status == Status.RAISED:
        call.status, call.acknowledged_at, call.acknowledged_by = Status.ACKNOWLEDGED, now, by
        call.save(update_fields=["status", "acknowledged_at", "acknowledged_by"])
        tell_answered(call, by=by, at=now)
    return call


@transaction.atomic
def arrive_at_call(*, call_id: UUID, by: str, now: datetime) -> Call:
    """Say that somebody is there, which says as well that somebody came. Twice is once.

    :raises CallUnknown: there is no such call.
    :raises CallOver: it was resolved.
    """
    acknowledge_call(call_id=call_id, by=by, now=now)
    call = _open(call_id)
    if call.status == Status.ACKNOWLEDGED:
        call.status, call.arrived_at, call.arrived_by = Status.ARRIVED, now, by
        call.save(update_fields=["status", "arrived_at", "arrived_by"])
        tell_answered(call, by=by, at=now)
    return call


@transaction.atomic
def resolve_call(*, call_id: UUID, by: str, now: datetime, outcome: str) -> Call:
    """Say that the call is over and what was done.

    :raises CallUnknown: there is no such call.
    :raises CallOver: it was resolved before.
    :raises OutcomeMissing: nothing is said of what was done.
    """
    if not outcome.strip():
        raise OutcomeMissing(_("Say in a few words what was done."), field="outcome")
    if _is_request(call_id):
        equipment.finish_maintenance(request_id=call_id, by=by, now=now, outcome=outcome)
        return _locked(call_id)
    call = _open(call_id)
    call.status, call.resolved_at, call.resolved_by, call.outcome = Status.RESOLVED, now, by, outcome.strip()
    call.save(update_fields=["status", "resolved_at", "resolved_by", "outcome"])
    tell_answered(call, by=by, at=now)
    return call


def escalate_calls(*, now: datetime) -> list[tuple[Call, EscalationStep]]:
    """Take every unacknowledged call as far as its waiting time says; return what is new, each to be told once.

    A call that missed steps (nothing ran for a while) is told to the highest one only.
    """
    rows = {(row.site_id, row.kind, row.tier): row for row in EscalationStep.objects.all()}
    told = []
    for call_id in Call.objects.filter(status=Status.RAISED).values_list("pk", flat=True):
        with transaction.atomic():
            call = _locked(call_id)
            steps = [
                Step(row.tier, row.after_minutes, row.tells)
                for (site_id, kind, _tier), row in rows.items()
                if (site_id, kind) == (call.site_id, call.kind)
            ]
            reached = tier_of(raised_at=call.raised_at, acknowledged_at=call.acknowledged_at, steps=steps, now=now)
            if call.status != Status.RAISED or reached is None or reached.tier <= call.tier:
                continue
            call.tier = reached.tier
            call.save(update_fields=["tier"])
            bus.publish(
                CallEscalated(
                    event_id=uuid.uuid5(_NAMESPACE, f"{call.pk}/{reached.tier}"), site=call.site.code,
                    subject=f"center/{call.work_center.code}", occurred_at=now, call_id=call.pk,
                    work_center=call.work_center.code, call=call.kind, tier=reached.tier, told=reached.tells,
                )
            )  # fmt: skip
            told.append((call, rows[call.site_id, call.kind, reached.tier]))
    return told


def _known(call_id: UUID) -> Call | None:
    return Call.objects.filter(pk=call_id).select_related("work_center", "site").first()


def _check_not_called(center: WorkCenter, kind: str) -> None:
    """Refuse to call to a work center whoever is called there already, saying since when and whether somebody comes."""
    opened = Call.objects.filter(work_center=center, work_unit=None, kind=kind).exclude(status=Status.RESOLVED).first()
    if opened:
        words = (
            _("%(kind)s was called %(time)s. %(who)s comes.")
            if opened.acknowledged_at
            else _("%(kind)s was called %(time)s. Nobody has answered yet.")
        )
        when = clock_time(opened.raised_at, center.site)
        raise CallOpen(
            words % {"kind": opened.get_kind_display(), "time": when, "who": opened.acknowledged_by},
            field="kind",
        )


def _is_request(call_id: UUID) -> bool:
    """Say whether the call is answered by answering its request for maintenance.

    Read without a lock: whoever answers a request locks it before its call, so the call must not be locked first.
    """
    call = Call.objects.select_related("work_center", "work_unit", "site").filter(pk=call_id).first()
    if call:
        _still_open(call)
    return call is not None and call.kind == CallKind.MAINTENANCE and call.work_unit_id is not None


def _locked(call_id: UUID) -> Call:
    found = Call.objects.select_for_update(of=("self",)).select_related("work_center", "work_unit", "site", "raised_by")
    call = found.filter(pk=call_id).first()
    if call is None:
        raise CallUnknown(_("There is no such call."))
    return call


def _open(call_id: UUID) -> Call:
    call = _locked(call_id)
    _still_open(call)
    return call


def _still_open(call: Call) -> None:
    if call.status == Status.RESOLVED:
        raise CallOver(
            _("%(call)s was resolved %(time)s by %(who)s.")
            % {"call": call, "time": clock_time(call.resolved_at, call.site), "who": call.resolved_by}
        )
