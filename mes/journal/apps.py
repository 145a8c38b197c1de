"""Plugs this app in."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "mes.journal"
    label = "journal"
    verbose_name = "Journal"
