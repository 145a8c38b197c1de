"""P12 to P14: how fast messages leave, and how soon after the commit the first byte does."""

import statistics
import time
from decimal import Decimal
from uuid import uuid4

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from benchmarks import plant
from benchmarks.harness import Row, interleaved, seconds
from benchmarks.plant import InstantErp
from erp_bridge.engine import outbox, worker
from erp_bridge.models import OutboundMessage
from mes.execution.events import ProductionReported

MESSAGES = 400
ORDERS = 40
PROMISE = "≥ 0.25 (ADR 11)"


def fill(count: int = MESSAGES, orders: int = ORDERS) -> None:
    """Write so many messages, spread over so many work orders."""
    operations = [plant.operation() for _ in range(orders)]
    for number in range(count):
        report_id = uuid4()
        with transaction.atomic():
            outbox.enqueue(
                ProductionReported(
                    event_id=report_id, report_id=report_id, occurred_at=timezone.now(), good_quantity=Decimal(1),
                    rework_quantity=Decimal(0), scrap_quantity=Decimal(0), is_output=True,
                    **plant.values(operations[number % orders]),
                )
            )  # fmt: skip


def drain_without_waiting(rounds: int) -> list[Row]:
    """P12: messages per second with an ERP that takes no time, against the least that a note per message can be."""
    plant.connect()
    InstantErp.pause = 0.0
    worker.sweep(budget=120)  # what other benchmarks left behind
    ours, noted, claimed = [], [], []
    for _ in range(rounds):
        fill()
        ours.append(MESSAGES / seconds(lambda: worker.sweep(budget=120)))
        noted.append(_note_rows())
        claimed.append(_claim_rows())
    figure, notes, claims = (statistics.median(rates) for rates in (ours, noted, claimed))
    left = OutboundMessage.objects.filter(due_at__isnull=False, waits_for="").exclude(state="DONE").count()
    assert left == 0, f"{left} messages were not delivered"
    return [
        Row(
            "P12", "outbox drain, ERP answers at once", f"{figure:,.0f}/s",
            f"{notes:,.0f}/s the same notes in plain SQL, one durable commit each", f"{figure / notes:.2f}", PROMISE,
        ),
        Row(
            "P12", "the same", f"{figure:,.0f}/s", f"{claims:,.0f}/s rows claimed by 100, one commit per hundred",
            f"{figure / claims:.4f}", "printed: intents that share a commit are not durable one by one (ADR 11)",
        ),
    ]  # fmt: skip


def drain_with_slow_erp(rounds: int) -> list[Row]:
    """P13: messages per second with an ERP that takes 20 ms a call, against one call after the other and nothing else."""
    plant.connect()
    InstantErp.pause = 0.02
    rates = []
    for _ in range(max(2, rounds // 2)):
        fill(100, 20)
        rates.append(100 / seconds(lambda: worker.sweep(budget=120)))
    InstantErp.pause = 0.0
    figure = statistics.median(rates)
    return [
        Row(
            "P13", "outbox drain, ERP takes 20 ms, one worker", f"{figure:,.0f}/s", "50/s: nothing but the calls",
            f"{figure / 50:.2f}", "≥ 0.70 of the ERP's own time (ADR 11)",
        )
    ]  # fmt: skip


def commit_to_first_byte(rounds: int) -> list[Row]:
    """P14: from the commit of the fact to the beginning of the call, worker woken at once, against an empty sweep."""
    plant.connect()
    waits = []
    for _ in range(rounds * 4):
        InstantErp.first_call.clear()
        fill(1, 1)
        committed = time.perf_counter()
        worker.sweep(budget=5)
        waits.append((InstantErp.first_call[0] - committed) * 1000)
    idle = interleaved({"idle": lambda: worker.sweep(budget=5)}, rounds=rounds)["idle"] * 1000
    waits.sort()
    figure, worst = statistics.median(waits), waits[-1]
    return [
        Row(
            "P14", "commit → call begins, worker awake", f"p50 {figure:.1f} ms, max {worst:.1f} ms",
            f"{idle:.1f} ms: a sweep that finds nothing", f"{figure / idle:.1f}", "p50 ≤ 30 ms",
        )
    ]  # fmt: skip


def _note_rows() -> float:
    """Return messages per second of the least that a note per message can be, by plain SQL in one transaction each.

    The lease renewed, the last answer and its attempt written, the next intent written, committed: no ORM, no event
    read, nothing translated, no call.
    """
    text = "the answer of an ERP that is kept with the attempt " * 8
    with database.cursor() as cursor:
        for table in ("bench_leases", "bench_messages", "bench_attempts"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute("CREATE TABLE bench_leases (id integer PRIMARY KEY, until integer NOT NULL)")
        cursor.execute(
            "CREATE TABLE bench_messages (id integer PRIMARY KEY, state varchar(16) NOT NULL, body text NOT NULL)"
        )
        cursor.execute(
            "CREATE TABLE bench_attempts (message integer NOT NULL, outcome varchar(16) NOT NULL, kept text)"
        )
        cursor.execute("INSERT INTO bench_leases VALUES (1, 0)")
        values = ", ".join(f"({number}, 'PENDING', '{text}')" for number in range(MESSAGES + 1))
        cursor.execute(f"INSERT INTO bench_messages VALUES {values}")
        started = time.perf_counter()
        for number in range(MESSAGES):
            with transaction.atomic():
                cursor.execute("UPDATE bench_leases SET until = %s WHERE id = 1 AND until = %s", [number + 1, number])
                cursor.execute("UPDATE bench_messages SET state = 'DONE' WHERE id = %s", [number])
                cursor.execute("INSERT INTO bench_attempts VALUES (%s, 'ACK', %s)", [number, text])
                cursor.execute("UPDATE bench_messages SET state = 'SENDING' WHERE id = %s", [number + 1])
        return MESSAGES / (time.perf_counter() - started)


def _claim_rows() -> float:
    """Return rows per second of the least that a claim can be: an UPDATE of a hundred rows, committed, again and again."""
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_rows")
        cursor.execute("CREATE TABLE bench_rows (id integer PRIMARY KEY, done integer NOT NULL)")
        cursor.execute(f"INSERT INTO bench_rows (id, done) VALUES {', '.join(f'({n}, 0)' for n in range(4000))}")
        started = time.perf_counter()
        skip = " FOR UPDATE SKIP LOCKED" if database.vendor == "postgresql" else ""
        for _ in range(40):
            cursor.execute(
                "UPDATE bench_rows SET done = 1 WHERE id IN "
                f"(SELECT id FROM bench_rows WHERE done = 0 ORDER BY id LIMIT 100{skip})"
            )
        return 4000 / (time.perf_counter() - started)


BENCHMARKS = {"P12": drain_without_waiting, "P13": drain_with_slow_erp, "P14": commit_to_first_byte}
