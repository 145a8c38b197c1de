"""Events that were stored by any earlier version must still be readable, and say the same to an ERP."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from erp_bridge.engine import codec, registry
from tests.erp_bridge.flows.test_up_flows import Links

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_still_read_and_translated_as_it_was(path):
    kept = json.loads(path.read_text())
    event = codec.load(registry.event_type(kept["kind"]), kept["event"])
    for key, expected in kept["documents"].items():
        flow = registry.flows[key]
        document = flow().translate(event, Links())
        assert (None if document is None else without_later_fields(document, expected)) == expected, key


def without_later_fields(document, expected):
    """Return what a document says, without fields that came later and say nothing: each must be at its default."""
    told = codec.dump(document)
    for field in fields(document):
        if field.name not in expected and told.get(field.name) == field.default:
            del told[field.name]
    return told


def test_every_event_that_goes_up_has_a_golden_file_of_its_version():
    needed = {
        f"{flow.event.kind()}.v{flow.event.version}"
        for flow in registry.pushes()
        if not flow.event.__module__.startswith("tests")
    }
    assert needed <= {path.stem for path in FILES}, "write it once with tests/erp_bridge/golden/README.md"
