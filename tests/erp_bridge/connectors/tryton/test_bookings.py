"""What the floor reports stands in Tryton, exactly once and exactly so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.sdk import errors
from erp_bridge.sdk.documents import Document
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.tryton import Rpc, planner_of_tryton

pytestmark = pytest.mark.tryton
Plan = Callable[..., str]
D = Decimal


def send_all(connector: TrytonConnector, *said: Document) -> None:
    for document in said:
        connector.send(document, key=uuid4().hex)


def test_a_whole_order_is_in_tryton_as_it_was_on_the_floor(connector: TrytonConnector, plan: Plan) -> None:
    order = plan(quantity=20)
    send_all(
        connector,
        doc.status(order, "RUNNING"),
        doc.used(order, "SF-BRACKET", "12"),
        doc.used(order, "RM-POWDER-7016", "0.61", "kg", "P7016-118"),
        doc.good(order, "12", operation="10", is_output=False),
        doc.worked(order, "50"),
        doc.ran(order, "42"),
        doc.good(order, "11", "L-A"),
        doc.scrap(order, "1"),
        doc.used(order, "SF-BRACKET", "8"),
        doc.used(order, "RM-POWDER-7016", "0.4", "kg", "P7016-121"),
        doc.used(order, "BP-BOLT-M8", "80"),
        doc.used(order, "BP-BOLT-M8", "-4"),
        doc.worked(order, "20.5", "E003", "20"),
        doc.good(order, "8", "L-B"),
        doc.complete(order, "19", "1"),
    )
    ledger = connector.read_ledger(order)
    assert ledger.state == "COMPLETED"
    assert ledger.good == {"L-A": D(11), "L-B": D(8)}
    assert ledger.scrap == D(1)
    assert ledger.consumed == {
        ("SF-BRACKET", ""): D(20),
        ("RM-POWDER-7016", "P7016-118"): D("0.61"),
        ("RM-POWDER-7016", "P7016-121"): D("0.4"),
        ("BP-BOLT-M8", ""): D(76),
    }
    assert ledger.labor == {("10", "E002"): D(50), ("20", "E003"): D("20.5")}
    assert ledger.machine == {"10": D(42)}
    assert ledger.own_valuation > 0


def test_pieces_are_in_stock_as_soon_as_they_are_reported(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order, lot = plan(), f"L-{uuid4().hex[:6]}"
    send_all(connector, doc.good(order, "7", lot))
    [store] = planner.ids("stock.location", ["code", "=", "STO"])
    [row] = planner(
        "model.stock.lot.search_read", [["number", "=", lot]], 0, None, None, ["quantity"], locations=[store]
    )
    assert row["quantity"] == 7.0
    assert connector.read_ledger(order).state == "RUNNING"


def test_what_is_still_planned_shrinks_by_what_is_booked(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order = plan(quantity=20)
    send_all(connector, doc.used(order, "SF-BRACKET", "6"), doc.used(order, "SF-BRACKET", "4"), doc.good(order, "5"))
    moves = planner.read(
        "stock.move", [["production", "=", int(order)], ["state", "=", "draft"]], "quantity", "product.code"
    )
    planned = {move["product."]["code"]: move["quantity"] for move in moves}
    assert planned == {"SF-BRACKET": 10.0, "RM-POWDER-7016": 1.0, "BP-BOLT-M8": 80.0, "FG-BRACKET": 15.0}


def test_what_was_planned_and_not_used_is_not_posted_at_completion(connector: TrytonConnector, plan: Plan) -> None:
    order = plan(quantity=20)
    send_all(connector, doc.used(order, "SF-BRACKET", "20"), doc.good(order, "20"), doc.complete(order))
    assert connector.read_ledger(order).consumed == {("SF-BRACKET", ""): D(20)}


def test_the_cost_of_an_order_is_the_cost_of_what_was_booked(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order = plan("FG-HOLDER", 10)
    send_all(
        connector,
        doc.used(order, "RM-BAR-12", "9", "m"),
        doc.ran(order, "30", "10"),
        doc.worked(order, "60", "E002", "10"),
        doc.good(order, "10", "", "FG-HOLDER", operation="10"),
        doc.complete(order, "10", item="FG-HOLDER"),
    )
    # 9 m at 1.95, half an hour of the bending press at 58.00, one hour of E002 at 31.00
    assert connector.read_ledger(order).own_valuation == D("17.55") + D("29.00") + D("31.00")


def test_reversed_pieces_are_taken_out_again(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    send_all(connector, doc.good(order, "5"), doc.good(order, "3"), doc.good(order, "-3"), doc.good(order, "-1"))
    assert connector.read_ledger(order).good == {"L-1": D(4)}


def test_reversed_scrap_is_taken_back(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    send_all(connector, doc.scrap(order, "2"), doc.scrap(order, "-2"), doc.scrap(order, "1", operation="10"))
    assert connector.read_ledger(order).scrap == D(1)


def test_reversed_minutes_are_taken_off_the_line_they_were_on(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    send_all(connector, doc.worked(order, "30"), doc.worked(order, "12.25"), doc.worked(order, "-12.25"))
    send_all(connector, doc.worked(order, "-10"))
    assert connector.read_ledger(order).labor == {("10", "E002"): D(20)}


def test_time_across_the_plants_midnight_is_a_line_a_day_and_taken_off_both(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order = plan()
    evening = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    span = {"started_at": evening, "ended_at": evening + timedelta(hours=2)}
    # Half of two hours, as two jobs ran: a quarter of it before midnight.
    night = replace(doc.worked(order, "60"), **span)
    key = uuid4().hex
    reference = connector.send(night, key=key).reference
    found = connector.find(night, key=key)
    assert found is not None and found.reference == reference

    def lines() -> list[tuple[date, timedelta]]:
        domain = [["work.origin.production", "=", int(order), "production.work"]]
        return sorted(
            (row["date"], row["duration"]) for row in planner.read("timesheet.line", domain, "date", "duration")
        )

    first, second = date(2026, 11, 20), date(2026, 11, 21)
    assert lines() == [(first, timedelta(minutes=15)), (second, timedelta(minutes=45))]
    assert connector.read_ledger(order).labor == {("10", "E002"): D(60)}
    assert list(connector.read_ledger(order).references) == [reference]
    send_all(connector, replace(night, minutes=D(-60)))
    assert lines() == [(first, timedelta(0)), (second, timedelta(0))]
    assert connector.read_ledger(order).labor == {}


def test_what_others_post_on_an_order_is_in_the_ledger_and_is_not_taken_for_ours(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order, number = plan(), "BP-BOLT-M8"
    reference = connector.send(doc.used(order, number, "5"), key=uuid4().hex).reference
    bolt = planner_of_tryton.product(planner, number)
    [row] = planner.read("production", [["id", "=", int(order)]], "company", "location", "warehouse.storage_location")
    [scrap] = planner.ids("stock.location", ["code", "=", "SCRAP"])
    line = {
        "product": bolt["id"],
        "unit": bolt["default_uom"],
        "company": row["company"],
        "from_location": row["location"],
    }
    back = line | {"to_location": row["warehouse."]["storage_location"], "quantity": 2.0}
    price = {"unit_price": D("0.09"), "currency": planner.read("company.company", [], "currency")[0]["currency"]}
    lost = line | {"to_location": scrap, "quantity": 3.0}
    planner("model.production.write", [int(order)], {"outputs": [["create", [back | price, lost]]]})
    mine = [["production", "=", int(order)], ["product", "=", bolt["id"]], ["from_location", "=", row["location"]]]
    posted = planner.read("stock.move", mine, "to_location")
    planner("model.stock.move.do", [move["id"] for move in posted])
    [strange] = [move["id"] for move in posted if move["to_location"] == scrap]
    ledger = connector.read_ledger(order)
    assert ledger.consumed == {(number, ""): D(3)}
    assert list(ledger.references) == [reference]
    assert ledger.strange == [f"stock.move,{strange}: 3.0 {number} production to lost_found"]


def test_the_start_is_the_effective_start_date(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order = plan()
    send_all(connector, doc.status(order, "RUNNING"))
    [row] = planner.read("production", [["id", "=", int(order)]], "effective_start_date")
    assert row["effective_start_date"] == doc.MOMENT.date()


def test_holds_and_costs_are_notes_that_a_planner_reads(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order = plan()
    held = doc.hold(order, "PLACED", "bore too wide")
    send_all(connector, held, doc.hold(order, "LIFTED", "gauged", hold_id=held.hold_id), doc.cost(order, 1, "12.34"))
    said = [row["message"] for row in planner.read("ir.note", [["resource", "=", f"production,{order}"]], "message")]
    assert any("The order is ON HOLD at the floor: bore too wide" in message for message in said)
    assert any("A hold is lifted" in message and "gauged" in message for message in said)
    assert any("12.34 EUR" in message for message in said)


def test_a_nonconformance_and_its_decision_are_notes(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order = plan()
    decided = {"status": "DISPOSED", "disposition": "USE_AS_IS", "disposed_quantity": D(2), "open_quantity": D(1)}
    send_all(connector, doc.nonconforming(order, "3"), doc.nonconforming(order, "3", **decided))
    said = [row["message"] for row in planner.read("ir.note", [["resource", "=", f"production,{order}"]], "message")]
    assert any("NC-00007: 3 u of operation 10, Bore too wide" in message for message in said)
    assert any("2 u of operation 10 decided as use as is, 1 u open" in message for message in said)


def test_a_held_lot_carries_a_note_once_and_one_that_tryton_does_not_know_yet_is_tried_again(
    connector: TrytonConnector, planner: Rpc
) -> None:
    held = doc.hold("", "PLACED", "mill certificate missing", target="LOT", item="RM-SHEET-2", lot="SH2-2609-A")
    key = uuid4().hex
    assert connector.find(held, key=key) is None
    sent = connector.send(held, key=key)
    assert connector.send(held, key=key).reference == sent.reference
    found = connector.find(held, key=key)
    assert found is not None and found.reference == sent.reference
    [note] = planner.read("ir.note", [["id", "=", int(sent.reference.split(",")[1])]], "message", "resource")
    assert "mill certificate missing" in note["message"] and str(note["resource"]).startswith("stock.lot,")
    with pytest.raises(errors.Busy):
        connector.send(doc.hold("", "PLACED", target="LOT", item="RM-SHEET-2", lot="NOT-YET"), key=uuid4().hex)


def test_an_untouched_order_is_cancelled(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    send_all(connector, doc.status(order, "CANCELLED", "customer withdrew"))
    assert connector.read_ledger(order).state == "CANCELLED"


@pytest.mark.parametrize(
    "say",
    [
        lambda order: doc.good(order, "3"),
        lambda order: doc.good(order, "3", operation="10", is_output=False),
        lambda order: doc.scrap(order, "1"),
        lambda order: doc.used(order, "BP-BOLT-M8", "4"),
        lambda order: doc.used(order, "BP-BOLT-M8", "-4"),
        lambda order: doc.worked(order, "10"),
        lambda order: doc.ran(order, "10"),
        lambda order: doc.status(order, "RUNNING"),
        lambda order: doc.cost(order, 1, "1.00"),
        lambda order: doc.complete(order),
    ],
)
def test_a_message_sent_twice_books_once_and_is_found(
    connector: TrytonConnector, plan: Plan, key: str, say: Callable[[str], Document]
) -> None:
    order = plan()
    document = say(order)
    assert connector.find(document, key=key) is None
    first = connector.send(document, key=key)
    once = connector.read_ledger(order)
    assert connector.send(document, key=key).reference == first.reference
    found = connector.find(document, key=key)
    assert found is not None and found.reference == first.reference
    assert connector.read_ledger(order) == once


def test_bookings_of_one_order_are_told_apart_by_their_keys(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    keys = [uuid4().hex for _ in range(4)]
    same = doc.used(order, "BP-BOLT-M8", "4")
    sent = [connector.send(same, key=each).reference for each in keys[:3]]
    found = [connector.find(same, key=each) for each in keys]
    assert [ack.reference for ack in found[:3] if ack] == sent
    assert len(set(sent)) == 3
    assert found[3] is None
