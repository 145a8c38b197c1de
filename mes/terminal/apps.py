"""Plugs this app in."""

from django.apps import AppConfig


class TerminalConfig(AppConfig):
    name = "mes.terminal"
    label = "terminal"
    verbose_name = "Terminal"
