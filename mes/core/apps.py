"""Plugs this app in."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mes.core"
    label = "core"
    verbose_name = "Core"
