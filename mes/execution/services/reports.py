"""Report pieces, and take a report back."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution import gates, rules
from mes.execution.events import ProductionReported, ScrapQuantity
from mes.execution.models import Operation, ProductionReport, ScrapLine, WorkOrder
from mes.execution.services import components
from mes.execution.services.floor import NotStarted, OperationCompleted
from mes.execution.services.locking import (
    Locked,
    check_not_held,
    check_note,
    check_open,
    clock_time,
    lock_operation,
)
from mes.execution.services.pieces import Pieces, Scrap, check_quantities, entered, find_reasons
from mes.masterdata.models import Person
from mes.material import services as material

ZERO = Decimal(0)


class ReportIdReused(InvalidInput):
    """The id names another report."""

    code = "report_id_reused"


class ReportUnknown(NotFound):
    """There is no such report."""

    code = "report_unknown"


class AlreadyReversed(DomainError):
    """A report is reversed once."""

    code = "already_reversed"


class CannotReverse(DomainError):
    """The report is a reversal itself, or its pieces have gone on."""

    code = "cannot_reverse"


@transaction.atomic
def report_production(
    *,
    report_id: UUID,
    operation_id: int,
    good_quantity: Decimal | None,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    scrap: Sequence[Scrap] = (),
    rework_quantity: Decimal = ZERO,
    from_rework: bool = False,
    lot: str = "",
    note: str = "",
    approved_by: Person | None = None,
) -> ProductionReport:
    """Record good, rework and scrapped pieces of an operation; the same report again returns the first.

    Quantities are in the order's unit. ``from_rework``: good and scrapped pieces come out of this operation's rework.
    ``lot`` is the output lot; if none is named, a lot-tracked product gets one by its numbering rule, or else its order's
    number. ``approved_by`` is the supervisor who allows more than that. Components that are backflushed are consumed in the same transaction.

    :raises mes.execution.services.pieces.QuantityMissing, QuantityZero, QuantityNegative: the entry says nothing, or less than nothing.
    :raises mes.masterdata.rules.QuantityPrecision: it is more exact than the unit.
    :raises ReasonMissing: scrap without a reason; an unknown reason is refused as such.
    :raises QuantityOverOrder: beyond the order and its tolerance, and no supervisor allowed it.
    :raises QuantityOverAvailable: more than the previous operation passed on, and no supervisor allowed it.
    :raises QuantityOverRework: more than is in rework.
    :raises NotStarted, OperationCompleted, WorkOrderClosed: there is nothing to report on, in the words of the error.
    :raises ReportIdReused: another report has this id.
    :raises mes.execution.services.locking.WorkOrderHeld: good pieces, made after a hold was placed.
    :raises mes.material.services.LotShort: a component's lots do not cover it and the site refuses that.
    :raises mes.material.services.SerialsOneByOne, mes.material.services.SerialTaken: of an item with serial numbers.
    """
    pieces = entered(good_quantity, rework_quantity, scrap, from_rework=from_rework)
    check_note(note)
    print_ = _fingerprint(operation_id, pieces, lot, person)
    locked = lock_operation(operation_id, report_id=report_id)
    if locked.report_known:
        return _known_report(report_id, print_)
    at = effective_time(claimed=occurred_at, now=now)
    _check_work(locked, pieces, at)
    check_quantities(locked, pieces, approved_by=approved_by)
    reasons = find_reasons(locked.order, scrap)
    report = _store(
        **_alike(locked, person=person, approved_by=approved_by, note=note, occurred_at=occurred_at, now=now),
        id=report_id,
        work_unit=locked.operation.work_unit,
        good_quantity=pieces.good,
        scrap_quantity=pieces.scrapped,
        rework_quantity=pieces.to_rework,
        from_rework=from_rework,
        lot=_output_lot(locked, lot, pieces.good, at),
        fingerprint=print_,
    )
    lines = [ScrapLine(report=report, quantity=line.quantity, reason=reasons[line.reason]) for line in scrap]
    _book(locked, report, lines)
    _move_material(locked, report, lines)
    bus.publish(_reported(locked, report, lines))
    return report


@transaction.atomic
def reverse_report(
    *,
    reversal_id: UUID,
    report_id: UUID,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    note: str = "",
    approved_by: Person | None = None,
) -> ProductionReport:
    """Take a report back by its negative, consumption and output lot included; the same reversal again returns the first.

    ``approved_by`` is the supervisor who let ``person`` take back what another one reported.

    :raises ReportUnknown: there is no such report.
    :raises AlreadyReversed: it was reversed before.
    :raises CannotReverse: it is a reversal, or the next operation has used its pieces.
    :raises mes.execution.services.locking.WorkOrderClosed: the order is over; the ERP has its figures.
    :raises mes.material.services.LotShort: pieces of the output lot have been used since.
    :raises ReportIdReused: another report has the reversal's id.
    """
    check_note(note)
    found = ProductionReport.objects.filter(pk=report_id).values_list("operation_id", flat=True).first()
    if found is None:
        raise ReportUnknown(_("This report is not known here."))
    locked = lock_operation(found, report_id=reversal_id)
    print_ = hashlib.sha256(f"reversal of {report_id}".encode()).hexdigest()
    if locked.report_known:
        return _known_report(reversal_id, print_)
    original = ProductionReport.objects.prefetch_related("scrap_lines__reason").get(pk=report_id)
    check_open(locked.order)
    _check_reversible(locked, original)
    report = _store(
        **_alike(locked, person=person, approved_by=approved_by, note=note, occurred_at=occurred_at, now=now),
        id=reversal_id,
        work_unit_id=original.work_unit_id,
        good_quantity=-original.good_quantity,
        scrap_quantity=-original.scrap_quantity,
        rework_quantity=-original.rework_quantity,
        from_rework=original.from_rework,
        lot=original.lot,
        fingerprint=print_,
        reverses=original,
    )
    lines = [
        ScrapLine(report=report, quantity=-line.quantity, reason=line.reason) for line in original.scrap_lines.all()
    ]
    _book(locked, report, lines)
    components.reverse_movements(locked, report, original)
    bus.publish(_reported(locked, report, lines))
    return report


def _fingerprint(operation_id: int, pieces: Pieces, lot: str, person: Person | None) -> str:
    """Return what tells the same report from another one: everything but the clock and the note."""
    parts = [
        operation_id,
        rules.shown(pieces.good),
        rules.shown(pieces.rework),
        sorted(f"{rules.shown(line.quantity)} {line.reason}" for line in pieces.scrap),
        pieces.from_rework,
        lot,
        person.pk if person else None,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _known_report(report_id: UUID, print_: str) -> ProductionReport:
    """Return the earlier report of this id.

    :raises ReportIdReused: it said something else.
    """
    known = ProductionReport.objects.get(pk=report_id)
    if known.fingerprint != print_:
        raise ReportIdReused(
            _("This id was used for another report (%(report)s). Make a new id for every report.") % {"report": known},
            field="report_id",
        )
    return known


def _alike(
    locked: Locked,
    *,
    person: Person | None,
    approved_by: Person | None,
    note: str,
    occurred_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Return the fields that a report and a reversal have alike; a clock that cannot be right is kept beside ours."""
    at = effective_time(claimed=occurred_at, now=now)
    return {
        "site": locked.order.site,
        "work_order": locked.order,
        "operation": locked.operation,
        "person": person,
        "approved_by": approved_by,
        "note": note,
        "occurred_at": at,
        "claimed_at": occurred_at if at != occurred_at else None,
        "recorded_at": now,
    }


def _store(**values: Any) -> ProductionReport:
    """Insert a report.

    :raises ReportIdReused: another order got a report of this id at the same moment, under another lock.
    """
    try:
        return ProductionReport.objects.create(**values)
    except IntegrityError as clash:
        raise ReportIdReused(
            _("This id was used for another report. Make a new id for every report."), field="report_id"
        ) from clash


def _check_work(locked: Locked, pieces: Pieces, at: datetime) -> None:
    """Refuse a report where no work goes on: the order is over, the operation not started or finished, or either held."""
    check_open(locked.order)
    operation = locked.operation
    if operation.status == Operation.Status.COMPLETED:
        raise OperationCompleted(
            _("%(step)s was finished %(time)s. Tell your supervisor what is missing.")
            % {
                "step": f"{operation.number} {operation.name}",
                "time": clock_time(operation.completed_at, locked.order.site),
            }
        )
    if operation.status not in rules.REPORTABLE:
        raise NotStarted(
            _("%(step)s has not been started. Start it first.") % {"step": f"{operation.number} {operation.name}"}
        )
    if pieces.good:
        # What is bad may be set aside at any time; what was made before the hold was placed is a fact.
        check_not_held(locked.order, operation, at=at)
        gates.check_report(operation, at)


def _output_lot(locked: Locked, lot: str, good: Decimal, at: datetime) -> str:
    order = locked.order
    if not good or not locked.operation.is_output or not order.item.lot_tracked:
        return lot
    return material.output_number(item=order.item, order=order.number, wanted=lot, quantity=good, at=at)


def _book(locked: Locked, report: ProductionReport, lines: Sequence[ScrapLine]) -> None:
    """Store the scrap lines and keep the sums of operation and order, whose rows are locked."""
    if lines:
        ScrapLine.objects.bulk_create(lines)
    operation, order = locked.operation, locked.order
    operation.good_quantity += report.good_quantity
    operation.scrap_quantity += report.scrap_quantity
    operation.rework_quantity += report.rework_quantity
    operation.save(update_fields=["good_quantity", "scrap_quantity", "rework_quantity"])
    if operation.is_output:
        order.good_quantity += report.good_quantity
    order.scrap_quantity += report.scrap_quantity
    order.rework_quantity += report.rework_quantity
    if not (operation.is_output or report.scrap_quantity or report.rework_quantity):
        return
    # update(), not save(): sums are not tracked, and a report must not write a row of the order's history.
    WorkOrder.objects.filter(pk=order.pk).update(
        good_quantity=order.good_quantity, scrap_quantity=order.scrap_quantity, rework_quantity=order.rework_quantity
    )


def _move_material(locked: Locked, report: ProductionReport, lines: Sequence[ScrapLine]) -> None:
    """Take from stock what the pieces consumed, note what is scrap and rework, and fill the last operation's output lot."""
    item = locked.order.item
    if locked.operation.consumes:
        components.backflush(locked, report)
    if lines or report.rework_quantity:
        use = components.use_of(locked.order, locked.operation, report=report)
        scrapped = [(line.reason.code, line.quantity) for line in lines]
        material.note_process(use=use, item=item, scrap=scrapped, rework=report.rework_quantity)
    if report.lot and locked.operation.is_output and report.good_quantity:
        use = components.use_of(locked.order, locked.operation, report=report)
        material.receive_output(use=use, item=item, lot_number=report.lot, quantity=report.good_quantity)


def _check_reversible(locked: Locked, original: ProductionReport) -> None:
    operation = locked.operation
    if original.reverses_id:
        raise CannotReverse(_("This is a correction itself. Report the pieces again instead."))
    if ProductionReport.objects.filter(reverses=original).exists():
        raise AlreadyReversed(_("This report was corrected before."))
    index = locked.operations.index(operation)
    following = locked.operations[index + 1] if index + 1 < len(locked.operations) else None
    if following and operation.good_quantity - original.good_quantity < following.booked_quantity:
        raise CannotReverse(
            _("%(step)s has used these pieces. Correct the reports there first.")
            % {"step": f"{following.number} {following.name}"}
        )
    if operation.rework_quantity < original.rework_quantity:
        raise CannotReverse(_("Pieces of this report have come back from rework. Correct that report first."))


def _reported(locked: Locked, report: ProductionReport, lines: Sequence[ScrapLine]) -> ProductionReported:
    order, operation = locked.order, locked.operation
    return ProductionReported(
        event_id=report.pk,
        site=order.site.code,
        subject=order.number,
        occurred_at=report.occurred_at,
        report_id=report.pk,
        operation=operation.number,
        work_center=operation.work_center.code,
        work_unit=operation.work_unit.code if operation.work_unit else "",
        item=order.item.number,
        uom=order.uom.code,
        good_quantity=report.good_quantity,
        rework_quantity=report.rework_quantity,
        scrap_quantity=report.scrap_quantity,
        scrap=tuple(
            ScrapQuantity(quantity=line.quantity, reason=line.reason.code, reason_name=line.reason.name)
            for line in lines
        ),
        lot=report.lot,
        is_output=operation.is_output,
        person=report.person.number if report.person else "",
        reverses=report.reverses_id,
    )
