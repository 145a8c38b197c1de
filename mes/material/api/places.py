"""What lies at places of the line, over HTTP: brought from the store, taken back, reversed."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, DecimalField, InstantField, OutputDecimalField, UUIDField
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView
from mes.masterdata.api import PersonNumberField
from mes.masterdata.models import Person, Site
from mes.material import services
from mes.material.api.lots import PersonUnknownHere, item_at
from mes.material.models import PlaceMovement, PlaceStock, StockPlace


class StockPlaceOutput(serializers.Serializer):
    """A place at the line."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    work_center = serializers.CharField(source="work_center.code")
    code = serializers.CharField()
    name = serializers.CharField()
    active = serializers.BooleanField()


class PlaceStockOutput(serializers.Serializer):
    """What of a lot, or of an item without lots, lies at a place."""

    place = serializers.CharField(source="place.code")
    site = serializers.CharField(source="place.site.code")
    work_center = serializers.CharField(source="place.work_center.code")
    item = serializers.CharField(source="item.number")
    lot = serializers.CharField(source="lot.number", allow_null=True, default=None)
    quantity = OutputDecimalField()
    uom = serializers.CharField(source="item.uom.code")


class PlaceMovementOutput(serializers.Serializer):
    """Something came to a place (positive) or left it: a fact."""

    movement_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    kind = serializers.CharField()
    place = serializers.CharField(source="place.code")
    item = serializers.CharField(source="item.number")
    lot = serializers.CharField(source="lot.number", allow_null=True, default=None)
    quantity = OutputDecimalField()
    uom = serializers.CharField(source="uom.code")
    follows = serializers.UUIDField(
        source="movement_id", allow_null=True, help_text="The movement of the lot by which it was used or given back."
    )
    person = PersonNumberField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)


class StockPlacesView(ApiView):
    """Places at the line."""

    rights = {"GET": "material:read"}
    no_writing = "Places are kept under Planning."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_center = CodeField(required=False, source="work_center__code")
        active = FlagField(required=False)

    @extend_schema(operation_id="stock_places_list", parameters=[Query], responses=StockPlaceOutput(many=True))
    def get(self, request: Any) -> Response:
        """List places."""
        found = StockPlace.objects.select_related("site", "work_center").filter(**self.filters(self.Query))
        return self.page(self.here(found), StockPlaceOutput)


class PlaceStockView(ApiView):
    """Stock at the line."""

    rights = {"GET": "material:read"}
    no_writing = "Stock changes by movements: /stock-places/<id>/replenish, /stock-places/<id>/return."

    class Query(Filters):
        site = CodeField(required=False, source="place__site__code")
        place = CodeField(required=False, source="place__code")
        work_center = CodeField(required=False, source="place__work_center__code")
        item = CodeField(required=False, source="item__number")
        lot = CodeField(required=False, source="lot__number")

    @extend_schema(operation_id="place_stock_list", parameters=[Query], responses=PlaceStockOutput(many=True))
    def get(self, request: Any) -> Response:
        """List what lies where; what of a lot lies nowhere at the line is in the store."""
        found = PlaceStock.objects.filter(quantity__gt=0, **self.filters(self.Query))
        found = found.select_related("place__site", "place__work_center", "item__uom", "lot")
        return self.page(self.here(found, site="place__site__code"), PlaceStockOutput)


class PlaceMovementsView(ApiView):
    """Movements at the line."""

    rights = {"GET": "material:read"}
    ordering = ("recorded_at", "pk")
    no_writing = "A movement is a fact and never changes. Reverse it: /place-movements/<id>/reversal."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        place = CodeField(required=False, source="place__code")
        item = CodeField(required=False, source="item__number")
        lot = CodeField(required=False, source="lot__number")
        kind = ChoicesField(PlaceMovement.Kind.values, required=False, source="kind__in")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="place_movements_list", parameters=[Query], responses=PlaceMovementOutput(many=True))
    def get(self, request: Any) -> Response:
        """List movements in the order in which they were recorded."""
        return self.page(self.here(_movements().filter(**self.filters(self.Query))), PlaceMovementOutput)


class PlaceMoveView(ApiView):
    """Something brought to a place or from it."""

    rights = {"POST": "material:write"}

    class Body(Input):
        movement_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")
        item = CodeField()
        lot = CodeField(required=False, default="", allow_empty=True)
        quantity = DecimalField(min_value=Decimal("0.000001"), help_text="In the item's own unit.")
        person = CodeField(required=False, default="", allow_empty=True)
        occurred_at = InstantField(required=False, default=None)

    def move(self, request: Any, pk: int, service: Any) -> Response:
        """Book the movement once and answer with it."""
        place = self.one(StockPlace.objects.select_related("site"), what="place", pk=pk)
        given = self.body(self.Body)
        item = item_at(place.site.code, given["item"])
        person = _person(place.site, given["person"])

        def work() -> tuple[int, Any]:
            now = timezone.now()
            done = service(
                movement_id=given["movement_id"], place_id=place.pk, item=item, lot_number=given["lot"],
                quantity=given["quantity"], person=person, occurred_at=min(given["occurred_at"] or now, now), now=now,
            )  # fmt: skip
            return 201, PlaceMovementOutput(_movements().get(pk=done.pk)).data

        return answered_once(request, given, work, key=str(given["movement_id"]))


class ReplenishView(PlaceMoveView):
    """From the store to the line."""

    @extend_schema(
        operation_id="stock_places_replenish", request=PlaceMoveView.Body, responses={201: PlaceMovementOutput}
    )
    def post(self, request: Any, pk: int) -> Response:
        """Bring some of a lot, or of an item without lots, from the store to the place."""
        return self.move(request, pk, services.replenish_place)


class ToStoreView(PlaceMoveView):
    """From the line to the store."""

    @extend_schema(operation_id="stock_places_return", request=PlaceMoveView.Body, responses={201: PlaceMovementOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Bring some of what lies at the place back to the store."""
        return self.move(request, pk, services.return_to_store)


class PlaceReversalView(ApiView):
    """A mistake taken back."""

    rights = {"POST": "material:write"}

    class Body(Input):
        reversal_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")
        person = CodeField(required=False, default="", allow_empty=True)

    @extend_schema(operation_id="place_movements_reverse", request=Body, responses={201: PlaceMovementOutput})
    def post(self, request: Any, pk: Any) -> Response:
        """Reverse what was brought to a place or from it by mistake."""
        original = self.one(PlaceMovement.objects.select_related("site"), what="movement", pk=pk)
        given = self.body(self.Body)
        person = _person(original.site, given["person"])

        def work() -> tuple[int, Any]:
            now = timezone.now()
            done = services.reverse_place_movement(
                reversal_id=given["reversal_id"], movement_id=original.pk, person=person, occurred_at=now, now=now
            )
            return 201, PlaceMovementOutput(_movements().get(pk=done.pk)).data

        return answered_once(request, given, work, key=str(given["reversal_id"]))


def _movements() -> Any:
    return PlaceMovement.objects.select_related("site", "place", "item", "lot", "uom", "person")


def _person(site: Site, number: str) -> Person | None:
    if not number:
        return None
    person = Person.objects.filter(site=site, number=number, active=True).first()
    if person is None:
        raise PersonUnknownHere(f"Nobody with the number {number} works there.", field="person")
    return person
