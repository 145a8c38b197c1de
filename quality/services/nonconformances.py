"""Nonconformances: found in a few taps, held where that is wanted, decided about piece by piece."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution import services as execution
from mes.execution.models import OrderHold, ProductionReport
from mes.execution.rules import shown
from mes.execution.services.locking import check_note, check_open, lock_operation
from mes.masterdata.models import Person, ReasonCode, Site
from mes.masterdata.queries import UnknownReason
from mes.masterdata.rules import check_precision
from mes.material import services as material
from mes.material.models import Lot, LotHold, MaterialMovement
from quality import queries
from quality.events import NonconformanceChanged
from quality.models import Disposition, Nonconformance

Kind = Disposition.Kind
ZERO = Decimal(0)
SOURCE = "quality"
"""What a hold says that came with a nonconformance."""


class QuantityWrong(InvalidInput):
    """A nonconformance and a disposition are of something."""

    code = "qty_zero"


class QuantityOverNonconformance(InvalidInput):
    """More would be decided about than is left."""

    code = "qty_over_nonconformance"


class QuantityOverStock(InvalidInput):
    """More would be nonconforming than the lot has."""

    code = "qty_over_stock"


class IdReused(InvalidInput):
    """The id names another nonconformance or disposition."""

    code = "id_reused"


class AlreadyDecided(DomainError):
    """Nothing is left to decide about."""

    code = "nonconformance_closed"
    title = gettext_lazy("Everything is decided")


class CannotDispose(DomainError):
    """Such pieces cannot go that way."""

    code = "cannot_dispose"


@transaction.atomic
def raise_nonconformance(
    *,
    nonconformance_id: UUID,
    operation_id: int,
    quantity: Decimal,
    reason: str,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    by: str = "",
    note: str = "",
    hold: str = "",
) -> Nonconformance:
    """Report pieces at an operation that are not as they should be and have not been reported yet; the same again is one.

    ``quantity`` is in the order's unit, ``reason`` the code of a SCRAP reason. ``hold`` is ``ORDER``, ``OPERATION`` or "".

    :raises QuantityWrong, mes.masterdata.rules.QuantityPrecision: the quantity cannot be.
    :raises mes.masterdata.queries.UnknownReason: the site has no such reason.
    :raises IdReused: another nonconformance has the id.
    :raises mes.execution.services.locking.WorkOrderClosed: the order is over.
    """
    check_note(note)
    _check_quantity(quantity)
    locked = lock_operation(operation_id)
    order, operation = locked.order, locked.operation
    if known := _known(nonconformance_id):
        return _same(known, quantity, reason, operation_id=operation.pk, lot_id=None)
    check_open(order)
    check_precision(quantity, decimals=order.uom.decimals, unit=order.uom.code, field="quantity")
    found = _reason(order.site, reason)
    at = effective_time(claimed=occurred_at, now=now)
    row = _store(
        reported_as=nonconformance_id, site=order.site, work_order=order, operation=operation, item=order.item,
        quantity=quantity, uom=order.uom, reason=found, note=note, person=person, by=by, occurred_at=at, recorded_at=now,
    )  # fmt: skip
    if hold:
        if hold not in ("ORDER", "OPERATION"):
            raise InvalidInput(_("Hold ORDER or OPERATION, or leave it out."), field="hold")
        row.order_hold = execution.hold_work_order(
            work_order_id=order.pk, operation=operation.number if hold == "OPERATION" else "",
            by=person.number if person else by, now=now, note=f"{row.number} {found.name}", source=SOURCE,
        )  # fmt: skip
        row.save(update_fields=["order_hold"])
    bus.publish(_changed(row, "OPENED", open_quantity=quantity, person=person, by=by, at=at))
    return row


@transaction.atomic
def raise_for_lot(
    *,
    nonconformance_id: UUID,
    lot_id: int,
    quantity: Decimal,
    reason: str,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    by: str = "",
    note: str = "",
    hold: bool = True,
) -> Nonconformance:
    """Report so much of a lot as not as it should be, and hold the lot unless told not to; the same again is one.

    ``quantity`` is in the item's unit.

    :raises mes.core.errors.NotFound: there is no such lot.
    :raises QuantityWrong, QuantityOverStock, mes.masterdata.rules.QuantityPrecision: the quantity cannot be.
    :raises mes.masterdata.queries.UnknownReason: the site has no such reason.
    :raises IdReused: another nonconformance has the id.
    """
    check_note(note)
    _check_quantity(quantity)
    lot = _lock_lot(lot_id)
    if known := _known(nonconformance_id):
        return _same(known, quantity, reason, operation_id=None, lot_id=lot.pk)
    uom = lot.item.uom
    check_precision(quantity, decimals=uom.decimals, unit=uom.code, field="quantity")
    if quantity > lot.quantity:
        raise QuantityOverStock(
            _("Lot %(lot)s has %(n)s %(unit)s.") % {"lot": lot.number, "n": shown(lot.quantity), "unit": uom.code},
            field="quantity",
        )
    found = _reason(lot.site, reason)
    at = effective_time(claimed=occurred_at, now=now)
    row = _store(
        reported_as=nonconformance_id, site=lot.site, lot=lot, item=lot.item, quantity=quantity, uom=uom, reason=found,
        note=note, person=person, by=by, occurred_at=at, recorded_at=now,
    )  # fmt: skip
    if hold:
        who = person.number if person else by
        row.lot_hold = material.hold_lot(
            lot_id=lot.pk, by=who, now=now, note=f"{row.number} {found.name}", source=SOURCE
        )
        row.save(update_fields=["lot_hold"])
    bus.publish(_changed(row, "OPENED", open_quantity=quantity, person=person, by=by, at=at))
    return row


@transaction.atomic
def dispose_nonconformance(
    *,
    disposition_id: UUID,
    nonconformance_id: int,
    kind: str,
    quantity: Decimal,
    person: Person | None,
    now: datetime,
    by: str = "",
    note: str = "",
) -> Disposition:
    """Decide what becomes of a part (``kind`` SCRAP, REWORK, USE_AS_IS or RETURN) and book it; the same again is one.

    Pieces of an operation become a report of scrap, of rework, or of good pieces. What is scrapped of a lot leaves it,
    what goes back to the supplier is shipped; what is used as is stays. A hold is lifted by itself, not by this.

    :raises mes.core.errors.NotFound: there is no such nonconformance.
    :raises QuantityOverNonconformance, AlreadyDecided: more than is left.
    :raises CannotDispose: pieces that were made here have no supplier, and a lot cannot be reworked without an order.
    :raises mes.core.errors.InvalidInput: use as is without a reason.
    :raises mes.core.errors.DomainError: the booking itself is refused, in its own words; then nothing is decided.
    """
    check_note(note)
    _check_quantity(quantity)
    if kind not in Kind.values:
        raise InvalidInput(
            _("%(kind)s is none of %(values)s.") % {"kind": kind[:40], "values": ", ".join(Kind.values)}, field="kind"
        )
    row = _lock(nonconformance_id)
    known = Disposition.objects.filter(pk=disposition_id).first()
    if known is not None:
        if (known.nonconformance_id, known.kind, known.quantity) != (row.pk, kind, quantity):
            raise IdReused(
                _("This id was used for another decision. Make a new one each time."), field="disposition_id"
            )
        return known
    left = _left_for(row, quantity)
    if kind == Kind.USE_AS_IS and not note.strip():
        raise InvalidInput(_("Write why they can be used as they are: the reason is kept with them."), field="note")
    report, movement = _book(row, disposition_id, kind, quantity, person=person, note=note, now=now)
    try:
        with transaction.atomic():
            disposition = Disposition.objects.create(
                id=disposition_id, nonconformance=row, kind=kind, quantity=quantity, note=note, person=person, by=by,
                report=report, movement=movement, recorded_at=now,
            )  # fmt: skip
    except IntegrityError as clash:
        raise IdReused(_("This id was used for another decision. Make a new one each time.")) from clash
    left -= quantity
    if not left:
        row.closed_at = now
        row.save(update_fields=["closed_at"])
    bus.publish(_changed(row, "DISPOSED", open_quantity=left, person=person, by=by, at=now, disposition=disposition))
    return disposition


def _left_for(row: Nonconformance, quantity: Decimal) -> Decimal:
    """Return how much nobody has decided about yet, which covers the quantity."""
    check_precision(quantity, decimals=row.uom.decimals, unit=row.uom.code, field="quantity")
    left = queries.left_of(row)
    if left <= 0:
        raise AlreadyDecided(
            _("%(number)s: all %(n)s %(unit)s are decided about.")
            % {"number": row.number, "n": shown(row.quantity), "unit": row.uom.code}
        )
    if quantity > left:
        raise QuantityOverNonconformance(
            _("%(number)s has %(n)s %(unit)s left to decide about.")
            % {"number": row.number, "n": shown(left), "unit": row.uom.code},
            field="quantity",
        )
    return left


def _book(
    row: Nonconformance,
    disposition_id: UUID,
    kind: str,
    quantity: Decimal,
    *,
    person: Person | None,
    note: str,
    now: datetime,
) -> tuple[ProductionReport | None, MaterialMovement | None]:
    """Do what the decision means with the services of execution and material."""
    booking = uuid.uuid5(disposition_id, "booking")
    if row.operation_id is not None:
        if kind == Kind.RETURN:
            raise CannotDispose(
                _("%(number)s is of pieces made here: they have no supplier. Scrap or rework them.")
                % {"number": row.number}
            )
        scrap = [execution.Scrap(quantity, row.reason.code)] if kind == Kind.SCRAP else []
        # Good pieces were made before they were found: a hold that was placed because of them does not concern them.
        report = execution.report_production(
            report_id=booking,
            operation_id=row.operation_id,
            good_quantity=quantity if kind == Kind.USE_AS_IS else ZERO,
            rework_quantity=quantity if kind == Kind.REWORK else ZERO,
            scrap=scrap,
            person=person,
            occurred_at=row.occurred_at if kind == Kind.USE_AS_IS else now,
            now=now,
            note=f"{row.number} {note}".strip()[:4000],
        )
        return report, None
    assert row.lot is not None
    if kind == Kind.REWORK:
        raise CannotDispose(
            _("%(number)s is of a lot in stock: make an order that reworks it.") % {"number": row.number}
        )
    if kind == Kind.USE_AS_IS:
        return None, None
    common: dict[str, Any] = {
        "movement_id": booking, "item": row.lot.item, "lot_number": row.lot.number, "quantity": quantity,
        "person": person, "occurred_at": now, "now": now,
    }  # fmt: skip
    if kind == Kind.SCRAP:
        return None, material.scrap_lot(**common, reason=row.reason.code)
    return None, material.ship_lot(**common, reference=f"{row.number} back to the supplier", held_too=True)


def _lock(nonconformance_id: int) -> Nonconformance:
    """Return the nonconformance, locked after the order or lot that it is of."""
    found = Nonconformance.objects.filter(pk=nonconformance_id).values_list("operation_id", "lot_id").first()
    if found is None:
        raise NotFound(_("There is no such nonconformance here."))
    operation_id, lot_id = found
    if operation_id is not None:
        lock_operation(operation_id)
    else:
        _lock_lot(lot_id)
    rows = Nonconformance.objects.select_for_update(of=["self"]).select_related("site", "item", "uom", "reason")
    return rows.prefetch_related("dispositions", "lot__item__site", "lot__item__uom", "operation", "work_order").get(
        pk=nonconformance_id
    )


def _lock_lot(lot_id: int) -> Lot:
    rows = Lot.objects.select_for_update(of=["self"]).select_related("site", "item__uom", "item__site")
    lot = rows.filter(pk=lot_id).first()
    if lot is None:
        raise NotFound(_("There is no such lot here."))
    return lot


def _check_quantity(quantity: Decimal) -> None:
    if not quantity.is_finite() or quantity <= 0 or quantity >= Decimal(10) ** 12:
        raise QuantityWrong(_("Enter a quantity above zero."), field="quantity")


def _reason(site: Site, code: str) -> ReasonCode:
    found = ReasonCode.objects.filter(site=site, kind=ReasonCode.Kind.SCRAP, code=code, active=True).first()
    if found is None:
        raise UnknownReason(
            _("There is no reason %(code)s. Choose one from the list.") % {"code": code[:64]}, field="reason"
        )
    return found


def _known(reported_as: UUID) -> Nonconformance | None:
    return Nonconformance.objects.select_related("reason").filter(reported_as=reported_as).first()


def _same(
    known: Nonconformance, quantity: Decimal, reason: str, *, operation_id: int | None, lot_id: int | None
) -> Nonconformance:
    if (known.quantity, known.reason.code, known.operation_id, known.lot_id) != (
        quantity, reason, operation_id, lot_id,
    ):  # fmt: skip
        raise IdReused(_("This id was used for another nonconformance. Make a new one each time."), field="id")
    return known


def _store(**values: object) -> Nonconformance:
    try:
        with transaction.atomic():
            return Nonconformance.objects.create(**values)
    except IntegrityError as clash:
        raise IdReused(_("This id was used for another nonconformance. Make a new one each time.")) from clash


def _changed(
    row: Nonconformance,
    status: str,
    *,
    open_quantity: Decimal,
    person: Person | None,
    by: str,
    at: datetime,
    disposition: Disposition | None = None,
) -> NonconformanceChanged:
    of_order = row.work_order_id is not None
    lot = row.lot.number if row.lot else ""
    event_id = disposition.pk if disposition else uuid.uuid5(row.reported_as, status)
    return NonconformanceChanged(
        event_id=event_id, site=row.site.code, occurred_at=at,
        subject=row.work_order.number if row.work_order else f"lot/{row.item.number}/{lot}",
        nonconformance=row.number, nonconformance_id=row.reported_as, status=status, item=row.item.number,
        operation=row.operation.number if of_order and row.operation else "", lot=lot, quantity=row.quantity,
        open_quantity=open_quantity, uom=row.uom.code, reason=row.reason.code, reason_name=row.reason.name,
        disposition=disposition.kind if disposition else "",
        disposed_quantity=disposition.quantity if disposition else ZERO,
        note=disposition.note if disposition else row.note, person=person.number if person else by,
    )  # fmt: skip


@transaction.atomic
def lift_hold_of(*, nonconformance_id: int, by: str, now: datetime, note: str = "") -> OrderHold | LotHold:
    """Lift the hold that was placed with a nonconformance.

    :raises mes.core.errors.NotFound: it has none.
    :raises mes.core.errors.DomainError: it was lifted before.
    """
    row = Nonconformance.objects.filter(pk=nonconformance_id).first()
    if row is None or not (row.order_hold_id or row.lot_hold_id):
        raise NotFound(_("No hold was placed with this nonconformance."))
    if row.order_hold_id:
        return execution.release_hold(hold_id=row.order_hold_id, by=by, now=now, note=note)
    assert row.lot_hold_id is not None
    return material.release_lot_hold(hold_id=row.lot_hold_id, by=by, now=now, note=note)
