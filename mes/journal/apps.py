"""Plugs this app in: the journal hears every event."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "mes.journal"
    label = "journal"
    verbose_name = "Journal"

    def ready(self) -> None:
        from mes.core import bus
        from mes.core.event import Event
        from mes.journal.services import record

        bus.subscribe(Event, record)
