"""Every tap that reached the server, with its answer: so that a repeated one does nothing, and a refused one is seen."""

from django.db import models


class TerminalEntry(models.Model):
    """One tap of a person at a terminal, under the id that the terminal gave it."""

    class State(models.TextChoices):
        SAVED = "SAVED", "Saved"
        REFUSED = "REFUSED", "Refused"
        SETTLED = "SETTLED", "Refused, and settled by a person"

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey("masterdata.Site", on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey("masterdata.WorkCenter", on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    payload = models.JSONField(default=dict)
    person = models.ForeignKey("masterdata.Person", null=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State)
    said = models.TextField(blank=True, default="")
    """What the terminal was told: that it is saved, or why it was refused."""
    code = models.CharField(max_length=64, blank=True, default="")
    settled_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        verbose_name_plural = "terminal entries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["SAVED", "REFUSED", "SETTLED"]),
                name="a_terminal_entry_is_in_a_known_state",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "recorded_at"], condition=models.Q(state="REFUSED"), name="refused_taps"),
            models.Index(fields=["work_center", "recorded_at"], name="taps_of_work_center"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id} {self.state}"
