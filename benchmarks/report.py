"""P2, P19, P20: what it costs to report, and to do a whole job, against the bare rows that have to be written."""

import json
from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from benchmarks import plant
from benchmarks.harness import Row, interleaved
from erp_bridge.models import Connection, OutboundMessage, Stream
from mes.access.services import create_key
from mes.execution import services
from mes.execution.models import Operation, ProductionReport, WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.journal.models import JournalEntry
from mes.masterdata.models import Item, Site

REPORTS = 50


def report(rounds: int) -> list[Row]:
    """P2: a report by the service, and over the whole HTTP stack, against the ORM writing the same rows and no more.

    Three times the rounds: durable commits scatter more than the promise leaves room for.
    """
    connection = plant.connect()
    operation, person = plant.operation(), plant.person()

    def by_service() -> None:
        now = timezone.now()
        services.report_production(
            report_id=uuid4(),
            operation_id=operation.pk,
            good_quantity=Decimal(1),
            person=person,
            occurred_at=now,
            now=now,
        )

    cases = {
        "bare": _bare(operation, connection),
        "service": by_service,
        "http": _over_http(operation),
    }
    medians = interleaved(
        {name: (lambda case=case: [case() for _ in range(REPORTS)]) for name, case in cases.items()}, rounds=rounds * 3
    )
    each = {name: taken / REPORTS * 1000 for name, taken in medians.items()}
    return [
        Row(
            "P2", "report, by the service", f"{each['service']:.2f} ms", f"{each['bare']:.2f} ms bare ORM transaction",
            f"{each['service'] / each['bare']:.2f}", "costs ≤ 1.7 times",
        ),
        Row(
            "P2", "report, over the HTTP stack in one process", f"{each['http']:.2f} ms", f"{each['bare']:.2f} ms",
            f"{each['http'] / each['bare']:.2f}", "printed",
        ),
    ]  # fmt: skip


def smallest_booking(rounds: int) -> list[Row]:
    """P19: the smallest thing a terminal books, over HTTP, in bookings per second of one client."""
    plant.connect()
    book = _over_http(plant.operation())
    cases = {"book": lambda: [book() for _ in range(REPORTS)], "empty": lambda: [_touch() for _ in range(REPORTS)]}
    taken = interleaved(cases, rounds=rounds)
    rate, limit = REPORTS / taken["book"], REPORTS / taken["empty"]
    return [
        Row(
            "P19", "smallest booking over HTTP, one client", f"{rate:,.0f}/s", f"{limit:,.0f}/s one row, one commit",
            f"{rate / limit:.2f}", "peers' figures come with a later issue",
        )
    ]  # fmt: skip


def complete_job(rounds: int) -> list[Row]:
    """P20: make, release, start, report and finish an order, with its outbox, in jobs per second of one client."""
    plant.connect()
    operation = plant.operation()
    item, site = operation.work_order.item, operation.work_order.site
    taken = interleaved({"job": lambda: _job(site, item, operation), "row": _touch}, rounds=rounds * 4)
    rate = 1 / taken["job"]
    return [
        Row(
            "P20", "complete job: release, start, report, finish", f"{rate:,.0f}/s",
            f"{1 / taken['row']:,.0f}/s one row, one commit", f"{taken['row'] / taken['job']:.3f}",
            "peers' figures come with a later issue",
        )
    ]  # fmt: skip


def _bare(operation: Operation, connection: Connection) -> Callable[[], None]:
    """Return the transaction that locks the two sums and writes a report's rows with the ORM: no check, no event, no mapping."""
    order_id, operation_id = operation.work_order_id, operation.pk
    stream = Stream.objects.get_or_create(connection=connection, key=f"bare-{order_id}")[0]

    def write() -> None:
        now, key = timezone.now(), uuid4()
        with transaction.atomic():
            order = WorkOrder.objects.select_for_update().get(pk=order_id)
            operation = Operation.objects.select_for_update().get(pk=operation_id)
            ProductionReport.objects.create(
                id=key,
                site_id=order.site_id,
                work_order=order,
                operation=operation,
                good_quantity=Decimal(1),
                occurred_at=now,
                recorded_at=now,
                fingerprint=key.hex,
            )
            operation.good_quantity += 1
            operation.save(update_fields=["good_quantity"])
            order.good_quantity += 1
            WorkOrder.objects.filter(pk=order_id).update(good_quantity=order.good_quantity)
            data = {"report_id": str(key), "good_quantity": "1", "operation": "10", "item": "PART", "uom": "pcs"}
            JournalEntry.objects.create(
                event_id=key,
                kind="ProductionReported",
                version=1,
                site="BENCH",
                subject=order.number,
                data=data,
                occurred_at=now,
            )
            stream.next_seq += 1
            stream.save(update_fields=["next_seq"])
            OutboundMessage.objects.create(
                connection=connection,
                stream=stream,
                seq=stream.next_seq,
                flow="production",
                key=key.hex,
                kind="ProductionReported",
                event_id=key,
                event=data,
                sha256=key.hex * 2,
                occurred_at=now,
                recorded_at=now,
                due_at=None,
            )

    return write  # fmt: skip


def _over_http(operation: Operation) -> Callable[[], None]:
    _, token = _key(operation.work_order.site)
    client = Client(headers={"authorization": f"Api-Key {token}", "host": "127.0.0.1"})

    def post() -> None:
        body = {
            "report_id": str(uuid4()), "operation_id": str(operation.pk), "good_quantity": "1", "person": "1",
            "occurred_at": timezone.now().isoformat(),
        }  # fmt: skip
        answer = client.post("/api/v1/reports", json.dumps(body), content_type="application/json")
        if answer.status_code >= 300:
            raise RuntimeError(f"{answer.status_code}: {answer.content!r}")

    return post


def _key(site: Site) -> tuple[object, str]:
    return create_key(name="bench", site=site, scopes=["reports:write"], now=timezone.now())


def _touch() -> None:
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_touch (id varchar(36) PRIMARY KEY)")
        cursor.execute("INSERT INTO bench_touch VALUES (%s)", [str(uuid4())])


def _job(site: Site, item: Item, model: Operation) -> None:
    person, now = plant.person(), timezone.now()
    record = WorkOrderRecord(
        site=site.code, number=f"J-{uuid4().hex[:10]}", item=item.number, order_quantity=Decimal(10), uom="pcs",
        status="RELEASED", components=(), steps=(plant.step(model),),
    )  # fmt: skip
    order = services.create_work_order(record=record, by="bench", now=now)
    operation = order.operations.get()
    at = {"person": person, "occurred_at": now, "now": now}
    services.start_operation(operation_id=operation.pk, **at)
    services.report_production(report_id=uuid4(), operation_id=operation.pk, good_quantity=Decimal(10), **at)
    services.complete_operation(operation_id=operation.pk, **at)


BENCHMARKS = {"P2": report, "P19": smallest_booking, "P20": complete_job}
