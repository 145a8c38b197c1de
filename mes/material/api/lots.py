"""Lots and movements of material over HTTP."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, DecimalField, InstantField, OutputDecimalField, TextField, UUIDField
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import InvalidInput, NotFound
from mes.core.routes import row_key
from mes.masterdata.api import PersonNumberField, SignedField
from mes.masterdata.models import Item, Person
from mes.material import services
from mes.material.models import Lot, LotHold, MaterialMovement


class ItemUnknown(InvalidInput):
    """There is no item of that number at the site."""

    code = "item_unknown"


class PersonUnknownHere(InvalidInput):
    """No active person of that number works at the site."""

    code = "person_unknown"


class LotOutput(serializers.Serializer):
    """A lot."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    item = serializers.CharField(source="item.number")
    number = serializers.CharField()
    status = serializers.CharField()
    status_reason = serializers.CharField()
    quantity = OutputDecimalField(help_text="What is left of it.")
    uom = serializers.CharField(source="item.uom.code")
    expires_at = InstantField(allow_null=True)
    created_at = InstantField()


class MovementOutput(serializers.Serializer):
    """A movement of material: a fact."""

    movement_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    kind = serializers.CharField()
    item = serializers.CharField(source="item.number")
    lot = serializers.CharField(source="lot.number", allow_null=True, default=None)
    quantity = OutputDecimalField()
    uom = serializers.CharField(source="uom.code")
    work_order = serializers.CharField()
    operation = serializers.CharField()
    report_id = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    person = PersonNumberField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)


class LotsView(ApiView):
    """Lots."""

    rights = {"GET": "material:read", "POST": "material:write"}
    ordering = ("number", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        item = CodeField(required=False, source="item__number")
        number = CodeField(required=False)
        status = ChoicesField(Lot.Status.values, required=False, source="status__in")

    class New(Input):
        movement_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")
        site = CodeField(max_length=32)
        item = CodeField()
        lot = CodeField()
        quantity = DecimalField(min_value=Decimal("0.000001"))
        expires_at = InstantField(required=False, default=None)
        person = CodeField(required=False, default="", allow_empty=True)
        occurred_at = InstantField(required=False, default=None)
        refused = {
            "status": "Use /hold and /free.",
            "number": "Send lot.",
            "id": "It is set by the system.",
        }

    @extend_schema(operation_id="lots_list", parameters=[Query], responses=LotOutput(many=True))
    def get(self, request: Any) -> Response:
        """List lots."""
        return self.page(self.here(lots().filter(**self.filters(self.Query))), LotOutput)

    @extend_schema(operation_id="lots_receive", request=New, responses={201: LotOutput})
    def post(self, request: Any) -> Response:
        """Take a quantity of an item into stock under a lot number, making the lot if it is new."""
        given = self.body(self.New)
        self.site_allowed(given["site"])
        item = item_at(given["site"], given["item"])
        person = None
        if given["person"]:
            person = Person.objects.filter(site=item.site, number=given["person"], active=True).first()
            if person is None:
                raise PersonUnknownHere(
                    f"Nobody with the number {given['person']} works at {given['site']}.", field="person"
                )

        def work() -> tuple[int, Any]:
            now = timezone.now()
            lot = services.receive_lot(
                movement_id=given["movement_id"],
                item=item,
                lot_number=given["lot"],
                quantity=given["quantity"],
                person=person,
                occurred_at=min(given["occurred_at"] or now, now),
                now=now,
                expires_at=given["expires_at"],
            )
            return 201, LotOutput(lots().get(pk=lot.pk)).data

        return answered_once(request, given, work, key=str(given["movement_id"]))


class LotHoldOutput(serializers.Serializer):
    """A hold on a lot."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    item = serializers.CharField(source="lot.item.number")
    lot = serializers.CharField(source="lot.number")
    lot_id = serializers.CharField()
    reason = serializers.CharField(source="reason.code", allow_null=True, default=None)
    note = serializers.CharField()
    source = serializers.CharField()
    placed_at = InstantField()
    placed_by = SignedField()
    released_at = InstantField(allow_null=True)
    released_by = SignedField()
    release_note = serializers.CharField()


class LotHoldsView(ApiView):
    """Holds on lots."""

    rights = {"GET": "material:read"}
    ordering = ("placed_at", "pk")
    no_writing = "Hold a lot with /lots/<id>/hold, and lift its holds with /lots/<id>/free."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        item = CodeField(required=False, source="lot__item__number")
        lot = CodeField(required=False, source="lot__number")
        open = FlagField(required=False, source="released_at__isnull")

    @extend_schema(operation_id="lot_holds_list", parameters=[Query], responses=LotHoldOutput(many=True))
    def get(self, request: Any) -> Response:
        """List holds on lots, oldest first."""
        holds = LotHold.objects.select_related("site", "lot__item", "reason").filter(**self.filters(self.Query))
        return self.page(self.here(holds), LotHoldOutput)


class HoldLotView(ApiView):
    """Forbidding the use of a lot."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a HOLD reason.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="lots_hold", request=Body, responses=LotOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Hold the lot until it is freed: from now on nobody can use it."""
        self.one(Lot.objects.all(), what="lot", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            services.hold_lot(lot_id=pk, by=decided_by(request), now=timezone.now(), **given)
            return 200, LotOutput(lots().get(pk=pk)).data

        return answered_once(request, given, work)


class HoldSerialView(ApiView):
    """Forbidding the use of one piece."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        site = CodeField(max_length=32)
        item = CodeField()
        serial = CodeField(help_text="The piece's number, made yet or not.")
        reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a HOLD reason.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="serials_hold", request=Body, responses={201: LotHoldOutput})
    def post(self, request: Any) -> Response:
        """Hold one piece by its serial number until the hold is lifted (/lots/<id>/free)."""
        given = self.body(self.Body)
        item = item_at(self.site_allowed(given["site"]), given["item"])

        def work() -> tuple[int, Any]:
            hold = services.hold_serial(
                item=item, number=given["serial"], by=decided_by(request), now=timezone.now(), reason=given["reason"],
                note=given["note"],
            )  # fmt: skip
            return 201, LotHoldOutput(hold).data

        return answered_once(request, given, work)


class FreeLotView(ApiView):
    """Allowing the use of a lot again."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        hold_id = CodeField(
            required=False, default="", max_length=18, allow_empty=True, help_text="One hold; left out: all of them."
        )
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="lots_free", request=Body, responses=LotOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Lift one hold of the lot, or all of them."""
        self.one(Lot.objects.all(), what="lot", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            holds = LotHold.objects.filter(lot_id=pk, released_at=None)
            asked = given["hold_id"]
            if asked:
                holds = holds.filter(pk=row_key(asked))
            found = list(holds.order_by("pk"))
            if not found:
                raise NotFound("The lot has no such open hold.", field="hold_id" if asked else "")
            for hold in found:
                services.release_lot_hold(
                    hold_id=hold.pk, by=decided_by(request), now=timezone.now(), note=given["note"]
                )
            return 200, LotOutput(lots().get(pk=pk)).data

        return answered_once(request, given, work)


class MovementsView(ApiView):
    """Movements."""

    rights = {"GET": "material:read"}
    ordering = ("recorded_at", "pk")
    no_writing = "A movement is a fact and never changes. Take it back with a return."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False)
        item = CodeField(required=False, source="item__number")
        lot = CodeField(required=False, source="lot__number")
        kind = ChoicesField(MaterialMovement.Kind.values, required=False, source="kind__in")
        report_id = UUIDField(required=False)
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="movements_list", parameters=[Query], responses=MovementOutput(many=True))
    def get(self, request: Any) -> Response:
        """List movements in the order in which they were recorded."""
        return self.page(self.here(movements().filter(**self.filters(self.Query))), MovementOutput)


def movements() -> Any:
    """Return all movements with what their output shows."""
    return MaterialMovement.objects.select_related("site", "item", "lot", "uom", "person")


def item_at(site: str, number: str) -> Item:
    """Return the item of a site.

    :raises ItemUnknown: there is none of that number.
    """
    item = Item.objects.select_related("site", "uom").filter(site__code=site, number=number).first()
    if item is None:
        raise ItemUnknown(f"There is no item {number} at {site}.", field="item")
    return item


def lots() -> Any:
    """Return all lots with what their output shows."""
    return Lot.objects.select_related("site", "item__uom")
