"""Items (ISA-95 material definitions) come down from the ERP."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import ItemRecord


class ItemFlow(Pull):
    """Items with their units."""

    key = "items"
    label = "Items"
    record = ItemRecord
    cadence = every(minutes=10)
    after = ("uoms",)
    apply = staticmethod(services.apply_items)
    vanish = staticmethod(services.vanish_items)
