"""What the engine's tests stand on."""

from uuid import uuid4

import pytest

from erp_bridge.engine import clock, delivery, links, outbox, wiring
from mes.execution.events import WorkOrderLinked
from tests.erp_bridge.engine import plant


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self, start):
        self.moment = start

    def __call__(self):
        return self.moment

    def forward(self, delta):
        self.moment += delta


@pytest.fixture
def now(monkeypatch):
    """Freeze the database's clock and the enqueuing clock at noon; ``now.forward(...)`` moves both."""
    ticking = Clock(plant.NOON)
    monkeypatch.setattr(clock, "now", ticking)
    monkeypatch.setattr("erp_bridge.engine.outbox.timezone.now", ticking)
    return ticking


@pytest.fixture
def erp():
    """Plug in the pretend ERP with its flows, empty."""
    plant.ERP.__init__()
    with plant.plugged(
        plant.Counts, plant.Slow, plant.Finishes, plant.Parts, plant.Memory, plant.KeyedMemory, plant.BlindMemory
    ):
        wiring.forget()
        yield plant.ERP


@pytest.fixture
def linked(monkeypatch):
    """Return a function that gives an order its counterpart, and tells of it unless ``tell_it`` is False."""
    known = {}

    def link(number, external_id, *, tell_it=True):
        known[number] = external_id
        if tell_it:
            outbox.wake_linked(
                WorkOrderLinked(
                    event_id=uuid4(),
                    site="MAIN",
                    subject=number,
                    occurred_at=plant.NOON,
                    system="erp",
                    external_id=external_id,
                )
            )

    monkeypatch.setattr(links, "external_id", lambda connection, number: known.get(number))
    return link


@pytest.fixture
def only_counts(erp, now, monkeypatch):
    """One flow per event is enough here; pauses are as long as they may be."""
    monkeypatch.setattr(delivery.random, "uniform", lambda low, high: high)
