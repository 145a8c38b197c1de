"""One click holds everything a lot is in, and says what it was too late for."""

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from mes.access.models import Membership
from mes.core.errors import NotFound
from mes.execution.models import OrderHold
from mes.execution.services import hold_all
from mes.material import services as material
from mes.material.models import Lot, LotHold
from mes.material.queries import mass_balances, trace
from tests.api.callers import with_role
from tests.factories import NOW, make_item, make_lot, make_reason, make_site, make_work_order
from tests.mes.execution.helpers import at, complete, report, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain():
    """S1 is in A (some of it shipped) and B (all of it shipped), and C was made of A; WO-3 has just taken of A."""
    steel = make_item(number="STEEL", name="Steel", lot_tracked=True)
    part = make_item(number="PART", name="Part", lot_tracked=True)
    box = make_item(number="BOX", name="Box", lot_tracked=True)
    make_lot(item=steel, number="S1", quantity=Decimal(30))
    first = make_work_order(number="WO-1", item=part, operations=1, components=[(steel, Decimal(100))])
    start(first, "10")
    report(first, "10", good=10, lot="A", when=at(1))
    report(first, "10", good=5, lot="B", when=at(2))
    second = make_work_order(number="WO-2", item=box, operations=1, components=[(part, Decimal(100))])
    start(second, "10")
    report(second, "10", good=2, lot="C", when=at(3))
    third = make_work_order(number="WO-3", item=box, operations=2, components=[(part, Decimal(100))])
    start(third, "10")
    report(third, "10", good=1, when=at(4))
    for lot, quantity in (("A", 3), ("B", 5)):
        material.ship_lot(
            movement_id=uuid.uuid4(), item=part, lot_number=lot, quantity=Decimal(quantity), reference=f"D-{lot}",
            person=None, occurred_at=at(5), now=at(5),
        )  # fmt: skip
    return Lot.objects.get(number="S1")


def hold(lot, **given):
    return hold_all(**{"lot_id": lot.pk, "by": "kim", "now": at(10), "note": "Wrong alloy"} | given)


def test_all_that_is_left_is_held_and_what_is_gone_is_named(chain):
    done = hold(chain)
    assert {lot.number for lot in done.held} == {"S1", "A", "C"}
    assert [(lot.number, why) for lot, why in done.gone] == [("B", "Nothing is left here: 5 pcs were shipped (D-B).")]
    assert done.orders_held == ["WO-3"] and done.orders_gone == []
    assert set(Lot.objects.filter(status="HOLD").values_list("number", flat=True)) == {"S1", "A", "B", "C"}
    assert Lot.objects.get(number="A").status_reason == "Wrong alloy"
    assert OrderHold.objects.get().work_order.number == "WO-3"


def test_done_again_it_holds_only_what_came_since(chain):
    hold(chain)
    before = LotHold.objects.count()
    again = hold(chain)
    assert LotHold.objects.count() == before and OrderHold.objects.count() == 1
    assert {lot.number for lot in again.held} == {"S1", "A", "C"} and again.orders_held == ["WO-3"]


def test_what_comes_back_to_a_lot_that_was_used_up_cannot_be_used(chain):
    Lot.objects.filter(pk=chain.pk).update(quantity=0)
    assert "used up" in dict((lot.number, why) for lot, why in hold(chain).gone)["S1"]
    with pytest.raises(material.LotBlocked):
        material.usable_lot(item=chain.item, number="S1", now=at(11))


def test_a_lot_that_was_held_before_stays_held_when_the_other_hold_is_lifted(chain):
    other = material.hold_lot(lot_id=chain.pk, by="lee", now=at(9), note="Label missing")
    hold(chain)
    material.release_lot_hold(hold_id=other.pk, by="lee", now=at(12))
    chain.refresh_from_db()
    assert (chain.status, chain.status_reason) == ("HOLD", "Wrong alloy")


def test_an_order_that_is_over_is_named_instead_of_held(chain):
    from mes.execution.models import WorkOrder  # noqa: PLC0415

    WorkOrder.objects.filter(number="WO-3").update(status="COMPLETED")
    done = hold(chain)
    assert (done.orders_held, done.orders_gone) == ([], [("WO-3", "Completed")])


def test_an_unknown_lot_is_refused(db):
    with pytest.raises(NotFound):
        hold_all(lot_id=12345, by="kim", now=NOW)


def sign_in(client, site, role):
    user = User.objects.create_user(role.lower(), password="demo-plant")
    Membership.objects.create(user=user, site=site, role=role)
    client.force_login(user)


def test_the_page_shows_the_tree_both_ways_and_the_file_has_every_lot(client, chain):
    sign_in(client, chain.site, "SUPERVISOR")
    page = client.get(f"/trace/{chain.pk}/").content.decode()
    assert "Hold all" in page and "D-A" in page and "WO-3" in page
    box = Lot.objects.get(number="C")
    assert "STEEL" in client.get(f"/trace/{box.pk}/?direction=up").content.decode()
    lines = client.get(f"/trace/{chain.pk}/lots.csv").content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["lot", "S1", "A", "B", "C"]
    assert lines[2].split(",")[8:] == ["3", "D-A", "WO-1", "yes", "10", "3", "0", "0", "0"]


def test_the_page_tells_who_held_the_lot_and_who_lifted_that(client, chain):
    placed = material.hold_lot(lot_id=chain.pk, by="kim", now=at(10), note="Hardness in doubt")
    material.release_lot_hold(hold_id=placed.pk, by="ola", now=at(20), note="Measured again")
    sign_in(client, chain.site, "VIEWER")
    page = client.get(f"/trace/{chain.pk}/").content.decode()
    assert all(words in page for words in ("Hardness in doubt", "kim", "Lifted", "ola", "Measured again"))


def test_a_number_leads_straight_to_its_lot_and_an_unknown_one_says_what_was_looked_for(client, chain):
    sign_in(client, chain.site, "VIEWER")
    assert client.get("/trace/", {"lot": "s1"}).headers["Location"] == f"/trace/{chain.pk}/"
    assert "No lot “X-9”" in client.get("/trace/", {"lot": "X-9"}).content.decode()
    assert "Newest lots" in client.get("/trace/").content.decode()
    assert client.get("/trace/", {"lot": "a\x00"}).status_code == 200


def test_hold_all_over_the_page_answers_with_what_was_done(client, chain):
    reason = make_reason(site=chain.site, kind="HOLD", code="RECALL", name="Recall")
    sign_in(client, chain.site, "SUPERVISOR")
    page = client.post(f"/trace/{chain.pk}/hold-all", {"reason": reason.code, "note": "Wrong alloy"}).content.decode()
    assert "3 lots are on hold now, 1 order in work too." in page and "5 pcs were shipped (D-B)" in page
    assert LotHold.objects.filter(reason=reason, placed_by="supervisor").count() == 4


def test_who_may_not_hold_sees_no_button_and_is_refused(client, chain):
    sign_in(client, chain.site, "VIEWER")
    assert "Hold all" not in client.get(f"/trace/{chain.pk}/").content.decode()
    assert client.post(f"/trace/{chain.pk}/hold-all").status_code == 403


def test_a_lot_of_another_site_is_not_there(client, chain):
    sign_in(client, make_site(code="P2", name="Plant 2"), "SUPERVISOR")
    for address in (f"/trace/{chain.pk}/", f"/trace/{chain.pk}/lots.csv"):
        assert client.get(address).status_code == 404
    assert client.post(f"/trace/{chain.pk}/hold-all").status_code == 404


def test_no_cell_of_the_file_is_a_formula(client, chain):
    Lot.objects.filter(number="A").update(number='=HYPERLINK("http://x")')
    sign_in(client, chain.site, "VIEWER")
    assert "\"'=HYPERLINK" in client.get(f"/trace/{chain.pk}/lots.csv").content.decode()


def test_a_completed_order_does_not_keep_its_lots_from_being_held(chain):
    from mes.execution.models import WorkOrder  # noqa: PLC0415

    complete(WorkOrder.objects.get(number="WO-1"), "10", when=at(6))
    assert {lot.number for lot in hold(chain).held} == {"S1", "A", "C"}


def test_the_api_gives_the_graph_and_holds_it(chain):
    planner = with_role(chain.site, "PLANNER")
    graph = planner.get(f"/api/v1/lots/{chain.pk}/genealogy").json()
    names = {lot["id"]: lot["number"] for lot in graph["lots"]}
    links = {(names[link["source"]], names[link["target"]], link["sure"]) for link in graph["links"]}
    assert graph["direction"] == "down" and links == {("S1", "A", True), ("S1", "B", True), ("A", "C", True)}
    assert [one["work_order"] for one in graph["in_process"]] == ["WO-3"]
    assert planner.get(f"/api/v1/lots/{chain.pk}/genealogy?up=true").json()["links"] == []
    done = planner.send("POST", f"/api/v1/lots/{chain.pk}/hold-all", {"note": "Wrong alloy"}).json()
    assert [lot["number"] for lot in done["held"]] == ["S1", "A", "C"]
    assert done["gone"][0]["lot"]["number"] == "B" and done["orders_held"] == ["WO-3"]


def test_a_lot_is_split_shipped_and_scrapped_over_http_once_each(chain):
    operator = with_role(chain.site, "OPERATOR")
    reason = make_reason(site=chain.site)
    for what, more, left in (
        ("transfer", {"to_lot": "S1-a"}, 10), ("ship", {"reference": "D-1"}, 5), ("scrap", {"reason": reason.code}, 0)
    ):  # fmt: skip
        body = {"movement_id": str(uuid.uuid4()), "quantity": "5"} | more
        for _ in range(2):
            answer = operator.send("POST", f"/api/v1/lots/{chain.pk}/{what}", body)
            assert answer.status_code == 201, answer.content
        chain.refresh_from_db()
        assert chain.quantity == left
    refused = operator.send(
        "POST",
        f"/api/v1/lots/{chain.pk}/ship",
        {"movement_id": str(uuid.uuid4()), "quantity": "1", "reference": ""},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "lot_short")


def test_each_lot_says_what_came_in_and_where_it_went(chain):
    sums = mass_balances(trace(lot_id=chain.pk, down=True).members)
    by_number = {Lot.objects.get(pk=pk).number: one for pk, one in sums.items()}
    of_a = by_number["A"]
    assert (of_a.came_in, of_a.used, of_a.shipped, of_a.left, of_a.difference) == (10, 3, 3, 4, 0)
    # The test put S1 there without a movement: that is what no movement explains.
    assert by_number["S1"].difference == -30


def test_a_transfer_and_scrap_are_in_the_balance_of_both_lots(chain):
    part = Lot.objects.get(number="A").item
    make_reason(code="BURR")
    common = {"item": part, "lot_number": "A", "person": None, "occurred_at": at(6), "now": at(6)}
    material.transfer_lot(movement_id=uuid.uuid4(), to_lot="A2", quantity=Decimal(1), **common)
    material.scrap_lot(movement_id=uuid.uuid4(), quantity=Decimal(1), reason="BURR", **common)
    found = trace(lot_id=Lot.objects.get(number="A").pk, down=True).members
    sums = {lot.number: one for lot in found for one in [mass_balances(found)[lot.id]]}
    assert (sums["A"].moved, sums["A"].scrapped, sums["A"].difference) == (1, 1, 0)
    assert (sums["A2"].came_in, sums["A2"].left, sums["A2"].difference) == (1, 1, 0)


def test_before_one_holds_all_the_page_says_what_that_would_be(chain):
    quality = with_role(chain.site, "QUALITY")
    page = quality.get(f"/trace/{chain.pk}/")
    plan = page.context["plan"]
    assert {lot.number for lot in plan.lots} == {"S1", "A", "C"} and plan.orders == ["WO-3"]
    assert {lot.number for lot in plan.shipped} == {"A", "B"} and plan.held_before == 0
    text = page.content.decode()
    assert "2 lots have left the plant" in text and "10</bdi> in" in text and "unexplained" in text
    hold(chain)
    again = quality.get(f"/trace/{chain.pk}/").context["plan"]
    assert again.held_before == 3
    lines = quality.get(f"/trace/{chain.pk}/lots.csv").content.decode().splitlines()
    assert lines[0].endswith("came in,used,scrapped,moved on,difference")
    assert next(line for line in lines if ",A,PART" in line).endswith("10,3,0,0,0")
