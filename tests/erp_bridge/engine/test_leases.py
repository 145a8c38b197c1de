"""One worker speaks about a stream, and one that lost it is stopped by the database."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import connections as databases
from django.db import transaction

from erp_bridge.engine import worker
from erp_bridge.engine.leases import Lease, LeaseLost
from erp_bridge.models import Stream
from tests.erp_bridge.engine.plant import connect, counted, tell


@pytest.mark.django_db
@pytest.mark.usefixtures("erp")
class TestLease:
    def stream(self):
        connect()
        return tell(counted())[0].stream_id

    def test_a_stream_is_claimed_once(self, now):
        stream = self.stream()
        assert Lease.claim(stream)
        assert Lease.claim(stream) is None
        now.forward(timedelta(seconds=121))
        assert Lease.claim(stream).orphaned

    def test_what_is_not_due_or_held_is_not_claimed(self, now):
        stream = self.stream()
        Stream.objects.update(held=True)
        assert Lease.claim(stream) is None
        Stream.objects.update(held=False, due_at=now() + timedelta(seconds=1))
        assert Lease.claim(stream) is None

    def test_a_lease_that_passed_on_cannot_be_renewed_or_given_back(self, now):
        stream = self.stream()
        old = Lease.claim(stream)
        now.forward(timedelta(seconds=121))
        Lease.claim(stream)
        with pytest.raises(LeaseLost), transaction.atomic():
            old.renew(busy_with=None)
        with pytest.raises(LeaseLost), transaction.atomic():
            old.give_back(due_at=None, blocked=False)

    def test_a_worker_trusts_its_lease_for_less_time_than_others_must(self, now, monkeypatch):
        lease = Lease.claim(self.stream())
        assert lease.covers_a_call()
        monkeypatch.setattr("erp_bridge.engine.leases.time.monotonic", lambda: lease.trusted_until - 44)
        assert not lease.covers_a_call()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("erp")
def test_workers_that_race_book_everything_once_and_in_order(erp):
    """Four threads with connections of their own, all reaching for the same streams at once."""
    if database.vendor == "sqlite" and database.is_in_memory_db():
        pytest.skip("SQLite in memory is one connection; the kill run races processes on a file.")
    connect()
    for number in range(40):
        tell(counted(number + 1, subject=f"WO{number % 4}"))
    start = threading.Barrier(4)

    def race():
        start.wait()
        worker.sweep(budget=600)
        databases.close_all()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.sweep(budget=600)
    keys = [key for _, key, _ in erp.ledger]
    assert len(keys) == len(set(keys)) == 40
    for number in range(4):
        pieces = [each.pieces for each in erp.booked(f"WO{number}")]
        assert pieces == sorted(pieces)
