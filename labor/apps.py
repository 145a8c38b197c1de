"""Plugs this app in."""

from django.apps import AppConfig


class LaborConfig(AppConfig):
    name = "labor"
    label = "labor"
    verbose_name = "Labor"

    def ready(self) -> None:
        self._listen()
        self._show()

    def _listen(self) -> None:
        """Follow what starts and stops on the floor."""
        from django.utils import timezone

        from labor.services import work_started, work_stopped
        from mes.core import bus
        from mes.execution.events import OperationStarted, OperationStopped

        def on_start(event: OperationStarted) -> None:
            work_started(
                site=event.site,
                work_order=event.subject,
                operation=event.operation,
                activity=event.activity,
                person=event.person,
                occurred_at=event.occurred_at,
                now=timezone.now(),
                crew_size=event.crew_size,
            )

        def on_stop(event: OperationStopped) -> None:
            work_stopped(
                site=event.site,
                work_order=event.subject,
                operation=event.operation,
                occurred_at=event.occurred_at,
                now=timezone.now(),
            )

        bus.subscribe(OperationStarted, on_start)
        bus.subscribe(OperationStopped, on_stop)

    def _show(self) -> None:
        """Be on terminals, the board and a page of its own."""
        from django.utils.translation import gettext_lazy as _

        from labor import panels
        from mes.core import attention, live
        from mes.core.pages import Page, pages
        from mes.execution.panels.board import sections, tell_crew
        from mes.terminal.panels import actions
        from mes.terminal.panels import panels as terminal

        for panel in panels.PANELS:
            terminal.add(panel())
        for action in panels.ACTIONS:
            actions.add(action())
        sections.add(panels.LaborSection())
        pages.add(
            Page(
                key="labor",
                title=_("Labor"),
                summary=_("Who worked on what today: set forgotten ends, correct, approve."),
                url_name="labor:today",
                icon="people",
                order=25,
                in_row=True,
                allowed=panels.may_see_labor,
            )
        )
        tell_crew(panels.crew)
        attention.sources.add(
            attention.AttentionSource(key="labor", title="Forgotten timers", look=panels.forgotten, order=30)
        )
        live.watch("labor", panels.last_change)
