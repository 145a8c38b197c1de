"""Find the lot that is meant, lock it, and say whether it may be used."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Item
from mes.material.models import Lot


class LotMissing(InvalidInput):
    """The item is tracked by lot, and no lot was named."""

    code = "lot_missing"


class LotUnknown(InvalidInput):
    """There is no such lot."""

    code = "lot_unknown"


class LotWrongItem(InvalidInput):
    """The lot is known, but of another item."""

    code = "lot_wrong_item"


class LotBlocked(DomainError):
    """The lot is held, blocked or expired."""

    code = "lot_blocked"
    title = gettext_lazy("This lot must not be used")


class LotShort(DomainError):
    """There is not so much left in the lot."""

    code = "lot_short"
    title = gettext_lazy("Not enough material")


def usable_lot(*, item: Item, number: str, now: datetime, held_too: bool = False) -> Lot | None:
    """Return the lot, locked, if it may be used for the item (``held_too``: or thrown away); None without lots.

    :raises LotMissing, LotUnknown, LotWrongItem, LotBlocked: as for an issue.
    """
    lot = find_lot(item=item, number=number)
    if lot is None or held_too:
        return lot
    zone = ZoneInfo(item.site.time_zone)
    if lot.status != Lot.Status.AVAILABLE:
        words = (
            _("Lot %(lot)s: On hold%(since)s%(why)s. Use another lot.")
            if lot.status == Lot.Status.HOLD
            else _("Lot %(lot)s: Blocked%(since)s%(why)s. Use another lot.")
        )
        day = date_format(lot.status_since.astimezone(zone), "j M") if lot.status_since else ""
        since = " " + _("since %(day)s") % {"day": day} if day else ""
        why = f" ({lot.status_reason})" if lot.status_reason else ""
        raise LotBlocked(
            words % {"lot": lot.number, "since": since, "why": why},
            field="lot",
        )
    if lot.expires_at and lot.expires_at <= now:
        raise LotBlocked(
            _("Lot %(lot)s: Expired on %(day)s. Use another lot.")
            % {"lot": lot.number, "day": date_format(lot.expires_at.astimezone(zone), "j M Y")},
            field="lot",
        )
    return lot


def find_lot(*, item: Item, number: str) -> Lot | None:
    """Return the lot, locked, whatever its state; None without lots.

    :raises LotMissing, LotUnknown, LotWrongItem: as for an issue.
    """
    if not number:
        if item.lot_tracked:
            raise LotMissing(
                _("%(item)s is tracked by lot: scan or enter the lot.") % {"item": item.number}, field="lot"
            )
        return None
    lot = Lot.objects.select_for_update(of=["self"]).filter(item=item, number=number).first()
    if lot is None and not number.upper().startswith("LL"):
        # A scanner's L before a lot is taken off on the way; of a number that begins with L itself that was too much.
        lot = Lot.objects.select_for_update(of=["self"]).filter(item=item, number=f"L{number}").first()
    if lot:
        return lot
    other = Lot.objects.select_related("item").filter(site_id=item.site_id, number=number).first()
    if other:
        raise LotWrongItem(
            _("Lot %(lot)s is %(item)s; needed is %(needed)s.")
            % {
                "lot": number,
                "item": f"{other.item.number} {other.item.name}",
                "needed": f"{item.number} {item.name}",
            },
            field="lot",
        )
    raise LotUnknown(
        _("Lot %(lot)s is not known here. Scan the label again, or have the lot received.") % {"lot": number},
        field="lot",
    )


def lots_at_hand(item: Item, now: datetime) -> list[Lot]:
    """Return the usable lots of an item, locked, first expired first."""
    lots = Lot.objects.select_for_update(of=["self"]).filter(item=item, status=Lot.Status.AVAILABLE, quantity__gt=0)
    ordered = lots.order_by(F("expires_at").asc(nulls_last=True), "created_at", "pk")
    return [lot for lot in ordered if lot.expires_at is None or lot.expires_at > now]


def lot_to_fill(*, item: Item, number: str, now: datetime, expires_at: datetime | None = None) -> Lot:
    """Return the lot of this number, locked, made if there is none."""
    lot, _created = Lot.objects.get_or_create(
        item=item, number=number, defaults={"site_id": item.site_id, "created_at": now, "expires_at": expires_at}
    )
    return Lot.objects.select_for_update(of=["self"]).get(pk=lot.pk)
