"""Plugs this app in."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"
    label = "quality"
    verbose_name = "Quality"

    def ready(self) -> None:
        from mes.execution import gates as execution
        from quality import gates
        from quality.services import freeze_plans

        execution.may_start(gates.check_start)
        execution.may_report(gates.check_report)
        execution.may_complete(gates.check_complete)
        execution.comes_first(gates.sheet_before)
        execution.add_to_snapshot(freeze_plans)

        from django.utils.translation import gettext_lazy as _

        from mes.access.queries import sites_of
        from mes.andon.queries import PointSource, point_sources
        from mes.core import attention, live
        from mes.core.pages import Page, pages
        from mes.documents.gates import PhotoSubject, photo_subjects
        from mes.execution.panels.board import sections
        from mes.terminal.panels import actions, hotkeys
        from mes.terminal.panels import panels as terminal
        from quality import panels, queries

        for panel in panels.PANELS:
            terminal.add(panel())
        for hotkey in panels.HOTKEYS:
            hotkeys.add(hotkey)
        for action in panels.ACTIONS:
            actions.add(action())
        sections.add(panels.QualitySection())
        photo_subjects.add(PhotoSubject(key="nonconformance", right="quality:read"))
        photo_subjects.add(PhotoSubject(key="sample", right="quality:read"))
        point_sources.add(PointSource(key="quality", look=panels.open_points, order=14))
        pages.add(
            Page(
                key="quality",
                title=_("Quality"),
                summary=_("What is to be inspected, what was found, what is on hold."),
                url_name="quality:overview",
                icon="check",
                order=20,
                group="record",
                in_row=True,
                allowed=lambda user: sites_of(user, "quality:read").exists(),
            )
        )
        attention.sources.add(attention.AttentionSource(key="quality", title=_("Quality"), look=panels.look, order=25))
        live.watch("quality", queries.last_change)
