"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExecutionConfig(AppConfig):
    name = "mes.execution"
    label = "execution"
    verbose_name = "Execution"
    admin_rights = {"view": "orders:read", "add_workorder": "orders:plan", "change_workorder": "orders:plan"}

    def ready(self) -> None:
        from mes.core import attention, live
        from mes.core.pages import Page, pages
        from mes.execution.panels import ACTIONS, PANELS
        from mes.execution.queries import board
        from mes.terminal.panels import actions, panels

        for panel in PANELS:
            panels.add(panel())
        for action in ACTIONS:
            actions.add(action())
        pages.add(
            Page(
                key="board",
                title=_("Board"),
                summary=_("What runs, what is late, what needs you. It stays current by itself."),
                url_name="execution:board",
                icon="board",
                order=10,
            )
        )
        pages.add(
            Page(
                key="trace",
                title=_("Genealogy"),
                summary=_("What is in a lot, where it went, and holding all of it."),
                url_name="execution:trace-find",
                icon="lot",
                order=15,
            )
        )
        attention.sources.add(
            attention.AttentionSource(key="orders", title=_("Orders"), look=board.held_and_proposed, order=20)
        )
        live.watch("orders", board.last_change)
