"""Documents with their revisions, where they count, who has read them; photos; and the files behind both."""

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mes.core.persons import Naming
from mes.core.tongues import TranslationsField, told
from mes.documents.rules import PDF
from mes.execution.models import Operation
from mes.masterdata.models import Item, Person, Site, WorkCenter


class StoredFile(models.Model):
    """A file of a site, kept under its own digest outside of what is served; it never changes."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField(help_text="Bytes.")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    stored_at = models.DateTimeField()

    class Meta:
        ordering = ["-stored_at"]
        constraints = [models.UniqueConstraint(fields=["site", "digest"], name="file_once_per_site")]

    def __str__(self) -> str:
        return f"{self.media_type} {self.digest[:12]}"

    @property
    def is_pdf(self) -> bool:
        return self.media_type == PDF


class Document(models.Model):
    """Something people work by. What counts is its released revision; what was before stays readable."""

    class Kind(models.TextChoices):
        INSTRUCTION = "INSTRUCTION", _("Work instruction")
        DRAWING = "DRAWING", _("Drawing")
        SAFETY = "SAFETY", _("Safety sheet")
        OTHER = "OTHER", _("Document")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="documents")
    number = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.INSTRUCTION)
    translations = TranslationsField(of=("title",), help_text="Of the title, for terminals.")
    needs_reading = models.BooleanField(
        default=False, help_text="Everybody confirms once that they have read it, and again for a new revision."
    )
    blocks_start = models.BooleanField(
        default=False, help_text="Who has not confirmed the released revision cannot start the work."
    )
    active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["kind", "number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="document_number_once_per_site"),
            models.CheckConstraint(
                condition=Q(needs_reading=True) | Q(blocks_start=False), name="only_what_is_to_be_read_blocks"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def clean(self) -> None:
        """Refuse to block the start by something that nobody is asked to read."""
        if self.blocks_start and not self.needs_reading:
            raise ValidationError({"blocks_start": "What blocks the start must be read: tick “needs reading” too."})


class DocumentPlace(models.Model):
    """Where a document counts: for an item, for one operation of it, or at a work center."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="places")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    operation = models.CharField(
        max_length=16, blank=True, default="", help_text="Number in the routing. Empty: every operation of the item."
    )
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False) ^ Q(work_center__isnull=False), name="document_of_item_or_work_center"
            ),
            models.CheckConstraint(condition=Q(operation="") | Q(item__isnull=False), name="operation_is_of_an_item"),
        ]

    def __str__(self) -> str:
        if self.work_center:
            return str(self.work_center)
        return f"{self.item}/{self.operation}" if self.operation else str(self.item)

    def clean(self) -> None:
        """Refuse a place that is none or two, and one of another site."""
        if (self.item is None) == (self.work_center is None):
            raise ValidationError("Choose an item or a work center, one of them.")
        if self.operation and self.item is None:
            raise ValidationError({"operation": "An operation's number needs its item."})
        place = self.item or self.work_center
        if place and self.document.site_id and place.site_id != self.document.site_id:
            raise ValidationError("The document and the place must be of the same site.")


class DocumentRevision(models.Model):
    """One state of a document: a file, steps in words, or both. Once released its content never changes."""

    NAMES = Naming(at="created_at", site="document__site")

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        RELEASED = "RELEASED", _("Released")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="revisions")
    revision = models.CharField(max_length=16, help_text="As it stands on the paper: A, B, 3.")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    steps = models.TextField(max_length=20_000, blank=True, default="", help_text="One step a line.")
    change = models.CharField(
        max_length=400, blank=True, default="", help_text="What is new, for who knows the last one."
    )
    translations = TranslationsField(of=("steps", "change"), help_text="For terminals. Released with the revision.")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT, editable=False)
    created_at = models.DateTimeField(editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    released_by = models.CharField(max_length=150, blank=True, default="", editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.CharField(max_length=150, blank=True, default="", editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["document", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["document", "revision"], name="revision_once_per_document"),
            models.UniqueConstraint(
                fields=["document"], condition=Q(status="RELEASED"), name="one_released_revision_per_document"
            ),
            models.CheckConstraint(
                condition=Q(status="DRAFT") | Q(released_at__isnull=False), name="a_released_revision_says_when"
            ),
            models.CheckConstraint(
                condition=Q(status="DRAFT") | Q(file__isnull=False) | ~Q(steps=""),
                name="a_released_revision_has_content",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document.number} rev {self.revision}"

    @property
    def lines(self) -> list[str]:
        """The steps, one each."""
        return _lines(self.steps)

    @property
    def told_lines(self) -> list[str]:
        """The steps in the reader's language, or as they were written."""
        return _lines(told(self, "steps"))


def _lines(steps: str) -> list[str]:
    return [line.strip() for line in steps.splitlines() if line.strip()]


class ReadConfirmation(models.Model):
    """A fact: somebody has read a revision, at an operation or before any. Who, is known as long as the revision counts."""

    NAMES = Naming(settled=~Q(revision__status="RELEASED"))

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(DocumentRevision, on_delete=models.PROTECT, related_name="confirmations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["revision", "person"], name="read_by_person")]

    def __str__(self) -> str:
        return f"{self.person or '–'} {self.revision}"


class Photo(models.Model):
    """A fact: a photo was taken of something. ``about`` says what kind of thing, ``subject`` is the id that thing was given
    where it was made: a photo may arrive before what it shows, and waits for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=32)
    subject = models.UUIDField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at", "pk"]
        indexes = [models.Index(fields=["about", "subject"], name="photo_of_something")]

    def __str__(self) -> str:
        return f"{self.about} {self.recorded_at:%Y-%m-%d %H:%M}"
