"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AndonConfig(AppConfig):
    name = "mes.andon"
    label = "andon"
    verbose_name = _("Calls and handover")

    def ready(self) -> None:
        from django.utils import timezone

        from mes.andon import panels, queries, services
        from mes.core import attention, bus, live
        from mes.core.pages import Page, pages
        from mes.documents.gates import PhotoSubject, photo_subjects
        from mes.equipment.events import MaintenanceRequestChanged
        from mes.equipment.queries.stops import request_of
        from mes.terminal.panels import actions, hotkeys
        from mes.terminal.panels import panels as terminal

        def on_request(event: MaintenanceRequestChanged) -> None:
            services.follow_request(request=request_of(event.request_id), now=timezone.now())

        bus.subscribe(MaintenanceRequestChanged, on_request)
        for panel in panels.PANELS:
            terminal.add(panel())
        for hotkey in panels.HOTKEYS:
            hotkeys.add(hotkey)
        for action in panels.ACTIONS:
            actions.add(action())
        queries.point_sources.add(queries.PointSource(key="jobs", look=panels.running_jobs, order=10))
        queries.point_sources.add(queries.PointSource(key="holds", look=panels.on_hold, order=12))
        queries.point_sources.add(queries.PointSource(key="stops", look=panels.unexplained, order=15))
        queries.point_sources.add(queries.PointSource(key="calls", look=panels.called, order=20))
        photo_subjects.add(PhotoSubject(key="handover", right="orders:read"))
        pages.add(
            Page(
                key="andon",
                title=_("Calls"),
                summary=_("Who called from the floor, how long ago, and what shifts left to each other."),
                url_name="andon:board",
                icon="alert",
                order=12,
                in_row=True,
            )
        )
        attention.sources.add(
            attention.AttentionSource(key="andon", title=_("Calls"), look=panels.needs_attention, order=10)
        )
        live.watch("andon", queries.last_change)
