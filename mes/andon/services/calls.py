"""Calls from the floor: raised, acknowledged, resolved, and taken further when nobody comes."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.andon.events import CallAnswered, CallEscalated, CallRaised
from mes.andon.models import Call, CallKind, EscalationStep
from mes.andon.rules import Step, tier_of
from mes.core import bus
from mes.core.errors import DomainError, InvalidInput, NotFound
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
) -> Call:
    """Call somebody to a work center; the same id again returns the first call.

    :raises KindUnknown: nobody can be called by that name.
    :raises CallOpen: a call of this kind is open there, saying since when and whether somebody comes.
    """
    if kind not in CallKind.values:
        raise KindUnknown(
            _("Nobody is called %(kind)s. Choose one of %(values)s.")
            % {"kind": kind, "values": ", ".join(CallKind.values)},
            field="kind",
        )
    center = WorkCenter.objects.select_for_update(of=("self",)).select_related("site").get(pk=work_center_id)
    known = Call.objects.filter(pk=call_id).select_related("work_center", "site").first()
    if known:
        return known
    opened = Call.objects.filter(work_center=center, kind=kind).exclude(status=Status.RESOLVED).first()
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
    call = Call.objects.create(
        id=call_id, site=center.site, work_center=center, kind=kind, note=note, raised_by=person,
        raised_at=min(occurred_at, now),
    )  # fmt: skip
    bus.publish(
        CallRaised(
            event_id=call.pk, site=center.site.code, subject=f"center/{center.code}", occurred_at=call.raised_at,
            call_id=call.pk, work_center=center.code, call=kind, note=note, person=person.number if person else "",
        )
    )  # fmt: skip
    return call


@transaction.atomic
def acknowledge_call(*, call_id: UUID, by: str, now: datetime) -> Call:
    """Say that somebody comes. Twice is once.

    :raises CallUnknown: there is no such call.
    :raises CallOver: it was resolved.
    """
    call = _locked(call_id)
    if call.status == Status.RESOLVED:
        raise CallOver(
            _("%(call)s was resolved %(time)s by %(who)s.")
            % {"call": call, "time": clock_time(call.resolved_at, call.site), "who": call.resolved_by}
        )
    if call.status == Status.RAISED:
        call.status, call.acknowledged_at, call.acknowledged_by = Status.ACKNOWLEDGED, now, by
        call.save(update_fields=["status", "acknowledged_at", "acknowledged_by"])
        _answered(call, by=by, at=now)
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
    call = _locked(call_id)
    if call.status == Status.RESOLVED:
        raise CallOver(
            _("%(call)s was resolved %(time)s by %(who)s.")
            % {"call": call, "time": clock_time(call.resolved_at, call.site), "who": call.resolved_by}
        )
    call.status, call.resolved_at, call.resolved_by, call.outcome = Status.RESOLVED, now, by, outcome.strip()
    call.save(update_fields=["status", "resolved_at", "resolved_by", "outcome"])
    _answered(call, by=by, at=now)
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


def _locked(call_id: UUID) -> Call:
    found = Call.objects.select_for_update(of=("self",)).select_related("work_center", "site", "raised_by")
    call = found.filter(pk=call_id).first()
    if call is None:
        raise CallUnknown(_("There is no such call."))
    return call


def _answered(call: Call, *, by: str, at: datetime) -> None:
    bus.publish(
        CallAnswered(
            event_id=uuid.uuid5(_NAMESPACE, f"{call.pk}/{call.status}"), site=call.site.code,
            subject=f"center/{call.work_center.code}", occurred_at=at, call_id=call.pk,
            work_center=call.work_center.code, call=call.kind, status=call.status, by=by, outcome=call.outcome,
        )
    )  # fmt: skip
