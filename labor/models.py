"""Who was present when, and who worked on what."""

import uuid

from django.db import models
from django.db.models import Q

from mes.core.fields import MinutesField
from mes.core.persons import Naming
from mes.execution.models import Operation
from mes.masterdata.models import Person, ReasonCode, Site


class Segment(models.Model):
    """A stretch of one person's time. ``ended_at`` is written once, when it ends; after that nothing changes.

    A segment that ran longer than anybody works is set aside: ``flagged_at`` says when that was noticed and
    ``claimed_ended_at`` what end was claimed. It counts for nothing until a supervisor sets its end.
    """

    NAMES = Naming(at="started_at", settled=Q(ended_at__isnull=False), stamp="anonymized_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(help_text="When it became final; until then, when it was opened.")
    flagged_at = models.DateTimeField(null=True, blank=True)
    claimed_ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=400, blank=True, default="")
    corrected_by = models.CharField(max_length=150, blank=True, default="", help_text="The supervisor who set it.")
    anonymized_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person was taken out of it, as the site's privacy policy says."
    )

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.flagged_at is None

    @property
    def awaits_end(self) -> bool:
        return self.ended_at is None and self.flagged_at is not None


class AttendanceSegment(Segment):
    """A person was at the plant, or on a break there."""

    class Kind(models.TextChoices):
        PRESENT = "PRESENT", "Present"
        BREAK = "BREAK", "Break"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attendance_segments", null=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PRESENT)
    voided_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="voids", null=True, blank=True, editable=False
    )
    """The segment that takes its place: a correction. What is voided stays, and counts for nothing."""

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["person", "started_at"], name="attendance_by_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_at__isnull=True, flagged_at__isnull=True),
                name="a_person_is_present_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("started_at")),
                name="attendance_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(anonymized_at__isnull=False, ended_at__isnull=False),
                name="attendance_is_somebodys_until_anonymized",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or '–'} {self.kind} {self.started_at:%Y-%m-%d %H:%M}"


class DayApproval(models.Model):
    """A supervisor vouches for one person's time of one day, as it stood at that moment. A fact: later time needs another.

    Without a person it vouches for the day's crews that are not named.
    """

    NAMES = Naming(at="approved_at", stamp="anonymized_at")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="day_approvals", null=True, blank=True)
    day = models.DateField(help_text="In the site's time zone.")
    approved_at = models.DateTimeField()
    approved_by = models.CharField(max_length=150)
    minutes = MinutesField(help_text="What the day's work came to.")
    anonymized_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-approved_at"]
        indexes = [models.Index(fields=["person", "day"], name="approval_by_day")]

    def __str__(self) -> str:
        return f"{self.person or '–'} {self.day} by {self.approved_by}"


class LaborSegment(Segment):
    """A person worked on an operation, or on something indirect. ``minutes`` is that person's share, final once ended.

    Without a person it is a crew: ``crew_size`` people who are not named, ``minutes`` all of theirs together.
    ``planned_minutes`` is what was planned for the job when this began: its weight in a split by planned time.
    A mistake is taken back by a second segment that ``reverses`` the first, with negative minutes.
    """

    class Activity(models.TextChoices):
        SETUP = "SETUP", "Setup"
        RUN = "RUN", "Run"
        INDIRECT = "INDIRECT", "Indirect"

    class EndedBy(models.TextChoices):
        STOP = "STOP", "Operation stopped"
        PERSON = "PERSON", "Clocked off"
        SWITCH = "SWITCH", "Went on to something else"
        BREAK = "BREAK", "Break"
        CLOCK_OUT = "CLOCK_OUT", "Went home"
        SUPERVISOR = "SUPERVISOR", "Set by a supervisor"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="labor_segments", null=True, blank=True)
    crew_size = models.PositiveSmallIntegerField(default=1, help_text="How many people it is the time of.")
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="labor_segments", null=True, blank=True
    )
    reason = models.ForeignKey(ReasonCode, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    activity = models.CharField(max_length=8, choices=Activity)
    minutes = MinutesField(null=True, blank=True)
    planned_minutes = MinutesField(default=0)
    ended_by = models.CharField(max_length=16, choices=EndedBy, blank=True, default="")
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True, editable=False
    )

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["person", "started_at"], name="labor_by_person"),
            models.Index(fields=["site", "recorded_at"], name="labor_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "operation"],
                condition=Q(ended_at__isnull=True, flagged_at__isnull=True, operation__isnull=False),
                name="a_person_works_once_on_an_operation",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_at__isnull=True, flagged_at__isnull=True, operation__isnull=True),
                name="a_person_does_one_indirect_thing",
            ),
            models.UniqueConstraint(
                fields=["operation"],
                condition=Q(ended_at__isnull=True, flagged_at__isnull=True, person__isnull=True),
                name="an_operation_has_one_crew",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, crew_size=1)
                | Q(person__isnull=True, operation__isnull=False, crew_size__gte=1)
                | Q(person__isnull=True, anonymized_at__isnull=False, ended_at__isnull=False),
                name="labor_is_a_persons_or_a_crews",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("started_at")),
                name="labor_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, minutes__isnull=True)
                | Q(ended_at__isnull=False, minutes__isnull=False),
                name="labor_has_minutes_when_it_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(activity="INDIRECT", operation__isnull=True)
                | Q(activity__in=["SETUP", "RUN"], operation__isnull=False),
                name="labor_is_on_an_operation_or_indirect",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.activity} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_crew(self) -> bool:
        """Whether it is the time of people who are not named (and not of a person whose name was taken out)."""
        return self.person_id is None and self.anonymized_at is None

    @property
    def who(self) -> str:
        if self.person_id is not None:
            return str(self.person)
        return f"crew of {self.crew_size}" if self.is_crew else "–"
