"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MaterialConfig(AppConfig):
    name = "mes.material"
    label = "material"
    verbose_name = "Material"

    def ready(self) -> None:
        from mes.core import live
        from mes.core.pages import Page, pages
        from mes.material import queries
        from mes.material.panels import ACTIONS, PANELS
        from mes.terminal.panels import actions, panels

        for panel in PANELS:
            panels.add(panel())
        for action in ACTIONS:
            actions.add(action())
        live.watch("material", queries.last_change)
        pages.add(
            Page(
                key="line-stock",
                title=_("Line-side stock"),
                summary=_("What lies at which line, bringing more from the store, and taking it back."),
                url_name="material:line-stock",
                icon="material",
                order=17,
            )
        )
