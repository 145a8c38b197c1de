"""The devices that stand at work centers, and every tap that reached the server, with its answer.

A repeated tap does nothing, a refused one is seen, and one from a device that was revoked waits for a supervisor.
"""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mes.core.persons import Naming
from mes.terminal.rules import short_ref

SEEN_LATELY = timedelta(minutes=2)
"""A device that was heard within this time is here: a page in the background asks every 15 s."""


class Device(models.Model):
    """A tablet or kiosk that may book at a site (or at one work center of it), known by a token of which only the hash
    is kept. It is revoked, never deleted: entries name the device they came from."""

    NAMES = Naming(at="enrolled_at")

    site = models.ForeignKey("masterdata.Site", on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(
        "masterdata.WorkCenter",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty: every work center of the site.",
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    enrolled_at = models.DateTimeField(editable=False)
    enrolled_by = models.CharField(max_length=150, editable=False, help_text="Who made its code.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.CharField(max_length=150, blank=True, default="", editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.CharField(max_length=40, blank=True, default="", editable=False)
    """Of the page that runs on it, as the page says."""
    queue_length = models.PositiveIntegerField(default=0, editable=False)
    """How many entries it holds that the server has not confirmed, as the page says."""

    history = HistoricalRecords(excluded_fields=["digest", "seen_at", "version", "queue_length"])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"], condition=Q(revoked_at=None), name="a_device_name_is_in_use_once_per_site"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def state_at(self, now: datetime) -> str:
        """Return ``REVOKED``, ``NEW`` (never heard of), ``HERE`` or ``SILENT``."""
        if self.revoked_at:
            return "REVOKED"
        if self.seen_at is None:
            return "NEW"
        return "HERE" if now - self.seen_at <= SEEN_LATELY else "SILENT"


class EnrollmentCode(models.Model):
    """A code that makes the browser it is entered in a device, once, and not for long."""

    NAMES = Naming(at="made_at")

    site = models.ForeignKey("masterdata.Site", on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(
        "masterdata.WorkCenter", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    device = models.OneToOneField(Device, on_delete=models.PROTECT, related_name="code", null=True, blank=True)
    """What it made; with it the code is used up."""

    def __str__(self) -> str:
        return f"Code for {self.name}"


class TerminalEntry(models.Model):
    """One tap of a person at a terminal, under the id that the terminal gave it; a refused one waits for a supervisor."""

    NAMES = Naming(settled=~models.Q(state="REFUSED"))

    class State(models.TextChoices):
        SAVED = "SAVED", _("Saved")
        REFUSED = "REFUSED", _("Waits for a supervisor")
        DISMISSED = "DISMISSED", _("Dismissed by a supervisor")

    class ClockFlag(models.TextChoices):
        AHEAD = "clock_ahead", _("The device's clock was ahead.")
        BEHIND = "clock_behind", _("The device's clock was behind.")
        CHANGED = "clock_changed", _("The device's clock was changed before it was sent.")
        UNKNOWN = "clock_unknown", _("The device's clock was not known until it was sent.")

    class Identity(models.TextChoices):
        VERIFIED = "VERIFIED", _("Proven by badge or PIN")
        UNVERIFIED = "UNVERIFIED", _("Not checked: taken without network")

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey("masterdata.Site", on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey("masterdata.WorkCenter", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="entries")
    """What it was sent from; None for somebody who was signed in."""
    approved_by = models.ForeignKey("masterdata.Person", null=True, on_delete=models.PROTECT, related_name="+")
    """Who allowed it with their PIN, where it took more than the person's own right."""
    identity = models.CharField(max_length=10, choices=Identity, default="VERIFIED")
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
            models.Index(
                fields=["site", "recorded_at"], condition=models.Q(identity="UNVERIFIED"), name="unverified_taps"
            ),
            models.Index(fields=["work_center", "recorded_at"], name="taps_of_work_center"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id} {self.state}"

    @property
    def ref(self) -> str:
        """The short name under which people speak of it."""
        return short_ref(self.id)
