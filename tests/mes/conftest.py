"""What every test of the MES may listen to."""

import pytest

from mes.core import bus
from mes.core.event import Event


@pytest.fixture
def published(monkeypatch):
    """The events of the test, in the order in which they were published."""
    events: list[Event] = []
    subscribers = {kind: list(known) for kind, known in bus._subscribers.items()}
    subscribers.setdefault(Event, []).append(events.append)
    monkeypatch.setattr(bus, "_subscribers", subscribers)
    return events
