"""What is in a lot, and where it went, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.core.api.fields import InstantField, OutputDecimalField
from mes.core.api.input import Filters, FlagField
from mes.core.api.views import ApiView
from mes.material.models import Lot
from mes.material.queries import Trace, trace


class TracedLotOutput(serializers.Serializer):
    """A lot of a trace."""

    id = serializers.CharField()
    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    depth = serializers.IntegerField(help_text="The fewest links from the lot that was asked for.")
    quantity = OutputDecimalField(help_text="What is left of it.")
    uom = serializers.CharField()
    status = serializers.CharField()
    status_reason = serializers.CharField()
    shipped = OutputDecimalField()
    shipped_to = serializers.CharField()


class LinkOutput(serializers.Serializer):
    """Some of one lot went into another."""

    source = serializers.CharField(help_text="The id of the lot that went in.")
    target = serializers.CharField(help_text="The id of the lot it went into.")
    work_order = serializers.CharField(help_text="Empty for a transfer between lots.")
    sure = serializers.BooleanField(
        help_text="By one report or transfer. Else the order used it as a whole: it may be in each of its lots."
    )
    quantity = OutputDecimalField(help_text="In the source's unit; where not sure, all that the order used of it.")
    first_at = InstantField()
    last_at = InstantField()


class InProcessOutput(serializers.Serializer):
    """An order used some of a lot and has put nothing out since."""

    lot = serializers.CharField()
    work_order = serializers.CharField()
    quantity = OutputDecimalField()
    last_at = InstantField()


class GenealogyOutput(serializers.Serializer):
    """Everything up or down of a lot, the lot itself first."""

    lot = serializers.CharField(source="origin")
    direction = serializers.SerializerMethodField()
    lots = TracedLotOutput(many=True, source="members")
    links = LinkOutput(many=True)
    in_process = InProcessOutput(many=True)

    def get_direction(self, found: Trace) -> str:
        return "down" if found.down else "up"


class GenealogyView(ApiView):
    """Genealogy of a lot."""

    rights = {"GET": "material:read"}

    class Query(Filters):
        up = FlagField(required=False, help_text="true: what is in it. Left out: where it went.")

    @extend_schema(operation_id="lots_genealogy", parameters=[Query], responses=GenealogyOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return what the lot is in (down, the default) or what is in it (up), all levels."""
        asked = self.filters(self.Query)
        self.one(Lot.objects.all(), what="lot", pk=pk)
        return Response(GenealogyOutput(trace(lot_id=pk, down=not asked.get("up"))).data)
