"""Nonconformances, and what is decided about them."""

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
    TextField,
    UUIDField,
)
from mes.core.api.input import ChoiceField, Filters, FlagField, Input
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import InvalidInput, NotAllowed
from mes.execution.api.inputs import Acting, moment, operation_named, order_named, person_at
from mes.material.models import Lot
from quality import queries, services
from quality.api.outputs import DECIDE, FACT, NonconformanceOutput
from quality.models import (
    Disposition,
    Nonconformance,
)


class LotUnknownHere(InvalidInput):
    """There is no such lot at the caller's sites."""

    code = "lot_unknown"


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
        hold = ChoiceField(("", "ORDER", "OPERATION", "LOT"), required=False, default="")

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
        hold = given["hold"]
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
        kind = ChoiceField(Disposition.Kind.values)
        quantity = DecimalField(min_value=Decimal("0.000001"))
        person = CodeField(required=False, default="", allow_empty=True)
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="nonconformances_dispose", request=Body, responses={201: NonconformanceOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Say what becomes of a part, and book it. Use as is and return to the supplier take the right quality:decide."""
        row = self.one(Nonconformance.objects.select_related("site"), what="nonconformance", pk=pk)
        given = self.body(self.Body)
        kind = given["kind"]
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


def _nonconformance(pk: int) -> Nonconformance:
    return queries.nonconformances().prefetch_related("dispositions__person").get(pk=pk)
