"""Take readings, judge them at once, and release a sample that is good enough all the same."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput
from mes.core.tongues import told
from mes.execution.models import Operation, WorkOrder
from mes.execution.rules import shown
from mes.execution.services.floor import NotStarted
from mes.execution.services.locking import Locked, WorkOrderClosed, check_note, lock_operation
from mes.masterdata.models import Person, Uom
from mes.masterdata.queries import unit_of
from mes.masterdata.rules import DimensionMismatch, convert, rounded
from quality import queries, rules
from quality.events import InspectionCompleted, MeasuredValue, ReadingTaken
from quality.models import InspectionResult, OrderCharacteristic, OrderCheck, Reading, Trigger
from quality.queries import Sample

Verdict = InspectionResult.Verdict
Kind = OrderCharacteristic.Kind
LONGEST_ANSWER = 200
_RESULTS = UUID("0b8d43b5-7a0c-5a4e-9a2e-51c8a26f2d0e")


class CheckUnknown(InvalidInput):
    """The operation has no such check, or the check no such characteristic or piece."""

    code = "check_unknown"


class NotDue(DomainError):
    """The check is not due for that occurrence."""

    code = "check_not_due"
    title = gettext_lazy("This check is not due")


class ValueUnreadable(InvalidInput):
    """What was entered is no value of this characteristic."""

    code = "value_unreadable"


class ReadingIdReused(InvalidInput):
    """The id names another reading."""

    code = "reading_id_reused"


class NothingToRelease(DomainError):
    """There is no failed sample to release."""

    code = "nothing_to_release"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What was entered for one piece: ``text`` as typed or sent by a gauge, or ``ok`` / ``nok`` for what is judged.

    ``reading_id`` was made by whoever enters it, so that an entry sent twice is stored once.
    """

    reading_id: UUID
    characteristic: str
    piece: int = 1
    text: str = ""


@transaction.atomic
def take_readings(
    *,
    operation_id: int,
    check_id: int,
    occurrence: str,
    entries: Sequence[Entry],
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    gauge: str = "",
) -> list[Reading]:
    """Store readings of a sample and judge each at once; the same entries again return the first readings.

    A piece that has a reading gets a further one, which names it: nothing is overwritten. When every characteristic has
    a reading of every piece the sample itself is judged, and again after each re-measurement.

    :raises CheckUnknown: the operation, the check or the characteristic is another's, or the piece is too high a number.
    :raises NotDue: the check has no such occurrence, or a later one took its place.
    :raises ValueUnreadable: naming what was read.
    :raises ReadingIdReused: another reading has one of the ids.
    :raises mes.execution.services.floor.NotStarted: nobody has worked on the operation.
    :raises mes.execution.services.locking.WorkOrderClosed: the order is closed or cancelled.
    """
    locked = lock_operation(operation_id)
    check = _check_of(locked, check_id)
    known = {row.pk: row for row in Reading.objects.filter(pk__in=[one.reading_id for one in entries])}
    sample = queries.sample_of(check, occurrence)
    by_code = {one.code: one for one in sample.characteristics}
    if entries and all(one.reading_id in known for one in entries):
        return [_same(known[one.reading_id], check, occurrence, one, by_code) for one in entries]
    _check_open(locked, check)
    _check_due(check, locked.operation, occurrence, now)
    at = effective_time(claimed=occurred_at, now=now)
    taken = []
    for one in entries:
        if one.reading_id in known:
            taken.append(_same(known[one.reading_id], check, occurrence, one, by_code))
            continue
        reading = _read(locked, sample, one, by_code, person=person, gauge=gauge, at=at, now=now)
        place = (reading.characteristic_id, reading.piece)
        sample.last[place] = reading
        sample.attempts[place] = sample.attempts.get(place, 0) + 1
        taken.append(reading)
    if sample.is_complete:
        verdict = Verdict.PASSED if sample.passed else Verdict.FAILED
        _judge(locked, sample, verdict, person=person, by="", note="", at=at, now=now)
    return taken


@transaction.atomic
def release_sample(*, check_id: int, occurrence: str, by: str, now: datetime, note: str) -> InspectionResult:
    """Let work go on although a sample failed; ``note`` says why, and is asked for.

    :raises CheckUnknown: there is no such check.
    :raises NothingToRelease: the sample has not failed, or was released before.
    :raises mes.core.errors.InvalidInput: no reason was given.
    """
    check_note(note)
    if not note.strip():
        raise InvalidInput(_("Write why it may go on: the reason is kept with the sample."), field="note")
    operation_id = OrderCheck.objects.filter(pk=check_id).values_list("operation_id", flat=True).first()
    if operation_id is None:
        raise CheckUnknown(_("There is no such check here."))
    locked = lock_operation(operation_id)
    check = _check_of(locked, check_id)
    sample = queries.sample_of(check, occurrence)
    last = _last_result(check, occurrence)
    if last is None or last.verdict != Verdict.FAILED:
        raise NothingToRelease(_("This sample has not failed: there is nothing to release."))
    return _judge(locked, sample, Verdict.RELEASED, person=None, by=by, note=note.strip(), at=now, now=now)


def judge_text(characteristic: OrderCharacteristic, text: str) -> tuple[Decimal | None, bool]:
    """Return the value in the characteristic's unit (None where it is judged) and whether it is in tolerance.

    :raises ValueUnreadable: naming what was read.
    """
    if characteristic.kind != Kind.VARIABLE:
        return None, _judge_answer(characteristic, text)
    try:
        measured = rules.parse_gauge(text)
    except rules.GaugeUnreadable as error:
        raise ValueUnreadable(
            _("%(name)s: %(why)s") % {"name": told(characteristic), "why": error},
            field=characteristic.code,
        ) from error
    value = _in_unit(characteristic, measured)
    return value, rules.Tolerance(characteristic.lower, characteristic.upper).allows(value)


def _judge_answer(characteristic: OrderCharacteristic, text: str) -> bool:
    """Return whether what was judged, ticked, written or chosen is as it should be.

    :raises ValueUnreadable: it is no answer to this.
    """
    name, code = told(characteristic), characteristic.code
    if characteristic.kind == Kind.ATTRIBUTE:
        if text not in ("ok", "nok"):
            raise ValueUnreadable(_("%(name)s: say ok or nok.") % {"name": name}, field=code)
        return text == "ok"
    if characteristic.kind == Kind.TICK:
        if text != "ok":
            raise ValueUnreadable(_("%(name)s: say ok when it is done.") % {"name": name}, field=code)
        return True
    if characteristic.kind == Kind.CHOICE:
        if text not in characteristic.answers:
            raise ValueUnreadable(
                _("%(name)s: choose one of %(answers)s.")
                % {"name": name, "answers": ", ".join(characteristic.answers)},
                field=code,
            )
        return characteristic.answers[text]
    if not text.strip() or len(text) > LONGEST_ANSWER:
        raise ValueUnreadable(
            _("%(name)s: write something, at most %(n)s signs.") % {"name": name, "n": LONGEST_ANSWER},
            field=code,
        )
    return True


def _in_unit(characteristic: OrderCharacteristic, measured: rules.Measured) -> Decimal:
    """Return the value in the unit of the characteristic, converted exactly where the gauge names another one."""
    uom = characteristic.uom
    if uom is None or not measured.unit or measured.unit in (uom.code, uom.symbol):
        return measured.value
    found = Uom.objects.filter(code=measured.unit).first() or Uom.objects.filter(symbol=measured.unit).first()
    if found is None:
        raise ValueUnreadable(
            _("%(name)s is measured in %(wanted)s; the gauge said “%(unit)s”. Set it to %(wanted)s.")
            % {"name": told(characteristic), "wanted": uom.code, "unit": measured.unit},
            field=characteristic.code,
        )
    try:
        exact = convert(measured.value, source=unit_of(found), target=unit_of(uom), factors={})
    except DimensionMismatch as error:
        raise ValueUnreadable(
            _("%(name)s: %(why)s") % {"name": told(characteristic), "why": error.detail},
            field=characteristic.code,
        ) from error
    return rounded(exact, decimals=6)


def _check_of(locked: Locked, check_id: int) -> OrderCheck:
    check = OrderCheck.objects.select_related("plan").filter(pk=check_id, operation=locked.operation).first()
    if check is None:
        raise CheckUnknown(
            _("%(operation)s has no such check. Reload the page.") % {"operation": locked.operation}, field="check"
        )
    return check


def _check_open(locked: Locked, check: OrderCheck) -> None:
    order, operation = locked.order, locked.operation
    if order.status in (WorkOrder.Status.CLOSED, WorkOrder.Status.CANCELLED):
        raise WorkOrderClosed(
            _("%(order)s was %(status)s. Nothing can be inspected on it any more.")
            % {"order": order, "status": _(order.get_status_display()).lower()}
        )
    if operation.status == Operation.Status.PENDING and check.trigger != Trigger.START:
        raise NotStarted(
            _("%(step)s has not been started. Start it first.") % {"step": f"{operation.number} {operation.name}"}
        )


def _check_due(check: OrderCheck, operation: Operation, occurrence: str, now: datetime) -> None:
    if queries.before_the_end(check) and occurrence == check.trigger.lower():
        return
    states = queries.states_of([operation], now=now)[operation.pk]
    [state] = [one for one in states if one.check.pk == check.pk]
    keys = [one.key for one in state.occurrences]
    if occurrence not in keys:
        raise NotDue(
            _("%(check)s is not due at %(operation)s. Reload the page to see what is.")
            % {"check": check, "operation": operation}
        )
    if state.latest and occurrence != state.latest.key and occurrence not in state.results:
        raise NotDue(
            _(
                "%(check)s is due again meanwhile at %(operation)s, and the pieces of the earlier time have gone on. Inspect pieces of now."
            )
            % {"check": check, "operation": operation}
        )


def _read(
    locked: Locked,
    sample: Sample,
    entry: Entry,
    by_code: dict[str, OrderCharacteristic],
    *,
    person: Person | None,
    gauge: str,
    at: datetime,
    now: datetime,
) -> Reading:
    characteristic = by_code.get(entry.characteristic)
    if characteristic is None or not 1 <= entry.piece <= characteristic.sample_size:
        raise CheckUnknown(
            _("This check has no piece %(piece)s of %(characteristic)s. Reload the page.")
            % {"piece": entry.piece, "characteristic": entry.characteristic},
            field="characteristic",
        )
    value, passed = judge_text(characteristic, entry.text)
    if value is not None and abs(value) >= Decimal(10) ** 12:
        raise ValueUnreadable(
            _("%(name)s: %(text)s cannot be right.") % {"name": told(characteristic), "text": entry.text[:40]},
            field=characteristic.code,
        )
    before = sample.last.get((characteristic.pk, entry.piece))
    try:
        with transaction.atomic():
            reading = Reading.objects.create(
                id=entry.reading_id, site=locked.order.site, operation=locked.operation, order_check=sample.check,
                occurrence=sample.occurrence, characteristic=characteristic, piece=entry.piece, value=value,
                passed=passed, raw=entry.text[:LONGEST_ANSWER], gauge=gauge, person=person, occurred_at=at, recorded_at=now,
                remeasures=before,
            )  # fmt: skip
    except IntegrityError as clash:
        raise ReadingIdReused(_("This id was used for another reading. Make a new one each time.")) from clash
    bus.publish(
        ReadingTaken(
            event_id=reading.pk, site=locked.order.site.code, subject=locked.order.number, occurred_at=at,
            reading_id=reading.pk, operation=locked.operation.number, check=sample.check.trigger,
            occurrence=sample.occurrence, characteristic=characteristic.code, piece=entry.piece, value=value,
            uom=characteristic.uom.code if characteristic.uom else "", passed=passed, gauge=gauge, text=reading.words,
            person=person.number if person else "", remeasures=before.pk if before else None,
        )
    )  # fmt: skip
    return reading


def _same(
    known: Reading, check: OrderCheck, occurrence: str, entry: Entry, by_code: dict[str, OrderCharacteristic]
) -> Reading:
    """Return the earlier reading of this id.

    :raises ReadingIdReused: it said something else.
    """
    characteristic = by_code.get(entry.characteristic)
    same = (known.order_check_id, known.occurrence, known.characteristic_id, known.piece, known.raw) == (
        check.pk, occurrence, characteristic.pk if characteristic else 0, entry.piece, entry.text[:LONGEST_ANSWER],
    )  # fmt: skip
    if not same:
        raise ReadingIdReused(_("This id was used for another reading. Make a new one each time."), field="reading_id")
    return known


def _last_result(check: OrderCheck, occurrence: str) -> InspectionResult | None:
    return InspectionResult.objects.filter(order_check=check, occurrence=occurrence).order_by("-number").first()


def _judge(
    locked: Locked,
    sample: Sample,
    verdict: str,
    *,
    person: Person | None,
    by: str,
    note: str,
    at: datetime,
    now: datetime,
) -> InspectionResult:
    check, operation, order = sample.check, locked.operation, locked.order
    before = _last_result(check, sample.occurrence)
    number = before.number + 1 if before else 1
    result = InspectionResult.objects.create(
        id=uuid.uuid5(_RESULTS, f"{order.site.code}/{check.pk}/{sample.occurrence}/{number}"), site=order.site,
        operation=operation, order_check=check, occurrence=sample.occurrence, number=number, verdict=verdict, note=note,
        person=person, by=by, occurred_at=at, recorded_at=now,
    )  # fmt: skip
    bus.publish(
        InspectionCompleted(
            event_id=result.pk, site=order.site.code, subject=order.number, occurred_at=at, result_id=result.pk,
            operation=operation.number, work_center=operation.work_center.code, item=order.item.number,
            plan=check.plan.name, revision=check.revision, check=check.trigger, occurrence=sample.occurrence,
            verdict=verdict, number=number, values=_values(sample), note=note,
            person=person.number if person else by, replaces=before.pk if before else None,
        )
    )  # fmt: skip
    return result


def _values(sample: Sample) -> tuple[MeasuredValue, ...]:
    return tuple(
        MeasuredValue(
            characteristic=one.code, name=one.name, piece=piece, value=reading.value,
            uom=one.uom.code if one.uom else "", lower=one.lower, upper=one.upper, passed=reading.passed, text=reading.words,
            attempts=sample.attempts[(one.pk, piece)],
        )
        for one, piece in sample.wanted
        if (reading := sample.last.get((one.pk, piece)))
    )  # fmt: skip


def words_of(reading: Reading) -> str:
    """Return a reading as the terminal says it: the value, and by how much it is out."""
    characteristic = reading.characteristic
    if reading.value is None:
        return f"{told(characteristic)}: {reading.words or (_('OK') if reading.passed else _('not OK'))}"
    unit = f" {characteristic.uom.symbol or characteristic.uom.code}" if characteristic.uom else ""
    excess = rules.Tolerance(characteristic.lower, characteristic.upper).excess(reading.value)
    by = {"n": shown(abs(excess)) if excess else ""}
    over = _("%(n)s above the limit") if excess and excess > 0 else _("%(n)s below the limit")
    out = f", {over % by}" if excess else ""
    return f"{told(characteristic)}: {shown(reading.value)}{unit}{out}"
