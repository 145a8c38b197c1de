"""What an ERP hands in by itself: items and work orders, in batches, each row answered for."""

import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from erp_bridge.engine import intake
from erp_bridge.models import Connection, InboundPage, InboundRow
from erp_bridge.sdk.connector import Refused
from mes.access.api import idempotency_key
from mes.core.api.fields import BooleanField, CodeField, DecimalField, InstantField, IntegerField, TextField
from mes.core.api.input import ChoiceField, Input
from mes.core.api.problems import FieldError, Refusal, field_errors
from mes.core.api.views import ApiView
from mes.core.errors import DomainError
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import BomLineRecord, ItemRecord, RoutingStepRecord, UomConversion

MAX_ROWS = 500
POSITIVE = Decimal("0.000001")
OWN_SITE = {"site": "The connection has its site."}
KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="The sender's id of the message: the same again has one effect and gets the same answer.",
)  # fmt: skip


class BatchTooLarge(DomainError):
    """More rows were sent at once than are taken."""

    code = "batch_too_large"
    title = "The batch is too large"
    status = 413


class RowsAnswer(serializers.Serializer):
    """What became of each row, in the order in which they were sent."""

    class Row(serializers.Serializer):
        class RowError(serializers.Serializer):
            pointer = serializers.CharField()
            code = serializers.CharField()
            detail = serializers.CharField()

        index = serializers.IntegerField()
        number = serializers.CharField()
        status = serializers.ChoiceField(("applied", "parked", "refused", "invalid"))
        detail = serializers.CharField(help_text="Why, and what it waits for.")
        errors = RowError(many=True)

    message_id = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    items = Row(many=True)


class PushView(ApiView):
    """A batch from an ERP. ``flow`` is the flow that the rows would come down by; ``Row`` reads one."""

    rights = {"PUT": "erp:write"}
    flow = ""
    row: type[Input] = Input

    class Batch(Input):
        """The rows; each is looked at by itself, so that one bad row does not keep the others out."""

        items = serializers.ListField(child=serializers.JSONField(), allow_empty=False)

    def record(self, site: str, given: dict[str, Any]) -> Any:
        """Return the record that a validated row is."""
        raise NotImplementedError

    def take(self, request: Any, connection: str) -> Response:
        """Read the rows, hand them to the intake as one message, and say what became of each."""
        found: Connection = self.one(Connection.objects.all(), site="site", what="connection", name=connection)
        rows = self._rows()
        message_id = idempotency_key(request, required=False) or str(uuid.uuid4())
        records: list[Any] = []
        refused: list[Refused] = []
        results: list[dict[str, Any]] = []
        for index, row in enumerate(rows):
            number = str(row.get("number", ""))[:64] if isinstance(row, dict) else ""
            result = {"index": index, "number": number, "status": "applied", "detail": "", "errors": []}
            read = self.row(data=row)
            try:
                read.is_valid(raise_exception=True)
                records.append(self.record(found.site, dict(read.validated_data)))
            except ValidationError as error:
                wrong = field_errors(error, f"/items/{index}")
                result |= {"status": "invalid", "detail": wrong[0].detail, "errors": [_told(each) for each in wrong]}
                raw = json.dumps(row, cls=JSONEncoder, ensure_ascii=False)[:8192]
                refused.append(Refused(external_id=number, reason=f"{wrong[0].pointer}: {wrong[0].detail}", raw=raw))
            results.append(result)
        counts, repeated = intake.receive(found, self.flow, records, message_id=message_id, refused=refused)
        self._what_waits(found, message_id, results)
        answer = {"message_id": message_id, "counts": counts, "items": results}
        whole = all(result["status"] == "applied" for result in results)
        return Response(
            answer, status=200 if whole else 207, headers={"Idempotency-Replayed": "true"} if repeated else None
        )

    def _rows(self) -> Sequence[Any]:
        rows: list[Any] = self.body(self.Batch)["items"]
        if len(rows) > MAX_ROWS:
            raise BatchTooLarge(f"{len(rows)} rows were sent; at most {MAX_ROWS} are taken at once.", field="items")
        numbers = [row.get("number") for row in rows if isinstance(row, dict) and isinstance(row.get("number"), str)]
        double = next((number for number in numbers if numbers.count(number) > 1), None)
        if double is not None:
            raise Refusal(
                "key_duplicate", f"{ascii(double)[:80]} stands twice in this batch. Send its last state only."
            )
        return rows

    def _what_waits(self, connection: Connection, message_id: str, results: list[dict[str, Any]]) -> None:
        page = InboundPage.objects.get(connection=connection, message_id=message_id)
        rows = InboundRow.objects.filter(page=page, state__in=[InboundRow.State.PARKED, InboundRow.State.REFUSED])
        waiting = {row.key: row for row in rows}
        for result in results:
            row = waiting.get(result["number"])
            if result["status"] == "applied" and row is not None:
                result |= {
                    "status": "parked" if row.state == InboundRow.State.PARKED else "refused",
                    "detail": row.reason,
                }


class PushItemsView(PushView):
    """Items from an ERP."""

    flow = "items"

    class Row(Input):
        class Conversion(Input):
            uom = CodeField(max_length=32)
            numerator = DecimalField(max_digits=30, decimal_places=12, min_value=Decimal("1e-12"))
            denominator = DecimalField(max_digits=30, decimal_places=12, min_value=Decimal("1e-12"))

        number = CodeField()
        name = TextField(max_length=200)
        uom = CodeField(max_length=32)
        external_id = CodeField(required=False, default="", max_length=200, allow_empty=True)
        lot_tracked = BooleanField(required=False, default=False)
        pack_quantity = DecimalField(
            required=False, default=None, min_value=Decimal(0),
            help_text="In the item's own unit; 0: there are no packs. Left out: what stands here stays.",
        )  # fmt: skip
        active = BooleanField(required=False, default=True)
        conversions = serializers.ListField(child=Conversion(), required=False, default=list, max_length=50)
        refused = OWN_SITE

    row = Row

    def record(self, site: str, given: dict[str, Any]) -> ItemRecord:
        conversions = tuple(UomConversion(**each) for each in given.pop("conversions"))
        return ItemRecord(site=site, conversions=conversions, **given)

    @extend_schema(
        operation_id="erp_items_put",
        parameters=[KEY],
        request=PushView.Batch,
        responses={200: RowsAnswer, 207: RowsAnswer},
    )
    def put(self, request: Any, connection: str) -> Response:
        """Make items equal to the rows. A row that cannot be taken is answered for by itself; the others are in."""
        return self.take(request, connection)


class PushWorkOrdersView(PushView):
    """Work orders from an ERP."""

    flow = "work_orders"

    class Row(Input):
        class Component(Input):
            item = CodeField()
            quantity = DecimalField(min_value=POSITIVE)
            uom = CodeField(max_length=32)
            operation = CodeField(required=False, default="", max_length=16, allow_empty=True)
            backflush = BooleanField(required=False, default=True)

        class Step(Input):
            number = CodeField(max_length=16)
            name = TextField(max_length=200)
            work_center = CodeField()
            setup_time = DecimalField(required=False, default=Decimal(0), min_value=Decimal(0), max_digits=16)
            run_time_per_unit = DecimalField(required=False, default=Decimal(0), min_value=Decimal(0), max_digits=16)

        number = CodeField()
        item = CodeField()
        order_quantity = DecimalField(min_value=POSITIVE)
        uom = CodeField(max_length=32)
        status = ChoiceField(("PLANNED", "RELEASED", "CANCELLED", "CLOSED"), required=False, default="RELEASED")
        external_id = CodeField(required=False, default="", max_length=200, allow_empty=True)
        version = CodeField(required=False, default="", allow_empty=True)
        due_at = InstantField(required=False, default=None)
        planned_start_at = InstantField(required=False, default=None)
        priority = IntegerField(required=False, default=50, min_value=0, max_value=1000)
        bom = CodeField(required=False, default="", allow_empty=True)
        routing = CodeField(required=False, default="", allow_empty=True)
        components = serializers.ListField(child=Component(), required=False, default=None, max_length=500)
        steps = serializers.ListField(child=Step(), required=False, default=None, max_length=200)
        over_delivery_percent = DecimalField(
            required=False, default=None, max_digits=6, decimal_places=2, min_value=Decimal(0)
        )
        under_delivery_percent = DecimalField(
            required=False, default=None, max_digits=6, decimal_places=2, min_value=Decimal(0)
        )
        reference = TextField(required=False, default="", max_length=200, allow_blank=True)
        refused = OWN_SITE

    row = Row

    def record(self, site: str, given: dict[str, Any]) -> WorkOrderRecord:
        components, steps = given.pop("components"), given.pop("steps")
        return WorkOrderRecord(
            site=site,
            components=None if components is None else tuple(BomLineRecord(**each) for each in components),
            steps=None if steps is None else tuple(RoutingStepRecord(**each) for each in steps),
            **given,
        )

    @extend_schema(
        operation_id="erp_work_orders_put",
        parameters=[KEY],
        request=PushView.Batch,
        responses={200: RowsAnswer, 207: RowsAnswer},
    )
    def put(self, request: Any, connection: str) -> Response:
        """Make work orders equal to the rows; what matters to a running order becomes a proposal."""
        return self.take(request, connection)


def _told(error: FieldError) -> dict[str, str]:
    return {"pointer": error.pointer, "code": error.code, "detail": error.detail}
