"""Plugs this app in."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "mes.access"
    label = "access"
    verbose_name = "Access"

    def ready(self) -> None:
        from mes.access import queries
        from mes.core.rights import tell_rights

        tell_rights(queries)
