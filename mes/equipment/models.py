"""States of work units as points of change, what people said about stops, and calls for maintenance."""

import uuid

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from mes.core.fields import MinutesField
from mes.core.persons import Naming
from mes.equipment.rules import states
from mes.execution.models import Operation
from mes.masterdata.models import Person, ReasonCode, Shift, Site, WorkCenter, WorkUnit


class StopPolicy(models.Model):
    """How a work unit's stops are judged. Its row is also what whoever changes the unit's states locks."""

    work_unit = models.OneToOneField(WorkUnit, on_delete=models.CASCADE, related_name="stop_policy")
    micro_stop_seconds = models.PositiveIntegerField(
        default=120, help_text="A shorter stop needs no reason and counts as lost speed, not as a stop."
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "stop policies"

    def __str__(self) -> str:
        return f"{self.work_unit}: stops from {self.micro_stop_seconds} s"


class StopReason(models.Model):
    """What a stop reason means for figures; a reason without a row of its own counts as its parent does."""

    class Loss(models.TextChoices):
        FAILURE = "FAILURE", "Equipment failure"
        SETUP = "SETUP", "Setup and adjustment"
        WAITING = "WAITING", "Waiting: material, people, information"
        PLANNED = "PLANNED", "Planned stop, outside planned production time"
        OTHER = "OTHER", "Other stop"

    reason = models.OneToOneField(
        ReasonCode, on_delete=models.CASCADE, related_name="stop", limit_choices_to={"kind": ReasonCode.Kind.STOP}
    )
    loss = models.CharField(max_length=16, choices=Loss, default=Loss.OTHER)
    calls_maintenance = models.BooleanField(
        default=False, help_text="Giving this reason makes a maintenance request by itself."
    )

    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.reason}: {self.get_loss_display()}"


class StateChange(models.Model):
    """From ``started_at`` until the unit's next change it was in ``state``.

    An interval's end is not stored: it is the next row's beginning. So two intervals of a unit cannot overlap and cannot
    leave a gap between them, whoever writes: no such rows exist, and the database refuses a second change of a unit at
    one moment. The rows are a projection of facts (jobs, and what people entered), written only by services.states.
    """

    class State(models.TextChoices):
        RUNNING = states.RUNNING, "Running"
        SETUP = states.SETUP, "Setup"
        STOPPED = states.STOPPED, "Stopped"
        IDLE = states.IDLE, "No job"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="state_changes")
    started_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State)
    # No constraint in the database: its check would lock the operation's row, which belongs to another order's lock than
    # the one held when a unit falls back to a job that still runs there. Two such writers would wait for each other.
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_constraint=False
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["work_unit", "started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_unit", "started_at"], name="a_work_unit_changes_state_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[states.RUNNING, states.SETUP, states.STOPPED, states.IDLE]),
                name="a_work_unit_is_in_a_known_state",
            ),
        ]
        indexes = [models.Index(fields=["site", "started_at"], name="state_changes_by_time")]

    def __str__(self) -> str:
        return f"{self.work_unit} {self.state} {self.started_at:%Y-%m-%d %H:%M:%S}"


class Fact(models.Model):
    """Something a person said about a work unit at a moment; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    by = models.CharField(max_length=150, blank=True, default="", help_text="Who did it at a desk.")
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


class StopEntry(Fact):
    """A fact: the unit stood still from here, ran again from here, or from here stood still for another reason.

    A mistake is taken back by a second entry that names the first; both then count for nothing.
    """

    class Kind(models.TextChoices):
        STOP = states.STOP, "Stands still"
        RUN = states.RUN, "Runs again"
        CUT = states.CUT, "Another reason from here"

    kind = models.CharField(max_length=8, choices=Kind)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name_plural = "stop entries"
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["work_unit", "at"], name="stop_entries_of_work_unit")]

    def __str__(self) -> str:
        return f"{self.work_unit} {self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class StopExplanation(Fact):
    """A fact: why the unit stood still around ``at``. The one recorded last counts; a wrong one is followed by another."""

    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=4000, blank=True, default="")

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [
            models.Index(fields=["work_unit", "at"], name="explanations_of_work_unit"),
            models.Index(fields=["work_unit", "recorded_at"], name="explanations_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.work_unit} {self.at:%Y-%m-%d %H:%M:%S}: {self.reason}"


class DowntimeRecord(models.Model):
    """A fact: a stop of a work unit as others were told of it, once it had ended and was explained.

    When its times or its reason turn out otherwise, a further record ``replaces`` it; one with no minutes says that there
    was no such stop.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="downtime_records")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    minutes = MinutesField()
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=4000, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="replaced_by", null=True, blank=True, editable=False
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=models.F("started_at")), name="downtime_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["work_unit", "started_at"], name="downtime_of_work_unit")]

    def __str__(self) -> str:
        return f"{self.work_unit} {self.started_at:%Y-%m-%d %H:%M} {self.reason}"


class MaintenanceRequest(models.Model):
    """Someone asks for maintenance of a work unit; each step is stamped once. There is one open request of a unit."""

    NAMES = Naming(at="requested_at")

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", "Requested"
        ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
        DONE = "DONE", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="maintenance_requests")
    status = models.CharField(max_length=16, choices=Status, default=Status.REQUESTED)
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.CharField(max_length=4000, blank=True, default="")
    stop_started_at = models.DateTimeField(null=True, blank=True, help_text="The stop it was made from.")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True, default="")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True, default="")
    outcome = models.CharField(max_length=4000, blank=True, default="")

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_unit"], condition=~Q(status="DONE"), name="a_work_unit_has_one_open_maintenance_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_unit} {self.status} {self.requested_at:%Y-%m-%d %H:%M}"


class ShiftBreak(models.Model):
    """A break within a shift, in the site's local time: no production is planned in it."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="breaks")
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    history = HistoricalRecords()

    class Meta:
        ordering = ["shift", "starts_at"]
        constraints = [models.UniqueConstraint(fields=["shift", "starts_at"], name="a_shift_break_starts_once")]

    def __str__(self) -> str:
        return f"{self.shift.code} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}"


class PlannedStop(models.Model):
    """A time in which no production is planned: maintenance of a work unit, a holiday of the site."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="planned_stops")
    work_center = models.ForeignKey(
        WorkCenter, on_delete=models.PROTECT, related_name="+", null=True, blank=True, help_text="Empty: all of them."
    )
    work_unit = models.ForeignKey(
        WorkUnit, on_delete=models.PROTECT, related_name="+", null=True, blank=True, help_text="Empty: all of them."
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.ForeignKey(
        ReasonCode, on_delete=models.PROTECT, related_name="+", null=True, blank=True,
        limit_choices_to={"kind": ReasonCode.Kind.STOP},
    )  # fmt: skip
    note = models.CharField(max_length=400, blank=True, default="")

    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="planned_stop_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["site", "ends_at"], name="planned_stops_by_time")]

    def __str__(self) -> str:
        return self.note or (str(self.reason) if self.reason else "Planned stop")
