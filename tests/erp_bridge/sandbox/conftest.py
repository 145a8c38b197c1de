"""A practice ERP of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.erp_bridge.practice import Practice


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Practice]]:
    """Return a function that starts one with the given options; all of them are stopped at the end."""
    running: list[Practice] = []

    def begin(*options: str, **how: Any) -> Practice:
        directory = tmp_path / str(len(running))
        directory.mkdir()
        running.append(Practice(directory, *options, **how))
        return running[-1]

    yield begin
    for erp in running:
        erp.stop()
