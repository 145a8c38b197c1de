"""What the engine's tests stand on."""

import pytest

from erp_bridge.engine import clock, wiring
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
