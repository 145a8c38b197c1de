"""Inspection plans, what of them is frozen on an order, what was read, and what was not as it should be."""

import uuid
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mes.core.fields import QuantityField
from mes.core.persons import Naming
from mes.core.tongues import TranslationsField, told
from mes.execution.models import Operation, OrderHold, ProductionReport, WorkOrder
from mes.masterdata.models import Item, Person, ReasonCode, Site, Uom, WorkCenter
from mes.material.models import Lot, LotHold, MaterialMovement


class Trigger(models.TextChoices):
    """What makes a check due."""

    FIRST = "FIRST", _("First piece")
    COUNT = "COUNT", _("Every so many good pieces")
    TIME = "TIME", _("Every so many minutes of running")
    SETUP = "SETUP", _("After each setup")
    STOP = "STOP", _("After a stop of at least so many minutes")
    LAST = "LAST", _("Last piece")
    END = "END", _("Before the operation is finished")
    START = "START", _("Before the operation is started")
    SHIFT = "SHIFT", _("Once a shift")


NEEDS_EVERY = (Trigger.COUNT, Trigger.TIME, Trigger.STOP)
"""Triggers that mean nothing without a number."""


class InspectionPlan(models.Model):
    """What is inspected, or gone through as a checklist, when an item is made or at a work center. Orders keep the plan as it
    was at their release.

    ``revision`` rises with every change of the plan, its characteristics or its checks.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="inspection_plans")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="inspection_plans", null=True, blank=True)
    operation = models.CharField(
        max_length=16, blank=True, help_text="Number of the operation in the item's routing. Empty: every operation."
    )
    work_center = models.ForeignKey(
        WorkCenter,
        on_delete=models.PROTECT,
        related_name="inspection_plans",
        null=True,
        blank=True,
        help_text="Instead of an item: whatever is made there.",
    )
    name = models.CharField(max_length=200)
    revision = models.PositiveIntegerField(default=1, editable=False)
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["item", "operation"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "operation"], condition=Q(active=True), name="one_active_inspection_plan_for_a_step"
            ),
            models.UniqueConstraint(
                fields=["work_center"], condition=Q(active=True), name="one_active_inspection_plan_for_a_center"
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False) ^ Q(work_center__isnull=False), name="plan_of_item_or_work_center"
            ),
            models.CheckConstraint(
                condition=Q(operation="") | Q(item__isnull=False), name="planned_operation_is_of_an_item"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} rev {self.revision}"

    def clean(self) -> None:
        """Refuse a plan of neither or both, and one of another site."""
        if (self.item is None) == (self.work_center is None):
            raise ValidationError("Choose an item or a work center, one of them.")
        if self.operation and self.item is None:
            raise ValidationError({"operation": "An operation's number needs its item."})
        place = self.item or self.work_center
        if place and self.site_id and place.site_id != self.site_id:
            raise ValidationError("The plan and what it is for must be of the same site.")


class CharacteristicBase(models.Model):
    """One thing to measure (``VARIABLE``, in ``uom``, within limits), to look at (``ATTRIBUTE``: conforms or not), to do
    (``TICK``), to write down (``TEXT``), or to choose (``CHOICE``, one of the lines of ``choices``)."""

    class Kind(models.TextChoices):
        VARIABLE = "VARIABLE", "Measured"
        ATTRIBUTE = "ATTRIBUTE", "Judged"
        TICK = "TICK", "Done"
        TEXT = "TEXT", "Written down"
        CHOICE = "CHOICE", "Chosen"

    position = models.PositiveIntegerField(default=10)
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.VARIABLE)
    nominal = QuantityField(null=True, blank=True)
    lower = QuantityField(null=True, blank=True, verbose_name="lower limit")
    upper = QuantityField(null=True, blank=True, verbose_name="upper limit")
    uom = models.ForeignKey(
        Uom, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name="unit of measure"
    )
    decimals = models.PositiveSmallIntegerField(default=2, help_text="How many are shown.")
    sample_size = models.PositiveSmallIntegerField(default=1, help_text="Pieces to look at each time.")
    choices = models.TextField(
        max_length=2000,
        blank=True,
        default="",
        help_text="One a line. A line that begins with ! is an answer that is not as it should be.",
    )
    instruction = models.CharField(max_length=1000, blank=True, help_text="How to measure, and with what.")
    reaction = models.CharField(max_length=1000, blank=True, help_text="What to do when it is out of tolerance.")
    translations = TranslationsField(
        of=("name", "choices", "instruction", "reaction"),
        help_text="For terminals; of choices all lines, in their order. Released orders keep theirs, too.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def answers(self) -> dict[str, bool]:
        """What can be chosen, and whether it is as it should be."""
        lines = [line.strip() for line in self.choices.splitlines()]
        return {line.removeprefix("!").strip(): not line.startswith("!") for line in lines if line.removeprefix("!")}

    @property
    def told_answers(self) -> list[tuple[str, str]]:
        """What can be chosen, each with its words in the reader's language; as it is, where the lines do not match."""
        lines = [line.strip().removeprefix("!").strip() for line in told(self, "choices").splitlines()]
        words = [line for line in lines if line]
        known = list(self.answers)
        return list(zip(known, words if len(words) == len(known) else known, strict=True))

    @property
    def lower_words(self) -> str:
        return self._words(self.lower)

    @property
    def upper_words(self) -> str:
        return self._words(self.upper)

    @property
    def nominal_words(self) -> str:
        return self._words(self.nominal)

    def _words(self, value: Decimal | None) -> str:
        """Return a value with as many decimals as are shown, and more where it has more: a limit is never rounded."""
        if value is None:
            return "–"
        exact = f"{value.normalize():f}"
        places = len(exact.partition(".")[2])
        return exact if places >= self.decimals else f"{value:.{self.decimals}f}"


class Characteristic(CharacteristicBase):
    """A characteristic of a plan."""

    plan = models.ForeignKey(InspectionPlan, on_delete=models.CASCADE, related_name="characteristics")

    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "code"], name="characteristic_code_once_per_plan"),
            models.CheckConstraint(
                condition=Q(lower=None) | Q(upper=None) | Q(lower__lte=models.F("upper")),
                name="characteristic_limits_in_order",
            ),
            models.CheckConstraint(condition=Q(sample_size__range=(1, 25)), name="characteristic_sample_size"),
            models.CheckConstraint(condition=Q(decimals__lte=6), name="characteristic_decimals"),
        ]

    def clean(self) -> None:
        """Refuse limits the wrong way round, and a measured characteristic without a unit or without any limit."""
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValidationError({"lower": "The lower limit is above the upper one."})
        if self.kind == self.Kind.CHOICE and len(self.answers) < 2:
            raise ValidationError({"choices": "Enter at least two lines to choose from."})
        if self.kind == self.Kind.VARIABLE and self.uom is None:
            raise ValidationError({"uom": "What is measured needs a unit."})
        if self.kind == self.Kind.VARIABLE and self.lower is None and self.upper is None:
            raise ValidationError({"upper": "Enter at least one limit: without one nothing can be judged."})


class PlannedCheck(models.Model):
    """When a plan's characteristics are looked at."""

    plan = models.ForeignKey(InspectionPlan, on_delete=models.CASCADE, related_name="checks")
    trigger = models.CharField(max_length=8, choices=Trigger, default=Trigger.FIRST)
    every = QuantityField(null=True, blank=True, help_text="Pieces or minutes, as the trigger says.")
    blocks = models.BooleanField(
        default=False,
        help_text="While it is due and not passed, no further good pieces (or no finish) can be reported.",
    )
    grace = models.PositiveSmallIntegerField(default=15, help_text="Minutes after which it counts as late.")
    characteristics = models.ManyToManyField(Characteristic, blank=True, related_name="+", help_text="Empty: all.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(every__gt=0) | ~Q(trigger__in=["COUNT", "TIME", "STOP"]), name="check_says_how_often"
            )
        ]

    def __str__(self) -> str:
        return self.get_trigger_display()

    def clean(self) -> None:
        """Refuse a count, time or stop without its number."""
        if self.trigger in NEEDS_EVERY and (self.every is None or self.every <= 0):
            raise ValidationError({"every": "Enter how many pieces or minutes."})


class OrderCharacteristic(CharacteristicBase):
    """A characteristic as it was when the order was released."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="characteristics")
    plan = models.ForeignKey(InspectionPlan, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["operation", "plan", "code"], name="characteristic_code_once_per_operation")
        ]


class OrderCheck(models.Model):
    """A check as it was when the order was released."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="inspection_checks")
    plan = models.ForeignKey(InspectionPlan, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    trigger = models.CharField(max_length=8, choices=Trigger)
    every = QuantityField(null=True, blank=True)
    blocks = models.BooleanField(default=False)
    grace = models.PositiveSmallIntegerField(default=15)
    characteristics = models.ManyToManyField(OrderCharacteristic, related_name="checks")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.get_trigger_display()


class Reading(models.Model):
    """A fact: a piece was measured or judged. Measuring again is a further row that names the first; nothing is erased."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="readings")
    order_check = models.ForeignKey(OrderCheck, on_delete=models.PROTECT, related_name="readings")
    occurrence = models.CharField(max_length=64)
    characteristic = models.ForeignKey(OrderCharacteristic, on_delete=models.PROTECT, related_name="readings")
    piece = models.PositiveSmallIntegerField()
    value = QuantityField(null=True, blank=True, help_text="In the characteristic's unit; empty where it is judged.")
    passed = models.BooleanField()
    raw = models.CharField(max_length=200, blank=True, default="", help_text="As it was entered, chosen or sent.")
    gauge = models.CharField(max_length=64, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    remeasures = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="remeasured_by", null=True, blank=True
    )

    class Meta:
        ordering = ["recorded_at"]
        indexes = [models.Index(fields=["operation", "order_check", "occurrence"], name="reading_by_sample")]

    def __str__(self) -> str:
        judged = "ok" if self.passed else "not ok"
        return judged if self.value is None else f"{self.value.normalize():f} {judged}"

    @property
    def words(self) -> str:
        """What was written or chosen, where that is the answer."""
        return self.raw if self.characteristic.kind in ("TEXT", "CHOICE") else ""


class InspectionResult(models.Model):
    """A fact: a sample was judged. Judged again after a re-measurement, or released by a person, it gets a further row."""

    class Verdict(models.TextChoices):
        PASSED = "PASSED", "Passed"
        FAILED = "FAILED", "Failed"
        RELEASED = "RELEASED", "Released"

    GOOD = (Verdict.PASSED, Verdict.RELEASED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="inspection_results")
    order_check = models.ForeignKey(OrderCheck, on_delete=models.PROTECT, related_name="results")
    occurrence = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=Verdict)
    note = models.CharField(max_length=4000, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    by = models.CharField(max_length=150, blank=True, default="", help_text="Who released it.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_check", "occurrence", "number"], name="one_result_of_a_number_for_a_sample"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.order_check}"


class Nonconformance(models.Model):
    """A fact: so many pieces of an operation, or so much of a lot, are not as they should be.

    Decided about by dispositions that never add up to more than ``quantity``; ``closed_at`` is when nothing was left.
    """

    reported_as = models.UUIDField(unique=True, editable=False, help_text="The id that whoever reported it made.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="nonconformances")
    work_order = models.ForeignKey(
        WorkOrder, on_delete=models.PROTECT, related_name="nonconformances", null=True, blank=True
    )
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="nonconformances", null=True, blank=True
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="nonconformances", null=True, blank=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    quantity = QuantityField()
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=4000, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    by = models.CharField(max_length=150, blank=True, default="")
    order_hold = models.ForeignKey(OrderHold, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    lot_hold = models.ForeignKey(LotHold, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["site", "closed_at"], name="nonconformance_open")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="nonconformance_is_of_something"),
            models.CheckConstraint(
                condition=Q(operation__isnull=False) ^ Q(lot__isnull=False), name="nonconformance_of_operation_or_lot"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number by which people speak of it."""
        return f"NC-{self.pk:05d}"


class Disposition(models.Model):
    """A fact: what became of a part of a nonconformance, with the booking that this made."""

    NAMES = Naming(site="nonconformance__site")

    class Kind(models.TextChoices):
        SCRAP = "SCRAP", "Scrap"
        REWORK = "REWORK", "Rework"
        USE_AS_IS = "USE_AS_IS", "Use as is"
        RETURN = "RETURN", "Return to supplier"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nonconformance = models.ForeignKey(Nonconformance, on_delete=models.PROTECT, related_name="dispositions")
    kind = models.CharField(max_length=16, choices=Kind)
    quantity = QuantityField()
    note = models.CharField(max_length=4000, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    by = models.CharField(max_length=150, blank=True, default="")
    report = models.ForeignKey(ProductionReport, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    movement = models.ForeignKey(MaterialMovement, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="disposition_is_of_something")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity.normalize():f}"
