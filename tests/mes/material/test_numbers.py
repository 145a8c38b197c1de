"""What is made gets its number by rule: none twice, none lost to a refusal."""

from decimal import Decimal

import pytest
from django.conf import settings

from mes.core.errors import DomainError
from mes.execution.models import ProductionReport
from mes.material.models import Lot, NumberCounter, NumberingRule
from mes.material.services import SerialsOneByOne, SerialTaken
from tests.factories import make_item, make_lot, make_site, make_work_order
from tests.mes.execution.helpers import at, report, reverse, start
from tests.mes.execution.test_concurrency import together


@pytest.fixture
def part(db):
    return make_item(number="PART", lot_tracked=True)


def rule(item, pattern="L{n:3}", each="ORDER", **given):
    return NumberingRule.objects.create(**{"site": item.site, "item": item, "pattern": pattern, "each": each} | given)


def order_of(item, **given):
    order = make_work_order(item=item, operations=1, **given)
    start(order, "10")
    return order


def test_without_a_rule_a_lot_has_its_order_s_number(part):
    assert report(order_of(part, number="WO-5"), "10", good=1).lot == "WO-5"


def test_one_lot_for_each_order(part):
    rule(part)
    first, second = order_of(part), order_of(part)
    lots = [report(one, "10", good=1).lot for one in (first, second, first, second)]
    assert lots == ["L001", "L002", "L001", "L002"]


def test_one_lot_for_each_order_and_day_of_the_site_s_calendar(part):
    part.site.time_zone = "Asia/Seoul"
    part.site.save()
    rule(part, "{mm}{dd}-{n:2}", "DAY")
    order = order_of(part)
    # 08:00 UTC on 2 March is 17:00 in Seoul; seven hours later it is the 3rd there and still the 2nd in UTC.
    lots = [report(order, "10", good=1, when=at(minute)).lot for minute in (0, 60, 7 * 60)]
    assert lots == ["0302-01", "0302-01", "0303-01"]


def test_one_lot_for_each_report_and_the_same_report_again_keeps_its_own(part):
    rule(part, each="REPORT")
    order = order_of(part)
    first = report(order, "10", good=1)
    again = report(order, "10", good=1, report_id=first.pk)
    assert (first.lot, again.lot, report(order, "10", good=1).lot) == ("L001", "L001", "L002")


def test_a_rule_of_the_item_counts_before_the_one_of_the_site(part):
    NumberingRule.objects.create(site=part.site, pattern="SITE{n}")
    assert report(order_of(part), "10", good=1).lot == "SITE1"
    rule(part, "OWN{n}")
    assert report(order_of(part), "10", good=1).lot == "OWN1"
    elsewhere = make_item(number="PART", site=make_site(code="P2", name="Plant 2"), lot_tracked=True)
    assert report(order_of(elsewhere, number="WO-9"), "10", good=1).lot == "WO-9"


def test_scrap_and_refusals_use_no_number_up(part):
    rule(part, each="REPORT")
    order = order_of(part)
    report(order, "10", rework=1)
    with pytest.raises(DomainError):
        report(order, "10", good=1000)
    assert report(order, "10", good=1).lot == "L001"


def test_a_number_that_somebody_wrote_by_hand_is_passed_over(part):
    rule(part, each="REPORT")
    make_lot(item=part, number="L001")
    assert report(order_of(part), "10", good=1).lot == "L002"


def test_serials_are_reported_one_by_one_and_once(part):
    rule(part, "S{n:4}", "PIECE")
    order = order_of(part)
    with pytest.raises(SerialsOneByOne, match="one by one"):
        report(order, "10", good=2)
    made = report(order, "10", good=1)
    assert made.lot == "S0001" and Lot.objects.get(number="S0001").quantity == 1
    with pytest.raises(SerialTaken, match="S0001 was made before"):
        report(order, "10", good=1, lot="S0001")
    reverse(made)
    assert report(order, "10", good=1, lot="S0001").lot == "S0001"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer: nothing to race"
)
def test_many_who_report_at_once_get_all_numbers_and_each_once():
    part = make_item(number="PART", lot_tracked=True)
    rule(part, each="REPORT")
    orders = [order_of(part, order_quantity=Decimal(8)) for _ in range(4)]

    def reporter(order):
        for _ in range(10):
            try:
                report(order, "10", good=1)
            except DomainError:
                pass

    together(*[lambda order=order: reporter(order) for order in orders])
    lots = sorted(ProductionReport.objects.values_list("lot", flat=True))
    assert lots == [f"L{number:03}" for number in range(1, 33)]
    assert NumberCounter.objects.get().last == 32


def test_the_admin_shows_the_first_number_and_refuses_a_pattern_that_cannot_be(admin_client, part):
    page = "/admin/material/numberingrule/add/"
    given = {"site": part.site.pk, "item": part.pk, "each": "REPORT", "pattern": "{yy}", "active": "on"}
    assert "It needs a counter" in admin_client.post(page, given).content.decode()
    assert admin_client.post(page, given | {"pattern": "X{n:3}"}).status_code == 302
    assert "X001" in admin_client.get("/admin/material/numberingrule/").content.decode()
