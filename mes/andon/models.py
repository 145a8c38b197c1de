"""Calls and handovers."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mes.core.persons import Naming
from mes.masterdata.models import Person, Site, WorkCenter, WorkUnit


class CallKind(models.TextChoices):
    """Whom a call is for."""

    MATERIAL = "MATERIAL", _("Material")
    QUALITY = "QUALITY", _("Quality")
    MAINTENANCE = "MAINTENANCE", _("Maintenance")
    LEAD = "LEAD", _("Team lead")


class EscalationStep(models.Model):
    """Who is told when nobody acknowledges a call of a kind in time."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=CallKind)
    tier = models.PositiveSmallIntegerField(default=2, help_text="2 is the first step up.")
    after_minutes = models.PositiveIntegerField(help_text="Minutes without an acknowledgement.")
    tells = models.CharField(max_length=100, help_text="Whom, for people: Shift manager.")
    email = models.EmailField(blank=True, default="", help_text="Empty: it is shown on the board only.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["site", "kind", "tier"]
        constraints = [
            models.UniqueConstraint(fields=["site", "kind", "tier"], name="one_escalation_step_per_tier"),
            models.CheckConstraint(condition=Q(tier__gte=2), name="escalation_begins_at_tier_two"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.tier}: {self.tells}"


class Call(models.Model):
    """Somebody at a work center needs somebody. One open call of a kind per place: calling again changes nothing.

    The place is the work center, or one of its work units: a call for maintenance of a unit has the id of the request for
    maintenance, and both are answered together (see services.maintenance).
    """

    NAMES = Naming(at="raised_at")

    class Status(models.TextChoices):
        RAISED = "RAISED", _("Nobody comes yet")
        ACKNOWLEDGED = "ACKNOWLEDGED", _("Somebody comes")
        ARRIVED = "ARRIVED", _("Somebody is there")
        RESOLVED = "RESOLVED", _("Resolved")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="calls")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="calls")
    kind = models.CharField(max_length=16, choices=CallKind)
    note = models.CharField(max_length=400, blank=True, default="")
    status = models.CharField(max_length=16, choices=Status, default=Status.RAISED)
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True, default="")
    arrived_at = models.DateTimeField(null=True, blank=True)
    arrived_by = models.CharField(max_length=150, blank=True, default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True, default="")
    outcome = models.CharField(max_length=400, blank=True, default="")
    tier = models.PositiveSmallIntegerField(default=1, help_text="How far it was escalated.")

    class Meta:
        ordering = ["-raised_at"]
        indexes = [models.Index(fields=["site", "raised_at"], name="call_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["work_center", "kind"], condition=~Q(status="RESOLVED") & Q(work_unit=None),
                name="one_open_call_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["work_unit", "kind"], condition=~Q(status="RESOLVED"), name="one_open_call_of_a_kind_at_a_unit"
            ),
            models.CheckConstraint(
                condition=Q(status="RAISED", acknowledged_at__isnull=True, arrived_at__isnull=True, resolved_at__isnull=True)
                | Q(
                    status="ACKNOWLEDGED", acknowledged_at__isnull=False, arrived_at__isnull=True, resolved_at__isnull=True
                )
                | Q(status="ARRIVED", acknowledged_at__isnull=False, arrived_at__isnull=False, resolved_at__isnull=True)
                | Q(status="RESOLVED", resolved_at__isnull=False),
                name="a_call_is_where_its_times_say",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.place}: {self.get_kind_display()}"

    @property
    def place(self) -> str:
        """The code of where somebody is needed: the work unit if there is one, else the work center."""
        return self.work_unit.code if self.work_unit else self.work_center.code


class Handover(models.Model):
    """What who leaves a work center tells who comes, with what was open at that moment. A fact; only accepting it is added."""

    NAMES = Naming(at="handed_over_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="handovers")
    note = models.TextField(blank=True, default="")
    points = models.JSONField(default=list, help_text="What was open: a list of sentences.")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    handed_over_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-handed_over_at"]
        indexes = [models.Index(fields=["work_center", "handed_over_at"], name="handover_by_time")]

    def __str__(self) -> str:
        return f"{self.work_center.code} {self.handed_over_at:%Y-%m-%d %H:%M}"
