"""Two terminals at once: the order's lock makes one wait for the other. On PostgreSQL, where they really run together."""

import threading
import uuid
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection

from mes.core.errors import DomainError
from mes.execution.models import Operation, OrderComponent, ProductionReport
from tests.factories import make_item, make_lot, make_work_order
from tests.mes.execution.helpers import report, start

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
