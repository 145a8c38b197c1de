"""Plugs this app in."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ErpBridgeConfig(AppConfig):
    name = "erp_bridge"
    label = "erp_bridge"
    verbose_name = "ERP bridge"

    def ready(self) -> None:
        from erp_bridge import queries, tasks, views
        from erp_bridge.engine import nudge, outbox, registry
        from mes.access.queries import grant_of_user
        from mes.core import attention, bus, live
        from mes.core.event import Event
        from mes.core.pages import Page, pages
        from mes.execution.events import WorkOrderLinked
        from mes.execution.panels.board import cards, sections
        from mes.terminal.panels import tell_erp_answers

        registry.load()
        nudge.publish_with(tasks.publish_nudge)
        bus.subscribe(Event, outbox.enqueue)
        bus.subscribe(WorkOrderLinked, outbox.wake_linked)
        for approval in {flow.approval.event for flow in registry.pushes() if flow.approval}:
            bus.subscribe(approval, outbox.wake_approved)

        def may_look(user: Any) -> bool:
            grant = grant_of_user(user)
            return grant is not None and grant.may("bridge:read")

        pages.add(
            Page(
                key="bridge",
                title=_("ERP bridge"),
                summary=_("What each ERP was told and has answered, and what waits for a decision."),
                url_name="bridge:overview",
                icon="bridge",
                order=60,
                group="setup",
                allowed=may_look,
            )
        )
        attention.sources.add(
            attention.AttentionSource(key="bridge", title=_("ERP bridge"), look=queries.needs_attention, order=30)
        )
        live.watch("bridge", queries.last_change)
        tell_erp_answers(queries.erp_answers)
        sections.add(views.MessagesSection())
        cards.add(views.RefusedCard())
