"""What the bridge remembers: connections, where each flow stands, what is on its way up, and what came down."""

from datetime import UTC, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from erp_bridge.sdk.cadence import Cadence, parse

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""A lease that nobody holds ends here: comparisons need no special case for NULL."""


class Connection(models.Model):
    """One ERP that one site talks to. What is in ``settings`` may be shown; what is in ``secrets`` never is."""

    name = models.SlugField(
        max_length=64, unique=True, help_text="How this ERP is called here, also as the owner of its records."
    )
    label = models.CharField(max_length=120, blank=True, default="", help_text="For people, e.g. SAP production.")
    site = models.CharField(max_length=32, db_index=True, help_text="The code of the site it belongs to.")
    connector = models.CharField(max_length=32, help_text="Which kind of ERP: the key of a connector.")
    settings = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, default="", editable=False)
    enabled = models.BooleanField(default=True, help_text="Off: nothing is recorded for this ERP any more.")
    paused = models.BooleanField(default=False, help_text="On: messages are kept, and wait until it is resumed.")
    paused_reason = models.TextField(blank=True, default="")
    paused_at = models.DateTimeField(null=True, blank=True)
    settle_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How long a call we gave up on may still be booked there. Empty: as the connector says.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(excluded_fields=["secrets"])

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.label or self.name


class Circuit(models.Model):
    """The breaker of one connection, beside it so that its beat does not touch what people edit."""

    class State(models.TextChoices):
        CLOSED = "CLOSED", _("Closed: calls go through")
        OPEN = "OPEN", _("Open: no calls until the pause is over")
        HALF_OPEN = "HALF_OPEN", _("Half open: one call tries")

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="circuit")
    state = models.CharField(max_length=16, choices=State, default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    failed_stream = models.BigIntegerField(null=True, blank=True)
    several_streams = models.BooleanField(default=False)
    trips = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    probe_token = models.UUIDField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.connection} {self.state}"


class FlowState(models.Model):
    """Where one flow of one connection stands: whether it runs, when it is due, how far it has read."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="flows")
    flow = models.CharField(max_length=32)
    enabled = models.BooleanField(default=True)
    cadence = models.CharField(
        max_length=32,
        blank=True,
        default="",
        help_text="immediate, every 30, daily 02:00, shift_end, by_hand. Empty: as the flow says.",
    )
    needs_approval = models.BooleanField(
        default=False, help_text="Tell this ERP only what a supervisor has approved, where the flow knows of approval."
    )
    due_at = models.DateTimeField(null=True, blank=True)
    compare_due_at = models.DateTimeField(null=True, blank=True)
    cursor = models.CharField(max_length=200, blank=True, default="")
    collected_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(default=NEVER)
    failures = models.PositiveIntegerField(default=0)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True, blank=True)
    lag_seconds = models.IntegerField(null=True, blank=True)

    history = HistoricalRecords(
        excluded_fields=[
            "due_at",
            "compare_due_at",
            "cursor",
            "collected_until",
            "lease_token",
            "lease_until",
            "failures",
            "last_run_at",
            "last_ok_at",
            "last_error",
            "last_error_at",
            "lag_seconds",
        ]
    )

    class Meta:
        ordering: ClassVar = ["connection", "flow"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "flow"], name="a_flow_stands_once_per_connection")
        ]

    def __str__(self) -> str:
        return f"{self.connection} / {self.flow}"

    def cadence_of(self, default: Cadence) -> Cadence:
        """Return the cadence in force: what was set for this connection, else the flow's own."""
        return parse(self.cadence) if self.cadence else default


class Stream(models.Model):
    """What one ERP is told about one subject (a work order). Whoever holds its lease is the only one who speaks."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="streams")
    key = models.CharField(max_length=128)
    next_seq = models.PositiveBigIntegerField(default=1)
    due_at = models.DateTimeField(null=True, blank=True)
    """When something may be due, never later than it is; NULL when nothing is. The messages are the truth."""
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(default=NEVER)
    busy_with = models.BigIntegerField(null=True, blank=True)
    """The message the holder works on, so that one that kills its worker can be told from its neighbors."""
    failures = models.PositiveIntegerField(default=0)
    held = models.BooleanField(default=False)
    """A person stopped this subject."""
    blocked = models.BooleanField(default=False)
    """Nothing can go on until a person decides on a message."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "key"], name="one_stream_per_connection_and_subject")
        ]
        indexes: ClassVar = [models.Index(fields=["due_at"], name="stream_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.key}"


class OutboundMessage(models.Model):
    """One event on its way to one ERP. Written with the fact it tells; settled by the ERP's answer."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        SENDING = "SENDING", _("Sending")
        DONE = "DONE", _("Booked")
        DOUBT = "DOUBT", _("In doubt")
        REVIEW = "REVIEW", _("For a person to decide")
        DEAD = "DEAD", _("Refused")
        SUPERSEDED = "SUPERSEDED", _("Replaced by a corrected copy")
        DISCARDED = "DISCARDED", _("Dismissed")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="messages")
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveBigIntegerField()
    flow = models.CharField(max_length=32)
    key = models.CharField(max_length=32)
    kind = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    event_id = models.UUIDField()
    event = models.JSONField()
    sha256 = models.CharField(max_length=64)
    strict = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    waits_for = models.CharField(max_length=160, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    absent = models.PositiveSmallIntegerField(default=0)
    """How many look-ups in a row did not find it."""
    first_sent_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    doubt_since = models.DateTimeField(null=True, blank=True)
    """Set from the first moment the ERP might have it without our knowing, until that is settled."""
    outcome = models.CharField(max_length=16, blank=True, default="")
    code = models.CharField(max_length=120, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    reference = models.CharField(max_length=200, blank=True, default="")
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "seq"], name="one_message_per_place_in_a_stream"),
            models.UniqueConstraint(fields=["connection", "key"], name="a_message_is_told_once_per_connection"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PENDING", "SENDING", "DONE", "DOUBT", "REVIEW", "DEAD", "SUPERSEDED", "DISCARDED"]
                ),
                name="a_message_is_in_a_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["DONE", "SUPERSEDED", "DISCARDED"], done_at__isnull=False)
                | Q(state__in=["PENDING", "SENDING", "DOUBT", "REVIEW", "DEAD"], done_at__isnull=True),
                name="a_message_is_done_when_it_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(sent_at__isnull=False, attempts__gte=1),
                name="what_is_being_sent_was_noted_before",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["DOUBT", "REVIEW"]) | Q(doubt_since__isnull=False),
                name="what_is_in_doubt_says_since_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["stream", "seq"],
                name="message_open",
                condition=Q(state__in=["PENDING", "SENDING", "DOUBT", "REVIEW", "DEAD"]),
            ),
            models.Index(
                fields=["connection", "flow", "state"],
                name="message_not_done",
                condition=Q(state__in=["PENDING", "SENDING", "DOUBT", "REVIEW", "DEAD"]),
            ),
            models.Index(fields=["connection", "flow", "recorded_at"], name="message_by_time"),
            models.Index(fields=["event_id"], name="message_of_event"),
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.stream_id}#{self.seq} {self.state}"


class Attempt(models.Model):
    """One thing the engine did about a message: sent it, looked for it, or found that a worker had died with it."""

    class What(models.TextChoices):
        SEND = "SEND", _("Sent")
        FIND = "FIND", _("Looked for it")
        TRANSLATE = "TRANSLATE", _("Translated")
        RECOVER = "RECOVER", _("Found after a worker died")
        JUDGE = "JUDGE", _("Judged")

    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, related_name="attempt_set")
    what = models.CharField(max_length=16, choices=What)
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    code = models.CharField(max_length=120, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    state_after = models.CharField(max_length=16)
    exchanges = models.TextField(blank=True, default="")
    """What was said and answered, redacted, as JSON of at most 8 kB."""

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.what} {self.outcome}"


class Decision(models.Model):
    """What a person decided about a message, and why. Never changed, never deleted."""

    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, related_name="decisions")
    what = models.CharField(max_length=24)
    state_before = models.CharField(max_length=16)
    state_after = models.CharField(max_length=16)
    reason = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.what} {self.state_before} → {self.state_after}"


class InboundPage(models.Model):
    """A page of records as it arrived, stored before it is trusted."""

    class State(models.TextChoices):
        RECEIVED = "RECEIVED", _("Received")
        APPLIED = "APPLIED", _("Applied")
        FAILED = "FAILED", _("Could not be applied")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pages")
    flow = models.CharField(max_length=32)
    message_id = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001  NULL: pulled, so it has no id of its sender
    sha256 = models.CharField(max_length=64)
    raw = models.TextField()
    cursor = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVED)
    counts = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "message_id"], name="a_pushed_message_has_one_effect")
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "flow", "received_at"], name="page_by_time")]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.flow} {self.received_at:%Y-%m-%d %H:%M:%S}"


class InboundRow(models.Model):
    """A row that could not take effect: it could not be read, or it waits for something that is not here yet."""

    class State(models.TextChoices):
        REFUSED = "REFUSED", _("Could not be read")
        PARKED = "PARKED", _("Waits for something")
        APPLIED = "APPLIED", _("Taken up later")
        REPLACED = "REPLACED", _("Replaced by a newer one")
        DISMISSED = "DISMISSED", _("Dismissed")

    page = models.ForeignKey(InboundPage, on_delete=models.PROTECT, related_name="rows")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="rows")
    flow = models.CharField(max_length=32)
    key = models.CharField(max_length=128)
    record = models.JSONField(null=True, blank=True)
    raw = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State)
    reason = models.TextField(blank=True, default="")
    waits_for = models.CharField(max_length=160, blank=True, default="")
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "flow", "key"],
                name="row_open",
                condition=Q(state__in=["REFUSED", "PARKED"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.key} {self.state}"
