"""What every connector promises, whatever ERP stands behind it. A connector comes with a rig, or does not come in."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from erp_bridge.engine import codec, registry
from erp_bridge.sdk import errors
from erp_bridge.sdk.connector import Ack, Connector, Recall
from erp_bridge.sdk.documents import Document
from tests.erp_bridge.connectors.rigs import Rig
from tests.erp_bridge.lossy_proxy import LossyProxy
from tests.servers import free_port

RIGS = [
    pytest.param(key, marks=pytest.mark.tryton) if key == "tryton" else key
    for key in (*registry.connectors.keys(), "practice_keyed")
]


@pytest.fixture(scope="module", params=RIGS)
def rig(request: pytest.FixtureRequest) -> Rig:
    found: Rig = request.getfixturevalue(f"{request.param}_rig")
    return found


@pytest.fixture
def connector(rig: Rig) -> Iterator[Connector]:
    opened = rig.open()
    yield opened
    _close(opened)


@pytest.fixture
def proxy(rig: Rig) -> Iterator[LossyProxy]:
    between = LossyProxy(rig.settings()["url"])
    yield between
    between.close()


def _close(connector: Connector) -> None:
    close = getattr(connector, "close", None)
    if close is not None:
        close()


def _key() -> str:
    return uuid4().hex


def _deliver(connector: Connector, document: Document, key: str) -> Ack:
    """Send as the engine does after a doubt: a keyed ERP is told again, any other is asked first."""
    if connector.recall == Recall.KEY:
        return connector.send(document, key=key)
    return connector.find(document, key=key) or connector.send(document, key=key)


def test_every_document_it_declares_is_booked_and_can_be_found_again(rig, connector):
    order = rig.new_order()
    kinds = set()
    for document in rig.documents(order):
        key = _key()
        sent = connector.send(document, key=key)
        found = connector.find(document, key=key)
        assert sent.reference, f"{type(document).__name__} was booked without a number"
        assert found is not None, f"{type(document).__name__} was booked and cannot be found"
        kinds.add(type(document))
    assert kinds == set(connector.writes), "the rig brings no document for " + str(set(connector.writes) - kinds)


def test_what_was_not_sent_is_not_found(rig, connector):
    for document in rig.documents(rig.new_order()):
        assert connector.find(document, key=_key()) is None


def test_the_same_key_twice_books_once(rig, connector):
    order = rig.new_order()
    for document in rig.documents(order):
        key = _key()
        first = _deliver(connector, document, key)
        booked = rig.booked(order)
        second = _deliver(connector, document, key)
        assert second.reference == first.reference, type(document).__name__
        assert rig.booked(order) == booked, f"{type(document).__name__} was booked twice"


def test_a_lost_answer_is_in_doubt_and_looking_finds_the_booking(rig, proxy):
    connector = rig.open(url=proxy.url)
    order = rig.new_order()
    for document in rig.documents(order):
        key, name = _key(), type(document).__name__
        ack, losses = None, 0
        # The first write of the booking loses its answer, then the second of what is left, until it stands.
        while ack is None and losses < 20:
            proxy.lose = _nth_write(losses + 1)
            try:
                ack = connector.send(document, key=key)
            except errors.OutcomeUnknown:
                losses += 1
                proxy.lose = lambda method, path, body: False
                ack = connector.find(document, key=key)
        assert losses, f"nothing of {name} could be lost"
        assert ack is not None, f"{name} never settles"
        booked = rig.booked(order)
        assert _deliver(connector, document, key).reference == ack.reference, name
        assert rig.booked(order) == booked, f"{name} was booked twice"
    _close(connector)


def _nth_write(number):
    """Return a rule that loses the answer to the nth call that changes something, and no other."""
    writes = []

    def lose(method, path, body):
        if method == "GET" or _only_reads(body):
            return False
        writes.append(path)
        return len(writes) == number

    return lose


def _only_reads(body: bytes) -> bool:
    return any(word in body for word in (b".search", b".read", b"common.db", b".get_preferences"))


@pytest.mark.parametrize("half", ["find", "send", "fetch", "check"])
def test_an_erp_that_is_not_there_was_told_nothing(rig, half):
    connector = rig.open(url=f"http://127.0.0.1:{free_port()}")
    document = rig.documents("1")[0]
    call = {
        "find": lambda: connector.find(document, key=_key()),
        "send": lambda: connector.send(document, key=_key()),
        "fetch": lambda: list(connector.fetch(next(iter(connector.reads)), cursor="")),
        "check": connector.check,
    }[half]
    with pytest.raises(errors.NotSent):
        call()
    _close(connector)


@pytest.mark.parametrize("half", ["send", "fetch", "check"])
def test_wrong_credentials_pause_the_connection(rig, half):
    connector = rig.open(**rig.wrong)
    document = rig.documents(rig.new_order())[0]
    call = {
        "send": lambda: connector.send(document, key=_key()),
        "fetch": lambda: list(connector.fetch(next(iter(connector.reads)), cursor="")),
        "check": connector.check,
    }[half]
    with pytest.raises(errors.Misconfigured):
        call()
    _close(connector)


def test_reading_again_from_any_cursor_loses_nothing(rig, connector):
    rig.new_order()
    for record in connector.reads:
        pages = list(connector.fetch(record, cursor=""))
        assert pages, f"the rig has no {record.__name__} to read"
        assert all(page.cursor for page in pages)
        for number, page in enumerate(pages):
            again = [_text(each) for later in connector.fetch(record, cursor=page.cursor) for each in later.records]
            behind = [_text(each) for later in pages[number + 1 :] for each in later.records]
            assert set(behind) <= set(again), f"{record.__name__}: rows behind page {number} were lost"


def test_what_changes_later_comes_from_the_last_cursor(rig, connector):
    from mes.execution.records import WorkOrderRecord  # noqa: PLC0415

    pages = list(connector.fetch(WorkOrderRecord, cursor=""))
    cursor = pages[-1].cursor if pages else ""
    order = rig.new_order()
    news = [each for page in connector.fetch(WorkOrderRecord, cursor=cursor) for each in page.records]
    assert order in {each.external_id for each in news}
    assert all(each.site == rig.settings()["site"] for each in news)


def test_keys_for_the_nightly_comparison_are_those_of_the_active_rows(rig, connector):
    compared = {flow.record for flow in registry.pulls() if flow.vanish is not None}
    for record in compared & set(connector.reads):
        keys = list(connector.fetch_keys(record))
        assert len(keys) == len(set(keys)), record.__name__
        active = {
            _record_key(each)
            for page in connector.fetch(record, cursor="")
            for each in page.records
            if getattr(each, "active", getattr(each, "status", "") not in ("CLOSED", "CANCELLED"))
        }
        assert set(keys) == active, record.__name__


def _record_key(record) -> str:
    return str(getattr(record, "number", None) or record.code)


def test_records_survive_being_stored(rig, connector):
    for record in connector.reads:
        for page in connector.fetch(record, cursor=""):
            for each in page.records:
                assert codec.load(record, codec.dump(each)) == each


def test_a_row_that_cannot_be_read_is_set_aside_and_the_rest_goes_on(rig, connector):
    record = rig.spoil_a_row()
    if record is None:
        pytest.skip("this ERP does not let a row be spoiled")
    try:
        pages = list(connector.fetch(record, cursor=""))
        refused = [each for page in pages for each in page.refused]
        assert len(refused) == 1
        assert refused[0].external_id and refused[0].reason
        assert sum(len(page.records) for page in pages) > 0
    finally:
        rig.mend_the_row()


def test_each_row_of_its_error_table(rig):
    rows = rig.error_rows()
    assert rows
    for row in rows:
        made = rig.failure(row)
        assert type(made) is row.becomes, f"{row.status} {row.body!r} became {made!r}"
        assert str(made), "a failure must say something"


def test_the_connection_test_says_who_answers(connector):
    assert connector.check()


def test_what_was_said_is_kept_without_secrets(rig, connector):
    connector.check()
    assert connector.exchanges
    said = str(connector.exchanges)
    for setting in connector.settings_form:
        if setting.secret:
            assert str(rig.settings()[setting.name]) not in said.replace(rig.settings()["url"], "")


def test_every_read_and_write_belongs_to_a_flow():
    records = {flow.record for flow in registry.pulls()}
    documents = {flow.document for flow in registry.pushes()}
    for connector in registry.connectors:
        assert set(connector.reads) <= records, f"{connector.key} reads what no flow takes"
        assert set(connector.writes) <= documents, f"{connector.key} writes what no flow sends"


def _text(record) -> str:
    return codec.canonical(codec.dump(record))
