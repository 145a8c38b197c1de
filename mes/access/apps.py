"""Plugs this app in."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "mes.access"
    label = "access"
    verbose_name = "Access"
