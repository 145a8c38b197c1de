"""Where a row of master data comes from, and what its owner decides of it."""

from django.db import models


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
