"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "mes.documents"
    label = "documents"
    verbose_name = _("Documents and photos")

    def ready(self) -> None:
        from mes.core import live
        from mes.documents import panels, queries
        from mes.terminal.panels import actions

        for action in panels.ACTIONS:
            actions.add(action())
        live.watch("documents", queries.last_change)
