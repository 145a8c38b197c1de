"""Calls and handovers over HTTP."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.andon import services
from mes.andon.models import Call, CallKind, Handover
from mes.core.api.fields import CodeField, InstantField, TextField, UUIDField
from mes.core.api.input import ChoiceField, ChoicesField, Filters, Input
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import InvalidInput
from mes.execution.api.inputs import Acting, fact_id, moment, person_at
from mes.masterdata.api import PersonNumberField, SignedField
from mes.masterdata.models import WorkCenter

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="A UUID of the caller's making, unless the body has call_id. The same again calls nobody twice.",
)  # fmt: skip


class WorkCenterUnknown(InvalidInput):
    """There is no work center of that code at the caller's sites, or several sites have one and none is named."""

    code = "work_center_unknown"


class CallOutput(serializers.Serializer):
    """A call from the floor."""

    call_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_center = serializers.CharField(source="work_center.code")
    work_unit = serializers.CharField(source="work_unit.code", allow_null=True, default=None)
    kind = serializers.CharField()
    status = serializers.CharField()
    note = serializers.CharField()
    raised_at = InstantField()
    raised_by = PersonNumberField()
    acknowledged_at = InstantField(allow_null=True)
    acknowledged_by = SignedField()
    arrived_at = InstantField(allow_null=True)
    arrived_by = SignedField()
    resolved_at = InstantField(allow_null=True)
    resolved_by = SignedField()
    outcome = serializers.CharField()
    tier = serializers.IntegerField(help_text="1: nobody else was told yet.")


class HandoverOutput(serializers.Serializer):
    """What one shift left to the next."""

    handover_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_center = serializers.CharField(source="work_center.code")
    person = PersonNumberField()
    note = serializers.CharField()
    points = serializers.ListField(child=serializers.CharField())
    handed_over_at = InstantField()
    accepted_at = InstantField(allow_null=True)
    accepted_by = PersonNumberField()


class CallsView(ApiView):
    """The calls."""

    rights = {"GET": "orders:read", "POST": "operations:run"}
    ordering = ("raised_at", "pk")
    no_writing = "Answer a call: /acknowledge, /arrive, /resolve."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_center = CodeField(required=False, source="work_center__code")
        kind = ChoicesField(CallKind.values, required=False, source="kind__in")
        status = ChoicesField(Call.Status.values, required=False, source="status__in")
        raised_since = InstantField(required=False, source="raised_at__gte")

    class New(Acting):
        call_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        site = CodeField(required=False, default="", max_length=32, allow_empty=True)
        work_center = CodeField()
        work_unit = CodeField(
            required=False, default="", allow_empty=True,
            help_text="To which maintenance is called; the only one there is need not be named.",
        )  # fmt: skip
        kind = ChoiceField(CallKind.values)
        note = TextField(required=False, default="", max_length=400, allow_blank=True)

    @extend_schema(operation_id="calls_list", parameters=[Query], responses=CallOutput(many=True))
    def get(self, request: Any) -> Response:
        """List calls in the order in which they were raised."""
        return self.page(self.here(_calls().filter(**self.filters(self.Query))), CallOutput)

    @extend_schema(operation_id="calls_create", parameters=[KEY], request=New, responses={201: CallOutput})
    def post(self, request: Any) -> Response:
        """Call somebody to a work center."""
        given = self.body(self.New)
        call_id = fact_id(request, given["call_id"], "call_id")
        center = self._center(given["work_center"], given["site"])
        now = timezone.now()
        occurred_at, _warnings = moment(given["occurred_at"], now)
        call = services.raise_call(
            call_id=call_id,
            work_center_id=center.pk,
            kind=given["kind"],
            note=given["note"],
            work_unit=given["work_unit"],
            person=person_at(center.site, given["person"]),
            occurred_at=occurred_at,
            now=now,
        )
        return Response(CallOutput(_calls().get(pk=call.pk)).data, status=201)

    def _center(self, code: str, site: str) -> WorkCenter:
        centers = self.here(WorkCenter.objects.select_related("site")).filter(code=code, active=True)
        found = list((centers.filter(site__code=site) if site else centers)[:2])
        if len(found) != 1:
            why = "Several of your sites have a" if found else "Your sites have no"
            raise WorkCenterUnknown(f"{why} work center {code}. Name site and work center.", field="work_center")
        return found[0]


class CallView(ApiView):
    """One call."""

    rights = {"GET": "orders:read"}

    @extend_schema(operation_id="calls_get", responses=CallOutput)
    def get(self, request: Any, pk: Any) -> Response:
        """Return one call."""
        self.no_filters()
        return Response(CallOutput(self.one(_calls(), what="call", pk=pk)).data)


class AcknowledgeView(ApiView):
    """Coming."""

    rights = {"POST": "calls:answer"}

    class Body(Input):
        """Nothing need be said."""

    @extend_schema(operation_id="calls_acknowledge", request=Body, responses=CallOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Say that somebody comes; twice is once."""
        self.one(_calls(), what="call", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            services.acknowledge_call(call_id=pk, by=decided_by(request), now=timezone.now())
            return 200, CallOutput(_calls().get(pk=pk)).data

        return answered_once(request, given, work)


class ArriveView(ApiView):
    """There."""

    rights = {"POST": "calls:answer"}

    class Body(Input):
        """Nothing need be said."""

    @extend_schema(operation_id="calls_arrive", request=Body, responses=CallOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Say that somebody is there; twice is once."""
        self.one(_calls(), what="call", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            services.arrive_at_call(call_id=pk, by=decided_by(request), now=timezone.now())
            return 200, CallOutput(_calls().get(pk=pk)).data

        return answered_once(request, given, work)


class ResolveView(ApiView):
    """Done."""

    rights = {"POST": "calls:answer"}

    class Body(Input):
        outcome = TextField(max_length=400, help_text="What was done.")

    @extend_schema(operation_id="calls_resolve", request=Body, responses=CallOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Say that the call is over and what was done."""
        self.one(_calls(), what="call", pk=pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            services.resolve_call(call_id=pk, by=decided_by(request), now=timezone.now(), outcome=given["outcome"])
            return 200, CallOutput(_calls().get(pk=pk)).data

        return answered_once(request, given, work)


class HandoversView(ApiView):
    """The handovers."""

    rights = {"GET": "orders:read"}
    ordering = ("handed_over_at", "pk")
    no_writing = "A work center is handed over at its terminal, by who leaves it."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_center = CodeField(required=False, source="work_center__code")
        since = InstantField(required=False, source="handed_over_at__gte")

    @extend_schema(operation_id="handovers_list", parameters=[Query], responses=HandoverOutput(many=True))
    def get(self, request: Any) -> Response:
        """List what shifts left to each other."""
        found = Handover.objects.select_related("site", "work_center", "person", "accepted_by")
        return self.page(self.here(found.filter(**self.filters(self.Query))), HandoverOutput)


def _calls() -> Any:
    return Call.objects.select_related("site", "work_center", "work_unit", "raised_by")
