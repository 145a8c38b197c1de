"""Every event that was published, one row each, never changed; and how far they are sealed."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from mes.journal.rules import GENESIS, instant


class EntriesNeverChange(RuntimeError):
    """Someone tried to change or delete what happened."""


class JournalEntryQuerySet(models.QuerySet):
    """Questions to the journal; it answers, it does not forget."""

    def sealed(self) -> "JournalEntryQuerySet":
        return self.filter(sequence__isnull=False).order_by("sequence")

    def unsealed(self) -> "JournalEntryQuerySet":
        return self.filter(sequence__isnull=True).order_by("pk")

    def update(self, **kwargs: Any) -> int:
        raise EntriesNeverChange("The journal is never changed. Record a correcting fact instead.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise EntriesNeverChange("The journal is never shortened. Partition and archive it instead.")


class JournalEntry(models.Model):
    """An event as it was published; the sealer adds its place (``sequence``) and its link to the entry before.

    The database itself refuses changes and deletions (triggers, see the migrations).
    """

    event_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    site = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    actor = models.CharField(max_length=160, blank=True)
    data = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    sequence = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = JournalEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sequence__isnull=True), name="journal_waiting_to_be_sealed"),
            models.Index(fields=["subject", "sequence"], name="journal_of_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence or 'unsealed'} {self.kind} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise EntriesNeverChange("The journal is never changed. Record a correcting fact instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise EntriesNeverChange("The journal is never shortened. Partition and archive it instead.")

    def content(self, sequence: int) -> dict[str, Any]:
        """Return what the hash is made of."""
        return {
            "sequence": sequence,
            "event_id": str(self.event_id),
            "kind": self.kind,
            "version": self.version,
            "site": self.site,
            "subject": self.subject,
            "actor": self.actor,
            "data": self.data,
            "occurred_at": instant(self.occurred_at),
            "recorded_at": instant(self.recorded_at),
        }


class JournalHead(models.Model):
    """The last sealed entry. One row; whoever seals holds its lock."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)
    anchored_at = models.DateTimeField(null=True)
    """When the head was last written to the log, from where a copy leaves this machine."""

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"
