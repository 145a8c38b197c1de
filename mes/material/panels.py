"""What material plugs into the terminal: what lies at the line, bringing more from the store, and taking it back."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from mes.core.errors import InvalidInput, NotFound
from mes.masterdata.models import Item
from mes.material import services
from mes.material.models import StockPlace
from mes.material.queries import find_lots, line_stock
from mes.material.services import LotUnknown
from mes.terminal.panels import Action, Panel, Place, Tap


class LineStockPanel(Panel):
    """What lies at the work center's places, each with what the store has of it."""

    key = "line-stock"
    zone = "side"
    order = 32
    template = "material/terminal/line_stock.html"

    def context(self, place: Place) -> dict[str, Any]:
        places = list(StockPlace.objects.filter(work_center=place.work_center, active=True))
        return {
            "places": places,
            "stock": line_stock(work_center_id=place.work_center.pk) if places else [],
            "keys": "123456789",
            "now": place.now,
        }


class _Moving(Action):
    """Something that is brought to a place of this work center, or from it."""

    service: ClassVar[Any]

    def apply(self, tap: Tap) -> str:
        place = StockPlace.objects.filter(pk=tap.number("place"), work_center=tap.work_center).first()
        if place is None:
            raise NotFound(_("This place is not at this work center any more."), field="place")
        lot = tap.lot()
        self.service(
            movement_id=tap.id,
            place_id=place.pk,
            item=_item(tap, lot),
            lot_number=lot,
            quantity=tap.quantity(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved")


class Replenish(_Moving):
    """Bring material from the store to the line: the lot is scanned, or the item named where it has no lots."""

    key = "replenish"
    service = staticmethod(services.replenish_place)


class ToStore(_Moving):
    """Bring material from the line back to the store."""

    key = "to-store"
    service = staticmethod(services.return_to_store)


def _item(tap: Tap, lot: str) -> Item:
    """Return the item that was named, or that of the scanned lot.

    :raises LotUnknown: no lot of that number is here, or several items have one.
    :raises InvalidInput: neither lot nor item, or no such item.
    """
    number, site = tap.text("item", needed=False), tap.work_center.site
    if number:
        item = Item.objects.select_related("uom", "site").filter(site=site, number=number, active=True).first()
        if item is None:
            raise InvalidInput(_("There is no item %(item)s here.") % {"item": number}, field="item")
        return item
    if not lot:
        raise InvalidInput(_("Scan the lot, or enter the item."), field="lot")
    found = find_lots(text=lot, sites=[site]) or find_lots(text=f"L{lot}", sites=[site])
    if len(found) != 1:
        words = (
            _("Several items have a lot %(lot)s. Enter the item too.")
            if found
            else _("Lot %(lot)s is not known here. Scan the label again, or enter the item.")
        )
        raise LotUnknown(words % {"lot": lot}, field="lot")
    return Item.objects.select_related("uom", "site").get(pk=found[0].item_id)


PANELS = (LineStockPanel,)
ACTIONS = (Replenish, ToStore)
