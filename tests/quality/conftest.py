"""What every test of quality may listen to."""

from tests.mes.conftest import published  # noqa: F401
