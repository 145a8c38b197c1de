"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerminalConfig(AppConfig):
    name = "mes.terminal"
    label = "terminal"
    verbose_name = "Terminal"

    def ready(self) -> None:
        from mes.core.pages import Page, is_staff, pages

        pages.add(
            Page(
                key="admin",
                title=_("Planning"),
                summary=_("Orders, master data, connections and people."),
                url_name="admin:index",
                icon="plan",
                order=80,
                allowed=is_staff,
            )
        )
