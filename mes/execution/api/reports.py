"""Reports of what was made, and taking them back: facts, booked once however often they are sent."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.core.api.fields import BooleanField, CodeField, DecimalField, InstantField, TextField, UUIDField
from mes.core.api.input import Filters, Input
from mes.core.api.views import ApiView
from mes.execution import services
from mes.execution.api.inputs import (
    Acting,
    OfOperation,
    approver_at,
    fact_id,
    moment,
    operation_meant,
    person_at,
)
from mes.execution.api.outputs import ReportAnswer, ReportOutput
from mes.execution.models import ProductionReport
from mes.execution.services import Scrap

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="A UUID of the caller's making, unless the body has the fact's id. The same again books nothing more.",
)  # fmt: skip
CORRECT = "A report is a fact and never changes. Take it back with POST /api/v1/reports/<report_id>/reversal."


class ReportsView(ApiView):
    """The reports."""

    rights = {"GET": "orders:read", "POST": "reports:write"}
    ordering = ("recorded_at", "pk")
    no_writing = CORRECT

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="work_order__number")
        operation = CodeField(required=False, source="operation__number")
        lot = CodeField(required=False)
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    class New(OfOperation):
        class ScrapLine(Input):
            quantity = DecimalField(min_value=Decimal(0))
            reason = CodeField(help_text="The code of a SCRAP reason.")

        report_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        good_quantity = DecimalField(required=False, default=None)
        rework_quantity = DecimalField(required=False, default=Decimal(0))
        scrap = serializers.ListField(child=ScrapLine(), required=False, default=list, max_length=50)
        from_rework = BooleanField(required=False, default=False)
        lot = CodeField(required=False, default="", allow_empty=True, help_text="The output lot.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)
        approved_by = CodeField(required=False, default="", allow_empty=True)

        refused = {
            "id": "Send report_id.",
            "status": "A report has none.",
            "scrap_quantity": "Send scrap: [{quantity, reason}].",
            "recorded_at": "It is set by the system.",
            "reverses": "Use /reversal.",
            "uom": "Reports are in the order's unit.",
        }

    @extend_schema(operation_id="reports_list", parameters=[Query], responses=ReportOutput(many=True))
    def get(self, request: Any) -> Response:
        """List reports in the order in which they were recorded."""
        return self.page(self.here(_reports().filter(**self.filters(self.Query))), ReportOutput)

    @extend_schema(operation_id="reports_create", parameters=[KEY], request=New, responses={201: ReportAnswer})
    def post(self, request: Any) -> Response:
        """Report good, scrapped and rework pieces of an operation.

        The same report sent again is answered as the first time, with ``Idempotency-Replayed: true``; other content
        under the same id is refused with 422.
        """
        given = self.body(self.New)
        report_id = fact_id(request, given["report_id"], "report_id")
        operation = operation_meant(self, given)
        site = operation.work_order.site
        facts = {
            "report_id": report_id,
            "operation_id": operation.pk,
            "good_quantity": given["good_quantity"],
            "rework_quantity": given["rework_quantity"],
            "scrap": tuple(Scrap(line["quantity"], line["reason"]) for line in given["scrap"]),
            "from_rework": given["from_rework"],
            "lot": given["lot"],
            "note": given["note"],
            "person": person_at(site, given["person"]),
            "approved_by": approver_at(request, site, given["approved_by"]),
        }
        return booked(services.report_production, facts, claimed=given["occurred_at"])


class ReportView(ApiView):
    """One report."""

    rights = {"GET": "orders:read"}
    no_writing = CORRECT

    @extend_schema(operation_id="reports_get", responses=ReportOutput)
    def get(self, request: Any, pk: Any) -> Response:
        """Return one report."""
        self.no_filters()
        return Response(ReportOutput(self.one(_reports(), what="report", pk=pk)).data)


class ReversalView(ApiView):
    """Taking a report back."""

    rights = {"POST": "reports:reverse"}

    class New(Acting):
        reversal_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="reports_reverse", parameters=[KEY], request=New, responses={201: ReportAnswer})
    def post(self, request: Any, pk: Any) -> Response:
        """Take a report back by its negative, backflush included; once only."""
        report = self.one(_reports(), what="report", pk=pk)
        given = self.body(self.New, optional=True)
        reversal_id = fact_id(request, given["reversal_id"], "reversal_id")
        facts = {
            "reversal_id": reversal_id,
            "report_id": report.pk,
            "person": person_at(report.site, given["person"]),
            "note": given["note"],
        }
        return booked(services.reverse_report, facts, claimed=given["occurred_at"])


def booked(service: Any, facts: dict[str, Any], *, claimed: datetime | None) -> Response:
    """Book the fact and answer with it; one that was booked before is answered again and says so."""
    now = timezone.now()
    report = service(**facts, occurred_at=claimed or now, now=now)
    replayed = report.recorded_at != now
    body = ReportOutput(_reports().get(pk=report.pk)).data | {"warnings": moment(claimed, now)[1]}
    return Response(body, status=201, headers={"Idempotency-Replayed": "true"} if replayed else None)


def _reports() -> Any:
    return ProductionReport.objects.select_related(
        "site", "work_order", "operation", "work_unit", "person"
    ).prefetch_related("scrap_lines__reason")
