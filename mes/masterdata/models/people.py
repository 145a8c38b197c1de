"""People, and what a site agreed with them about what is known of each."""

from typing import Any

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core import persons
from mes.masterdata.models.places import Site
from mes.masterdata.models.provenance import Provenance


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
