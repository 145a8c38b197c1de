"""What one order's page shows."""

from collections.abc import Collection
from dataclasses import dataclass

from mes.execution.models import ChangeProposal, Operation, OrderComponent, OrderHold, ProductionReport, WorkOrder
from mes.masterdata.models import ReasonCode, Site
from mes.material.models import MaterialMovement


@dataclass
class OrderPage:
    """An order with everything that happened to it."""

    order: WorkOrder
    operations: list[Operation]
    components: list[OrderComponent]
    reports: list[ProductionReport]
    movements: list[MaterialMovement]
    holds: list[OrderHold]
    proposals: list[ChangeProposal]
    hold_reasons: list[ReasonCode]


def find_order(number: str, sites: Collection[Site]) -> WorkOrder | None:
    """Return the order with this number at one of the sites."""
    orders = WorkOrder.objects.filter(number=number, site__in=sites)
    return orders.select_related("item", "uom", "site").order_by("site__code").first()


def order_page(order: WorkOrder, *, most: int = 200) -> OrderPage:
    """Return what the page of an order shows; ``most`` rows of each kind of fact, newest first."""
    return OrderPage(
        order=order,
        operations=list(order.operations.select_related("work_center", "work_unit").order_by("position")),
        components=list(order.components.select_related("item", "uom", "operation").order_by("position")),
        reports=list(
            order.reports.select_related("operation", "person", "reverses")
            .prefetch_related("scrap_lines__reason", "reversed_by")
            .order_by("-recorded_at")[:most]
        ),
        movements=list(
            MaterialMovement.objects.filter(site_id=order.site_id, work_order=order.number)
            .select_related("item", "lot", "uom", "person")
            .order_by("-recorded_at")[:most]
        ),
        holds=list(order.holds.select_related("reason", "operation").order_by("-placed_at")),
        proposals=list(order.proposals.order_by("-created_at")),
        hold_reasons=list(
            ReasonCode.objects.filter(site_id=order.site_id, kind=ReasonCode.Kind.HOLD, active=True).order_by("code")
        ),
    )
