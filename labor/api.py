"""Coming and going, and joining and leaving work, over HTTP."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from labor import services
from labor.models import AttendanceSegment, LaborSegment
from mes.access.api import answered_once
from mes.core.api.fields import CodeField, InstantField, OutputDecimalField
from mes.core.api.input import ChoicesField, Filters
from mes.core.api.views import ApiView
from mes.execution.api.inputs import Acting, moment, person_at
from mes.execution.models import Operation
from mes.masterdata.models import Site


class SegmentOutput(serializers.Serializer):
    """A stretch of a person's time on an operation or on something indirect."""

    id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    person = serializers.CharField(source="person.number")
    work_order = serializers.CharField(source="operation.work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    reason = serializers.CharField(source="reason.code", allow_null=True, default=None)
    activity = serializers.CharField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)
    minutes = OutputDecimalField(allow_null=True, help_text="That person's share; null while it runs.")


class AttendanceOutput(serializers.Serializer):
    """A stretch of a person's presence."""

    id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    person = serializers.CharField(source="person.number")
    kind = serializers.CharField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)


class SegmentsView(ApiView):
    """Who worked on what."""

    rights = {"GET": "labor:read"}
    ordering = ("recorded_at", "pk")
    no_writing = "Join work with POST /api/v1/labor/clock-on and leave it with /clock-off."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        person = CodeField(required=False, source="person__number")
        work_order = CodeField(required=False, source="operation__work_order__number")
        activity = ChoicesField(LaborSegment.Activity.values, required=False, source="activity__in")

    @extend_schema(operation_id="labor_segments_list", parameters=[Query], responses=SegmentOutput(many=True))
    def get(self, request: Any) -> Response:
        """List stretches of time on job."""
        return self.page(self.here(_segments().filter(**self.filters(self.Query))), SegmentOutput)


class ClockView(ApiView):
    """Somebody joins or leaves the work on a running operation."""

    rights = {"POST": "labor:write"}

    class Body(Acting):
        person = CodeField(help_text="Personnel number of who joins or leaves.")
        operation_id = CodeField(max_length=18)

    def do(self, verb: Callable[..., LaborSegment]) -> Response:
        """Read the body, call the verb once, answer with the segment."""
        given = self.body(self.Body)
        text = given["operation_id"]
        pk = int(text) if text.isascii() and text.isdigit() else 0
        operations = Operation.objects.select_related("work_order__site")
        operation = self.one(operations, site="work_order__site__code", what="operation", pk=pk)
        person = person_at(operation.work_order.site, given["person"])

        def work() -> tuple[int, Any]:
            now = timezone.now()
            occurred_at, _ = moment(given["occurred_at"], now)
            segment = verb(person=person, operation_id=pk, occurred_at=occurred_at, now=now)
            return 200, SegmentOutput(_segments().get(pk=segment.pk)).data

        return answered_once(self.request, given, work)


class ClockOnView(ClockView):
    """Join."""

    @extend_schema(operation_id="labor_clock_on", request=ClockView.Body, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """Join the work on a running operation; attendance opens by itself."""
        return self.do(services.clock_on)


class ClockOffView(ClockView):
    """Leave."""

    @extend_schema(operation_id="labor_clock_off", request=ClockView.Body, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """Leave the work on an operation, which goes on without this person."""
        return self.do(services.clock_off)


class AttendanceView(ApiView):
    """Somebody comes, goes, or takes a break."""

    rights = {"POST": "labor:write"}

    class Body(Acting):
        person = CodeField(help_text="Personnel number.")
        site = CodeField(max_length=32)

    def do(self, verb: Callable[..., AttendanceSegment]) -> Response:
        """Read the body, call the verb once, answer with the stretch of presence."""
        given = self.body(self.Body)
        site = self.one(Site.objects.all(), site="code", what="site", code=given["site"])
        person = person_at(site, given["person"])

        def work() -> tuple[int, Any]:
            now = timezone.now()
            occurred_at, _ = moment(given["occurred_at"], now)
            segment = verb(person=person, occurred_at=occurred_at, now=now)
            return 200, AttendanceOutput(
                AttendanceSegment.objects.select_related("site", "person").get(pk=segment.pk)
            ).data

        return answered_once(self.request, given, work)


class ClockInView(AttendanceView):
    """Come."""

    @extend_schema(operation_id="labor_clock_in", request=AttendanceView.Body, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Come to work, or be back from a break."""
        return self.do(services.clock_in)


class ClockOutView(AttendanceView):
    """Go."""

    @extend_schema(operation_id="labor_clock_out", request=AttendanceView.Body, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Go home: everything that runs for this person ends."""
        return self.do(services.clock_out)


class BreakView(AttendanceView):
    """Take a break."""

    @extend_schema(operation_id="labor_start_break", request=AttendanceView.Body, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Take a break: work stops for this person until they clock in again."""
        return self.do(services.start_break)


def _segments() -> Any:
    return LaborSegment.objects.select_related("site", "person", "operation__work_order", "reason")
