"""Work orders, their operations and components, and the facts that are reported against them."""

import uuid
from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core.fields import MinutesField, QuantityField
from mes.core.persons import Naming
from mes.masterdata.models import Item, Person, Provenance, ReasonCode, Site, Uom, WorkCenter, WorkUnit

_MICRO = Decimal("0.000001")
ENTERED_LATE = timedelta(minutes=15)
"""After so long a page says when a fact was entered, beside when it happened."""


class WorkOrder(Provenance):
    """An order to make a quantity of an item. The produced quantities are sums of the reports, written under its lock.

    Holds stand beside the status: an order may be running and held. ``definition`` holds the order's own bill and
    routing as the ERP sent them, until they become the snapshot at release.
    """

    class Status(models.TextChoices):
        PLANNED = "PLANNED", "Planned"
        RELEASED = "RELEASED", "Released"
        RUNNING = "RUNNING", "Running"
        COMPLETED = "COMPLETED", "Completed"
        CLOSED = "CLOSED", "Closed"
        CANCELLED = "CANCELLED", "Cancelled"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="work_orders")
    number = models.CharField(max_length=64)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="work_orders")
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+", verbose_name="unit of measure")
    order_quantity = QuantityField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PLANNED, editable=False)
    held = models.BooleanField(default=False, editable=False, help_text="At least one hold on the whole order is open.")
    priority = models.IntegerField(default=50, help_text="Lower goes first.")
    due_at = models.DateTimeField(null=True, blank=True)
    planned_start_at = models.DateTimeField(null=True, blank=True)
    bom = models.CharField(
        max_length=64, blank=True, verbose_name="bill of materials", help_text="Empty: the item's own."
    )
    routing = models.CharField(max_length=64, blank=True, help_text="Empty: the item's own.")
    over_delivery_percent = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(0))
    under_delivery_percent = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(100))
    reference = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=64, blank=True, editable=False)
    definition = models.JSONField(null=True, blank=True, editable=False)
    good_quantity = QuantityField(default=0, editable=False)
    scrap_quantity = QuantityField(default=0, editable=False)
    rework_quantity = QuantityField(default=0, editable=False, help_text="In rework now.")
    created_at = models.DateTimeField(editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords(excluded_fields=["good_quantity", "scrap_quantity", "rework_quantity", "definition"])
    OWNED_FIELDS = (
        "site", "number", "item", "uom", "order_quantity", "priority", "due_at", "planned_start_at", "bom", "routing",
        "over_delivery_percent", "under_delivery_percent", "reference",
    )  # fmt: skip

    class Meta:
        ordering = ["priority", "due_at", "number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="work_order_number_once_per_site"),
            models.CheckConstraint(condition=Q(order_quantity__gt=0), name="order_quantity_is_positive"),
            models.CheckConstraint(
                condition=Q(good_quantity__gte=0, scrap_quantity__gte=0, rework_quantity__gte=0),
                name="order_sums_are_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["site", "status"], name="work_order_by_status")]

    def __str__(self) -> str:
        return self.number


class Operation(models.Model):
    """One step of a work order at one work center: a snapshot of the routing, with the sums of its reports."""

    NAMES = Naming(at="started_at", site="work_order__site", settled=~Q(status="RUNNING"))

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        SETUP = "SETUP", "Setup"
        RUNNING = "RUNNING", "Running"
        PAUSED = "PAUSED", "Paused"
        COMPLETED = "COMPLETED", "Completed"

    ACTIVE = (Status.SETUP, Status.RUNNING)

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="operations")
    number = models.CharField(max_length=16)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="operations")
    work_unit = models.ForeignKey(
        WorkUnit, on_delete=models.PROTECT, related_name="operations", null=True, blank=True, help_text="Where it runs."
    )
    is_output = models.BooleanField(default=False, help_text="The order's last: its good pieces are finished product.")
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    planned_setup_time = MinutesField(default=0)
    planned_run_time_per_unit = MinutesField(default=0)
    actual_setup_time = MinutesField(default=0)
    actual_run_time = MinutesField(default=0)
    good_quantity = QuantityField(default=0)
    scrap_quantity = QuantityField(default=0)
    rework_quantity = QuantityField(default=0, help_text="In rework now.")
    held = models.BooleanField(default=False, help_text="At least one hold on this operation is open.")
    gated = models.BooleanField(
        default=False,
        editable=False,
        help_text="Good pieces may have to wait for something, as a check that must pass.",
    )
    consumes = models.BooleanField(
        default=False, editable=False, help_text="Its reports consume at least one component by themselves."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["work_order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["work_order", "number"], name="operation_number_once"),
            models.UniqueConstraint(fields=["work_order", "position"], name="operation_position_once"),
            models.CheckConstraint(
                condition=Q(good_quantity__gte=0, scrap_quantity__gte=0, rework_quantity__gte=0),
                name="operation_sums_are_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["work_center", "status"], name="operation_by_work_center"),
            models.Index(fields=["status"], condition=Q(status="PAUSED"), name="operation_paused"),
            models.Index(fields=["completed_at"], name="operation_by_completion"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order.number}/{self.number}"

    def planned_minutes(self, activity: str) -> Decimal:
        """Return what is planned for its setup (``SETUP``), or for running the whole order."""
        if activity == "SETUP":
            return self.planned_setup_time
        return (self.planned_run_time_per_unit * self.work_order.order_quantity).quantize(_MICRO)

    @property
    def booked_quantity(self) -> Decimal:
        """What has gone through this operation: good, scrapped, or in rework."""
        return self.good_quantity + self.scrap_quantity + self.rework_quantity


class StandardTime(models.Model):
    """How long a step of an item takes, where the owner of its routing names no times; minutes.

    It counts for orders that are released from then on. A time that the routing or the order itself names goes before.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="standard_times")
    operation = models.CharField(max_length=16, help_text="The number of the step in the routing: 10, 20 …")
    setup_time = MinutesField(default=0, help_text="Minutes, once per order.")
    run_time_per_unit = MinutesField(default=0, help_text="Minutes per unit of the item.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["item", "operation"]
        constraints = [
            models.UniqueConstraint(fields=["item", "operation"], name="standard_time_once_per_step"),
            models.CheckConstraint(
                condition=Q(setup_time__gte=0, run_time_per_unit__gte=0), name="standard_times_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}/{self.operation}"


class OrderComponent(models.Model):
    """A component of an order: a snapshot of the bill at release, with the sums of its movements.

    ``required_quantity`` is for the whole order. ``issued_quantity`` is net of returns and includes the backflush.
    All quantities are in ``uom``, the item's own unit. What was used although the bill does not have it is a row too,
    with nothing required.
    """

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="components")
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="components")
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    required_quantity = QuantityField()
    issued_quantity = QuantityField(default=0)
    backflushed_quantity = QuantityField(default=0)
    backflush = models.BooleanField(default=True)
    at_completion = models.BooleanField(default=False, help_text="Backflushed when the operation is completed.")
    unplanned = models.BooleanField(
        default=False, help_text="The bill does not have it: someone needed it and said why."
    )
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, related_name="substitutes", null=True, blank=True)
    why = models.CharField(max_length=200, blank=True, default="", help_text="Why it was used although unplanned.")
    tolerance = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["work_order", "position"], name="component_position_once"),
            models.CheckConstraint(
                condition=Q(required_quantity__gt=0) | Q(unplanned=True), name="component_is_required"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.required_quantity.normalize():f} {self.uom} {self.item}"

    @property
    def with_reports(self) -> bool:
        """Whether it is consumed by itself with each report of its operation."""
        return self.backflush and not self.at_completion

    @property
    def most(self) -> Decimal | None:
        """How much of it may go in before a supervisor hears of it; None where nobody set a tolerance."""
        return None if self.tolerance is None else self.required_quantity * (1 + self.tolerance)


class ProductionReport(models.Model):
    """A fact: pieces were made. Never changed; a mistake is reversed by a second, negative report naming the first.

    The id is made by whoever reports, so that a report sent twice is booked once; ``fingerprint`` tells the same
    report from another one under a used id. ``from_rework``: the pieces came out of this operation's rework, so
    ``rework_quantity`` is negative by as much.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="reports")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="reports")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    good_quantity = QuantityField()
    scrap_quantity = QuantityField(default=0)
    rework_quantity = QuantityField(default=0)
    from_rework = models.BooleanField(default=False)
    lot = models.CharField(max_length=64, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.CharField(max_length=4000, blank=True, default="")
    occurred_at = models.DateTimeField()
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="The reporter's clock, where it could not be right; else empty."
    )
    recorded_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True)

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["site", "recorded_at"], name="report_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(good_quantity=0, scrap_quantity=0, rework_quantity=0), name="report_says_something"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=False) | Q(good_quantity__gte=0, scrap_quantity__gte=0),
                name="only_a_reversal_is_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.good_quantity.normalize():f} good, {self.scrap_quantity.normalize():f} scrap"

    @property
    def is_late(self) -> bool:
        """Whether it was entered long after it happened: from paper, or after hours without a network."""
        return self.recorded_at - self.occurred_at > ENTERED_LATE


class ScrapLine(models.Model):
    """A fact: so many pieces of a report were scrapped for a reason; negative where the report is a reversal."""

    report = models.ForeignKey(ProductionReport, on_delete=models.PROTECT, related_name="scrap_lines")
    quantity = QuantityField()
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="scrap_line_says_something")]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.reason}"


class CounterReading(models.Model):
    """A fact: what the counter of an operation's machine showed; ``report`` are the pieces that were booked from it."""

    class Anew(models.TextChoices):
        RESET = "RESET", "Set to zero"
        ROLLED = "ROLLED", "Past its last digit"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="counter_readings")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    value = QuantityField()
    counted = QuantityField(default=0, help_text="Since the reading before; 0 where counting starts.")
    began_anew = models.CharField(max_length=8, choices=Anew, blank=True, default="")
    report = models.OneToOneField(
        ProductionReport, on_delete=models.PROTECT, related_name="counter_reading", null=True, blank=True
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["operation", "recorded_at"], name="counter_by_operation")]
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0, counted__gte=0), name="a_counter_counts_up"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.value.normalize():f}"


class MachineInterval(models.Model):
    """An operation occupied a work unit, for setup or for running; ``ended_at`` is written once, when it ends.

    ``sharing`` is the unit's rule as it was when this began. Of a unit that several jobs share, the intervals are
    written one after the other (``start_recorded_at`` and ``end_recorded_at`` are all different), so that each knows
    which others were known when its minutes were counted.
    """

    NAMES = Naming(at="started_at", settled=Q(ended_at__isnull=False))

    class Activity(models.TextChoices):
        SETUP = "SETUP", "Setup"
        RUN = "RUN", "Run"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="machine_intervals")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="machine_intervals")
    activity = models.CharField(max_length=8, choices=Activity)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    minutes = MinutesField(default=0)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    sharing = models.CharField(max_length=16, choices=WorkUnit.Sharing, default=WorkUnit.Sharing.FULL)
    planned_minutes = MinutesField(
        default=0, help_text="What was planned for it: its weight in a split by planned time."
    )
    start_recorded_at = models.DateTimeField()
    end_recorded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at"]
        indexes = [
            models.Index(fields=["work_unit", "started_at"], name="interval_by_work_unit"),
            models.Index(fields=["work_unit", "ended_at"], name="interval_by_end"),
            models.Index(fields=["started_at"], name="interval_by_start"),
            models.Index(fields=["operation", "started_at"], name="interval_by_operation"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["operation"], condition=Q(ended_at__isnull=True), name="operation_occupies_one_work_unit"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("started_at")),
                name="interval_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity} {self.started_at:%Y-%m-%d %H:%M}"


class OrderHold(models.Model):
    """Something forbids work on an order, or on one of its operations, until someone lifts it.

    ``source`` names who placed it: "" for a person.
    """

    NAMES = Naming(at="placed_at")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="holds")
    operation = models.ForeignKey(
        Operation,
        on_delete=models.PROTECT,
        related_name="holds",
        null=True,
        blank=True,
        help_text="Empty: the whole order.",
    )
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.CharField(max_length=4000, blank=True, default="")
    source = models.CharField(max_length=64, blank=True, default="")
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150, blank=True, default="")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=150, blank=True, default="")
    release_note = models.CharField(max_length=4000, blank=True, default="")

    class Meta:
        ordering = ["-placed_at"]

    def __str__(self) -> str:
        return self.note or (str(self.reason) if self.reason else "Hold")


class ChangeProposal(models.Model):
    """The ERP wants a running order changed: a person accepts or rejects. ``changes`` maps a field to [ours, theirs]."""

    NAMES = Naming(at="created_at")

    class Kind(models.TextChoices):
        CHANGE = "CHANGE", "Change"
        CANCEL = "CANCEL", "Cancel"

    class Status(models.TextChoices):
        OPEN = "OPEN", "Open"
        ACCEPTED = "ACCEPTED", "Accepted"
        REJECTED = "REJECTED", "Rejected"
        SUPERSEDED = "SUPERSEDED", "Superseded"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=8, choices=Kind)
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    owner = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True, default="")
    note = models.CharField(max_length=4000, blank=True, default="")

    history = HistoricalRecords()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order"], condition=Q(status="OPEN"), name="work_order_has_one_open_proposal"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.work_order}"
