"""Orders in the admin, for planners: search, release, hold, free, cancel, and what ERPs propose."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from mes.access.queries import may
from mes.core.errors import DomainError, NotAllowed
from mes.execution import services
from mes.execution.models import (
    ChangeProposal,
    CounterReading,
    Operation,
    OrderComponent,
    OrderHold,
    ProductionReport,
    ScrapLine,
    StandardTime,
    WorkOrder,
)
from mes.execution.records import WorkOrderRecord
from mes.masterdata.admin import FactAdmin, HistoryAdmin, OwnedAdmin, ReadOnlyInline, each
from mes.masterdata.rules import check_precision

Status = WorkOrder.Status


def check_right(request: HttpRequest, right: str, site: str) -> None:
    """Refuse what the signed-in person may not do at the site.

    :raises NotAllowed: naming the right.
    """
    if not may(request.user, right, site):
        raise NotAllowed(f"You need the right {right} at {site}. Ask whoever manages access.")


class NoteForm(ActionForm):
    """What is done to the selected rows, and why."""

    note = forms.CharField(
        required=False,
        max_length=4000,
        label="",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Why (kept with it)", "aria-label": "Why"}),
    )


class OperationInline(ReadOnlyInline):
    """The steps of the order, as they were at its release."""

    model = Operation
    fields = [
        "number", "name", "work_center", "work_unit", "status", "good_quantity", "scrap_quantity", "rework_quantity",
        "planned_setup_time", "planned_run_time_per_unit", "actual_setup_time", "actual_run_time",
    ]  # fmt: skip
    ordering = ["position"]


class ComponentInline(ReadOnlyInline):
    """What goes into the order, as it was at its release."""

    model = OrderComponent
    fields = [
        "item",
        "operation",
        "required_quantity",
        "issued_quantity",
        "uom",
        "backflush",
        "at_completion",
        "unplanned",
        "why",
    ]
    ordering = ["position"]


class HoldInline(ReadOnlyInline):
    """What forbids or forbade work on the order."""

    model = OrderHold
    fields = [
        "placed_at",
        "placed_by",
        "operation",
        "reason",
        "note",
        "source",
        "released_at",
        "released_by",
        "release_note",
    ]


class ReportInline(ReadOnlyInline):
    """What was reported."""

    model = ProductionReport
    fk_name = "work_order"
    fields = [
        "occurred_at",
        "operation",
        "good_quantity",
        "scrap_quantity",
        "rework_quantity",
        "lot",
        "person",
        "reverses",
    ]
    ordering = ["-recorded_at"]


class IsLate(admin.SimpleListFilter):
    """Due before now, and not completed."""

    title = "late"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Late")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "yes":
            return queryset
        return queryset.filter(due_at__lt=timezone.now(), status__in=[Status.PLANNED, Status.RELEASED, Status.RUNNING])


class WorkOrderForm(forms.ModelForm):
    """An order made by hand."""

    class Meta:
        model = WorkOrder
        fields = [
            "site", "number", "item", "uom", "order_quantity", "due_at", "planned_start_at", "priority", "bom",
            "routing", "over_delivery_percent", "under_delivery_percent", "reference",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        item, site, uom, quantity = (cleaned.get(name) for name in ("item", "site", "uom", "order_quantity"))
        if item and site and item.site_id != site.pk:
            self.add_error("item", f"{item} belongs to {item.site}, not to {site}.")
        if quantity is not None and quantity <= 0:
            self.add_error("order_quantity", "The order quantity must be more than zero.")
        elif uom and quantity is not None:
            try:
                check_precision(quantity, decimals=uom.decimals, unit=uom.code, field="order_quantity")
            except DomainError as refusal:
                self.add_error("order_quantity", refusal.detail)
        return cleaned


@admin.register(WorkOrder)
class WorkOrderAdmin(OwnedAdmin):
    """Work orders. What was made is written by reports; what an ERP owns is changed there."""

    see = "orders:read"
    edit = "orders:plan"
    form = WorkOrderForm
    action_form = NoteForm
    list_display = [
        "number", "item", "order_quantity", "good_quantity", "scrap_quantity", "uom", "status", "held", "priority",
        "due_at", "owned_by",
    ]  # fmt: skip
    list_filter = ["site", "status", "held", IsLate, "due_at", "owner"]
    search_fields = ["number", "reference", "item__number", "item__name"]
    list_select_related = ["item", "uom", "site"]
    autocomplete_fields = ["item", "uom"]
    readonly_fields = ["status", "held", "good_quantity", "scrap_quantity", "rework_quantity", "released_at", "started_at",
                       "completed_at"]  # fmt: skip
    date_hierarchy = "due_at"
    inlines = [OperationInline, ComponentInline, HoldInline, ReportInline]
    actions = ["release", "hold", "free", "cancel", "complete", "close"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_fields(request, obj))
        return fields if obj else [name for name in fields if name not in (*self.readonly_fields, "provenance")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = list(super().get_readonly_fields(request, obj))
        if obj:
            # What the order is does not change once it is known; how much is open until it is released.
            fixed += ["site", "number", "item", "uom"]
            if obj.status != Status.PLANNED:
                fixed += ["order_quantity", "bom", "routing"]
            if obj.status in (Status.COMPLETED, Status.CLOSED, Status.CANCELLED):
                fixed += ["due_at", "planned_start_at", "priority", "over_delivery_percent", "under_delivery_percent"]
        return list(dict.fromkeys(fixed))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        check_right(request, "orders:plan", obj.site.code)
        record = WorkOrderRecord(
            site=obj.site.code, number=obj.number, item=obj.item.number, order_quantity=obj.order_quantity,
            uom=obj.uom.code, status=Status.PLANNED, due_at=obj.due_at, planned_start_at=obj.planned_start_at,
            priority=obj.priority, bom=obj.bom, routing=obj.routing, reference=obj.reference,
            over_delivery_percent=obj.over_delivery_percent, under_delivery_percent=obj.under_delivery_percent,
        )  # fmt: skip
        made = services.create_work_order(record=record, by=request.user.get_username(), now=timezone.now())
        obj.__dict__.update(made.__dict__)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            request.method = "GET"
            return super().changeform_view(request, *args, **kwargs)

    def _each(self, request: HttpRequest, queryset: QuerySet, right: str, call: Callable[[WorkOrder], str]) -> None:
        def checked(order: WorkOrder) -> str:
            check_right(request, right, order.site.code)
            return call(order)

        each(request, queryset.select_related("site"), checked)

    @admin.action(description="Release")
    def release(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Let the floor start the orders."""
        by, now = request.user.get_username(), timezone.now()

        def call(order: WorkOrder) -> str:
            services.release_work_order(work_order_id=order.pk, by=by, now=now)
            return "released"

        self._each(request, queryset, "orders:plan", call)

    @admin.action(description="Hold")
    def hold(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Forbid work on the orders."""
        by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")

        def call(order: WorkOrder) -> str:
            services.hold_work_order(work_order_id=order.pk, by=by, now=now, note=note)
            return "on hold"

        self._each(request, queryset, "orders:hold", call)

    @admin.action(description="Free (lift every hold)")
    def free(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Lift all holds of the orders."""
        by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")

        def call(order: WorkOrder) -> str:
            holds = list(order.holds.filter(released_at=None).values_list("pk", flat=True))
            for hold_id in holds:
                services.release_hold(hold_id=hold_id, by=by, now=now, note=note)
            return "free" if holds else "was not on hold"

        self._each(request, queryset, "orders:hold", call)

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Cancel orders that nobody has worked on."""
        by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")

        def call(order: WorkOrder) -> str:
            services.cancel_work_order(work_order_id=order.pk, by=by, now=now, reason=note)
            return "cancelled"

        self._each(request, queryset, "orders:plan", call)

    @admin.action(description="Complete with what was made")
    def complete(self, request: HttpRequest, queryset: QuerySet) -> None:
        """End orders short of their last operation."""
        by, now = request.user.get_username(), timezone.now()

        def call(order: WorkOrder) -> str:
            services.complete_work_order(work_order_id=order.pk, by=by, now=now)
            return "completed"

        self._each(request, queryset, "orders:plan", call)

    @admin.action(description="Close for good")
    def close(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Shut the books of completed orders."""
        by, now = request.user.get_username(), timezone.now()

        def call(order: WorkOrder) -> str:
            services.close_work_order(work_order_id=order.pk, by=by, now=now)
            return "closed"

        self._each(request, queryset, "orders:plan", call)


class ScrapLineInline(ReadOnlyInline):
    """Why pieces of the report are scrap."""

    model = ScrapLine
    fields = ["quantity", "reason"]


@admin.register(StandardTime)
class StandardTimeAdmin(HistoryAdmin):
    """How long the steps of an item take, for routings whose owner names no times. Counts for orders released from then on."""

    see = "orders:read"
    site_path = "item__site__code"
    list_display = ["item", "operation", "setup_time", "run_time_per_unit"]
    search_fields = ["item__number", "item__name"]
    list_select_related = ["item"]
    autocomplete_fields = ["item"]


@admin.register(ProductionReport)
class ProductionReportAdmin(FactAdmin):
    """Every report, and the reversals that took some of them back."""

    see = "orders:read"
    list_display = [
        "occurred_at", "work_order", "operation_number", "good_quantity", "scrap_quantity", "rework_quantity", "lot",
        "person", "is_reversal",
    ]  # fmt: skip
    list_filter = ["site", "occurred_at", "operation__work_center"]
    search_fields = ["work_order__number", "work_order__item__number", "lot", "person__name", "person__number"]
    ordering = ["-recorded_at"]
    inlines = [ScrapLineInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("work_order", "person")
        return found.annotate(operation_number=F("operation__number"))

    @admin.display(description="Operation", ordering="operation_number")
    def operation_number(self, obj: Any) -> str:
        return str(obj.operation_number)

    @admin.display(description="Reversal", boolean=True)
    def is_reversal(self, obj: ProductionReport) -> bool:
        return obj.reverses_id is not None


@admin.register(CounterReading)
class CounterReadingAdmin(FactAdmin):
    """What machines' counters showed, and the pieces that were reported from it."""

    see = "orders:read"
    list_display = ["occurred_at", "operation", "work_unit", "value", "counted", "began_anew", "report"]
    list_filter = ["site", "occurred_at", "operation__work_center"]
    list_select_related = ["operation__work_order", "work_unit", "report"]
    search_fields = ["operation__work_order__number", "work_unit__code"]
    ordering = ["-recorded_at"]


@admin.register(ChangeProposal)
class ChangeProposalAdmin(FactAdmin):
    """What ERPs want of running orders: accept or reject, with a result for each."""

    see = "orders:read"
    action_form = NoteForm
    list_display = ["work_order", "kind", "what", "owner", "created_at", "status", "decided_by", "decided_at"]
    list_filter = ["site", "status", "kind", "owner"]
    search_fields = ["work_order__number", "work_order__item__number"]
    list_select_related = ["work_order", "site"]
    actions = ["accept", "reject"]

    @admin.display(description="Change")
    def what(self, obj: ChangeProposal) -> str:
        """Return the change in one line: from our value to theirs."""
        words = []
        for name, (ours, theirs) in obj.changes.items():
            label = name.replace("_", " ")
            both_short = all(isinstance(value, (str, int, type(None))) for value in (ours, theirs))
            words.append(f"{label} {ours} → {theirs}" if both_short else f"{label} differs")
        return "; ".join(words)

    def _each(self, request: HttpRequest, queryset: QuerySet, call: Callable[[ChangeProposal], str]) -> None:
        def checked(proposal: ChangeProposal) -> str:
            check_right(request, "orders:plan", proposal.site.code)
            return call(proposal)

        each(request, queryset.select_related("site", "work_order"), checked)

    @admin.action(description="Accept")
    def accept(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Do what the ERP asked for."""
        by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")

        def call(proposal: ChangeProposal) -> str:
            services.accept_proposal(proposal_id=proposal.pk, by=by, now=now, note=note)
            return "accepted"

        self._each(request, queryset, call)

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Leave the orders as they are."""
        by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")

        def call(proposal: ChangeProposal) -> str:
            services.reject_proposal(proposal_id=proposal.pk, by=by, now=now, note=note)
            return "rejected"

        self._each(request, queryset, call)
