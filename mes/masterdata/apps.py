"""Plugs this app in."""

from django.apps import AppConfig


class MasterdataConfig(AppConfig):
    name = "mes.masterdata"
    label = "masterdata"
    verbose_name = "Master data"

    def ready(self) -> None:
        from mes.core.persons import tell_persons
        from mes.masterdata import queries

        tell_persons(queries)
