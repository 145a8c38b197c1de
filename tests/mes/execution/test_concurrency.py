"""Two terminals at once: the order's lock makes one wait for the other. On PostgreSQL, where they really run together."""

import threading
import uuid
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection

from mes.core.errors import DomainError
from mes.execution.models import MachineInterval, Operation, OrderComponent, ProductionReport
from mes.masterdata.models import WorkUnit
from tests.factories import make_item, make_lot, make_work_center, make_work_order
from tests.mes.execution.helpers import at, pause, report, start

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer: nothing to race"
    ),
]


def together(*calls):
    """Run the calls in threads that begin at one moment; return what each gave or refused."""
    begin = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(index, call):
        try:
            begin.wait()
            results[index] = call()
        except DomainError as refusal:
            results[index] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_reporters_lose_nothing_and_share_the_lots():
    steel = make_item(lot_tracked=True)
    lot = make_lot(item=steel, quantity=Decimal(1000))
    order = make_work_order(order_quantity=Decimal(200), components=[(steel, Decimal(200))])
    start(order, "10")

    def reporter():
        for _ in range(10):
            report(order, "10", good=3)

    together(*[reporter] * 4)
    operation = Operation.objects.get(work_order=order, number="10")
    lot.refresh_from_db()
    assert operation.good_quantity == 120 == OrderComponent.objects.get().issued_quantity
    assert lot.quantity == 880


def test_the_same_report_from_page_and_worker_at_once_is_one_fact():
    order = make_work_order()
    start(order, "10")
    report_id = uuid.uuid4()
    results = together(*[lambda: report(order, "10", good=5, report_id=report_id).pk] * 4)
    assert results == [report_id] * 4
    assert ProductionReport.objects.count() == 1


def test_two_who_want_the_last_pieces_get_them_once():
    order = make_work_order()
    start(order, "10")
    report(order, "10", good=90)
    results = together(*[lambda: report(order, "10", good=10) and "booked"] * 3)
    assert sorted(results) == ["booked", "qty_over_order", "qty_over_order"]


def test_two_who_start_at_once_start_once():
    order = make_work_order()
    results = together(*[lambda: start(order, "10") and "started"] * 3)
    assert sorted(results) == ["already_started", "already_started", "started"]


def test_one_id_on_two_orders_at_once_is_one_fact_and_one_refusal():
    first, second = make_work_order(), make_work_order()
    start(first, "10")
    start(second, "10")
    report_id = uuid.uuid4()
    results = together(
        lambda: report(first, "10", good=5, report_id=report_id) and "booked",
        lambda: report(second, "10", good=5, report_id=report_id) and "booked",
    )
    assert sorted(results) == ["booked", "report_id_reused"]
    assert ProductionReport.objects.count() == 1


def test_two_who_start_at_once_on_a_unit_for_one_job_do_not_both_pass():
    center = make_work_center()
    WorkUnit.objects.filter(work_center=center).update(sharing="EXCLUSIVE")
    for _ in range(5):
        orders = [make_work_order(operations=1) for _ in range(4)]
        Operation.objects.filter(work_order__in=orders).update(work_center=center)
        results = together(*[lambda order=order: start(order, "10") and "started" for order in orders])
        assert sorted(results) == ["started", *["work_unit_occupied"] * 3]
        pause(orders[results.index("started")], "10", when=at(1))


def test_two_who_leave_a_shared_unit_at_once_lose_nothing_of_its_time():
    center = make_work_center()
    for _ in range(5):
        orders = [make_work_order(operations=1) for _ in range(3)]
        Operation.objects.filter(work_order__in=orders).update(work_center=center)
        together(*[lambda order=order: start(order, "10") for order in orders])
        together(*[lambda order=order: pause(order, "10", when=at(20)) for order in orders])
        booked = Operation.objects.filter(work_order__in=orders).values_list("actual_run_time", flat=True)
        assert sum(round(minutes * 60) for minutes in booked) == 20 * 60
        MachineInterval.objects.filter(operation__work_order__in=orders).update(started_at=at(-60), ended_at=at(-50))


def test_two_who_change_places_do_not_wait_for_each_other_for_ever():
    center = make_work_center()
    other = WorkUnit.objects.create(site=center.site, work_center=center, code="OTHER")
    orders = [make_work_order(operations=1) for _ in range(2)]
    Operation.objects.filter(work_order__in=orders).update(work_center=center)
    places = [center.code, other.code]
    for order, place in zip(orders, places, strict=True):
        start(order, "10", activity="SETUP", work_unit=place)
    results = together(
        *[
            lambda order=order, place=place: start(order, "10", when=at(5), work_unit=place) and "moved"
            for order, place in zip(orders, reversed(places), strict=True)
        ]
    )
    assert results == ["moved", "moved"]
