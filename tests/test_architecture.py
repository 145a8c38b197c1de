"""The import contracts break when someone crosses a line: each is crossed once, in a copy."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "mes", "quality", "labor", "erp_bridge")

CROSSINGS = {
    "The product, top to bottom": ("mes/execution/services/__init__.py", "import erp_bridge.models"),
    "Inside mes, top to bottom": ("mes/masterdata/services/__init__.py", "import mes.execution.models"),
    "Inside every app, doorways over services over models over rules": (
        "mes/execution/models.py",
        "import mes.execution.services",
    ),
    "Inside erp_bridge, top to bottom": ("erp_bridge/sdk/documents.py", "import erp_bridge.engine.outbox"),
    "The practice ERP stands alone": ("erp_bridge/sandbox/__init__.py", "import erp_bridge.sdk"),
    "A connector knows documents and records, never the business": (
        "erp_bridge/connectors/__init__.py",
        "import mes.execution.models",
    ),
    "Rules, events, records and the connector SDK are plain Python": ("mes/execution/events.py", "import django"),
    "Celery is a doorway": ("mes/execution/services/__init__.py", "import celery"),
    "pandas stays where tables are analysed": ("mes/execution/services/__init__.py", "import pandas"),
}


@pytest.fixture
def copy(tmp_path):
    """A copy of the product in which lines may be crossed."""
    directory = tmp_path / "crossed"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", directory)
    return directory


def lint(directory):
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def test_nothing_is_crossed_as_it_stands(copy):
    done = lint(copy)

    assert done.returncode == 0, done.stdout


def test_every_contract_breaks_when_its_line_is_crossed(copy):
    for path, statement in CROSSINGS.values():
        module = copy / path
        module.write_text(f"{module.read_text()}\n{statement}\n")
    (copy / "mes/execution/utils.py").write_text('"""A drawer for everything."""\n')

    done = lint(copy)

    assert done.returncode != 0
    for name in CROSSINGS:
        assert f"{name} BROKEN" in done.stdout, f"{name} still holds:\n{done.stdout[:3000]}"
    assert "utils" in done.stdout
