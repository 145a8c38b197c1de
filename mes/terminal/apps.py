"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerminalConfig(AppConfig):
    name = "mes.terminal"
    label = "terminal"
    verbose_name = "Terminal"

    def ready(self) -> None:
        from mes.core import attention, live
        from mes.terminal import queries
        from mes.terminal.panels import HOTKEYS, Command, commands, hotkeys

        # Where they stand: terminal.js; they answer what is open just now.
        for hotkey in HOTKEYS:
            hotkeys.add(hotkey)
        commands.add(Command(key="COKAY", words=_("Confirm what is open"), order=90))
        commands.add(Command(key="CBACK", words=_("Close what is open"), order=91))
        attention.sources.add(
            attention.AttentionSource(key="devices", title=_("Devices"), look=queries.silent_devices, order=15)
        )
        attention.sources.add(
            attention.AttentionSource(key="taps", title=_("Terminal entries"), look=queries.refused_taps, order=10)
        )
        live.watch("taps", queries.last_refusal)
        self._add_pages()

    def _add_pages(self) -> None:
        from mes.access.queries import sites_of
        from mes.core.pages import Page, is_staff, pages

        pages.add(
            Page(
                key="terminals",
                title=_("Terminals"),
                summary=_("One screen per work center for the people who work there."),
                url_name="terminal:terminals",
                icon="terminal",
                order=45,
                in_row=True,
            )
        )
        pages.add(
            Page(
                key="admin",
                title=_("Planning"),
                summary=_("Orders, master data, connections and people."),
                url_name="admin:index",
                icon="plan",
                order=80,
                group="setup",
                allowed=is_staff,
            )
        )
        pages.add(
            Page(
                key="waiting",
                title=_("Entries to decide"),
                summary=_("What was entered at terminals and could not be booked."),
                url_name="terminal:waiting",
                icon="waiting",
                order=40,
                allowed=lambda user: sites_of(user, "reports:reverse").exists(),
            )
        )
        pages.add(
            Page(
                key="devices",
                title=_("Devices"),
                summary=_("The tablets that stand at work centers: enroll one, see how they do, revoke a lost one."),
                url_name="terminal:devices",
                icon="device",
                order=70,
                group="setup",
                allowed=lambda user: sites_of(user, "devices:manage").exists(),
            )
        )
