"""Plugs this app in."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"
    label = "quality"
    verbose_name = "Quality"
