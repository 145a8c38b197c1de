"""Shifts and reasons."""

from django.db import models
from simple_history.models import HistoricalRecords

from mes.core.tongues import TranslationsField
from mes.masterdata.models.places import Site
from mes.masterdata.models.provenance import Provenance


class ReasonCode(Provenance):
    """A reason in the tree of its kind."""

    class Kind(models.TextChoices):
        SCRAP = "SCRAP", "Scrap"
        REWORK = "REWORK", "Rework"
        STOP = "STOP", "Stop"
        INDIRECT = "INDIRECT", "Indirect work"
        HOLD = "HOLD", "Hold"
        RETURN = "RETURN", "Return"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="reasons")
    kind = models.CharField(max_length=16, choices=Kind)
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True, blank=True)
    active = models.BooleanField(default=True)
    translations = TranslationsField(
        of=("name",),
        help_text="Of the name, for terminals and printed reasons. Ours, also where an ERP owns the reason.",
    )

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "kind", "code", "name", "parent", "active")

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["site", "kind", "code"], name="reason_code_once_per_site_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Shift(Provenance):
    """A shift on some weekdays, in the site's local time; one that ends before it starts crosses midnight."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="shifts")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    starts_at = models.TimeField()
    ends_at = models.TimeField()
    weekdays = models.CharField(
        max_length=7, default="01234", help_text="Digits, 0 is Monday: 01234 is Monday to Friday."
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "code", "name", "starts_at", "ends_at", "weekdays", "active")

    class Meta:
        ordering = ["starts_at", "code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="shift_code_once_per_site")]

    def __str__(self) -> str:
        return f"{self.name} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}"
