"""Who may speak about a stream: claimed by an UPDATE that changes one row or none, and lost the same way."""

import time
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from erp_bridge.engine import clock
from erp_bridge.engine.limits import limits
from erp_bridge.models import NEVER, Stream


class LeaseLost(RuntimeError):
    """Another worker owns the stream by now. Whoever meets this stops at once and touches nothing."""


class Lease:
    """A worker's right to one stream. It trusts itself by its own monotonic clock, and shorter than others must."""

    def __init__(self, stream: Stream, token: UUID, *, now: datetime, trusted_until: float, orphaned: bool) -> None:
        self.stream = stream
        self.token = token
        self.now = now
        """The time by the database when the lease was last taken or renewed: a moment ago, and no question."""
        self.trusted_until = trusted_until
        self.orphaned = orphaned
        """The last holder vanished without giving the stream back."""

    @classmethod
    def claim(cls, stream_id: int) -> "Lease | None":
        """Return the lease if the stream is due and free, else None."""
        started = time.monotonic()
        now = clock.now()
        token = uuid4()
        stream = Stream.objects.select_related("connection").get(pk=stream_id)
        claimed = Stream.objects.filter(pk=stream_id, due_at__lte=now, lease_until__lt=now, held=False).update(
            lease_token=token, lease_until=now + timedelta(seconds=limits().lease)
        )
        if not claimed:
            return None
        trusted_until = started + limits().lease * 0.8
        return cls(stream, token, now=now, trusted_until=trusted_until, orphaned=stream.lease_token is not None)

    def renew(self, *, busy_with: int | None, **fields: object) -> datetime:
        """Lengthen the lease in the caller's transaction, locking the stream's row, and return the time.

        :raises LeaseLost: it has passed to another worker.
        """
        started = time.monotonic()
        now = clock.now()
        renewed = self._mine().update(
            lease_until=now + timedelta(seconds=limits().lease), busy_with=busy_with, **fields
        )
        if not renewed:
            raise LeaseLost(str(self.stream))
        self.trusted_until = started + limits().lease * 0.8
        self.now = now
        return now

    def covers_a_call(self) -> bool:
        """Return whether enough of the lease is left for a whole call."""
        return time.monotonic() + limits().call <= self.trusted_until

    def give_back(self, *, due_at: datetime | None, blocked: bool) -> None:
        """End the lease in the caller's transaction.

        :raises LeaseLost: it has passed to another worker.
        """
        if not self._mine().update(lease_token=None, lease_until=NEVER, busy_with=None, due_at=due_at, blocked=blocked):
            raise LeaseLost(str(self.stream))

    def _mine(self):  # type: ignore[no-untyped-def]
        return Stream.objects.filter(pk=self.stream.pk, lease_token=self.token)


def make_due(stream_id: int, *, now: datetime) -> None:
    """Have the stream looked at now, in the caller's transaction. Its row is locked, as everywhere, before its messages."""
    Stream.objects.filter(pk=stream_id).update(due_at=now, blocked=False)
