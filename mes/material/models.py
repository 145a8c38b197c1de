"""Lots, and every movement of material into, out of and between orders."""

import uuid

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core.fields import QuantityField
from mes.core.persons import Naming
from mes.masterdata.models import Item, Person, ReasonCode, Site, Uom, WorkCenter


class Lot(models.Model):
    """A lot of an item. ``quantity`` is what is left of it: the sum of its movements, in the item's unit.

    ``status`` is ``HOLD`` while a hold is open; ``BLOCKED`` is for good and stands above holds.
    """

    class Status(models.TextChoices):
        AVAILABLE = "AVAILABLE", "Available"
        HOLD = "HOLD", "On hold"
        BLOCKED = "BLOCKED", "Blocked"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="lots")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="lots")
    number = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status, default=Status.AVAILABLE)
    status_reason = models.CharField(max_length=200, blank=True)
    status_since = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    quantity = QuantityField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False)

    history = HistoricalRecords(excluded_fields=["quantity"])

    class Meta:
        ordering = ["item", "number"]
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="lot_number_once_per_item")]
        indexes = [models.Index(fields=["site", "number"], name="lot_by_number")]

    def __str__(self) -> str:
        return self.number


class LotHold(models.Model):
    """Something forbids the use of a lot until someone lifts it. ``source`` names who placed it: "" for a person."""

    NAMES = Naming(at="placed_at")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="holds")
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


class MaterialMovement(models.Model):
    """A fact: material moved. Never changed; a mistake is reversed by a second movement that names the first.

    ``quantity`` is in ``uom`` (the item's own unit). ISSUE, BACKFLUSH and RETURN count what an order consumed (a
    return is negative), SCRAP and SHIPMENT what left for good; RECEIPT, OUTPUT and TRANSFER count what came into
    stock (the lot that a transfer empties has the negative). SCRAP and REWORK without a lot are pieces of an order that
    were never in stock; pieces that come back from rework count negative. A reversal has its original's kind and the opposite sign.
    The order and operation are named by number: material knows no orders.

    ``report_id`` is what the movement belongs to: a production report, or the transfer whose two sides share it.
    ``pooled`` says that it belongs to the order as a whole: what was issued by hand, used at an earlier operation, or
    used for pieces that went to rework may be in any lot that the order put out later.
    """

    class Kind(models.TextChoices):
        ISSUE = "ISSUE", "Issue"
        BACKFLUSH = "BACKFLUSH", "Backflush"
        RETURN = "RETURN", "Return"
        RECEIPT = "RECEIPT", "Receipt"
        OUTPUT = "OUTPUT", "Output"
        TRANSFER = "TRANSFER", "Transfer"
        SCRAP = "SCRAP", "Scrap"
        REWORK = "REWORK", "To rework"
        SHIPMENT = "SHIPMENT", "Shipment"

    CONSUMING = (Kind.ISSUE, Kind.BACKFLUSH, Kind.RETURN)
    LEAVING = (*CONSUMING, Kind.SCRAP, Kind.SHIPMENT)
    """Kinds whose quantity is taken from the lot; the others add theirs to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="movements")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements", null=True, blank=True)
    quantity = QuantityField()
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    work_order = models.CharField(max_length=64, blank=True, default="")
    operation = models.CharField(max_length=16, blank=True, default="")
    component_id = models.BigIntegerField(null=True, blank=True)
    report_id = models.UUIDField(null=True, blank=True, db_index=True)
    pooled = models.BooleanField(default=False)
    reference = models.CharField(max_length=64, blank=True, default="", help_text="Who it was shipped to, and on what.")
    reason = models.CharField(max_length=64, blank=True, default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True)

    class Meta:
        ordering = ["recorded_at"]
        indexes = [
            models.Index(fields=["site", "work_order"], name="movement_by_work_order"),
            models.Index(fields=["lot"], condition=Q(kind="RETURN"), name="movement_returned"),
            models.Index(fields=["lot"], condition=Q(kind="SHIPMENT"), name="movement_shipped"),
            # Genealogy: what an order put out, put out besides, and used as a whole.
            models.Index(
                fields=["site", "work_order", "occurred_at"],
                condition=Q(kind="OUTPUT", pooled=False),
                name="movement_put_out",
            ),
            models.Index(
                fields=["site", "work_order"], condition=Q(kind="OUTPUT", pooled=True), name="movement_put_out_besides"
            ),
            models.Index(
                fields=["site", "work_order"],
                condition=Q(kind__in=["ISSUE", "BACKFLUSH"], pooled=True),
                name="movement_used_as_a_whole",
            ),
        ]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves_something")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity.normalize():f} {self.item}"


class StockPlace(models.Model):
    """A place at the line where material of a work center lies: a rack, a supermarket. The store is where none is named."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="stock_places")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="stock_places")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="stock_place_code_once_per_site")]

    def __str__(self) -> str:
        return self.code


class PlaceStock(models.Model):
    """How much of a lot (or of an item without lots) lies at a place: the sum of the place's movements, under its lock."""

    place = models.ForeignKey(StockPlace, on_delete=models.PROTECT, related_name="stock")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="places", null=True, blank=True)
    quantity = QuantityField(default=0)

    class Meta:
        verbose_name_plural = "stock of places"
        ordering = ["place", "item", "lot"]
        constraints = [
            models.UniqueConstraint(
                fields=["place", "lot"], condition=Q(lot__isnull=False), name="place_has_a_lot_once"
            ),
            models.UniqueConstraint(
                fields=["place", "item"], condition=Q(lot__isnull=True), name="place_has_an_item_without_lot_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="place_stock_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.lot or self.item}"


class PlaceMovement(models.Model):
    """A fact: material came to a place of the line (positive) or left it. Never changed; a mistake is reversed.

    What an order used, gave back, or what left a lot otherwise names the ``movement`` that it followed.
    """

    class Kind(models.TextChoices):
        REPLENISH = "REPLENISH", "From the store"
        TO_STORE = "TO_STORE", "Back to the store"
        USE = "USE", "Used"
        LEFT_OVER = "LEFT_OVER", "Left over"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    place = models.ForeignKey(StockPlace, on_delete=models.PROTECT, related_name="movements")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    quantity = QuantityField()
    uom = models.ForeignKey(Uom, on_delete=models.PROTECT, related_name="+")
    movement = models.ForeignKey(
        MaterialMovement, on_delete=models.PROTECT, related_name="places", null=True, blank=True
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True)

    class Meta:
        ordering = ["recorded_at"]
        indexes = [models.Index(fields=["place", "recorded_at"], name="place_movement_by_time")]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="place_movement_moves_something")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity.normalize():f} {self.item}"


class NumberingRule(models.Model):
    """How the lots or serials that are made of an item (or of every item of the site without a rule of its own) are numbered.

    ``pattern`` is explained in ``mes.material.rules.read_pattern``. Without a rule a lot has its order's number.
    """

    class Each(models.TextChoices):
        ORDER = "ORDER", "One lot for each order"
        DAY = "DAY", "One lot for each order and day"
        REPORT = "REPORT", "One lot for each report"
        PIECE = "PIECE", "A serial number for each piece"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, related_name="+", null=True, blank=True,
        help_text="Empty: every lot-tracked item of the site that has no rule of its own.",
    )  # fmt: skip
    each = models.CharField("new number for", max_length=8, choices=Each, default=Each.ORDER)
    pattern = models.CharField(
        max_length=64, default="{yy}{mm}{dd}-{n:3}{check}",
        help_text="Fields: {site} {item} {order} {yyyy} {yy} {mm} {dd} {ww} {jjj} {n:5} {check}.",
    )  # fmt: skip
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["site", "item"]
        constraints = [
            models.UniqueConstraint(fields=["item"], name="item_has_one_numbering_rule"),
            models.UniqueConstraint(
                fields=["site"], condition=Q(item__isnull=True), name="site_has_one_numbering_rule_for_the_rest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item or self.site}: {self.pattern}"


class NumberCounter(models.Model):
    """The last value that was given out within a scope; written under its row lock, so no value is given twice or skipped."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=200)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "scope"], name="number_counter_once_per_scope")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.last}"


class DrawnNumber(models.Model):
    """The number that an order (or an order on a day) got, so that its later reports fill the same lot."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=100)
    number = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "scope"], name="number_drawn_once_per_scope")]

    def __str__(self) -> str:
        return self.number


class ItemSetting(models.Model):
    """How the floor treats an item, whoever owns the item. It counts for orders that are released from then on."""

    class Backflush(models.TextChoices):
        BILL = "", "As the bill says"
        REPORT = "REPORT", "With every report"
        COMPLETION = "COMPLETION", "When the operation is completed"
        NONE = "NONE", "Never: issued by hand"

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="setting")
    backflush = models.CharField(max_length=16, choices=Backflush, blank=True, default=Backflush.BILL)

    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.item}: {self.get_backflush_display()}"


class LabelPrint(models.Model):
    """A fact: labels of a lot were printed; from the second time on with the reason."""

    NAMES = Naming(at="printed_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="labels")
    copies = models.PositiveSmallIntegerField(default=1)
    each = QuantityField(
        null=True,
        blank=True,
        help_text="What is in each container, where the labels are numbered; empty: the whole lot.",
    )
    again = models.BooleanField(default=False, help_text="A label of this lot was printed before.")
    reason = models.CharField(max_length=200, blank=True, default="")
    by = models.CharField(max_length=150, blank=True, default="")
    printed_at = models.DateTimeField()

    class Meta:
        ordering = ["-printed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(again=False) | ~Q(reason=""), name="label_again_has_a_reason"),
            models.CheckConstraint(condition=Q(each__isnull=True) | Q(each__gt=0), name="label_container_holds_some"),
            models.CheckConstraint(condition=Q(copies__gte=1, copies__lte=200), name="label_copies_are_some"),
        ]

    def __str__(self) -> str:
        return f"{self.copies} × {self.lot}"
