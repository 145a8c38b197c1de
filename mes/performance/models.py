"""What is done about losses: the figures themselves are computed, not stored."""

import uuid

from django.db import models
from django.db.models import Q

from mes.core.persons import Naming
from mes.masterdata.models import ReasonCode, Site, WorkUnit


class LossAction(models.Model):
    """Somebody sees to it that a loss gets smaller, until a day; it ends once, by saying what came of it."""

    NAMES = Naming(at="created_at", settled=Q(done_at__isnull=False))

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(
        ReasonCode, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReasonCode.Kind.STOP}
    )
    work_unit = models.ForeignKey(
        WorkUnit,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty: wherever it happens.",
    )
    what = models.CharField(max_length=400)
    owned_by = models.CharField(max_length=150, help_text="Who sees to it: a name, a department, an account.")
    due_on = models.DateField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True, default="")
    outcome = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["due_on", "created_at"]
        indexes = [models.Index(fields=["site", "done_at", "due_on"], name="action_by_due")]

    def __str__(self) -> str:
        return self.what
