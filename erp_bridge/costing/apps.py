"""Plugs this app in."""

from django.apps import AppConfig


class CostingConfig(AppConfig):
    name = "erp_bridge.costing"
    label = "costing"
    verbose_name = "Order cost"
