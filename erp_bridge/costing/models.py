"""Rates by the day they hold from, the planned cost that was frozen at release, and every roll-up that was made."""

import uuid
from typing import ClassVar

from django.db import models
from simple_history.models import HistoricalRecords

from mes.core.fields import MoneyField, QuantityField


class CostRate(models.Model):
    """So much money per unit, hour or cycle, from a day on. ``key`` names what costs it, at the site."""

    class Kind(models.TextChoices):
        ITEM = "ITEM", "Item"
        PERSON = "PERSON", "Person"
        WORK_CENTER = "WORK_CENTER", "Work center"

    class Per(models.TextChoices):
        UNIT = "UNIT", "Unit"
        HOUR = "HOUR", "Hour"
        CYCLE = "CYCLE", "Cycle"

    site = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(
        max_length=64,
        blank=True,
        help_text="Item number, personnel number or work center code. Empty for a person: everyone without an own rate.",
    )
    valid_from = models.DateField(help_text="Holds from this day, site time, until the next one.")
    amount = MoneyField()
    per = models.CharField(max_length=8, choices=Per)
    currency = models.CharField(max_length=3)
    owner = models.CharField(
        max_length=64, blank=True, default="", help_text="The connection that owns it. Empty: kept here, by hand."
    )
    external_id = models.CharField(max_length=128, blank=True, default="")
    content_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["site", "kind", "key", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "kind", "key", "valid_from"], name="one_rate_holds_from_a_day"),
            models.CheckConstraint(
                condition=models.Q(kind="ITEM", per="UNIT")
                | models.Q(kind="PERSON", per="HOUR")
                | models.Q(kind="WORK_CENTER", per__in=["HOUR", "CYCLE"]),
                name="a_rate_is_per_what_its_kind_is_counted_in",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="a_rate_is_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["changed_at"], name="rate_by_change")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key or 'anyone'} from {self.valid_from}: {self.amount.normalize():f} {self.currency}"


class PlannedCost(models.Model):
    """What an order was to cost when it was released, frozen then."""

    site = models.CharField(max_length=32)
    work_order = models.CharField(max_length=64)
    order_quantity = QuantityField()
    currency = models.CharField(max_length=3, blank=True, default="")
    taken_at = models.DateTimeField()
    rated_on = models.DateField(help_text="The day whose rates it uses: that of the release, site time.")

    class Meta:
        ordering: ClassVar = ["site", "work_order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "work_order"], name="an_order_is_planned_once")
        ]

    def __str__(self) -> str:
        return f"{self.work_order} as released on {self.rated_on}"


class PlannedCostLine(models.Model):
    """One planned input. ``rate`` is empty where none was known at release; it is filled when one for that day arrives."""

    planned_cost = models.ForeignKey(PlannedCost, on_delete=models.CASCADE, related_name="lines")
    operation = models.CharField(max_length=32)
    element = models.CharField(max_length=16)
    activity = models.CharField(max_length=16, blank=True, default="")
    key = models.CharField(max_length=64, blank=True, default="")
    quantity = QuantityField()
    unit = models.CharField(max_length=16)
    rate = MoneyField(null=True)
    per = models.CharField(max_length=8)
    basis = models.CharField(max_length=200, blank=True, default="", help_text="Where the rate is from, for people.")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["planned_cost", "operation", "element", "activity", "key"], name="an_input_is_planned_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.element} {self.key}"


class CostRollUp(models.Model):
    """The cost of an order as it was told to ERPs: never changed; a later revision replaces it."""

    event_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.CharField(max_length=32)
    work_order = models.CharField(max_length=64)
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    planned_total = MoneyField()
    material = MoneyField()
    labor = MoneyField()
    machine = MoneyField()
    scrap = MoneyField()
    rework = MoneyField()
    total = MoneyField()
    rolled_up_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["site", "work_order", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "work_order", "revision"], name="a_revision_is_rolled_up_once")
        ]

    def __str__(self) -> str:
        return f"{self.work_order} revision {self.revision}: {self.total:.2f} {self.currency}"
