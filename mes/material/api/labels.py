"""Labels over HTTP: for a print station that asks for ZPL, and for whoever wants to know what was printed."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import InstantField, IntegerField, TextField, UUIDField
from mes.core.api.input import Input
from mes.core.api.views import ApiView
from mes.material import rules, services
from mes.material.api.lots import lots
from mes.material.models import LabelPrint
from mes.material.queries import label_of


class LabelPrintOutput(serializers.Serializer):
    """Labels that were printed."""

    print_id = serializers.UUIDField(source="pk")
    lot = serializers.CharField(source="lot.number")
    copies = serializers.IntegerField()
    again = serializers.BooleanField()
    reason = serializers.CharField()
    by = serializers.CharField()
    printed_at = InstantField()


class PrintedOutput(LabelPrintOutput):
    """Labels to be printed now."""

    zpl = serializers.CharField(help_text="For a label printer that speaks ZPL II, all copies.")


class LabelsView(ApiView):
    """Labels of a lot."""

    rights = {"GET": "material:read", "POST": "material:write"}
    ordering = ("printed_at", "pk")

    class Body(Input):
        print_id = UUIDField(help_text="Made by the caller. The same again is the same print.")
        copies = IntegerField(min_value=1, max_value=200, required=False, default=1)
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
        """Record that labels are printed, and return them as ZPL."""
        lot = self.one(lots(), what="lot", pk=pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            by = str(request.auth.actor).removeprefix("user:")
            done = services.print_labels(lot_id=pk, by=by, now=timezone.now(), **given)
            text = rules.zpl(label_of(lot), copies=done.copies)
            return 201, dict(LabelPrintOutput(done).data) | {"zpl": text}

        return answered_once(request, given, work, key=str(given["print_id"]))
