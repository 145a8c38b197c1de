"""Labels over HTTP: for a print station that asks for ZPL or PDF, and for whoever wants to know what was printed."""

from base64 import b64encode
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import (
    BooleanField,
    DecimalField,
    InstantField,
    IntegerField,
    OutputDecimalField,
    TextField,
    UUIDField,
)
from mes.core.api.input import Input
from mes.core.api.views import ApiView, decided_by
from mes.masterdata.api import SignedField
from mes.material import services
from mes.material.api.lots import lots
from mes.material.models import LabelPrint


class LabelPrintOutput(serializers.Serializer):
    """Labels that were printed."""

    print_id = serializers.UUIDField(source="pk")
    lot = serializers.CharField(source="lot.number")
    copies = serializers.IntegerField()
    each = OutputDecimalField(allow_null=True, help_text="What is in each container, where they are numbered.")
    again = serializers.BooleanField()
    reason = serializers.CharField()
    by = SignedField()
    printed_at = InstantField()


class PrintedOutput(LabelPrintOutput):
    """Labels to be printed now."""

    zpl = serializers.CharField(
        help_text="For a label printer that speaks ZPL II, all copies; empty where PDF was asked for."
    )
    pdf = serializers.CharField(help_text="One page a label, 100 × 50 mm, as base64; empty where ZPL was asked for.")


class LabelsView(ApiView):
    """Labels of a lot."""

    rights = {"GET": "material:read", "POST": "material:write"}
    ordering = ("printed_at", "pk")

    class Body(Input):
        print_id = UUIDField(help_text="Made by the caller. The same again is the same print.")
        copies = IntegerField(min_value=1, max_value=200, required=False, default=1)
        each = DecimalField(
            min_value=Decimal("0.000001"), required=False, default=None,
            help_text="What is in each container, in the item's own unit: labels are numbered then, 1/4.",
        )  # fmt: skip
        as_pdf = BooleanField(required=False, default=False, help_text="true: as PDF, and not as ZPL.")
        reason = TextField(
            required=False, default="", max_length=200, allow_blank=True, help_text="Needed from the second time on."
        )

    @extend_schema(operation_id="lots_labels_list", responses=LabelPrintOutput(many=True))
    def get(self, request: Any, pk: int) -> Response:
        """List what was printed for the lot."""
        self.one(lots(), what="lot", pk=pk)
        return self.page(self.here(LabelPrint.objects.filter(lot_id=pk).select_related("lot")), LabelPrintOutput)

    @extend_schema(operation_id="lots_labels_print", request=Body, responses={201: PrintedOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Record that labels are printed, and return them as ZPL or PDF."""
        lot = self.one(lots(), what="lot", pk=pk)
        given = self.body(self.Body)
        asked = {name: value for name, value in given.items() if name != "as_pdf"}

        def work() -> tuple[int, Any]:
            done = services.print_labels(lot_id=lot.pk, by=decided_by(request), now=timezone.now(), **asked)
            is_pdf = given["as_pdf"]
            drawn = {
                "zpl": "" if is_pdf else services.zpl_of(done),
                "pdf": b64encode(services.draw_labels(done)).decode() if is_pdf else "",
            }
            return 201, dict(LabelPrintOutput(done).data) | drawn

        return answered_once(request, given, work, key=str(given["print_id"]))
