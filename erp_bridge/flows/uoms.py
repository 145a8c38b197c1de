"""Units of measure come down from the ERP."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import UomRecord


class UomFlow(Pull):
    """Units and how they convert within a dimension."""

    key = "uoms"
    label = "Units of measure"
    record = UomRecord
    cadence = every(minutes=10)
    apply = staticmethod(services.apply_uoms)
    vanish = staticmethod(services.vanish_uoms)
