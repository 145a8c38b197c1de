"""Sites and what is known about them: places, units, items, bills, routings, people, reasons, shifts."""

from mes.masterdata.models.calendar import ReasonCode, Shift
from mes.masterdata.models.items import FactorField, Item, ItemUom, Uom
from mes.masterdata.models.making import BillOfMaterials, BomLine, Routing, RoutingStep
from mes.masterdata.models.people import Person, PrivacyPolicy
from mes.masterdata.models.places import Area, Site, SplitPolicy, WorkCenter, WorkUnit
from mes.masterdata.models.provenance import Provenance

__all__ = [
    "Area",
    "BillOfMaterials",
    "BomLine",
    "FactorField",
    "Item",
    "ItemUom",
    "Person",
    "PrivacyPolicy",
    "Provenance",
    "ReasonCode",
    "Routing",
    "RoutingStep",
    "Shift",
    "Site",
    "SplitPolicy",
    "Uom",
    "WorkCenter",
    "WorkUnit",
]
