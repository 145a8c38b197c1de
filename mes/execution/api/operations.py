"""Operations: what is to be done at a work center, and starting, pausing and finishing it."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField
from mes.core.api.input import ChoiceField, ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView
from mes.execution import services
from mes.execution.api.inputs import Acting, approver_at, moment, person_at
from mes.execution.api.outputs import OperationOutput
from mes.execution.models import Operation, WorkOrder


class OperationsView(ApiView):
    """The dispatch list."""

    rights = {"GET": "orders:read"}
    ordering = ("work_order__priority", "work_order__number", "position", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="work_order__site__code")
        work_center = CodeField(required=False, source="work_center__code")
        work_order = CodeField(required=False, source="work_order__number")
        status = ChoicesField(Operation.Status.values, required=False, source="status__in")
        order_status = ChoicesField(WorkOrder.Status.values, required=False, source="work_order__status__in")
        held = FlagField(required=False)

    @extend_schema(operation_id="operations_list", parameters=[Query], responses=OperationOutput(many=True))
    def get(self, request: Any) -> Response:
        """List operations by priority of their order.

        Without ``order_status`` only those of released and running orders, which is what a work center can do now.
        """
        filters = {"work_order__status__in": ("RELEASED", "RUNNING")} | self.filters(self.Query)
        held = filters.pop("held", None)
        found = _operations().filter(**filters)
        if held is not None:
            on_hold = Q(work_order__held=True) | Q(held=True)
            found = found.filter(on_hold if held else ~on_hold)
        return self.page(self.here(found, site="work_order__site__code"), OperationOutput)


class OperationView(ApiView):
    """One operation."""

    rights = {"GET": "orders:read"}

    @extend_schema(operation_id="operations_get", responses=OperationOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return one operation."""
        self.no_filters()
        operation = self.one(_operations(), site="work_order__site__code", what="operation", pk=pk)
        return Response(OperationOutput(operation).data)


class OperationAnswer(OperationOutput):
    """An operation after something was done to it."""

    warnings = serializers.ListField(child=serializers.CharField(), default=list, help_text="clock_ahead, late")


class OperationVerb(ApiView):
    """Something done to an operation; the answer is the operation."""

    rights = {"POST": "operations:run"}

    def do(self, pk: int, body: type[Input], verb: Callable[..., Any]) -> Response:
        """Read the body, call ``verb(site, given, person=, occurred_at=, now=)`` once, answer with the operation."""
        operation = self.one(_operations(), site="work_order__site__code", what="operation", pk=pk)
        given = self.body(body, optional=True)
        site = operation.work_order.site

        def work() -> tuple[int, Any]:
            now = timezone.now()
            occurred_at, warnings = moment(given["occurred_at"], now)
            person = person_at(site, given["person"])
            verb(site, given, operation_id=pk, person=person, occurred_at=occurred_at, now=now)
            return 200, OperationOutput(_operations().get(pk=pk)).data | {"warnings": warnings}

        return answered_once(self.request, given, work)


class StartView(OperationVerb):
    """Start or resume."""

    class Body(Acting):
        activity = ChoiceField(("SETUP", "RUN"), required=False, default="RUN")
        work_unit = CodeField(
            required=False, default="", allow_empty=True, help_text="Left out: the center's only or first."
        )
        approved_by = CodeField(
            required=False, default="", allow_empty=True, help_text="Who lets it start out of sequence."
        )
        crew_size = serializers.IntegerField(
            required=False,
            default=None,
            allow_null=True,
            min_value=0,
            max_value=99,
            help_text="How many people who are not named work on it, beside `person`. Left out: as many as before.",
        )

    @extend_schema(operation_id="operations_start", request=Body, responses=OperationAnswer)
    def post(self, request: Any, pk: int) -> Response:
        """Start or resume setup or production on a work unit."""
        return self.do(
            pk,
            self.Body,
            lambda site, given, **who: services.start_operation(
                activity=given["activity"],
                work_unit=given["work_unit"],
                approved_by=approver_at(request, site, given["approved_by"]),
                crew_size=given["crew_size"],
                **who,
            ),
        )


class PauseView(OperationVerb):
    """Stop for a while."""

    @extend_schema(operation_id="operations_pause", request=Acting, responses=OperationAnswer)
    def post(self, request: Any, pk: int) -> Response:
        """Pause: a stop without quantity."""
        return self.do(pk, Acting, lambda site, given, **who: services.pause_operation(**who))


class CompleteOperationView(OperationVerb):
    """Finish."""

    class Body(Acting):
        approved_by = CodeField(required=False, default="", allow_empty=True)

    @extend_schema(operation_id="operations_complete", request=Body, responses=OperationAnswer)
    def post(self, request: Any, pk: int) -> Response:
        """Finish the operation; the last one completes the order where the site says so."""
        return self.do(
            pk,
            self.Body,
            lambda site, given, **who: services.complete_operation(
                approved_by=approver_at(request, site, given["approved_by"]), **who
            ),
        )


def _operations() -> Any:
    return Operation.objects.select_related(
        "work_center", "work_unit", "work_order__site", "work_order__item", "work_order__uom"
    )
