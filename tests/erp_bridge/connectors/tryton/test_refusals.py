"""What Tryton refuses, warns of or cannot do, and what each becomes for the message."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from erp_bridge.connectors.tryton import client as module
from erp_bridge.connectors.tryton import order as orders
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.errors import Busy, Misconfigured, NotReady, NotSent, Rejected
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.tryton import Rpc, Server, planner_of_tryton

pytestmark = pytest.mark.tryton
Plan = Callable[..., str]


def refusal(connector: TrytonConnector, document: Document) -> Rejected:
    with pytest.raises(Rejected) as caught:
        connector.send(document, key=uuid4().hex)
    return caught.value


SENT_TOO_LATE: list[Callable[[str], Document]] = [
    lambda order: doc.good(order, "1"),
    lambda order: doc.scrap(order, "1"),
    lambda order: doc.used(order, "BP-BOLT-M8", "1"),
    lambda order: doc.worked(order, "5"),
    lambda order: doc.ran(order, "5"),
    lambda order: doc.status(order, "CANCELLED"),
]


@pytest.mark.parametrize("say", SENT_TOO_LATE)
def test_a_completed_order_takes_nothing_more(
    connector: TrytonConnector, plan: Plan, say: Callable[[str], Document]
) -> None:
    order = plan()
    connector.send(doc.good(order, "20"), key=uuid4().hex)
    connector.send(doc.complete(order), key=uuid4().hex)
    before = connector.read_ledger(order)
    assert refusal(connector, say(order)).code == "STATE.done"
    assert connector.read_ledger(order) == before


def test_a_cancelled_order_takes_nothing_more(connector: TrytonConnector, plan: Plan, planner: Rpc) -> None:
    order = plan()
    planner_of_tryton.cancel_production(planner, int(order))
    assert refusal(connector, doc.good(order, "1")).code == "STATE.cancelled"


def test_a_booking_waits_while_its_planner_has_the_order_in_draft(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order, key = plan(), uuid4().hex
    planner("model.production.draft", [int(order)])
    with pytest.raises(NotReady) as caught:
        connector.send(doc.good(order, "1"), key=key)
    assert (caught.value.code, "its planner is changing it" in str(caught.value)) == ("STATE.draft", True)
    planner("model.production.wait", [int(order)])
    connector.send(doc.good(order, "1"), key=key)
    assert sum(connector.read_ledger(order).good.values()) == 1


def test_an_order_with_bookings_is_not_cancelled(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    connector.send(doc.good(order, "1"), key=uuid4().hex)
    assert refusal(connector, doc.status(order, "CANCELLED")).code == "CANCEL_WITH_BOOKINGS"


@pytest.mark.parametrize(
    ("say", "code"),
    [
        (lambda order: doc.used(order, "NO-SUCH-ITEM", "1"), "UNKNOWN_ITEM"),
        (lambda order: doc.used(order, "BP-BOLT-M8", "1", "furlong"), "UNKNOWN_UNIT"),
        (lambda order: doc.used(order, "RM-POWDER-7016", "0.1", "kg", "NO-SUCH-LOT"), "UNKNOWN_LOT"),
        (lambda order: doc.worked(order, "5", "E999"), "UNKNOWN_PERSON"),
        (lambda order: doc.ran(order, "5", "70"), "UNKNOWN_OPERATION"),
        (lambda order: doc.ran(order, "-5"), "NEGATIVE_CYCLE"),
        (lambda order: doc.good(order, "-5"), "NOTHING_TO_REVERSE"),
        (lambda order: doc.worked(order, "-5"), "NOTHING_TO_REVERSE"),
        (lambda order: doc.good("999999", "1"), "UNKNOWN_ORDER"),
    ],
)
def test_what_tryton_does_not_know_is_named(
    connector: TrytonConnector, plan: Plan, say: Callable[[str], Document], code: str
) -> None:
    assert refusal(connector, say(plan())).code == code


def test_a_missing_lot_is_refused_in_trytons_words_and_leaves_nothing_behind(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order = plan()
    before = len(planner.ids("stock.move", ["production", "=", int(order)]))
    assert "you must provide a stock lot" in str(refusal(connector, doc.good(order, "3", lot="")))
    assert "you must provide a stock lot" in str(refusal(connector, doc.used(order, "RM-POWDER-7016", "0.1", "kg")))
    assert len(planner.ids("stock.move", ["production", "=", int(order)])) == before
    connector.send(doc.good(order, "3", lot="L-9"), key=uuid4().hex)
    assert sum(connector.read_ledger(order).good.values()) == 3


def test_a_warning_at_completion_is_accepted_and_kept_with_the_answer(connector: TrytonConnector, plan: Plan) -> None:
    order = plan()
    connector.send(doc.good(order, "20"), key=uuid4().hex)
    connector.send(doc.used(order, "BP-BOLT-M8", "300"), key=uuid4().hex)
    ack = connector.send(doc.complete(order), key=uuid4().hex)
    assert "300.0 u consumed" in ack.note


def test_a_warning_at_completion_is_for_a_person_where_the_connection_says_so(server: Server, plan: Plan) -> None:
    strict, order, key = server.connector(warnings="refuse"), plan(), uuid4().hex
    strict.send(doc.good(order, "20"), key=uuid4().hex)
    strict.send(doc.used(order, "BP-BOLT-M8", "300"), key=uuid4().hex)
    with pytest.raises(Rejected) as caught:
        strict.send(doc.complete(order), key=key)
    assert caught.value.code.endswith("_tolerance")
    assert strict.find(doc.complete(order), key=key) is None
    # A person decides to go on: the same message again, accepted.
    server.connector().send(doc.complete(order), key=key)
    assert strict.read_ledger(order).state == "COMPLETED"


def test_material_that_tryton_does_not_have_waits_where_the_connection_says_so(server: Server, plan: Plan) -> None:
    waiting, order = server.connector(shortage="wait"), plan()
    too_much = doc.used(order, "BP-GAS-150", "100000", "u", "GS-8841")
    with pytest.raises(Busy, match="has only"):
        waiting.send(too_much, key=uuid4().hex)
    assert waiting.read_ledger(order).consumed == {}
    enough = doc.used(order, "BP-GAS-150", "2", "u", "GS-8841")
    assert waiting.send(enough, key=uuid4().hex).reference


def test_an_open_inspection_keeps_the_order_open_though_tryton_reports_no_error(
    connector: TrytonConnector, plan: Plan, planner: Rpc
) -> None:
    order = plan("FG-HOLDER", 4)
    [product] = planner.ids("product.product", ["code", "=", "FG-HOLDER"])
    point = {"name": "width", "string": "Width", "type_": "float", "tolerance_lower": 9.0, "tolerance_upper": 11.0}
    control = {"name": "Final check", "operations": ["production:do"], "frequency": 1.0, "product": product}
    company = {"company": planner.context["company"]}
    [made] = planner.create("quality.control", control | company | {"points": [["create", [point]]]})
    try:
        connector.send(doc.good(order, "4", "", "FG-HOLDER", operation="10"), key=uuid4().hex)
        refused = refusal(connector, doc.complete(order, "4", item="FG-HOLDER"))
        assert refused.code.startswith("DIALOG.")
        assert connector.read_ledger(order).state != "COMPLETED"
    finally:
        planner("model.quality.control.write", [made], {"active": False})


def test_a_stale_write_does_nothing(server: Server, plan: Plan) -> None:
    client = Client(server.connector().settings, [])
    stale = orders.load(client, plan())
    orders.guarded_write(client, stale, {"reference": "first"})
    with pytest.raises(Busy):
        orders.guarded_write(client, stale, {"reference": "too late"})


def test_a_user_without_rights_pauses_the_connection(server: Server, plan: Plan, planner: Rpc) -> None:
    password = uuid4().hex
    company = planner.context["company"]
    values = {"name": "Guest", "login": f"guest-{password[:6]}", "password": password, "company": company}
    planner.create("res.user", values | {"companies": [["add", [company]]]})
    guest = TrytonConnector({**server.connector().settings, "user": values["login"], "password": password})
    with pytest.raises((Rejected, Misconfigured)):
        guest.send(doc.good(plan(), "1"), key=uuid4().hex)


def test_a_wrong_password_pauses_the_connection(server: Server) -> None:
    stranger = TrytonConnector({**server.connector().settings, "user": "nobody", "password": "wrong"})
    with pytest.raises(Misconfigured):
        stranger.check()


def test_a_server_that_is_not_there_was_not_spoken_to(server: Server) -> None:
    with pytest.raises(NotSent):
        TrytonConnector({**server.connector().settings, "url": "http://127.0.0.1:9"}).check()


def test_an_ended_session_is_begun_again(server: Server, plan: Plan) -> None:
    connector = server.connector()
    connector.check()
    other = Client(connector.settings, [])
    other.call("model.res.user.read", [other.user_id], ["name"])
    for known, (_, context, user) in list(module._sessions.items()):
        module._sessions[known] = ("bm9ib2R5OjE6d3Jvbmc=", context, user)
    assert connector.send(doc.good(plan(), "1"), key=uuid4().hex).reference


def test_a_password_never_stands_in_what_is_kept_of_the_exchange(server: Server) -> None:
    module._sessions.clear()
    connector = server.connector()
    connector.check()
    said = repr(connector.exchanges)
    assert connector.settings["password"] not in said
    assert "common.db.login" in said
