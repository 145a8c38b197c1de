"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EquipmentConfig(AppConfig):
    name = "mes.equipment"
    label = "equipment"
    verbose_name = _("Equipment")
    admin_rights = {
        "view": "equipment:read",
        **{
            f"{action}_{model}": "masterdata:write"
            for model in ("stoppolicy", "stopreason", "plannedstop", "shiftbreak")
            for action in ("add", "change", "delete")
        },
    }

    def ready(self) -> None:
        self._listen()
        self._show()

    def _listen(self) -> None:
        """Follow what becomes of jobs."""
        from django.utils import timezone

        from mes.core import bus, live
        from mes.equipment.queries import intervals
        from mes.equipment.services.states import follow_operation, follow_order
        from mes.execution.events import OperationStarted, OperationStopped, WorkOrderStatusChanged

        def on_job(event: OperationStarted | OperationStopped) -> None:
            follow_operation(
                site=event.site,
                work_order=event.subject,
                operation=event.operation,
                occurred_at=event.occurred_at,
                now=timezone.now(),
            )

        def on_order(event: WorkOrderStatusChanged) -> None:
            if event.status in ("COMPLETED", "CLOSED", "CANCELLED"):
                follow_order(
                    site=event.site, work_order=event.subject, occurred_at=event.occurred_at, now=timezone.now()
                )

        bus.subscribe(OperationStarted, on_job)
        bus.subscribe(OperationStopped, on_job)
        bus.subscribe(WorkOrderStatusChanged, on_order)
        live.watch("equipment", intervals.last_change)

    def _show(self) -> None:
        """Be on terminals, in what needs attention and on pages of its own."""
        from mes.access.queries import sites_of
        from mes.core import attention
        from mes.core.pages import Page, pages
        from mes.equipment.panels import ACTIONS, HOTKEYS, PANELS, standstill
        from mes.equipment.queries import stops
        from mes.equipment.queries.planned import shift_end_at
        from mes.terminal.panels import actions, hotkeys, panels, tell_shift_ends, tell_standstills

        attention.sources.add(
            attention.AttentionSource(key="equipment", title=_("Machines"), look=stops.needs_attention, order=15)
        )
        pages.add(
            Page(
                key="stops",
                title=_("Stops"),
                summary=_("Give stops their reasons, cut and join them, enter forgotten ones."),
                url_name="equipment:stops",
                icon="down",
                order=16,
                group="record",
                allowed=lambda user: sites_of(user, "equipment:read").exists(),
            )
        )
        pages.add(
            Page(
                key="maintenance",
                title=_("Maintenance"),
                summary=_("Which machines wait for maintenance, who comes, what was done."),
                url_name="equipment:maintenance",
                icon="setup",
                order=14,
                allowed=lambda user: sites_of(user, "equipment:read").exists(),
            )
        )
        tell_standstills(standstill)
        tell_shift_ends(shift_end_at)
        for panel in PANELS:
            panels.add(panel())
        for hotkey in HOTKEYS:
            hotkeys.add(hotkey)
        for action in ACTIONS:
            actions.add(action())
