"""What the practice ERP does to a caller, fault by fault, and what its connector makes of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from erp_bridge.connectors.practice.connector import PracticeErp
from erp_bridge.sdk import errors
from erp_bridge.sdk.connector import Recall
from mes.masterdata.records import ItemRecord
from tests.erp_bridge.connectors.conftest import practice_documents
from tests.erp_bridge.practice import Practice


@pytest.fixture(scope="module", params=["KEY", "LOOKUP", "NONE"])
def erp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    running = Practice(Path(tmp_path_factory.mktemp("erp")), recall=request.param)
    yield running
    running.stop()


@pytest.fixture
def connector(erp: Practice) -> Iterator[PracticeErp]:
    opened = PracticeErp(erp.settings())
    yield opened
    opened.close()
    erp.tell("faults/clear")


@pytest.fixture
def impatient(erp: Practice) -> Iterator[PracticeErp]:
    """A caller who gives up soon: only where no answer is to come."""
    opened = PracticeErp(erp.settings(patience="0.4"))
    yield opened
    opened.close()


def eventually(is_so: Callable[[], bool]) -> bool:
    """Wait until something is so that the practice ERP does after the call; say whether it came to that."""
    deadline = time.monotonic() + 60
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


@pytest.fixture
def document(erp: Practice):
    return practice_documents(erp.orders(1)[0])[1]


@pytest.mark.parametrize(
    ("fault", "becomes", "booked"),
    [
        ("drop_before", errors.OutcomeUnknown, 0), ("drop_after_commit", errors.OutcomeUnknown, 1),
        ("never_answers", errors.OutcomeUnknown, 0), ("hang_after_commit", errors.OutcomeUnknown, 1),
        ("error_before", errors.OutcomeUnknown, 0), ("error_after", errors.OutcomeUnknown, 1),
        ("garbled", errors.BrokenContract, 1), ("busy", errors.Busy, 0), ("rejects", errors.Rejected, 0),
    ],
)  # fmt: skip
def test_each_fault_is_what_it_says(erp, connector, impatient, document, fault, becomes, booked):
    erp.once(fault)
    caller = impatient if fault in ("never_answers", "hang_after_commit") else connector
    with pytest.raises(errors.CallFailed) as caught:
        caller.send(document, key=f"key-{fault}")
    assert type(caught.value) is becomes
    assert eventually(lambda: [incident["fault"] for incident in erp.incidents()[-1:]] == [fault])
    assert eventually(lambda: len(erp.ledger(reference=f"key-{fault}")) == booked)


def test_a_late_commit_comes_after_the_caller_gave_up(erp, connector, impatient, document):
    erp.tell("faults", late_seconds=4)
    erp.once("late_commit")
    with pytest.raises(errors.OutcomeUnknown):
        impatient.send(document, key="late")
    assert erp.ledger(reference="late") == []
    if erp.recall == "KEY":
        with pytest.raises(errors.Busy):
            connector.send(document, key="late")
    assert eventually(lambda: len(erp.ledger(reference="late")) == 1)


def test_a_duplicate_delivery_is_harmless_only_where_keys_are_honored(erp, connector, document):
    erp.once("duplicate")
    connector.send(document, key="twice")
    assert len(erp.ledger(reference="twice")) == (1 if erp.recall == "KEY" else 2)


def test_the_same_key_again_is_booked_again_where_keys_are_not_honored(erp, connector, document):
    first = connector.send(document, key="again")
    second = connector.send(document, key="again")
    assert (first.reference == second.reference) == (erp.recall == "KEY")


def test_an_erp_that_remembers_nothing_cannot_be_asked(erp, connector, document):
    if erp.recall != "NONE":
        assert connector.find(document, key="never sent") is None
        return
    with pytest.raises(errors.Misconfigured):
        connector.find(document, key="never sent")
    assert connector.recall == Recall.NONE


def test_a_look_up_that_fails_says_nothing(erp, connector, document):
    if erp.recall == "NONE":
        pytest.skip("there is no look-up to fail")
    erp.once("lookup_error")
    with pytest.raises(errors.OutcomeUnknown):
        connector.find(document, key="anything")


def test_busy_brings_the_pause_it_asks_for(erp, connector, document):
    erp.tell("faults", busy_status=429, retry_after=7)
    erp.once("busy")
    with pytest.raises(errors.Busy) as caught:
        connector.send(document, key="busy")
    assert caught.value.retry_after == 7


def test_its_clock_can_be_wrong(erp, connector):
    erp.tell("faults", skew_seconds=3600)
    connector.check()
    said = connector.exchanges[-1]["date"]
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    assert 3500 < parsedate_to_datetime(said).timestamp() - time.time() < 3700


def test_a_field_that_they_renamed_stops_the_reading_and_moves_no_cursor(erp, connector):
    erp.tell("faults", rename={"items.unit": "uom"})
    with pytest.raises(errors.BrokenContract, match="unit"):
        list(connector.fetch(ItemRecord, cursor=""))


def test_a_field_that_they_renamed_in_the_answer_leaves_a_booking_in_doubt(erp, connector, document):
    erp.tell("faults", rename={"*.document": "number"})
    with pytest.raises(errors.BrokenContract):
        connector.send(document, key="renamed")
    assert len(erp.ledger(reference="renamed")) == 1


def test_a_connection_set_to_another_way_of_remembering_is_told_so(erp):
    other = "NONE" if erp.recall != "NONE" else "KEY"
    connector = PracticeErp(erp.settings(recall=other))
    with pytest.raises(errors.Misconfigured, match=other):
        connector.check()
    connector.close()


def test_the_ledger_of_an_order_is_read_back_in_our_words(erp, connector):
    order = erp.orders(1)[0]
    for number, document in enumerate(practice_documents(order)):
        connector.send(document, key=f"{order}-{number}")
    ledger = connector.read_ledger(order)
    told = {each: str(value) for each, value in ledger.good.items()}
    assert (ledger.state, told, str(ledger.scrap), str(ledger.cost["total"])) == (
        "COMPLETED",
        {"LOT-7": "9.5"},
        "1",
        "81.00",
    )
    assert {key: str(value) for key, value in ledger.consumed.items()} == {("RM-BOLT-M8", ""): "42"}
    assert {key: str(value) for key, value in ledger.labor.items()} == {("20", "E001"): "12.000000"}
    assert {key: str(value) for key, value in ledger.machine.items()} == {"20": "12.000000"}
    # All but the standstill, which is a machine's and no order's.
    assert len(ledger.bookings) == 11


def test_a_key_older_than_its_window_is_forgotten(tmp_path):
    erp = Practice(tmp_path, "--key-window", "0.3", recall="KEY")
    connector = PracticeErp(erp.settings())
    document = practice_documents(erp.orders(1)[0])[1]
    first = connector.send(document, key="old")
    assert eventually(lambda: connector.send(document, key="old").reference != first.reference)
    connector.close()
    erp.stop()


def test_a_unique_reference_is_a_success_that_looks_like_an_error(tmp_path):
    erp = Practice(tmp_path, "--unique-reference")
    connector = PracticeErp(erp.settings())
    document = practice_documents(erp.orders(1)[0])[1]
    connector.send(document, key="one")
    with pytest.raises(errors.AlreadyBooked):
        connector.send(document, key="one")
    assert len(erp.ledger()) == 1
    connector.close()
    erp.stop()
