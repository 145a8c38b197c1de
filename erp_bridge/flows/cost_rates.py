"""What people, work centers and items cost comes down from the ERP."""

from erp_bridge.costing import services
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.sdk.cadence import every
from erp_bridge.sdk.flow import Pull


class CostRatesFlow(Pull):
    """Cost rates, by the day from which they hold."""

    key = "cost_rates"
    label = "Cost rates"
    record = CostRateRecord
    cadence = every(minutes=15)
    apply = staticmethod(services.apply_rates)
