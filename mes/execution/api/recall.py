"""Recall over HTTP."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, TextField
from mes.core.api.input import Input
from mes.core.api.views import ApiView, decided_by
from mes.execution import services
from mes.material.api.genealogy import TracedLotOutput
from mes.material.models import Lot


class RecallOutput(serializers.Serializer):
    """What is held now, and what could not be held, with why."""

    class Gone(serializers.Serializer):
        lot = serializers.SerializerMethodField()
        why = serializers.SerializerMethodField()

        def get_lot(self, pair: tuple[Any, str]) -> dict[str, Any]:
            return dict(TracedLotOutput(pair[0]).data)

        def get_why(self, pair: tuple[Any, str]) -> str:
            return pair[1]

    class OrderGone(serializers.Serializer):
        work_order = serializers.SerializerMethodField()
        why = serializers.SerializerMethodField()

        def get_work_order(self, pair: tuple[str, str]) -> str:
            return pair[0]

        def get_why(self, pair: tuple[str, str]) -> str:
            return pair[1]

    held = TracedLotOutput(many=True)
    gone = Gone(many=True, help_text="Nothing of these is left here. They are held for what may come back.")
    orders_held = serializers.ListField(child=serializers.CharField())
    orders_gone = OrderGone(many=True)


class HoldAllView(ApiView):
    """Holding everything that a lot is in."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a HOLD reason.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="lots_hold_all", request=Body, responses=RecallOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Hold the lot, every lot it is in, and the orders that work on it now."""
        self.one(Lot.objects.all(), what="lot", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            held = services.hold_all(lot_id=pk, by=decided_by(request), now=timezone.now(), **given)
            return 200, RecallOutput(held).data

        return answered_once(request, given, work)
