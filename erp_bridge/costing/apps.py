"""Plugs this app in."""

from django.apps import AppConfig


class CostingConfig(AppConfig):
    name = "erp_bridge.costing"
    label = "costing"
    verbose_name = "Order cost"

    def ready(self) -> None:
        from erp_bridge.costing.panels import CostSection
        from erp_bridge.costing.services import plan_cost
        from mes.core import bus
        from mes.execution.events import WorkOrderStatusChanged
        from mes.execution.panels.board import sections

        def on_status(event: WorkOrderStatusChanged) -> None:
            if event.status in ("RELEASED", "RUNNING"):
                plan_cost(site=event.site, work_order=event.subject, now=event.occurred_at)

        bus.subscribe(WorkOrderStatusChanged, on_status)
        sections.add(CostSection())
