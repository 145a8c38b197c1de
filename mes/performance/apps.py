"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PerformanceConfig(AppConfig):
    name = "mes.performance"
    label = "performance"
    verbose_name = _("Performance")

    def ready(self) -> None:
        from typing import Any

        from mes.access.queries import grant_of_user
        from mes.core.attention import AttentionSource, sources
        from mes.core.pages import Page, pages
        from mes.performance.queries.actions import overdue

        sources.add(AttentionSource(key="actions", title=_("Actions"), look=overdue, order=60))

        def allowed(user: Any) -> bool:
            grant = grant_of_user(user)
            return grant is not None and grant.may("performance:read")

        pages.add(
            Page(
                key="oee",
                title=_("OEE"),
                summary=_(
                    "What the machines do and lose: availability, performance, quality, stops, each with its numbers."
                ),
                url_name="performance:overview",
                icon="oee",
                order=15,
                group="record",
                in_row=True,
                allowed=allowed,
            )
        )
        pages.add(
            Page(
                key="pareto",
                title=_("Stops by reason"),
                summary=_("Which reasons cost most time, on which machine and in which shift."),
                url_name="performance:pareto",
                icon="board",
                order=17,
                group="record",
                allowed=allowed,
            )
        )
