"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "mes.documents"
    label = "documents"
    verbose_name = _("Documents and photos")

    def ready(self) -> None:
        from mes.core import live
        from mes.documents import gates, panels, queries
        from mes.execution import gates as execution
        from mes.terminal.panels import actions
        from mes.terminal.panels import panels as terminal

        execution.may_start(gates.check_start)
        for panel in panels.PANELS:
            terminal.add(panel())
        for action in panels.ACTIONS:
            actions.add(action())
        # Photos of a report come over the API; it is below this app, so it cannot say so itself.
        gates.photo_subjects.add(gates.PhotoSubject(key="report", right="orders:read"))
        live.watch("documents", queries.last_change)
