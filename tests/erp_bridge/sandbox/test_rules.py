"""What the practice ERP refuses, and by which code."""

import pytest

from erp_bridge.sandbox import demo, planning, rules
from erp_bridge.sandbox.rules import Refusal
from erp_bridge.sandbox.store import Store

HEAD = {"reference": "r1", "order": "PO1", "at": "2026-11-20T09:30:00+00:00", "by": "E001"}
YIELD = {
    **HEAD, "step": "20", "report": "a", "good": "5", "rework": "0", "unit": "PCE", "item": "FG-BRACKET",
    "batch": "L1", "final": True,
}  # fmt: skip
ISSUE = {
    **HEAD, "step": "20", "movement": "m", "item": "RM-BOLT-M8", "batch": "", "quantity": "3", "unit": "PCE", "report": "",
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    made = Store(str(tmp_path / "erp.db"))
    demo.seed(made, orders=0)
    planning.create_order(made, {"item": "FG-BRACKET", "quantity": "10", "order_no": "PO1"})
    yield made
    made.close()


def _code(store, kind, body):
    with pytest.raises(Refusal) as caught:
        store.book(kind, rules.check_shape(kind, body))
    return caught.value.code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"order": "PO9"}, "ORDER_UNKNOWN"), ({"by": "E999"}, "PERSON_UNKNOWN"), ({"step": "99"}, "STEP_UNKNOWN"),
        ({"item": "NIL"}, "ITEM_UNKNOWN"), ({"unit": "KG"}, "UNIT_UNKNOWN"), ({"batch": ""}, "BATCH_MISSING"),
        ({"good": "11.01"}, "OVER_TOLERANCE"), ({"good": "-1"}, "TOTAL_NEGATIVE"), ({"good": "5,0"}, "FIELD_INVALID"),
        ({"good": 5}, "FIELD_INVALID"), ({"good": "NaN"}, "FIELD_INVALID"), ({"final": "yes"}, "FIELD_INVALID"),
        ({"at": "2026-11-20 09:30"}, "FIELD_INVALID"), ({"reference": "a\x00b"}, "FIELD_INVALID"),
        ({"color": "red"}, "FIELD_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_yield_that_breaks_a_rule_is_refused_by_its_code(store, changes, code):
    assert _code(store, "yields", {**YIELD, **changes}) == code
    assert store.bookings()[0] == []


def test_a_missing_field_is_named(store):
    body = {name: value for name, value in YIELD.items() if name != "good"}
    with pytest.raises(Refusal) as caught:
        rules.check_shape("yields", body)
    assert (caught.value.code, caught.value.field) == ("FIELD_MISSING", "good")


def test_tolerance_counts_all_that_was_booked_before(store):
    store.book("yields", {**YIELD, "good": "8"})
    store.book("yields", {**YIELD, "good": "3"})
    assert _code(store, "yields", {**YIELD, "good": "1"}) == "OVER_TOLERANCE"
    store.book("yields", {**YIELD, "good": "-1"})
    store.book("yields", {**YIELD, "good": "1"})


def test_nothing_is_booked_on_an_order_that_has_ended_but_its_cost(store):
    cost = dict.fromkeys(("planned_total", "material", "labor", "machine", "scrap", "rework", "total"), "1")
    store.book("completions", {**HEAD, "good": "0", "scrap": "0", "unit": "PCE", "item": "FG-BRACKET"})
    assert store.get("production-orders", "PO1")["state"] == "FINISHED"
    assert _code(store, "issues", ISSUE) == "ORDER_CLOSED"
    store.book("costs", {**HEAD, **cost, "version": 1, "currency": "EUR"})


def test_an_order_that_someone_edits_is_locked(store):
    planning.change_order(store, "PO1", {"locked_by": "mueller"})
    assert _code(store, "issues", ISSUE) == "ORDER_LOCKED"


def test_a_planned_order_takes_no_bookings(store):
    planning.change_order(store, "PO1", {"state": "PLANNED"})
    assert _code(store, "issues", ISSUE) == "ORDER_NOT_RELEASED"


def test_the_first_booking_starts_the_order_and_that_is_a_change_that_readers_see(store):
    before = store.get("production-orders", "PO1")["change"]
    store.book("issues", ISSUE)
    order = store.get("production-orders", "PO1")
    assert order["state"] == "STARTED"
    assert order["change"] > before


def test_a_completion_that_differs_from_what_is_booked_says_so(store):
    _, answer = store.book("completions", {**HEAD, "good": "4", "scrap": "0", "unit": "PCE", "item": "FG-BRACKET"})
    assert answer["note"] == "4 reported as finished, 0 booked"


def test_components_follow_the_quantity(store):
    planning.change_order(store, "PO1", {"quantity": "25"})
    lines = {line["item"]: line["quantity"] for line in store.get("production-orders", "PO1")["components"]}
    assert lines == {"SF-FRAME": "25", "RM-PAINT-R": "2", "RM-BOLT-M8": "100", "RM-BOX-S": "25"}


def test_the_ledger_can_be_neither_edited_nor_cut(store):
    store.book("issues", ISSUE)
    for word in ("UPDATE bookings SET body='{}'", "DELETE FROM bookings"):
        with pytest.raises(Exception, match="only grows"), store.transaction() as db:
            db.execute(word)
    assert len(store.bookings()[0]) == 1


def test_every_change_number_is_new_and_a_changed_row_moves_behind_the_others(store):
    planning.put_record(store, "items", "RM-BOX-S", {"description": "Box", "unit": "PCE"})
    rows, more = store.page("items", 0, 100)
    assert not more
    assert rows[-1]["code"] == "RM-BOX-S"
    assert len({row["change"] for row in rows}) == len(rows)
