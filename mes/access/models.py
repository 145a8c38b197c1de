"""Who may do what at which site: people by role, machines by key; and what was answered to which repeated request."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from mes.access.rules import RIGHTS, ROLES
from mes.core.persons import Naming


def known_scopes(scopes: list[str]) -> None:
    """Refuse scopes that are no rights."""
    if not isinstance(scopes, list) or not scopes:
        raise ValidationError("Name at least one right.")
    unknown = sorted({str(scope) for scope in scopes} - set(RIGHTS))
    if unknown:
        raise ValidationError(f"Unknown: {', '.join(unknown)}. Known are: {', '.join(RIGHTS)}.")


class Membership(models.Model):
    """A person's role at a site; several roles at one site add up."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    site = models.ForeignKey("masterdata.Site", models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=list(ROLES.items()))

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "site", "role"], name="a_person_has_a_role_at_a_site_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} at {self.site}"


class FloorRole(models.Model):
    """A person's role on the floor of their own site: what their badge and PIN allow beyond an operator's rights.

    It opens no page: pages are for users, who have memberships.
    """

    NAMES = None  # who people are on the floor, and not what they did

    person = models.ForeignKey("masterdata.Person", models.CASCADE, related_name="floor_roles")
    role = models.CharField(max_length=16, choices=list(ROLES.items()))

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role"], name="a_person_has_a_role_on_the_floor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} is {self.get_role_display()}"


class ApiKey(models.Model):
    """A key for a machine or program, of which only the SHA-256 is kept: whoever reads this table cannot use it."""

    NAMES = Naming(at="created_at")

    name = models.CharField(max_length=100)
    site = models.ForeignKey("masterdata.Site", models.PROTECT, related_name="+")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, validators=[known_scopes], help_text="The rights of this key, as a list.")
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords(excluded_fields=["last_used_at", "digest"])

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"


class AnsweredRequest(models.Model):
    """What was answered to a request that carries an idempotency key, written in the transaction of its effect."""

    caller = models.CharField(max_length=160)
    key = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(help_text="JSON, as text: a JSON column would put its names in another order.")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="a_caller_uses_an_idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["answered_at"], name="answered_request_age")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key} -> {self.status}"
