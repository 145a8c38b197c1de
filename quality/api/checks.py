"""Plans, what is due, readings and their judgment."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import (
    CodeField,
    InstantField,
    IntegerField,
    TextField,
    UUIDField,
)
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.translations import words_of
from mes.core.api.views import ApiView, decided_by
from mes.execution.api.inputs import Acting, moment, person_at
from mes.execution.models import Operation
from quality import queries, services
from quality.api.outputs import DECIDE, FACT, CheckOutput, PlanOutput, ReadingOutput, ResultOutput
from quality.models import Characteristic, InspectionPlan, InspectionResult, OrderCheck, Reading, Trigger
from quality.queries import CheckState

ACTIVE = (Operation.Status.SETUP, Operation.Status.RUNNING, Operation.Status.PAUSED)


class PlansView(ApiView):
    """The plans."""

    rights = {"GET": "quality:read"}
    ordering = ("pk",)
    no_writing = "Plans are made under Planning."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        item = CodeField(required=False, source="item__number")
        operation = CodeField(required=False, max_length=16)
        work_center = CodeField(required=False, source="work_center__code")
        active = FlagField(required=False)

    @extend_schema(operation_id="inspection_plans_list", parameters=[Query], responses=PlanOutput(many=True))
    def get(self, request: Any) -> Response:
        """List inspection plans with their characteristics and checks."""
        return self.page(self.here(_plans().filter(**self.filters(self.Query))), PlanOutput)


class PlanTranslationsView(ApiView):
    """What the characteristics of a plan are called in other languages."""

    rights = {"PUT": "quality:plan"}

    class Body(Input):
        class One(Input):
            code = CodeField(max_length=32)
            vars().update(words_of(Characteristic))

        characteristics = serializers.ListField(child=One(), allow_empty=False, max_length=200)

    @extend_schema(operation_id="inspection_plans_translate", request=Body, responses=PlanOutput)
    def put(self, request: Any, pk: int) -> Response:
        """Say what the named characteristics are called, and how they are measured, in the languages of terminals.

        Of each that is named these are all translations; those that are not named keep theirs. Orders that are released
        from now on have them.
        """
        plan = self.one(InspectionPlan.objects.all(), what="inspection plan", pk=pk)
        rows = [dict(row) for row in self.body(self.Body)["characteristics"]]
        services.translate_plan(plan_id=plan.pk, translations={row.pop("code"): row for row in rows})
        return Response(PlanOutput(_plans().get(pk=pk)).data)


def _plans() -> Any:
    plans = InspectionPlan.objects.select_related("site", "item", "work_center")
    return plans.prefetch_related("characteristics__uom", "checks")


class ChecksView(ApiView):
    """What is to be inspected."""

    rights = {"GET": "quality:read"}
    ordering = ("pk",)

    class Query(Filters):
        site = CodeField(required=False, source="operation__work_order__site__code")
        work_order = CodeField(required=False, source="operation__work_order__number")
        operation = CodeField(required=False, max_length=16, source="operation__number")
        work_center = CodeField(required=False, source="operation__work_center__code")
        trigger = ChoicesField(Trigger.values, required=False, source="trigger__in")

    @extend_schema(operation_id="inspection_checks_list", parameters=[Query], responses=CheckOutput(many=True))
    def get(self, request: Any) -> Response:
        """List the checks of operations that are being worked on (of any operation, where an order is named)."""
        filters = self.filters(self.Query)
        rows = OrderCheck.objects.filter(**filters)
        if "operation__work_order__number" not in filters:
            rows = rows.filter(operation__status__in=ACTIVE, operation__work_order__status__in=queries.OPEN_ORDERS)
        rows = rows.select_related("plan", "operation__work_order__site", "operation__work_order__item")
        return self.page(self.here(rows, site="operation__work_order__site__code"), _Checks)


class _Checks(CheckOutput):
    """Turns rows into states, all at once."""

    class Meta:
        list_serializer_class = type(
            "_Stated",
            (serializers.ListSerializer,),
            {"to_representation": lambda self, rows: [CheckOutput(one).data for one in _stated(rows)]},
        )


def _stated(rows: Any) -> list[CheckState]:
    checks = {row.pk: row for row in rows}
    operations = {row.operation_id: row.operation for row in checks.values()}
    states = queries.states_of(list(operations.values()), now=timezone.now())
    found = {state.check.pk: state for listed in states.values() for state in listed if state.check.pk in checks}
    for pk, state in found.items():
        state.check = checks[pk]
    return [found[pk] for pk in checks if pk in found]


class TakeReadingsView(ApiView):
    """Entering values."""

    rights = {"POST": "quality:write"}

    class Body(Acting):
        class Value(Input):
            reading_id = UUIDField(help_text="Made by the caller. The same again stores nothing more.")
            characteristic = CodeField(max_length=32)
            piece = IntegerField(required=False, default=1, min_value=1, max_value=25)
            value = TextField(
                max_length=200,
                help_text="As the gauge sent it, such as 12.03 or 12,03 mm; ok or nok; what was written, or chosen.",
            )

            refused = {"passed": "Values are judged here."}

        occurrence = CodeField(help_text="As the check says.")
        values = serializers.ListField(child=Value(), min_length=1, max_length=500)
        gauge = CodeField(required=False, default="", allow_empty=True)

    @extend_schema(operation_id="inspection_checks_read", request=Body, responses={201: ReadingOutput(many=True)})
    def post(self, request: Any, pk: int) -> Response:
        """Store values of a sample; each is judged at once, and the sample when it is whole."""
        check = _check(self, pk)
        given = self.body(self.Body)
        site = check.operation.work_order.site
        now = timezone.now()
        occurred_at, _warnings = moment(given["occurred_at"], now)
        taken = services.take_readings(
            operation_id=check.operation_id,
            check_id=check.pk,
            occurrence=given["occurrence"],
            entries=[
                services.Entry(
                    reading_id=one["reading_id"], characteristic=one["characteristic"], piece=one["piece"],
                    text=one["value"],
                )
                for one in given["values"]
            ],
            person=person_at(site, given["person"]),
            occurred_at=occurred_at,
            now=now,
            gauge=given["gauge"],
        )  # fmt: skip
        stored = _readings().in_bulk([one.pk for one in taken])
        rows = [stored[one.pk] for one in taken]
        replayed = bool(taken) and all(one.recorded_at != now for one in taken)
        headers = {"Idempotency-Replayed": "true"} if replayed else None
        return Response(ReadingOutput(rows, many=True).data, status=201, headers=headers)


class ReleaseView(ApiView):
    """Letting work go on although a sample failed."""

    rights = {"POST": DECIDE}

    class Body(Input):
        occurrence = CodeField()
        note = TextField(max_length=4000, help_text="Why it may go on.")

    @extend_schema(operation_id="inspection_checks_release", request=Body, responses=ResultOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Release a failed sample, with a reason."""
        _check(self, pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            result = services.release_sample(check_id=pk, by=decided_by(request), now=timezone.now(), **given)
            return 200, ResultOutput(_results().get(pk=result.pk)).data

        return answered_once(request, given, work)


class ReadingsView(ApiView):
    """The readings."""

    rights = {"GET": "quality:read"}
    ordering = ("recorded_at", "pk")
    no_writing = f"Enter values with /inspection-checks/<id>/readings. {FACT}"

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="operation__work_order__number")
        operation = CodeField(required=False, max_length=16, source="operation__number")
        item = CodeField(required=False, source="operation__work_order__item__number")
        characteristic = CodeField(required=False, max_length=32, source="characteristic__code")
        passed = FlagField(required=False)
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="readings_list", parameters=[Query], responses=ReadingOutput(many=True))
    def get(self, request: Any) -> Response:
        """List readings in the order in which they were recorded, re-measurements included."""
        return self.page(self.here(_readings().filter(**self.filters(self.Query))), ReadingOutput)


class ResultsView(ApiView):
    """The results."""

    rights = {"GET": "quality:read"}
    ordering = ("recorded_at", "pk")
    no_writing = FACT

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="operation__work_order__number")
        operation = CodeField(required=False, max_length=16, source="operation__number")
        verdict = ChoicesField(InspectionResult.Verdict.values, required=False, source="verdict__in")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="inspection_results_list", parameters=[Query], responses=ResultOutput(many=True))
    def get(self, request: Any) -> Response:
        """List judgments of samples in the order in which they were recorded."""
        return self.page(self.here(_results().filter(**self.filters(self.Query))), ResultOutput)


def _check(view: ApiView, pk: int) -> OrderCheck:
    rows = OrderCheck.objects.select_related("operation__work_order__site")
    return view.one(rows, site="operation__work_order__site__code", what="check", pk=pk)  # type: ignore[no-any-return]


def _readings() -> Any:
    return Reading.objects.select_related(
        "site", "operation__work_order", "order_check", "characteristic__uom", "person"
    )


def _results() -> Any:
    return InspectionResult.objects.select_related("site", "operation__work_order", "order_check", "person")
