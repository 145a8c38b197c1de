"""What happens to a lot outside of orders: split or merged, shipped, scrapped."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, DecimalField, InstantField, UUIDField
from mes.core.api.input import Input
from mes.core.api.views import ApiView
from mes.core.errors import InvalidInput
from mes.masterdata.models import Person
from mes.material import services
from mes.material.api.lots import LotOutput, MovementOutput, PersonUnknownHere, lots, movements
from mes.material.models import Lot


class Moving(Input):
    """How much, by whom, when."""

    movement_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")
    quantity = DecimalField(min_value=Decimal("0.000001"), help_text="In the item's own unit.")
    person = CodeField(required=False, default="", allow_empty=True)
    occurred_at = InstantField(required=False, default=None)


class LotView(ApiView):
    """One lot that something is done to."""

    rights = {"POST": "material:write"}

    def act(self, request: Any, pk: int, body: type[Moving]) -> tuple[Lot, dict[str, Any], dict[str, Any]]:
        """Return the lot, what was sent, and the service's arguments made of it."""
        lot = self.one(lots(), what="lot", pk=pk)
        given = self.body(body)
        now = timezone.now()
        person = None
        if given["person"]:
            person = Person.objects.filter(site=lot.site, number=given["person"], active=True).first()
            if person is None:
                raise PersonUnknownHere(f"Nobody with the number {given['person']} works there.", field="person")
        if -given["quantity"].normalize().as_tuple().exponent > lot.item.uom.decimals:
            raise InvalidInput(f"{lot.item.uom.code} takes at most {lot.item.uom.decimals} decimals.", field="quantity")
        arguments = given | {
            "item": lot.item, "lot_number": lot.number, "person": person,
            "occurred_at": min(given["occurred_at"] or now, now), "now": now,
        }  # fmt: skip
        return lot, given, arguments


class TransferLotView(LotView):
    """A split or a merge."""

    class Body(Moving):
        to_lot = CodeField(help_text="The number of the lot it goes into, of the same item; made if it is new.")

    @extend_schema(operation_id="lots_transfer", request=Body, responses={201: LotOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Move some of the lot into another one: answered with that one."""
        _lot, given, arguments = self.act(request, pk, self.Body)

        def work() -> tuple[int, Any]:
            return 201, LotOutput(lots().get(pk=services.transfer_lot(**arguments).pk)).data

        return answered_once(request, given, work, key=str(given["movement_id"]))


class ShipLotView(LotView):
    """A shipment."""

    class Body(Moving):
        reference = CodeField(
            required=False, default="", allow_empty=True, help_text="To whom, or on which delivery: read in a recall."
        )

    @extend_schema(operation_id="lots_ship", request=Body, responses={201: MovementOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Record that some of the lot left the plant. What is held is not shipped."""
        _lot, given, arguments = self.act(request, pk, self.Body)

        def work() -> tuple[int, Any]:
            return 201, MovementOutput(movements().get(pk=services.ship_lot(**arguments).pk)).data

        return answered_once(request, given, work, key=str(given["movement_id"]))


class ScrapLotView(LotView):
    """Throwing away."""

    class Body(Moving):
        reason = CodeField(help_text="The code of a SCRAP reason.")

    @extend_schema(operation_id="lots_scrap", request=Body, responses={201: MovementOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Throw some of the lot away, held or not."""
        _lot, given, arguments = self.act(request, pk, self.Body)

        def work() -> tuple[int, Any]:
            return 201, MovementOutput(movements().get(pk=services.scrap_lot(**arguments).pk)).data

        return answered_once(request, given, work, key=str(given["movement_id"]))
