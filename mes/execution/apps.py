"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExecutionConfig(AppConfig):
    name = "mes.execution"
    label = "execution"
    verbose_name = "Execution"

    def ready(self) -> None:
        from mes.core import attention, live
        from mes.core.pages import Page, pages
        from mes.execution.panels import ACTIONS, COMMANDS, HOTKEYS, PANELS
        from mes.execution.queries import board, terminal
        from mes.terminal.panels import actions, commands, hotkeys, panels, tell_scans

        for panel in PANELS:
            panels.add(panel())
        for action in ACTIONS:
            actions.add(action())
        for command in COMMANDS:
            commands.add(command)
        for hotkey in HOTKEYS:
            hotkeys.add(hotkey)
        tell_scans(terminal.job_scanned)
        pages.add(
            Page(
                key="board",
                title=_("Board"),
                summary=_("What runs, what is late, what needs you. It stays current by itself."),
                url_name="execution:board",
                icon="board",
                order=10,
                in_row=True,
            )
        )
        pages.add(
            Page(
                key="trace",
                title=_("Genealogy"),
                summary=_("What is in a lot, where it went, and holding all of it."),
                url_name="execution:trace-find",
                icon="lot",
                order=28,
                group="record",
                in_row=True,
            )
        )
        attention.sources.add(
            attention.AttentionSource(key="orders", title=_("Orders"), look=board.held_and_proposed, order=20)
        )
        attention.sources.add(
            attention.AttentionSource(key="consumption", title=_("Material"), look=board.over_consumed, order=25)
        )
        live.watch("orders", board.last_change)
