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

        execution.may_report(gates.check_report)
        execution.may_complete(gates.check_complete)
        execution.add_to_snapshot(freeze_plans)
