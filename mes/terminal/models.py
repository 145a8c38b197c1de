"""Every tap that reached the server, with its answer: so that a repeated one does nothing, and a refused one is seen."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mes.terminal.rules import short_ref


class TerminalEntry(models.Model):
    """One tap of a person at a terminal, under the id that the terminal gave it; a refused one waits for a supervisor."""

    class State(models.TextChoices):
        SAVED = "SAVED", _("Saved")
        REFUSED = "REFUSED", _("Waits for a supervisor")
        DISMISSED = "DISMISSED", _("Dismissed by a supervisor")

    class ClockFlag(models.TextChoices):
        AHEAD = "clock_ahead", _("The device's clock was ahead.")
        BEHIND = "clock_behind", _("The device's clock was behind.")
        CHANGED = "clock_changed", _("The device's clock was changed before it was sent.")
        UNKNOWN = "clock_unknown", _("The device's clock was not known until it was sent.")

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey("masterdata.Site", on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey("masterdata.WorkCenter", on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    payload = models.JSONField(default=dict)
    label = models.CharField(max_length=200, blank=True, default="")
    """What the person read when they entered it, such as "+1 good"."""
    person = models.ForeignKey("masterdata.Person", null=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    """By the server's clock: the device's clock plus ``clock_offset``, never later than ``recorded_at``."""
    clock_offset = models.DurationField(null=True, blank=True)
    clock_flag = models.CharField(max_length=16, choices=ClockFlag, blank=True, default="")
    confirmed = models.BooleanField(default=False)
    """The person said of an old entry that it is still right."""
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State)
    said = models.TextField(blank=True, default="")
    """What the terminal was told: that it is saved, or why it was refused."""
    code = models.CharField(max_length=64, blank=True, default="")
    decided_by = models.CharField(max_length=150, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=4000, blank=True, default="")
    booked_payload = models.JSONField(null=True, blank=True)
    """What a supervisor booked instead of ``payload``, if it differs."""
    booked_person = models.ForeignKey("masterdata.Person", null=True, on_delete=models.PROTECT, related_name="+")
    """For whom a supervisor booked it, if not for ``person``."""

    class Meta:
        verbose_name_plural = "terminal entries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["SAVED", "REFUSED", "DISMISSED"]),
                name="a_terminal_entry_is_in_a_known_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="DISMISSED") | (~models.Q(decided_by="") & ~models.Q(decision_note="")),
                name="a_dismissed_entry_says_by_whom_and_why",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "recorded_at"], condition=models.Q(state="REFUSED"), name="refused_taps"),
            models.Index(fields=["work_center", "recorded_at"], name="taps_of_work_center"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id} {self.state}"

    @property
    def ref(self) -> str:
        """The short name under which people speak of it."""
        return short_ref(self.id)
