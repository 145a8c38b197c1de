"""Plugs this app in."""

from django.apps import AppConfig
from django.utils.translation import gettext

from mes.core.errors import tell_language


class CoreConfig(AppConfig):
    name = "mes.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        tell_language(gettext)
