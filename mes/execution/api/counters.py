"""What machines' counters show, and the good pieces that are reported from it; stored once however often it is sent."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mes.core.api.fields import CodeField, DecimalField, InstantField, UUIDField
from mes.core.api.input import ChoiceField, Filters
from mes.core.api.views import ApiView
from mes.execution import services
from mes.execution.api.inputs import OfOperation, approver_at, fact_id, moment, operation_meant, person_at
from mes.execution.api.outputs import CounterReadingAnswer, CounterReadingOutput
from mes.execution.api.reports import KEY
from mes.execution.models import CounterReading

CORRECT = (
    "A reading is a fact and never changes. Take back what it reported with POST /api/v1/reports/<report_id>/reversal."
)


class CounterReadingsView(ApiView):
    """The readings."""

    rights = {"GET": "orders:read", "POST": "reports:write"}
    ordering = ("recorded_at", "pk")
    no_writing = CORRECT

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="operation__work_order__number")
        operation = CodeField(required=False, source="operation__number")
        work_unit = CodeField(required=False, source="work_unit__code")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    class New(OfOperation):
        reading_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        value = DecimalField(min_value=Decimal(0), help_text="Its digits, a whole number.")
        began_anew = ChoiceField(
            ("", *CounterReading.Anew.values), required=False, default="",
            help_text="Why it shows less than before: RESET to zero, or ROLLED past its last digit.",
        )  # fmt: skip
        lot = CodeField(required=False, default="", allow_empty=True, help_text="The output lot.")
        approved_by = CodeField(required=False, default="", allow_empty=True)

        refused = {
            "id": "Send reading_id.",
            "counted": "It is the difference to the reading before.",
            "good_quantity": "It is what was counted and not reported yet. Use /api/v1/reports to report pieces by hand.",
            "recorded_at": "It is set by the system.",
        }

    @extend_schema(operation_id="counter_readings_list", parameters=[Query], responses=CounterReadingOutput(many=True))
    def get(self, request: Any) -> Response:
        """List readings in the order in which they were recorded."""
        return self.page(self.here(_readings().filter(**self.filters(self.Query))), CounterReadingOutput)

    @extend_schema(
        operation_id="counter_readings_create", parameters=[KEY], request=New, responses={201: CounterReadingAnswer}
    )
    def post(self, request: Any) -> Response:
        """Say what the counter of an operation's machine shows.

        An operation's first reading is where counting starts. Each later one reports as good what was counted since,
        less what was reported meanwhile. The same reading sent again is answered as the first time, with
        ``Idempotency-Replayed: true``; another value under the same id is refused with 422.
        """
        given = self.body(self.New)
        reading_id = fact_id(request, given["reading_id"], "reading_id")
        operation = operation_meant(self, given)
        site, now, claimed = operation.work_order.site, timezone.now(), given["occurred_at"]
        reading = services.read_counter(
            reading_id=reading_id, operation_id=operation.pk, value=given["value"], began_anew=given["began_anew"],
            lot=given["lot"], person=person_at(site, given["person"]), occurred_at=claimed or now, now=now,
            approved_by=approver_at(request, site, given["approved_by"]),
        )  # fmt: skip
        replayed = reading.recorded_at != now
        body = CounterReadingOutput(_readings().get(pk=reading.pk)).data | {"warnings": moment(claimed, now)[1]}
        return Response(body, status=201, headers={"Idempotency-Replayed": "true"} if replayed else None)


class CounterReadingView(ApiView):
    """One reading."""

    rights = {"GET": "orders:read"}
    no_writing = CORRECT

    @extend_schema(operation_id="counter_readings_get", responses=CounterReadingOutput)
    def get(self, request: Any, pk: Any) -> Response:
        """Return one reading."""
        self.no_filters()
        return Response(CounterReadingOutput(self.one(_readings(), what="counter reading", pk=pk)).data)


def _readings() -> Any:
    return CounterReading.objects.select_related("site", "operation__work_order", "work_unit", "report__reversed_by")
