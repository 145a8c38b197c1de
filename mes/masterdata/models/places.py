"""Sites, areas, work centers and work units, and how a site divides time between jobs."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from mes.core import persons, shares
from mes.masterdata.models.provenance import Provenance


class Site(models.Model):
    """A plant (ISA-95 site): every fact and every permission belongs to one."""

    class LotlessBackflush(models.TextChoices):
        RECORD = "RECORD", "Record it without a lot"
        REFUSE = "REFUSE", "Refuse the report"

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Europe/Berlin.")
    currency = models.CharField(max_length=3, default="EUR")
    language = models.CharField(
        max_length=8,
        blank=True,
        default="",
        help_text="In which reasons, checks and instructions are written here: terminals in another language say so where "
        "nobody translated one. Empty: nobody said, and they do not.",
    )
    completes_with_last_operation = models.BooleanField(
        default=True, help_text="Completing the last operation of an order completes the order."
    )
    lotless_backflush = models.CharField(
        max_length=8,
        choices=LotlessBackflush,
        default=LotlessBackflush.RECORD,
        help_text="What to do when a lot-tracked component is backflushed and no lot of it is at hand.",
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """Refuse a time zone that there is not: every page of the site is shown in it."""
        if self.time_zone not in available_timezones():
            raise ValidationError(
                {"time_zone": f"There is no time zone “{self.time_zone}”. Use one like Europe/Berlin."}
            )


class Area(models.Model):
    """A part of a site (ISA-95 area)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="areas")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="area_code_once_per_site")]

    def __str__(self) -> str:
        return self.code


class WorkCenter(Provenance):
    """Where operations are planned (ISA-95 work center)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="work_centers")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="work_centers", null=True, blank=True)
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "code", "name", "area", "active")

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="work_center_code_once_per_site")]

    def __str__(self) -> str:
        return self.code


class WorkUnit(models.Model):
    """A machine or bench of a work center (ISA-95 work unit): what an operation occupies."""

    class Sharing(models.TextChoices):
        EXCLUSIVE = "EXCLUSIVE", "One job at a time"
        SPLIT = "SPLIT", "Several: its time is divided between them"
        FULL = "FULL", "Several: each gets all of the time"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="work_units")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="work_units")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    sharing = models.CharField(
        max_length=16,
        choices=Sharing,
        default=Sharing.SPLIT,
        help_text="Whether several jobs may run on it at once, and who gets its time. Counts for what starts from now on.",
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="work_unit_code_once_per_site")]

    def __str__(self) -> str:
        return self.code


class SplitPolicy(models.Model):
    """From a moment on, how a site divides time in which several jobs went on at once. Never changed: another follows.

    It is the site's and not a work center's: a person's moment may be on machines of several, and has to be one whole.
    """

    class Policy(models.TextChoices):
        EQUAL = shares.EQUAL, "Equally"
        STANDARD = shares.STANDARD, "By the jobs' planned time"
        QUANTITY = shares.QUANTITY, "By the pieces reported meanwhile"
        MACHINE = shares.MACHINE, "Not at all: jobs get machine time only"

    NAMES = persons.Naming(at="valid_from")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="split_policies")
    policy = models.CharField(max_length=8, choices=Policy)
    valid_from = models.DateTimeField(help_text="Not in the past: what was booked stays as it was divided then.")
    set_by = models.CharField(max_length=150, editable=False)

    class Meta:
        verbose_name_plural = "split policies"
        ordering = ["site", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["site", "valid_from"], name="split_policy_begins_once_per_site"),
        ]

    def __str__(self) -> str:
        return f"{self.get_policy_display()} from {self.valid_from:%Y-%m-%d %H:%M}"
