"""Routings come down from the ERP."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import RoutingRecord


class RoutingFlow(Pull):
    """Routings with their steps and planned times."""

    key = "routings"
    label = "Routings"
    record = RoutingRecord
    cadence = every(minutes=10)
    after = ("items", "work_centers")
    apply = staticmethod(services.apply_routings)
    vanish = staticmethod(services.vanish_routings)
