"""Plans, checks, readings, results and nonconformances over HTTP."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import (
    CodeField,
    DecimalField,
    InstantField,
    IntegerField,
    OutputDecimalField,
    TextField,
    UUIDField,
)
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView
from mes.core.errors import InvalidInput, NotAllowed
from mes.execution.api.inputs import Acting, decided_by, moment, operation_named, order_named, person_at
from mes.execution.models import Operation
from mes.material.models import Lot
from quality import queries, services
from quality.models import (
    Disposition,
    InspectionPlan,
    InspectionResult,
    Nonconformance,
    OrderCheck,
    Reading,
    Trigger,
)
from quality.queries import CheckState

FACT = "This is a fact and never changes. Measure again, or decide anew about what is left."
DECIDE = "quality:decide"
ACTIVE = (Operation.Status.SETUP, Operation.Status.RUNNING, Operation.Status.PAUSED)


class LotUnknownHere(InvalidInput):
    """There is no such lot at the caller's sites."""

    code = "lot_unknown"


class CharacteristicOutput(serializers.Serializer):
    """What is measured, or looked at."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    nominal = OutputDecimalField(allow_null=True)
    lower = OutputDecimalField(allow_null=True)
    upper = OutputDecimalField(allow_null=True)
    uom = serializers.CharField(source="uom.code", allow_null=True, default=None)
    decimals = serializers.IntegerField()
    sample_size = serializers.IntegerField()
    choices = serializers.DictField(
        source="answers", child=serializers.BooleanField(), help_text="What can be chosen: true where it conforms."
    )
    instruction = serializers.CharField()
    reaction = serializers.CharField()


class PlanOutput(serializers.Serializer):
    """An inspection plan as it is now; orders keep it as it was at their release."""

    class Check(serializers.Serializer):
        trigger = serializers.CharField()
        every = OutputDecimalField(allow_null=True)
        blocks = serializers.BooleanField()
        grace = serializers.IntegerField(help_text="Minutes.")

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    item = serializers.CharField(source="item.number", allow_null=True, default=None)
    operation = serializers.CharField(help_text="Empty: every operation.")
    work_center = serializers.CharField(
        source="work_center.code",
        allow_null=True,
        default=None,
        help_text="Instead of an item: whatever is made there.",
    )
    name = serializers.CharField()
    revision = serializers.IntegerField()
    active = serializers.BooleanField()
    characteristics = CharacteristicOutput(many=True)
    checks = Check(many=True)


class CheckOutput(serializers.Serializer):
    """A check of an operation, as it was frozen at the order's release, and where it stands now."""

    id = serializers.CharField(source="check.pk")
    site = serializers.CharField(source="check.operation.work_order.site.code")
    work_order = serializers.CharField(source="check.operation.work_order.number")
    operation = serializers.CharField(source="check.operation.number")
    operation_id = serializers.CharField(source="check.operation_id")
    plan = serializers.CharField(source="check.plan.name")
    revision = serializers.IntegerField(source="check.revision")
    trigger = serializers.CharField(source="check.trigger")
    every = OutputDecimalField(source="check.every", allow_null=True)
    blocks = serializers.BooleanField(source="check.blocks")
    characteristics = CharacteristicOutput(many=True)
    occurrence = serializers.SerializerMethodField(help_text="What can be inspected now; null: nothing yet.")
    due_at = serializers.SerializerMethodField()
    is_open = serializers.BooleanField(help_text="Something is to be done now.")
    verdict = serializers.CharField(source="result.verdict", allow_null=True, default=None)
    missed = serializers.IntegerField(help_text="Earlier times that nobody inspected.")

    def get_occurrence(self, state: CheckState) -> str | None:
        return state.latest.key if state.latest else None

    def get_due_at(self, state: CheckState) -> str | None:
        return InstantField().to_representation(state.latest.due_at) if state.latest else None


class ReadingOutput(serializers.Serializer):
    """A value of one piece: a fact."""

    reading_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="operation.work_order.number")
    operation = serializers.CharField(source="operation.number")
    check_id = serializers.CharField(source="order_check_id")
    trigger = serializers.CharField(source="order_check.trigger")
    occurrence = serializers.CharField()
    characteristic = serializers.CharField(source="characteristic.code")
    piece = serializers.IntegerField()
    value = OutputDecimalField(allow_null=True)
    uom = serializers.CharField(source="characteristic.uom.code", allow_null=True, default=None)
    text = serializers.CharField(source="words", help_text="What was written or chosen, where that is the answer.")
    passed = serializers.BooleanField()
    gauge = serializers.CharField()
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    occurred_at = InstantField()
    recorded_at = InstantField()
    remeasures = serializers.UUIDField(source="remeasures_id", allow_null=True)


class ResultOutput(serializers.Serializer):
    """The judgment of a sample: a fact. The one with the highest ``number`` stands."""

    result_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="operation.work_order.number")
    operation = serializers.CharField(source="operation.number")
    check_id = serializers.CharField(source="order_check_id")
    trigger = serializers.CharField(source="order_check.trigger")
    occurrence = serializers.CharField()
    number = serializers.IntegerField()
    verdict = serializers.CharField()
    note = serializers.CharField()
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    by = serializers.CharField()
    occurred_at = InstantField()
    recorded_at = InstantField()


class DispositionOutput(serializers.Serializer):
    """What became of a part: a fact."""

    disposition_id = serializers.UUIDField(source="pk")
    kind = serializers.CharField()
    quantity = OutputDecimalField()
    note = serializers.CharField()
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    by = serializers.CharField()
    report_id = serializers.UUIDField(allow_null=True)
    movement_id = serializers.UUIDField(allow_null=True)
    recorded_at = InstantField()


class NonconformanceOutput(serializers.Serializer):
    """Pieces, or some of a lot, that are not as they should be."""

    id = serializers.CharField()
    nonconformance_id = serializers.UUIDField(source="reported_as")
    number = serializers.CharField()
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    lot = serializers.CharField(source="lot.number", allow_null=True, default=None)
    item = serializers.CharField(source="item.number")
    quantity = OutputDecimalField()
    open_quantity = serializers.SerializerMethodField(help_text="What nobody has decided about yet.")
    uom = serializers.CharField(source="uom.code")
    reason = serializers.CharField(source="reason.code")
    note = serializers.CharField()
    person = serializers.CharField(source="person.number", allow_null=True, default=None)
    by = serializers.CharField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    closed_at = InstantField(allow_null=True)
    dispositions = DispositionOutput(many=True)

    def get_open_quantity(self, row: Nonconformance) -> str:
        return str(OutputDecimalField().to_representation(queries.left_of(row)))


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
        plans = InspectionPlan.objects.select_related("site", "item", "work_center").prefetch_related(
            "characteristics__uom", "checks"
        )
        return self.page(self.here(plans.filter(**self.filters(self.Query))), PlanOutput)


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


class NonconformancesView(ApiView):
    """The nonconformances."""

    rights = {"GET": "quality:read", "POST": "quality:write"}
    ordering = ("pk",)
    no_writing = FACT

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="work_order__number")
        lot = CodeField(required=False, source="lot__number")
        item = CodeField(required=False, source="item__number")
        reason = CodeField(required=False, source="reason__code")
        open = FlagField(required=False, source="closed_at__isnull")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    class New(Acting):
        nonconformance_id = UUIDField(help_text="Made by the caller. The same again is one.")
        site = CodeField(required=False, default="", max_length=32, allow_empty=True)
        work_order = CodeField(
            required=False, default="", allow_empty=True, help_text="With operation; or item and lot."
        )
        operation = CodeField(required=False, default="", max_length=16, allow_empty=True)
        item = CodeField(required=False, default="", allow_empty=True)
        lot = CodeField(required=False, default="", allow_empty=True)
        quantity = DecimalField(min_value=Decimal("0.000001"))
        reason = CodeField(help_text="The code of a SCRAP reason.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)
        hold = ChoicesField(("ORDER", "OPERATION", "LOT"), required=False, default=("",))

        refused = {"id": "It is set by the system.", "uom": "It is the order's unit, or the item's."}

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if not (attrs["work_order"] and attrs["operation"]) and not (attrs["item"] and attrs["lot"]):
                message = serializers.ErrorDetail("Name work_order and operation, or item and lot.", "required")
                raise serializers.ValidationError({"work_order": [message]})
            return attrs

    @extend_schema(operation_id="nonconformances_list", parameters=[Query], responses=NonconformanceOutput(many=True))
    def get(self, request: Any) -> Response:
        """List nonconformances, oldest first."""
        return self.page(self.here(queries.nonconformances().filter(**self.filters(self.Query))), NonconformanceOutput)

    @extend_schema(operation_id="nonconformances_create", request=New, responses={201: NonconformanceOutput})
    def post(self, request: Any) -> Response:
        """Report pieces of an operation, or some of a lot, that are not as they should be."""
        given = self.body(self.New)
        now = timezone.now()
        occurred_at, _warnings = moment(given["occurred_at"], now)
        common = {
            "nonconformance_id": given["nonconformance_id"], "quantity": given["quantity"], "reason": given["reason"],
            "note": given["note"], "occurred_at": occurred_at, "now": now, "by": decided_by(request),
        }  # fmt: skip
        hold = given["hold"][0] if given["hold"] else ""
        if given["work_order"]:
            order = order_named(self, given["work_order"], given["site"])
            row = services.raise_nonconformance(
                operation_id=operation_named(order, given["operation"]).pk, hold=hold,
                person=person_at(order.site, given["person"]), **common,
            )  # fmt: skip
        else:
            lot = self._lot(given)
            row = services.raise_for_lot(
                lot_id=lot.pk, hold=hold == "LOT", person=person_at(lot.site, given["person"]), **common
            )
        headers = {"Idempotency-Replayed": "true"} if row.recorded_at != now else None
        return Response(NonconformanceOutput(_nonconformance(row.pk)).data, status=201, headers=headers)

    def _lot(self, given: dict[str, Any]) -> Lot:
        lots = self.here(Lot.objects.select_related("site")).filter(item__number=given["item"], number=given["lot"])
        if given["site"]:
            lots = lots.filter(site__code=given["site"])
        lot = lots.first()
        if lot is None:
            raise LotUnknownHere(f"There is no lot {given['lot']} of {given['item']} at your sites.", field="lot")
        return lot


class NonconformanceView(ApiView):
    """One nonconformance."""

    rights = {"GET": "quality:read"}
    no_writing = "Decide about it with /dispositions."

    @extend_schema(operation_id="nonconformances_get", responses=NonconformanceOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return one nonconformance with what was decided about it."""
        self.no_filters()
        self.one(Nonconformance.objects.all(), what="nonconformance", pk=pk)
        return Response(NonconformanceOutput(_nonconformance(pk)).data)


class DispositionsView(ApiView):
    """Deciding about a part."""

    rights = {"POST": "quality:write"}

    class Body(Input):
        disposition_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")
        kind = ChoicesField(Disposition.Kind.values)
        quantity = DecimalField(min_value=Decimal("0.000001"))
        person = CodeField(required=False, default="", allow_empty=True)
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="nonconformances_dispose", request=Body, responses={201: NonconformanceOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Say what becomes of a part, and book it. Use as is and return to the supplier take the right quality:decide."""
        row = self.one(Nonconformance.objects.select_related("site"), what="nonconformance", pk=pk)
        given = self.body(self.Body)
        if len(given["kind"]) != 1:
            raise InvalidInput("Decide one thing at a time.", field="kind")
        kind = given["kind"][0]
        if kind in ("USE_AS_IS", "RETURN") and not request.auth.at(row.site.code, DECIDE):
            raise NotAllowed(f"{kind} takes the right {DECIDE}.", field="kind")

        def work() -> tuple[int, Any]:
            services.dispose_nonconformance(
                disposition_id=given["disposition_id"], nonconformance_id=row.pk, kind=kind, quantity=given["quantity"],
                person=person_at(row.site, given["person"]), by=decided_by(request), now=timezone.now(),
                note=given["note"],
            )  # fmt: skip
            return 201, NonconformanceOutput(_nonconformance(pk)).data

        return answered_once(request, given, work, key=str(given["disposition_id"]))


def _check(view: ApiView, pk: int) -> OrderCheck:
    rows = OrderCheck.objects.select_related("operation__work_order__site")
    return view.one(rows, site="operation__work_order__site__code", what="check", pk=pk)  # type: ignore[no-any-return]


def _readings() -> Any:
    return Reading.objects.select_related(
        "site", "operation__work_order", "order_check", "characteristic__uom", "person"
    )


def _results() -> Any:
    return InspectionResult.objects.select_related("site", "operation__work_order", "order_check", "person")


def _nonconformance(pk: int) -> Nonconformance:
    return queries.nonconformances().prefetch_related("dispositions__person").get(pk=pk)
