"""Plugs this app in."""

from django.apps import AppConfig


class ErpBridgeConfig(AppConfig):
    name = "erp_bridge"
    label = "erp_bridge"
    verbose_name = "ERP bridge"
