"""What the tests of the bridge share."""

import pytest

from erp_bridge.engine import clock
from tests.erp_bridge.plant import Ahead


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    """The engine's clock, which a test can put forward."""
    ticking = Ahead()
    monkeypatch.setattr(clock, "now", ticking)
    return ticking
