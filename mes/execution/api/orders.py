"""Work orders: see them, make one by hand, and say what shall become of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, DecimalField, InstantField, IntegerField, TextField
from mes.core.api.input import ChoiceField, ChoicesField, Filters, FlagField, Input, OrderingField
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import NotFound
from mes.core.routes import row_key
from mes.execution import services
from mes.execution.api.inputs import Acting, Empty, Noted, approver_at, person_at
from mes.execution.api.outputs import OrderDetail, OrderSummary, ProposalOutput
from mes.execution.models import ChangeProposal, Operation, OrderComponent, OrderHold, WorkOrder
from mes.execution.records import WorkOrderRecord

PERCENT: dict[str, Any] = {"max_digits": 6, "decimal_places": 2, "min_value": Decimal(0)}


class WorkOrdersView(ApiView):
    """The work orders."""

    rights = {"GET": "orders:read", "POST": "orders:plan"}

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        number = CodeField(required=False)
        item = CodeField(required=False, source="item__number")
        status = ChoicesField(WorkOrder.Status.values, required=False, source="status__in")
        held = FlagField(required=False)
        owner = CodeField(required=False)
        created_since = InstantField(required=False, source="created_at__gte")
        ordering = OrderingField(
            {
                "number": ("number", "pk"),
                "-number": ("-number", "-pk"),
                "priority": ("priority", "number", "pk"),
                "created_at": ("created_at", "pk"),
                "-created_at": ("-created_at", "-pk"),
            },
            required=False,
        )

    class New(Input):
        site = CodeField(max_length=32)
        number = CodeField()
        item = CodeField()
        order_quantity = DecimalField(min_value=Decimal("0.000001"))
        uom = CodeField(max_length=32)
        status = ChoiceField(("PLANNED", "RELEASED"), required=False, default="PLANNED")
        due_at = InstantField(required=False, default=None)
        planned_start_at = InstantField(required=False, default=None)
        priority = IntegerField(required=False, default=50, min_value=0, max_value=1000)
        bom = CodeField(required=False, default="", allow_empty=True)
        routing = CodeField(required=False, default="", allow_empty=True)
        over_delivery_percent = DecimalField(required=False, default=None, **PERCENT)
        under_delivery_percent = DecimalField(required=False, default=None, **PERCENT)
        reference = TextField(required=False, default="", max_length=200, allow_blank=True)

        refused = {
            "id": "It is set by the system.",
            "owner": "Orders made here belong to nobody else; an ERP hands in its own at /api/v1/erp.",
            "external_ids": "Link the order with /link.",
            "good_quantity": "It is the sum of the reports.",
            "scrap_quantity": "It is the sum of the reports.",
            "rework_quantity": "It is the sum of the reports.",
            "held": "Use /hold and /free.",
            "created_at": "It is set by the system.",
            "created_by": "It is set by the system.",
        }

    @extend_schema(operation_id="work_orders_list", parameters=[Query], responses=OrderSummary(many=True))
    def get(self, request: Any) -> Response:
        """List the work orders of the caller's sites."""
        filters = self.filters(self.Query)
        self.ordering = filters.pop("ordering", ("number", "pk"))  # type: ignore[misc]
        orders = WorkOrder.objects.select_related("site", "item", "uom").filter(**filters)
        return self.page(self.here(orders), OrderSummary)

    @extend_schema(operation_id="work_orders_create", request=New, responses={201: OrderDetail})
    def post(self, request: Any) -> Response:
        """Make an order by hand, without an ERP. It can be linked with an ERP's order later."""
        given = self.body(self.New)
        self.site_allowed(given["site"])

        def work() -> tuple[int, Any]:
            record = WorkOrderRecord(**given)
            order = services.create_work_order(record=record, by=decided_by(request), now=timezone.now())
            return 201, OrderDetail(detailed(order.pk)).data

        return answered_once(request, given, work)


class WorkOrderView(ApiView):
    """One work order."""

    rights = {"GET": "orders:read"}
    no_writing = "Say what shall become of the order: /release, /hold, /free, /cancel, /complete, /close, /link."

    @extend_schema(operation_id="work_orders_get", responses=OrderDetail)
    def get(self, request: Any, pk: int) -> Response:
        """Return the order with its operations, components, holds and proposed changes."""
        self.no_filters()
        self.one(WorkOrder.objects.all(), what="work order", pk=pk)
        return Response(OrderDetail(detailed(pk)).data)


class OrderVerb(ApiView):
    """Something a planner or supervisor does to an order; the answer is the order."""

    rights = {"POST": "orders:plan"}

    def do(self, pk: int, body: type[Input], verb: Callable[[WorkOrder, dict[str, Any]], Any]) -> Response:
        """Read the body, do the verb once, and answer with the order."""
        order = self.one(WorkOrder.objects.select_related("site"), what="work order", pk=pk)
        given = self.body(body, optional=True)

        def work() -> tuple[int, Any]:
            verb(order, given)
            return 200, OrderDetail(detailed(pk)).data

        return answered_once(self.request, given, work)


class ReleaseView(OrderVerb):
    """Let the floor start."""

    @extend_schema(operation_id="work_orders_release", request=Empty, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Release a planned order: its bill and routing become a snapshot."""
        return self.do(
            pk,
            Empty,
            lambda order, _: services.release_work_order(
                work_order_id=order.pk, by=decided_by(request), now=timezone.now()
            ),
        )


class CancelView(OrderVerb):
    """Call it off."""

    class Body(Input):
        reason = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="work_orders_cancel", request=Body, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Cancel an order; one with reports must be completed instead."""
        return self.do(
            pk,
            self.Body,
            lambda order, given: services.cancel_work_order(
                work_order_id=order.pk, by=decided_by(request), now=timezone.now(), reason=given["reason"]
            ),
        )


class CompleteView(OrderVerb):
    """Finish it."""

    class Body(Acting):
        approved_by = CodeField(required=False, default="", allow_empty=True)
        refused = {"occurred_at": "An order is completed when this is called."}

        def get_fields(self) -> dict[str, Any]:
            fields = super().get_fields()
            fields.pop("occurred_at")
            return fields

    @extend_schema(operation_id="work_orders_complete", request=Body, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Say that nothing more will be produced against the order."""

        def verb(order: WorkOrder, given: dict[str, Any]) -> None:
            person = person_at(order.site, given["person"])
            services.complete_work_order(
                work_order_id=order.pk,
                by=person.number if person else decided_by(request),
                now=timezone.now(),
                person=person,
                approved_by=approver_at(request, order.site, given["approved_by"]),
            )

        return self.do(pk, self.Body, verb)


class CloseView(OrderVerb):
    """Close the books."""

    @extend_schema(operation_id="work_orders_close", request=Empty, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Close a completed order for good: nothing can be booked or reversed any more."""
        return self.do(
            pk,
            Empty,
            lambda order, _: services.close_work_order(
                work_order_id=order.pk, by=decided_by(request), now=timezone.now()
            ),
        )


class LinkView(OrderVerb):
    """Say which order of an ERP it is."""

    class Body(Input):
        system = CodeField(help_text="The name of the ERP connection.")
        external_id = CodeField(max_length=200)

    @extend_schema(operation_id="work_orders_link", request=Body, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Link an order that was made by hand with its counterpart in an ERP, so that what waited for that is sent."""
        order = self.one(WorkOrder.objects.all(), what="work order", pk=pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            services.link_work_order(work_order_id=order.pk, now=timezone.now(), **given)
            return 200, OrderDetail(detailed(pk)).data

        return answered_once(request, given, work)


class HoldView(OrderVerb):
    """Forbid work on it."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        operation = CodeField(
            required=False, default="", max_length=16, allow_empty=True, help_text="Left out: the whole order."
        )
        reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a HOLD reason.")
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="work_orders_hold", request=Body, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Hold the order, or one of its operations, until it is freed."""
        return self.do(
            pk,
            self.Body,
            lambda order, given: services.hold_work_order(
                work_order_id=order.pk, by=decided_by(request), now=timezone.now(), **given
            ),
        )


class FreeView(OrderVerb):
    """Let work go on."""

    rights = {"POST": "orders:hold"}

    class Body(Input):
        hold_id = CodeField(
            required=False, default="", allow_empty=True, help_text="One hold; left out: all a person set."
        )
        note = TextField(required=False, default="", max_length=4000, allow_blank=True)

    @extend_schema(operation_id="work_orders_free", request=Body, responses=OrderDetail)
    def post(self, request: Any, pk: int) -> Response:
        """Lift one hold of the order, or all that people have placed; what another app holds, that app frees."""

        def verb(order: WorkOrder, given: dict[str, Any]) -> None:
            holds = OrderHold.objects.filter(work_order=order, released_at__isnull=True)
            asked = given["hold_id"]
            if asked:
                holds = holds.filter(pk=row_key(asked))
            else:
                holds = holds.filter(source="")
            found = list(holds.order_by("pk"))
            if not found:
                raise NotFound("The order has no such open hold.", field="hold_id" if asked else "")
            for hold in found:
                services.release_hold(hold_id=hold.pk, by=decided_by(request), now=timezone.now(), note=given["note"])

        return self.do(pk, self.Body, verb)


class ProposalsView(ApiView):
    """What ERPs want changed of running orders."""

    rights = {"GET": "orders:read"}
    ordering = ("pk",)

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_order = CodeField(required=False, source="work_order__number")
        status = ChoicesField(ChangeProposal.Status.values, required=False, source="status__in")

    @extend_schema(operation_id="proposals_list", parameters=[Query], responses=ProposalOutput(many=True))
    def get(self, request: Any) -> Response:
        """List proposed changes, oldest first."""
        proposals = ChangeProposal.objects.select_related("site", "work_order").filter(**self.filters(self.Query))
        return self.page(self.here(proposals), ProposalOutput)


class DecideView(ApiView):
    """Answer a proposed change; ``accept`` is set by the address."""

    rights = {"POST": "orders:plan"}
    accept = True

    def decide(self, request: Any, pk: int) -> Response:
        """Do what the address says, once."""
        proposals = ChangeProposal.objects.select_related("site", "work_order")
        self.one(proposals, what="proposal", pk=pk)
        given = self.body(Noted, optional=True)
        decide = services.accept_proposal if self.accept else services.reject_proposal

        def work() -> tuple[int, Any]:
            decide(proposal_id=pk, by=decided_by(request), now=timezone.now(), note=given["note"])
            return 200, ProposalOutput(proposals.get(pk=pk)).data

        return answered_once(request, given, work)


class AcceptView(DecideView):
    """Accept a proposed change."""

    @extend_schema(operation_id="proposals_accept", request=Noted, responses=ProposalOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Do to the running order what the ERP asked for."""
        return self.decide(request, pk)


class RejectView(DecideView):
    """Reject a proposed change."""

    accept = False

    @extend_schema(operation_id="proposals_reject", request=Noted, responses=ProposalOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Leave the order as it is."""
        return self.decide(request, pk)


def detailed(pk: int) -> WorkOrder:
    """Return the order with all that its detail shows, in a fixed number of queries."""
    operations = Operation.objects.select_related(
        "work_center", "work_unit", "work_order__site", "work_order__item", "work_order__uom"
    ).order_by("position")
    components = OrderComponent.objects.select_related("item", "operation", "uom").order_by("position")
    return (
        WorkOrder.objects.select_related("site", "item", "uom")
        .prefetch_related(
            Prefetch("operations", operations),
            Prefetch("components", components),
            Prefetch("holds", OrderHold.objects.select_related("reason", "operation")),
            Prefetch("proposals", ChangeProposal.objects.select_related("site", "work_order")),
        )
        .get(pk=pk)
    )
