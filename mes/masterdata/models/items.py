"""Units and items, and how they convert."""

from typing import Any

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core.fields import ExactField, QuantityField
from mes.masterdata.models.places import Site
from mes.masterdata.models.provenance import Provenance


class FactorField(ExactField):
    """One half of an exact conversion factor; the quotient is taken as a fraction, never as a decimal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 30, "decimal_places": 12} | kwargs)


class Uom(Provenance):
    """A unit of measure: ``numerator / denominator`` of them make one base unit of the dimension, exactly."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    symbol = models.CharField(max_length=32)
    dimension = models.CharField(max_length=64, help_text="Units convert into each other within one dimension only.")
    numerator = FactorField(default=1)
    denominator = FactorField(default=1)
    decimals = models.PositiveSmallIntegerField(default=3, help_text="Places that a quantity in this unit may have.")
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("code", "name", "symbol", "dimension", "numerator", "denominator", "decimals", "active")

    class Meta:
        verbose_name = "unit of measure"
        verbose_name_plural = "units of measure"
        ordering = ["dimension", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(numerator__gt=0, denominator__gt=0), name="uom_factor_is_positive"),
            models.CheckConstraint(condition=Q(decimals__lte=6), name="uom_has_at_most_six_decimals"),
        ]

    def __str__(self) -> str:
        return self.symbol or self.code


class Item(Provenance):
    """A material definition (ISA-95): what is made, and what it is made of."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="items")
    number = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+", verbose_name="unit of measure")
    lot_tracked = models.BooleanField(default=False)
    pack_quantity = QuantityField(
        null=True,
        blank=True,
        help_text="How many are in one pack, in the item's own unit: terminals propose so many good pieces. Ours, also where an ERP owns the item, unless it sends one.",
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()
    OWNED_FIELDS = ("site", "number", "name", "uom", "lot_tracked", "active")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="item_number_once_per_site"),
            models.CheckConstraint(
                condition=Q(pack_quantity=None) | Q(pack_quantity__gt=0), name="a_pack_holds_something"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ItemUom(models.Model):
    """A further unit of one item: quantity in the item's own unit = quantity * numerator / denominator."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="conversions")
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    numerator = FactorField(default=1)
    denominator = FactorField(default=1)

    class Meta:
        verbose_name = "unit conversion"
        constraints = [
            models.UniqueConstraint(fields=["item", "uom"], name="item_converts_a_unit_once"),
            models.CheckConstraint(condition=Q(numerator__gt=0, denominator__gt=0), name="item_factor_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.item} in {self.uom}"
