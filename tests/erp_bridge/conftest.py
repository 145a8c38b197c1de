"""What the tests of the bridge share."""

import pytest

from erp_bridge.engine import clock
from tests.erp_bridge.plant import Ahead, Beat


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    """The engine's clock, which a test can put forward."""
    ticking = Ahead()
    monkeypatch.setattr(clock, "now", ticking)
    return ticking


@pytest.fixture
def beat(monkeypatch: pytest.MonkeyPatch) -> Beat:
    """The engine's clock, which stands still until the test lets beat tick."""
    standing = Beat()
    monkeypatch.setattr(clock, "now", standing)
    return standing
