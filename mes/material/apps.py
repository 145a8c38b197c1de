"""Plugs this app in."""

from django.apps import AppConfig


class MaterialConfig(AppConfig):
    name = "mes.material"
    label = "material"
    verbose_name = "Material"
