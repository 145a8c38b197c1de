"""Work orders come down from the ERP: new ones, changes and cancellations."""

from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull
from mes.execution import services
from mes.execution.records import WorkOrderRecord


class WorkOrderFlow(Pull):
    """Orders with their own components and steps."""

    key = "work_orders"
    label = "Work orders"
    record = WorkOrderRecord
    cadence = every(seconds=30)
    after = ("boms", "routings")
    apply = staticmethod(services.apply_work_orders)
    vanish = staticmethod(services.vanish_work_orders)
