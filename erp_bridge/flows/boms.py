"""Bills of materials come down from the ERP."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import BillOfMaterialsRecord


class BomFlow(Pull):
    """Bills with their lines."""

    key = "boms"
    label = "Bills of materials"
    record = BillOfMaterialsRecord
    cadence = every(minutes=10)
    after = ("items",)
    apply = staticmethod(services.apply_boms)
    vanish = staticmethod(services.vanish_boms)
