"""What an order cost, as a section of its page for whoever may see money."""

from typing import Any

from erp_bridge.costing import queries
from mes.execution.models import WorkOrder
from mes.execution.panels.board import OrderSection


class CostSection(OrderSection):
    """The cost so far beside the planned cost, and the way to the page that explains it."""

    key = "cost"
    order = 30
    template = "costing/section.html"
    right = "costs:read"

    def context(self, work_order: WorkOrder) -> dict[str, Any]:
        if work_order.released_at is None:
            return {}
        cost = queries.cost_of(work_order=work_order)
        return {"order": work_order, "cost": cost, "total": cost.statement.total}
