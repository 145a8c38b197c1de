"""Every test of documents keeps its files in a folder of its own."""

import pytest


@pytest.fixture(autouse=True)
def files(tmp_path, settings):
    settings.LINESIDE_FILES = tmp_path / "files"
    return settings.LINESIDE_FILES
