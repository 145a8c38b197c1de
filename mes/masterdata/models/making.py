"""Bills of materials and routings."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core.fields import MinutesField, QuantityField
from mes.masterdata.models.items import Item, Uom
from mes.masterdata.models.places import Site, WorkCenter
from mes.masterdata.models.provenance import Provenance


class BillOfMaterials(Provenance):
    """What goes into an item, per ``base_quantity`` of it."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="boms")
    number = models.CharField(max_length=64)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="boms")
    base_quantity = QuantityField(default=1)
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    revision = models.CharField(max_length=64, blank=True)
    tolerance = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Share by which consumption may differ: 0.1 is 10 %.",
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "number", "item", "base_quantity", "uom", "revision", "tolerance", "active")

    class Meta:
        verbose_name = "bill of materials"
        verbose_name_plural = "bills of materials"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="bom_number_once_per_site"),
            models.CheckConstraint(condition=Q(base_quantity__gt=0), name="bom_base_quantity_is_positive"),
        ]

    def __str__(self) -> str:
        return self.number


class BomLine(models.Model):
    """One component of a bill. ``operation`` is the number of the step that uses it, or "" for the first."""

    bom = models.ForeignKey(BillOfMaterials, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="used_in")
    quantity = QuantityField()
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=16, blank=True)
    backflush = models.BooleanField(default=True, help_text="Consumed by itself when production is reported.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bom", "position"], name="bom_position_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="bom_line_quantity_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.uom} {self.item}"


class Routing(Provenance):
    """How items are made: steps in their order."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="routings")
    number = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    revision = models.CharField(max_length=64, blank=True)
    items = models.ManyToManyField(Item, related_name="routings", blank=True)
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "number", "name", "revision", "items", "active")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["site", "number"], name="routing_number_once_per_site")]

    def __str__(self) -> str:
        return self.number


class RoutingStep(models.Model):
    """One step of a routing: setup once per order, run per unit of the product, both in minutes."""

    routing = models.ForeignKey(Routing, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    number = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="+")
    setup_time = MinutesField(default=0)
    run_time_per_unit = MinutesField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["routing", "number"], name="routing_step_number_once"),
            models.CheckConstraint(
                condition=Q(setup_time__gte=0, run_time_per_unit__gte=0), name="routing_step_times_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
