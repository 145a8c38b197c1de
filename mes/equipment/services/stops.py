"""Record stops and explain them, at once or later; cut a stop in two, join the parts again, take an entry back."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.equipment.events import StopEntered, StopExplained
from mes.equipment.models import StopEntry, StopExplanation, StopReason
from mes.equipment.queries.intervals import Interval, intervals
from mes.equipment.rules import states
from mes.equipment.services import maintenance
from mes.equipment.services.states import bring_in_line, lock_unit, tell_downtime
from mes.execution.services.locking import clock_time
from mes.masterdata.models import Person, ReasonCode, WorkUnit

Kind = StopEntry.Kind


class AlreadyStopped(DomainError):
    """The work unit stands still already."""

    code = "already_stopped"
    title = gettext_lazy("Stopped already")


class NotStopped(DomainError):
    """There is no stop to end: nobody entered one, or it is a job that is paused."""

    code = "not_stopped"
    title = gettext_lazy("Not stopped")


class StopUnknown(NotFound):
    """The work unit did not stand still then."""

    code = "stop_unknown"


class StopsOverlap(DomainError):
    """The stop would overlap another one, or a job began within it."""

    code = "stops_overlap"
    title = gettext_lazy("It overlaps")


class StopTimeInvalid(InvalidInput):
    """A stop ends after it begins and not in the future; a cut lies inside its stop."""

    code = "stop_time_invalid"


class NotCut(DomainError):
    """Only parts that a person cut apart can be joined."""

    code = "not_cut"
    title = gettext_lazy("These cannot be joined")


class StopReasonUnknown(InvalidInput):
    """The site has no such active stop reason."""

    code = "stop_reason_unknown"


class StopIdReused(InvalidInput):
    """The id names another entry."""

    code = "stop_id_reused"


class AlreadyTakenBack(DomainError):
    """An entry is taken back once."""

    code = "already_taken_back"


@transaction.atomic
def report_stop(
    *,
    entry_id: UUID,
    work_unit_id: int,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    reason: str = "",
    note: str = "",
    by: str = "",
) -> None:
    """Say that the unit stands still, with the code of a reason or "" to give it later; the same id again does nothing.

    Where it stands still already the reason explains that stop. The job that it had goes on being its job.

    :raises AlreadyStopped: it stands still already, and no reason was given.
    :raises StopReasonUnknown: there is no such reason.
    """
    unit = lock_unit(work_unit_id)
    if _is_known(entry_id, unit):
        return
    at = states.whole(effective_time(claimed=occurred_at, now=now))
    held = _interval_at(unit, at, now)
    if held is None or held.state != states.STOPPED:
        _enter(unit, Kind.STOP, entry_id, at=at, person=person, by=by, now=now)
        bring_in_line(unit, since=at, now=now)
        explanation_id = uuid.uuid5(entry_id, "reason")
    elif not reason:
        raise AlreadyStopped(
            _("%(unit)s stands still since %(time)s. Give that stop its reason instead.")
            % {"unit": unit.code, "time": clock_time(held.start, unit.site)},
            field="work_unit",
        )
    else:
        explanation_id = entry_id
    if reason:
        _explain(unit, at, explanation_id, _reason(unit, reason), note, person=person, by=by, now=now)


@transaction.atomic
def end_stop(
    *, entry_id: UUID, work_unit_id: int, person: Person | None, occurred_at: datetime, now: datetime, by: str = ""
) -> None:
    """Say that the unit runs again; the same id again does nothing.

    :raises NotStopped: it does not stand still, or only because its job is paused: then the job is to be started.
    """
    unit = lock_unit(work_unit_id)
    if _is_known(entry_id, unit):
        return
    at = states.whole(effective_time(claimed=occurred_at, now=now))
    held = _interval_at(unit, at, now)
    if held is None or held.state != states.STOPPED:
        raise NotStopped(_("%(unit)s does not stand still.") % {"unit": unit.code}, field="work_unit")
    at = max(at, held.start + timedelta(seconds=1))
    _enter(unit, Kind.RUN, entry_id, at=at, person=person, by=by, now=now)
    bring_in_line(unit, since=held.start, now=now)
    after = _interval_at(unit, at, now)
    if after is not None and after.state == states.STOPPED:
        raise NotStopped(
            _("%(unit)s stands still because its job is paused. Start the job again.") % {"unit": unit.code},
            field="work_unit",
        )


@transaction.atomic
def record_stop(
    *,
    entry_id: UUID,
    work_unit_id: int,
    started_at: datetime,
    ended_at: datetime,
    person: Person | None,
    now: datetime,
    reason: str = "",
    note: str = "",
    by: str = "",
) -> None:
    """Record a stop that nobody entered when it happened; the same id again does nothing.

    :raises StopTimeInvalid: it does not end after it begins, or ends in the future.
    :raises StopsOverlap: the unit stood still for a part of that time already, or a job was started within it.
    """
    unit = lock_unit(work_unit_id)
    if _is_known(entry_id, unit):
        return
    start, end = states.whole(started_at), states.whole(ended_at)
    if not start < end <= now:
        raise StopTimeInvalid(_("A stop ends after it begins, and not in the future."), field="ended_at")
    stood = _stops_between(unit, start, end, now)
    if stood:
        raise StopsOverlap(
            _("%(unit)s stood still from %(time)s already. Explain that stop, or choose other times.")
            % {"unit": unit.code, "time": clock_time(stood[0].start, unit.site)},
            field="started_at",
        )
    _enter(unit, Kind.STOP, entry_id, at=start, person=person, by=by, now=now)
    _enter(unit, Kind.RUN, uuid.uuid5(entry_id, "end"), at=end, person=person, by=by, now=now)
    bring_in_line(unit, since=start, now=now)
    held = _interval_at(unit, start, now)
    if held is None or held.end != end:
        raise StopsOverlap(
            _("A job was started on %(unit)s within that time. Let the stop end before it.") % {"unit": unit.code},
            field="ended_at",
        )
    if reason:
        _explain(
            unit, start, uuid.uuid5(entry_id, "reason"), _reason(unit, reason), note, person=person, by=by, now=now
        )


@transaction.atomic
def explain_stops(
    *,
    explanation_id: UUID,
    stops: Sequence[tuple[int, datetime]],
    reason: str,
    person: Person | None,
    now: datetime,
    note: str = "",
    by: str = "",
) -> None:
    """Give one reason to several standstills, each named by its unit's key and a moment within it; all or none.

    A reason that was given before is replaced, and stays in the record. The same id again does nothing.

    :raises StopUnknown: a unit did not stand still at that moment.
    :raises StopReasonUnknown: there is no such reason at the unit's site.
    """
    for index, (work_unit_id, at) in enumerate(sorted(stops)):
        unit = lock_unit(work_unit_id)
        fact = explanation_id if len(stops) == 1 else uuid.uuid5(explanation_id, str(index))
        if not _is_known(fact, unit):
            _explain(unit, states.whole(at), fact, _reason(unit, reason), note, person=person, by=by, now=now)


@transaction.atomic
def split_stop(
    *,
    entry_id: UUID,
    work_unit_id: int,
    at: datetime,
    person: Person | None,
    now: datetime,
    reason: str = "",
    note: str = "",
    by: str = "",
) -> None:
    """Cut a standstill in two at a moment inside it; ``reason`` is that of the second part, the first keeps its own.

    :raises StopTimeInvalid: the unit did not stand still then, or it was just when the stop began.
    """
    unit = lock_unit(work_unit_id)
    if _is_known(entry_id, unit):
        return
    at = states.whole(at)
    held = _interval_at(unit, at, now)
    if held is None or held.state not in states.EXPLAINABLE or held.start == at or at > now:
        raise StopTimeInvalid(_("Choose a moment inside the stop."), field="at")
    _enter(unit, Kind.CUT, entry_id, at=at, person=person, by=by, now=now)
    bring_in_line(unit, since=held.start, now=now)
    if reason:
        _explain(unit, at, uuid.uuid5(entry_id, "reason"), _reason(unit, reason), note, person=person, by=by, now=now)


@transaction.atomic
def join_stops(
    *, entry_id: UUID, work_unit_id: int, at: datetime, person: Person | None, now: datetime, by: str = ""
) -> None:
    """Take back the cut at ``at``, where the second part begins; the whole has the reason of the first part, if any.

    :raises NotCut: nobody cut there.
    """
    unit = lock_unit(work_unit_id)
    if _is_known(entry_id, unit):
        return
    at = states.whole(at)
    cuts = StopEntry.objects.filter(work_unit=unit, kind=Kind.CUT, at=at, reverses=None, reversed_by=None)
    cut = cuts.order_by("recorded_at").last()
    first = _interval_at(unit, at - timedelta(seconds=1), now)
    if cut is None or first is None:
        raise NotCut(
            _("Only parts that somebody cut apart can be joined; these stops have different causes."), field="at"
        )
    _take_back(unit, cut, entry_id, person=person, by=by, now=now)
    if first.reason:
        _explain(
            unit, first.start, uuid.uuid5(entry_id, "reason"), first.reason, first.note, person=person, by=by, now=now
        )


@transaction.atomic
def take_back_entry(*, reversal_id: UUID, entry_id: UUID, person: Person | None, now: datetime, by: str = "") -> None:
    """Take back what somebody entered about a stop: both entries then count for nothing. The same id again does nothing.

    :raises StopUnknown: there is no such entry.
    :raises AlreadyTakenBack: it was taken back before, or is itself what takes another one back.
    """
    found = StopEntry.objects.filter(pk=entry_id).values_list("work_unit_id", flat=True).first()
    if found is None:
        raise StopUnknown(_("This entry is not known here."))
    unit = lock_unit(found)
    if _is_known(reversal_id, unit):
        return
    _take_back(unit, StopEntry.objects.get(pk=entry_id), reversal_id, person=person, by=by, now=now)


def _take_back(
    unit: WorkUnit, entry: StopEntry, entry_id: UUID, *, person: Person | None, by: str, now: datetime
) -> None:
    if entry.reverses_id or StopEntry.objects.filter(reverses=entry).exists():
        raise AlreadyTakenBack(_("This entry counts for nothing already."))
    before = _interval_at(unit, entry.at - timedelta(seconds=1), now)
    _enter(unit, Kind(entry.kind), entry_id, at=entry.at, person=person, by=by, now=now, reverses=entry)
    bring_in_line(unit, since=before.start if before else entry.at, now=now)


def _is_known(fact_id: UUID, unit: WorkUnit) -> bool:
    """Return whether there is such a fact of this unit already.

    :raises StopIdReused: it is of another unit.
    """
    for model in (StopEntry, StopExplanation):
        of = model.objects.filter(pk=fact_id).values_list("work_unit_id", flat=True).first()  # type: ignore[attr-defined]
        if of is not None and of != unit.pk:
            raise StopIdReused(_("This id was used for another entry. Make a new id for every entry."), field="id")
        if of is not None:
            return True
    return False


def _interval_at(unit: WorkUnit, at: datetime, now: datetime) -> Interval | None:
    """Return the interval in which the moment lies, or None before the unit's first change."""
    found = intervals(work_unit_ids=[unit.pk], start=at, end=at + timedelta(seconds=1), now=now)[unit.pk]
    return found[0] if found and found[0].start <= at else None


def _stops_between(unit: WorkUnit, start: datetime, end: datetime, now: datetime) -> list[Interval]:
    found = intervals(work_unit_ids=[unit.pk], start=start, end=end, now=now)[unit.pk]
    return [one for one in found if one.state == states.STOPPED and (one.end is None or one.end > start)]


def _reason(unit: WorkUnit, code: str) -> ReasonCode:
    reason = ReasonCode.objects.filter(site_id=unit.site_id, kind=ReasonCode.Kind.STOP, code=code, active=True).first()
    if reason is None:
        raise StopReasonUnknown(
            _("There is no stop reason %(code)s. Choose one from the list.") % {"code": code}, field="reason"
        )
    return reason


def _enter(
    unit: WorkUnit,
    kind: StopEntry.Kind,
    entry_id: UUID,
    *,
    at: datetime,
    person: Person | None,
    by: str,
    now: datetime,
    reverses: StopEntry | None = None,
) -> None:
    StopEntry.objects.create(
        id=entry_id, site_id=unit.site_id, work_unit=unit, kind=kind, at=at, person=person, by=by, recorded_at=now,
        reverses=reverses,
    )  # fmt: skip
    bus.publish(
        StopEntered(
            event_id=uuid.uuid5(entry_id, "entered"),
            site=unit.site.code,
            subject=f"unit/{unit.code}",
            occurred_at=at,
            entry_id=entry_id,
            work_unit=unit.code,
            entry=str(kind),
            person=person.number if person else "",
            by=by,
            reverses=reverses.pk if reverses else None,
        )
    )


def _explain(
    unit: WorkUnit,
    at: datetime,
    explanation_id: UUID,
    reason: ReasonCode,
    note: str,
    *,
    person: Person | None,
    by: str,
    now: datetime,
) -> None:
    held = _interval_at(unit, at, now)
    if held is None or held.state not in states.EXPLAINABLE:
        raise StopUnknown(
            _("%(unit)s did not stand still %(time)s. The list shows its stops as they are now.")
            % {"unit": unit.code, "time": clock_time(at, unit.site)}
        )
    StopExplanation.objects.create(
        id=explanation_id, site_id=unit.site_id, work_unit=unit, at=held.start, reason=reason, note=note[:4000],
        person=person, by=by, recorded_at=now,
    )  # fmt: skip
    bus.publish(
        StopExplained(
            event_id=uuid.uuid5(explanation_id, "explained"),
            site=unit.site.code,
            subject=f"unit/{unit.code}",
            occurred_at=held.start,
            explanation_id=explanation_id,
            work_unit=unit.code,
            reason=reason.code,
            reason_name=reason.name,
            note=note[:4000],
            person=person.number if person else "",
            by=by,
        )
    )
    tell_downtime(unit, since=held.start, now=now)
    if StopReason.objects.filter(reason=reason, calls_maintenance=True).exists():
        maintenance.call_unless_called(
            unit, request_id=uuid.uuid5(explanation_id, "maintenance"), reason=reason, note=note, person=person, by=by,
            stop_started_at=held.start, now=now,
        )  # fmt: skip
