"""Material issued to an order and taken back: facts, booked once however often they are sent."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mes.core.api.fields import BooleanField, CodeField, DecimalField, TextField, UUIDField
from mes.core.api.views import ApiView
from mes.execution import services
from mes.execution.api.inputs import Acting, fact_id, moment, person_at
from mes.execution.api.reports import KEY
from mes.execution.models import WorkOrder
from mes.material.api import MovementOutput, movements
from mes.material.models import MaterialMovement


class Moving(Acting):
    """What is moved."""

    movement_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
    item = CodeField()
    quantity = DecimalField(min_value=Decimal("0.000001"))
    uom = CodeField(required=False, default="", max_length=32, allow_empty=True, help_text="Left out: the item's own.")
    lot = CodeField(required=False, default="", allow_empty=True)
    operation = CodeField(required=False, default="", max_length=16, allow_empty=True)


class Issuing(Moving):
    """What is issued; ``why`` where the order's bill does not have it."""

    why = TextField(
        required=False, default="", max_length=200, allow_blank=True,
        help_text="Why it is used although the bill does not have it: takes the right material:unplanned.",
    )  # fmt: skip
    replaces = CodeField(required=False, default="", allow_empty=True, help_text="The component it stands in for.")


class Returning(Moving):
    """What comes back, and why."""

    reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a RETURN reason.")
    to_line = BooleanField(
        required=False, default=False, help_text="true: it stays at the work center's own place. Else: to the store."
    )


class MoveView(ApiView):
    """Material to or from an order."""

    rights = {"POST": "material:write"}

    def move(self, request: Any, pk: int, body: type[Acting], service: Callable[..., MaterialMovement]) -> Response:
        """Book the movement once and answer with it."""
        order = self.one(WorkOrder.objects.select_related("site"), what="work order", pk=pk)
        given = self.body(body)
        claimed = given.pop("occurred_at")
        given["movement_id"] = fact_id(request, given["movement_id"], "movement_id")
        given["person"] = person_at(order.site, given["person"])
        now = timezone.now()
        if body is Issuing:
            given["unplanned_allowed"] = request.auth.at(order.site.code, "material:unplanned")
        movement = service(work_order_id=order.pk, occurred_at=claimed or now, now=now, **given)
        warnings = moment(claimed, now)[1]
        body_out = MovementOutput(movements().get(pk=movement.pk)).data | {"warnings": warnings}
        replayed = movement.recorded_at != now
        return Response(body_out, status=201, headers={"Idempotency-Replayed": "true"} if replayed else None)


class IssuesView(MoveView):
    """Issue a component."""

    @extend_schema(operation_id="work_orders_issue", parameters=[KEY], request=Issuing, responses={201: MovementOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Issue a component to the order by hand."""
        return self.move(request, pk, Issuing, services.issue_component)


class ByproductsView(MoveView):
    """What an order yields besides its product."""

    class Body(Acting):
        movement_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        item = CodeField()
        quantity = DecimalField(min_value=Decimal("0.000001"), help_text="In the item's own unit.")
        lot = CodeField(required=False, default="", allow_empty=True, help_text="Left out: the next one by its rule.")
        operation = CodeField(required=False, default="", max_length=16, allow_empty=True)

    @extend_schema(
        operation_id="work_orders_byproduct", parameters=[KEY], request=Body, responses={201: MovementOutput}
    )
    def post(self, request: Any, pk: int) -> Response:
        """Put out a by-product (regrind, offcuts) into a lot of its own."""
        return self.move(request, pk, self.Body, services.report_byproduct)


class ByproductReversalView(ApiView):
    """A by-product taken back."""

    rights = {"POST": "reports:reverse"}

    class Body(Acting):
        reversal_id = UUIDField(help_text="Made by the caller. The same again books nothing more.")

    @extend_schema(operation_id="work_orders_byproduct_reverse", request=Body, responses={201: MovementOutput})
    def post(self, request: Any, pk: int, movement: Any) -> Response:
        """Take back a by-product that was put out by mistake."""
        order = self.one(WorkOrder.objects.select_related("site"), what="work order", pk=pk)
        given, now = self.body(self.Body), timezone.now()
        done = services.reverse_byproduct(
            reversal_id=given["reversal_id"], work_order_id=order.pk, movement_id=movement,
            person=person_at(order.site, given["person"]), occurred_at=given["occurred_at"] or now, now=now,
        )  # fmt: skip
        return Response(MovementOutput(movements().get(pk=done.pk)).data, status=201)


class ReturnsView(MoveView):
    """Take a component back."""

    @extend_schema(
        operation_id="work_orders_return", parameters=[KEY], request=Returning, responses={201: MovementOutput}
    )
    def post(self, request: Any, pk: int) -> Response:
        """Take material that was issued to the order back into stock."""
        return self.move(request, pk, Returning, services.return_component)
