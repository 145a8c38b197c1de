"""The planner of the demo: it orders again what was ordered before, when little is left."""

from datetime import UTC, datetime

from deploy.demo.planner import FEWEST, filled_in, next_order

NOW = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def orders(*, open_ones, closed):
    found = [{"item": f"FG-{number}", "order_quantity": "12", "status": "CLOSED"} for number in range(closed)]
    return found + [{"item": "FG-OPEN", "order_quantity": "5", "status": "RELEASED"}] * open_ones


def test_nothing_is_ordered_while_enough_is_open():
    assert next_order(orders(open_ones=FEWEST, closed=9), turn=0) is None


def test_nothing_is_ordered_where_nothing_ever_was():
    assert next_order([], turn=3) is None


def test_with_one_too_few_the_orders_come_again_in_their_turn():
    found = orders(open_ones=FEWEST - 1, closed=2)
    assert [next_order(found, turn=turn)["item"] for turn in (0, 1, 2)] == ["FG-0", "FG-1", "FG-OPEN"]
    assert next_order(found, turn=len(found))["item"] == "FG-0"


def test_only_the_places_of_the_command_are_filled_in():
    told = '{"url": "http://127.0.0.1:1", "user": "{item}"}'
    order = {"item": "FG-HOLDER", "order_quantity": "25"}
    command = ("planner", "--server", told, "make", "{item}", "{quantity}", "{due}", "{reference}")
    assert filled_in(command, order, turn=4, now=NOW) == [
        "planner", "--server", told, "make", "FG-HOLDER", "25", "2026-12-02", "AGAIN-5",
    ]  # fmt: skip
