"""What is stored is what is read back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_bridge.engine import codec
from erp_bridge.engine.registry import _subclasses
from mes.core.event import Event
from mes.execution.events import ProductionReported, ScrapQuantity
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import BomLineRecord


def _reported(**fields):
    return ProductionReported(
        **{
            "event_id": uuid4(), "site": "MAIN", "subject": "WO1", "occurred_at": datetime.now(UTC),
            "report_id": uuid4(), "operation": "10", "work_center": "SAW", "work_unit": "SAW-1", "item": "P1", "uom": "pcs",
            "good_quantity": Decimal("1.500000"), "rework_quantity": Decimal(0), "scrap_quantity": Decimal("1E+3"),
        }
        | fields
    )  # fmt: skip


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])),
)
def test_an_event_survives_the_way_there_and_back(quantity, moment):
    event = _reported(
        good_quantity=quantity,
        occurred_at=moment,
        scrap=(ScrapQuantity(quantity=Decimal("0.1"), reason="BURR", reason_name="Grat ü"),),
        reverses=uuid4(),
    )
    assert codec.load(ProductionReported, codec.dump(event)) == event


def test_records_with_optional_nested_lines_survive():
    record = WorkOrderRecord(
        site="MAIN", number="1", item="P", order_quantity=Decimal(5), uom="pcs", due_at=datetime(2026, 1, 1, tzinfo=UTC),
        components=(BomLineRecord(item="C", quantity=Decimal("0.5"), uom="kg"),),
    )  # fmt: skip
    assert codec.load(WorkOrderRecord, codec.dump(record)) == record
    assert codec.load(WorkOrderRecord, codec.dump(record)).steps is None


def test_a_field_that_was_added_takes_its_default_and_one_that_went_is_ignored():
    data = codec.dump(_reported())
    del data["lot"]
    data["gone"] = 1
    assert codec.load(ProductionReported, data).lot == ""


def test_what_cannot_be_read_names_the_field():
    data = codec.dump(_reported())
    with pytest.raises(codec.Unreadable, match=r"ProductionReported\.good_quantity"):
        codec.load(ProductionReported, data | {"good_quantity": "many"})
    del data["uom"]
    with pytest.raises(codec.Unreadable, match="uom is missing"):
        codec.load(ProductionReported, data)


def test_floats_have_no_place_in_an_event():
    @dataclass(frozen=True)
    class Odd:
        value: object

    with pytest.raises(TypeError):
        codec.dump(Odd(1.5))
    assert codec.dump(Odd({"a": (date(2026, 1, 1), None)})) == {"value": {"a": ["2026-01-01", None]}}


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert codec.digest({"a": 1, "b": "ü"}) == codec.digest({"b": "ü", "a": 1})


@pytest.mark.parametrize("event_type", _subclasses(Event), ids=lambda each: each.__name__)
def test_every_event_there_is_has_a_reader(event_type):
    assert codec._readers(event_type)
