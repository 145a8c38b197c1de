"""Sites and what is known about them: places, units, items, bills, routings, people, reasons, shifts."""

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core import persons, shares
from mes.core.fields import ExactField, MinutesField, QuantityField
from mes.core.tongues import TranslationsField


class FactorField(ExactField):
    """One half of an exact conversion factor; the quotient is taken as a fraction, never as a decimal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 30, "decimal_places": 12} | kwargs)


class Provenance(models.Model):
    """Where a row comes from. ``owner`` is the name of the ERP connection whose word counts, or "" for our own."""

    owner = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    external_ids = models.JSONField(blank=True, default=dict, editable=False, help_text="The id in each system.")
    synced_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the owner last changed it.")
    content_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    OWNED_FIELDS: tuple[str, ...] = ()
    """What the owner decides; everything else on the row is ours to edit."""

    class Meta:
        abstract = True


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


class PrivacyPolicy(models.Model):
    """What a site agreed with its people: nothing shows what one person did, and how long it is known who it was."""

    class Posting(models.TextChoices):
        PSEUDONYM = "PSEUDONYM", "Under a pseudonym, the same for a person every time"
        CREW = "CREW", "As time of a crew without names"

    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="privacy_policy")
    active = models.BooleanField(default=True)
    smallest_group = models.PositiveSmallIntegerField(
        default=5, help_text="Sums of fewer people than this are not shown."
    )
    posting = models.CharField(
        max_length=16,
        choices=Posting,
        default=Posting.CREW,
        help_text="To ERPs. One that knows its employees has to be given the pseudonyms first (manage.py pseudonyms).",
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="After so many days the person is taken out of what they did; the sums stay. Empty: never.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "privacy policies"
        ordering = ["site"]
        constraints = [
            models.CheckConstraint(condition=Q(smallest_group__gte=2), name="one_person_is_no_group"),
            models.CheckConstraint(
                condition=Q(retention_days__isnull=True) | Q(retention_days__gte=1), name="persons_are_kept_for_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"Privacy at {self.site}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        persons.forget()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        persons.forget()
        return deleted


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


class Person(Provenance):
    """Someone who works at a site. Badge and PIN are ours, whoever owns the rest."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="people")
    number = models.CharField(max_length=64, help_text="Personnel number.")
    name = models.CharField(max_length=200)
    language = models.CharField(
        max_length=8,
        blank=True,
        default="",
        help_text="Of terminals while this person is at them; empty: the device's.",
    )
    badge_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    pin_hash = models.CharField(max_length=200, blank=True, default="", editable=False)
    pin_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    badge_revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    active = models.BooleanField(default=True)

    history = HistoricalRecords(excluded_fields=["badge_hash", "pin_hash", "pin_attempts", "badge_revoked_at"])
    OWNED_FIELDS = ("site", "number", "name", "active")

    class Meta:
        verbose_name_plural = "people"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="personnel_number_once_per_site"),
            models.UniqueConstraint(
                fields=["badge_hash"], condition=~Q(badge_hash=""), name="badge_belongs_to_one_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def told_number(self) -> str:
        """The number under which what they did is told: their own, or at a site in privacy mode their pseudonym."""
        return persons.told_number(self.number, site_id=self.site_id)

    @property
    def told_name(self) -> str:
        """The name under which pages tell what they did: “somebody” at a site in privacy mode."""
        return persons.somebody() if self.site_id in persons.private_sites() else self.name


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
