"""Holds on lots and serial numbers: placed, lifted, told at once; and blocking for good."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata.models import Item
from mes.masterdata.queries import hold_reason
from mes.material.events import HoldChanged
from mes.material.models import Lot, LotHold
from mes.material.queries import has_serials
from mes.material.services.lots import LotMissing, lot_to_fill

_HOLDS = uuid.UUID("5b0c7c55-41f7-5d0b-8f27-0f6d6d1f3a61")


class NoSerials(InvalidInput):
    """The pieces of the item cannot be told apart."""

    code = "no_serials"


class HoldLifted(DomainError):
    """A hold is lifted once."""

    code = "hold_lifted"


@transaction.atomic
def hold_lot(*, lot_id: int, by: str, now: datetime, reason: str = "", note: str = "", source: str = "") -> LotHold:
    """Forbid the use of a lot until the hold is lifted. ``reason`` is the code of a HOLD reason, or "".

    :raises mes.masterdata.queries.UnknownReason: the site has no such hold reason.
    """
    lot = _lock_lot(lot_id)
    found = hold_reason(site=lot.site, code=reason)
    hold = LotHold.objects.create(
        site=lot.site, lot=lot, reason=found, note=note, source=source, placed_at=now, placed_by=by
    )
    if lot.status == Lot.Status.AVAILABLE:
        _write_status(lot, Lot.Status.HOLD, str(hold), now)
    bus.publish(_hold_changed(hold, "PLACED", by=by, note=note, now=now))
    return hold


@transaction.atomic
def hold_serial(
    *, item: Item, number: str, by: str, now: datetime, reason: str = "", note: str = "", source: str = ""
) -> LotHold:
    """Forbid the use of one piece by its serial number, made yet or not: until the hold is lifted nobody reports it as
    good, issues, moves or ships it. ``reason`` is the code of a HOLD reason, or "".

    :raises NoSerials: the pieces of the item have no numbers of their own.
    :raises mes.material.services.LotMissing: no number.
    :raises mes.masterdata.queries.UnknownReason: the site has no such hold reason.
    """
    if not number:
        raise LotMissing(_("Enter the serial number."), field="serial")
    if not has_serials(item):
        raise NoSerials(
            _("The pieces of %(item)s have no serial numbers. Hold the lot, or the order.") % {"item": item.number},
            field="item",
        )
    lot = lot_to_fill(item=item, number=number, now=now)
    return hold_lot(lot_id=lot.pk, by=by, now=now, reason=reason, note=note, source=source)


@transaction.atomic
def release_lot_hold(*, hold_id: int, by: str, now: datetime, note: str = "") -> LotHold:
    """Lift one hold; the lot may be used again when it was the last and nobody has blocked the lot.

    :raises mes.core.errors.NotFound: there is no such hold.
    :raises HoldLifted: it was lifted before.
    """
    lot_id = LotHold.objects.filter(pk=hold_id).values_list("lot_id", flat=True).first()
    if lot_id is None:
        raise NotFound(_("There is no such hold here."))
    lot = _lock_lot(lot_id)
    hold = LotHold.objects.select_related("reason").get(pk=hold_id)
    if hold.released_at is not None:
        raise HoldLifted(_("This hold was lifted by %(who)s before.") % {"who": hold.released_by or _("someone")})
    hold.released_at, hold.released_by, hold.release_note = now, by, note
    hold.save(update_fields=["released_at", "released_by", "release_note"])
    left = lot.holds.filter(released_at=None).select_related("reason").order_by("placed_at").first()
    if lot.status == Lot.Status.HOLD:
        _write_status(lot, Lot.Status.HOLD if left else Lot.Status.AVAILABLE, str(left or ""), now)
    bus.publish(_hold_changed(hold, "LIFTED", by=by, note=note, now=now, lot=lot))
    return hold


@transaction.atomic
def set_lot_status(*, lot_id: int, status: str, reason: str, now: datetime) -> Lot:
    """Block a lot for good (``BLOCKED``) or unblock it (``AVAILABLE``); a lot with an open hold stays on hold.

    The reason is what the floor reads.
    """
    lot = _lock_lot(lot_id)
    if status == Lot.Status.HOLD:
        raise ValueError("A lot is held by hold_lot, which keeps who, why and until when.")
    held = lot.holds.filter(released_at=None).select_related("reason").order_by("placed_at").first()
    if status == Lot.Status.AVAILABLE and held:
        status, reason = Lot.Status.HOLD, str(held)
    _write_status(lot, status, reason, now)
    return lot


def _lock_lot(lot_id: int) -> Lot:
    lot = Lot.objects.select_for_update(of=["self"]).select_related("site", "item").filter(pk=lot_id).first()
    if lot is None:
        raise NotFound(_("There is no such lot here."))
    return lot


def _write_status(lot: Lot, status: str, reason: str, now: datetime) -> None:
    lot.status, lot.status_reason, lot.status_since = Lot.Status(status), reason[:200], now
    lot.save(update_fields=["status", "status_reason", "status_since"])


def _hold_changed(
    hold: LotHold, status: str, *, by: str, note: str, now: datetime, lot: Lot | None = None
) -> HoldChanged:
    lot = lot or hold.lot
    hold_id = uuid.uuid5(_HOLDS, f"{lot.site.code}/{hold.pk}")
    return HoldChanged(
        event_id=uuid.uuid5(hold_id, status), site=lot.site.code, subject=f"lot/{lot.item.number}/{lot.number}",
        occurred_at=now, hold_id=hold_id, target="SERIAL" if has_serials(lot.item) else "LOT", status=status, item=lot.item.number, lot=lot.number,
        reason=hold.reason.code if hold.reason else "", reason_name=hold.reason.name if hold.reason else "",
        note=note, source=hold.source, person=by,
    )  # fmt: skip
