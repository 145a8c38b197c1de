"""Coming, going and time on jobs over HTTP."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from labor import queries, services
from labor.models import AttendanceSegment, LaborSegment
from mes.access.api import answered_once
from mes.core.api.fields import BooleanField, CodeField, InstantField, OutputDecimalField
from mes.core.api.input import ChoiceField, ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import InvalidInput, NotAllowed
from mes.execution.api.inputs import Noted, OperationNamed, moment, operation_meant
from mes.masterdata.models import Person, Site
from mes.masterdata.queries import private_sites


class NobodyOfThatNumber(InvalidInput):
    """No active person of that number works at the caller's sites, or several do and no site is named."""

    code = "person_unknown"


class PersonNotShown(NotAllowed):
    """The site is in privacy mode."""

    code = "person_not_shown"
    title = "Not shown of one person"


class AttendanceOutput(serializers.Serializer):
    """A stretch of presence, or a break."""

    id = serializers.UUIDField()
    site = serializers.CharField(source="site.code")
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    kind = serializers.CharField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)
    awaits_end = serializers.BooleanField(help_text="Forgotten: a supervisor has to set its end.")


class SegmentOutput(serializers.Serializer):
    """A stretch of one person's work; ``minutes`` is that person's share, final once it has ended.

    Without a person it is a crew of ``crew_size`` people, and ``minutes`` is the time of all of them.
    """

    id = serializers.UUIDField()
    site = serializers.CharField(source="site.code")
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    crew_size = serializers.IntegerField()
    activity = serializers.CharField()
    work_order = serializers.CharField(source="operation.work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    reason = serializers.CharField(source="reason.code", allow_null=True, default=None)
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)
    minutes = OutputDecimalField(allow_null=True)
    awaits_end = serializers.BooleanField(help_text="Forgotten: a supervisor has to set its end.")
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)
    note = serializers.CharField()


class AttendanceView(ApiView):
    """Who was here when."""

    rights = {"GET": "labor:read"}
    ordering = ("started_at", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        person = CodeField(required=False, source="person__number")
        open = FlagField(required=False, source="ended_at__isnull")
        started_since = InstantField(required=False, source="started_at__gte")

    @extend_schema(operation_id="labor_attendance_list", parameters=[Query], responses=AttendanceOutput(many=True))
    def get(self, request: Any) -> Response:
        """List presence and breaks; what a correction took the place of is left out.

        Of a site in privacy mode: only what waits for an end, for callers who may set it.
        """
        rows = _attendance().filter(voided_by__isnull=True, **self.filters(self.Query))
        return self.page(_shown(self, self.here(rows)), AttendanceOutput)


class SegmentsView(ApiView):
    """Who worked on what."""

    rights = {"GET": "labor:read"}
    ordering = ("started_at", "pk")
    no_writing = "Clock on and off; take a segment back with /reversal."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        person = CodeField(required=False, source="person__number")
        work_order = CodeField(required=False, source="operation__work_order__number")
        operation = CodeField(required=False, source="operation__number")
        activity = ChoicesField(LaborSegment.Activity.values, required=False, source="activity__in")
        open = FlagField(required=False, source="ended_at__isnull")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="labor_segments_list", parameters=[Query], responses=SegmentOutput(many=True))
    def get(self, request: Any) -> Response:
        """List time on jobs, reversals included.

        Of a site in privacy mode: the time of crews, and for callers who may set it what waits for an end. What people
        worked together is in `/labor/sums`.
        """
        rows = _shown(self, self.here(_segments().filter(**self.filters(self.Query))), crews=True)
        return self.page(rows, SegmentOutput)


class StretchOutput(serializers.Serializer):
    """A stretch in which the same jobs went on, and what each got of it."""

    class PartOutput(serializers.Serializer):
        segment = serializers.UUIDField(source="key")
        weight = serializers.IntegerField(help_text="Of planned minutes or pieces: millionths.")
        seconds = serializers.IntegerField()

    started_at = InstantField(source="start")
    ended_at = InstantField(source="end")
    seconds = serializers.IntegerField()
    policy = serializers.CharField(help_text="The site's split policy then.")
    basis = serializers.CharField(help_text="By what it was divided: EQUAL where the policy found nothing to weigh by.")
    parts = PartOutput(many=True)


class SumsView(ApiView):
    """What people worked together on a day, by work center."""

    rights = {"GET": "labor:read"}
    pagination_class = None

    class Query(Filters):
        site = CodeField(required=False, source="code")
        day = serializers.DateField(required=False, help_text="In the site's time zone; left out: today.")

    class Output(serializers.Serializer):
        site = serializers.CharField()
        group = serializers.CharField(
            help_text="Work center, or reason of indirect work; empty: the groups that are too small, together."
        )
        people = serializers.IntegerField(allow_null=True)
        minutes = OutputDecimalField(allow_null=True, help_text="null: too few people to show.")

    @extend_schema(operation_id="labor_sums", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List minutes of labor by work center; of fewer people than the site's privacy policy asks for there are none."""
        asked = self.filters(self.Query)
        day = asked.pop("day", None)
        now, rows = timezone.now(), []
        for site in self.here(Site.objects.filter(**asked), site="code").order_by("code"):
            that_day = day or queries.local_day(site=site.code, moment=now)
            rows += [
                {"site": site.code, "group": one.group, "people": one.people, "minutes": one.minutes}
                for one in queries.sums_by_work_center(site=site, day=that_day)
            ]
        return Response(self.Output(rows, many=True).data)


class SegmentSharesView(ApiView):
    """How the minutes of a segment came about."""

    rights = {"GET": "labor:read"}

    @extend_schema(operation_id="labor_segments_shares", responses=StretchOutput(many=True))
    def get(self, request: Any, pk: Any) -> Response:
        """List the stretches that a booked segment is in, with what went on at the same time. Empty for a crew."""
        segment = self.one(_segments().select_related("reverses"), what="time on a job", pk=pk)
        if not queries.is_shown(site=segment.site):
            raise PersonNotShown(_("This site shows nothing of one person. Ask for the sums of several."))
        return Response(StretchOutput(queries.how_divided(segment), many=True).data)


class CrewView(ApiView):
    """How many people who are not named work on an operation."""

    rights = {"POST": "labor:write"}

    class Body(Input):
        operation_id = CodeField(max_length=18)
        crew_size = serializers.IntegerField(min_value=0, max_value=99)
        occurred_at = InstantField(required=False, default=None, help_text="When it happened; left out: now.")

    class Output(serializers.Serializer):
        crew_size = serializers.IntegerField()
        segment = SegmentOutput(allow_null=True, help_text="The crew's running time; null where there is no crew.")
        warnings = serializers.ListField(child=serializers.CharField())

    @extend_schema(operation_id="labor_crew_set", request=Body, responses=Output)
    def post(self, request: Any) -> Response:
        """Say how many people who are not named work on a running operation from now on, beside those clocked on."""
        given = self.body(self.Body)
        operation = operation_meant(self, given)

        def work() -> tuple[int, Any]:
            now = timezone.now()
            occurred_at, warnings = moment(given["occurred_at"], now)
            crew = services.set_crew_size(
                operation_id=operation.pk, size=given["crew_size"], occurred_at=occurred_at, now=now
            )
            told = SegmentOutput(_segments().get(pk=crew.pk)).data if crew else None
            return 200, {"crew_size": given["crew_size"], "segment": told, "warnings": warnings}

        return answered_once(request, given, work)


class SegmentReversalView(ApiView):
    """Taking booked time back."""

    rights = {"POST": "labor:correct"}

    @extend_schema(operation_id="labor_segments_reverse", request=Noted, responses={201: SegmentOutput})
    def post(self, request: Any, pk: Any) -> Response:
        """Take a booked segment back by its negative; work that ran beside it gets the time."""
        self.one(_segments(), what="time on a job", pk=pk)
        given = self.body(Noted, optional=True)

        def work() -> tuple[int, Any]:
            reversal = services.reverse_labor(
                segment_id=pk, by=decided_by(request), now=timezone.now(), note=given["note"][:400]
            )
            return 201, SegmentOutput(_segments().get(pk=reversal.pk)).data

        return answered_once(request, given, work)


class SegmentEndView(ApiView):
    """Setting a forgotten end."""

    rights = {"POST": "labor:correct"}

    class Body(Input):
        ended_at = InstantField()

    @extend_schema(operation_id="labor_segments_end", request=Body, responses=SegmentOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Set the true end of a forgotten timer, which books it."""
        self.one(_segments(), what="time on a job", pk=pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            services.set_labor_end(segment_id=pk, by=decided_by(request), now=timezone.now(), **given)
            return 200, SegmentOutput(_segments().get(pk=pk)).data

        return answered_once(request, given, work)


class Clocking(Input):
    """Whose time it is."""

    person = CodeField(help_text="Personnel number.")
    site = CodeField(required=False, default="", max_length=32, allow_empty=True)
    occurred_at = InstantField(required=False, default=None, help_text="When it happened; left out: now.")


class OnOperation(Clocking, OperationNamed):
    """Whose time it is, and on what."""


class ClockVerb(ApiView):
    """Something a person does with their time; saying it twice is saying it once."""

    rights = {"POST": "labor:write"}

    def do(self, body: type[Clocking], verb: Callable[..., Any]) -> Response:
        """Read the body, call ``verb(given, person=, occurred_at=, now=)`` once, answer with the segment."""
        given = self.body(body)
        named = self._named(given) if issubclass(body, OnOperation) else {}
        person = self._person(given["person"], given["site"])

        def work() -> tuple[int, Any]:
            now = timezone.now()
            occurred_at, warnings = moment(given["occurred_at"], now)
            segment = verb(given, person=person, occurred_at=occurred_at, now=now, **named)
            if isinstance(segment, AttendanceSegment):
                told: Any = AttendanceOutput(_attendance().get(pk=segment.pk)).data
            else:
                told = SegmentOutput(_segments().get(pk=segment.pk)).data
            if "minutes" in told and not queries.is_shown(site=person.site):
                told["minutes"] = None
            return 200, told | {"warnings": warnings}

        return answered_once(self.request, given, work)

    def _named(self, given: dict[str, Any]) -> dict[str, int]:
        operation = operation_meant(self, given)
        given["site"] = given["site"] or operation.work_order.site.code
        return {"operation_id": operation.pk}

    def _person(self, number: str, site: str) -> Person:
        if site:
            self.one(Site.objects.all(), site="code", what="site", code=site)
        people = self.here(Person.objects.select_related("site")).filter(number=number, active=True)
        found = list((people.filter(site__code=site) if site else people)[:2])
        if len(found) != 1:
            why = "Several people at your sites have" if found else "Nobody at your sites has"
            raise NobodyOfThatNumber(f"{why} the personnel number {number}. Name person and site.", field="person")
        return found[0]


class ClockInView(ClockVerb):
    """Coming."""

    @extend_schema(operation_id="labor_clock_in", request=Clocking, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Come to work, or back from a break."""
        return self.do(Clocking, lambda given, **who: services.clock_in(**who))


class ClockOutView(ClockVerb):
    """Going."""

    @extend_schema(operation_id="labor_clock_out", request=Clocking, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Go home: all running segments end."""
        return self.do(Clocking, lambda given, **who: services.clock_out(**who))


class BreakStartView(ClockVerb):
    """A break begins."""

    @extend_schema(operation_id="labor_break_start", request=Clocking, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """Take a break: work on everything stops until it ends."""
        return self.do(Clocking, lambda given, **who: services.start_break(**who))


class BreakEndView(ClockVerb):
    """A break ends."""

    class Body(Clocking):
        resume = BooleanField(required=False, default=True)

    @extend_schema(operation_id="labor_break_end", request=Body, responses=AttendanceOutput)
    def post(self, request: Any) -> Response:
        """End a break; with ``resume`` work goes on where it was interrupted, if it still runs."""
        return self.do(self.Body, lambda given, **who: services.end_break(resume=given["resume"], **who))


class ClockOnView(ClockVerb):
    """Joining work."""

    class Body(OnOperation):
        activity = ChoiceField(("SETUP", "RUN"), required=False, default="")

    @extend_schema(operation_id="labor_clock_on", request=Body, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """Join the work on a running operation; attendance opens by itself."""
        return self.do(
            self.Body,
            lambda given, **who: services.clock_on(activity=given["activity"], **who),
        )


class ClockOffView(ClockVerb):
    """Leaving work."""

    @extend_schema(operation_id="labor_clock_off", request=OnOperation, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """Leave the work on an operation, which goes on without the person."""
        return self.do(OnOperation, lambda given, **who: services.clock_off(**who))


class IndirectStartView(ClockVerb):
    """Indirect work begins."""

    class Body(Clocking):
        reason = CodeField(help_text="The code of an INDIRECT reason.")

    @extend_schema(operation_id="labor_indirect_start", request=Body, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """Do something that belongs to no order; work on orders ends for the person."""
        return self.do(self.Body, lambda given, **who: services.start_indirect(reason=given["reason"], **who))


class IndirectStopView(ClockVerb):
    """Indirect work ends."""

    @extend_schema(operation_id="labor_indirect_stop", request=Clocking, responses=SegmentOutput)
    def post(self, request: Any) -> Response:
        """End the indirect work."""
        return self.do(Clocking, lambda given, **who: services.stop_indirect(**who))


def _attendance() -> Any:
    return AttendanceSegment.objects.select_related("site", "person")


def _segments() -> Any:
    return LaborSegment.objects.select_related("site", "person", "operation__work_order", "reason")


def _shown(view: ApiView, rows: QuerySet[Any], *, crews: bool = False) -> QuerySet[Any]:
    """Leave out what would show what one person did at a site in privacy mode."""
    private = private_sites()
    if not private:
        return rows
    grant = view.request.auth
    settles = private if grant.everywhere else private & grant.sites("labor:correct")
    waits = Q(site__code__in=settles, ended_at__isnull=True, flagged_at__isnull=False)
    shown = ~Q(site__code__in=private) | waits
    return rows.filter(shown | Q(person__isnull=True, anonymized_at__isnull=True) if crews else shown)
