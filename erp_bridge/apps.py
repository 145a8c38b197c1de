"""Plugs this app in."""

from django.apps import AppConfig


class ErpBridgeConfig(AppConfig):
    name = "erp_bridge"
    label = "erp_bridge"
    verbose_name = "ERP bridge"

    def ready(self) -> None:
        from erp_bridge import tasks
        from erp_bridge.engine import nudge, outbox, registry
        from mes.core import bus
        from mes.core.event import Event
        from mes.execution.events import WorkOrderLinked

        registry.load()
        nudge.publish_with(tasks.publish_nudge)
        bus.subscribe(Event, outbox.enqueue)
        bus.subscribe(WorkOrderLinked, outbox.wake_linked)
