"""Work centers come down from the ERP."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.masterdata import services
from mes.masterdata.records import WorkCenterRecord


class WorkCenterFlow(Pull):
    """Work centers with their machines."""

    key = "work_centers"
    label = "Work centers"
    record = WorkCenterRecord
    cadence = every(minutes=10)
    apply = staticmethod(services.apply_work_centers)
    vanish = staticmethod(services.vanish_work_centers)
