"""Inspection plans for planners; what was read and decided, to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from mes.core.by_site import BySiteInline
from mes.masterdata.admin import FactAdmin, KeptAdmin, ReadOnlyInline
from quality import services
from quality.models import (
    Characteristic,
    Disposition,
    InspectionPlan,
    InspectionResult,
    Nonconformance,
    PlannedCheck,
    Reading,
)


class CharacteristicInline(BySiteInline, StackedInline):
    """What is measured or looked at."""

    model = Characteristic
    extra = 0
    fields = [
        ("position", "code", "name", "kind"), ("nominal", "lower", "upper", "uom", "decimals", "sample_size"), "choices",
        ("instruction", "reaction"), "translations",
    ]  # fmt: skip


class PlannedCheckForm(forms.ModelForm):
    """A check chooses among the characteristics of its own plan."""

    def __init__(self, *args: Any, plan: InspectionPlan | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Characteristic.objects.filter(plan=plan) if plan else Characteristic.objects.none()
        self.fields["characteristics"].queryset = own  # type: ignore[attr-defined]


class PlannedCheckInline(BySiteInline, TabularInline):
    """When they are looked at."""

    model = PlannedCheck
    form = PlannedCheckForm
    extra = 0
    fields = ["trigger", "every", "blocks", "grace", "characteristics"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return a formset whose forms know the plan."""
        formset = super().get_formset(request, obj, **kwargs)

        class Bound(formset):  # type: ignore[misc,valid-type]
            def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
                return super().get_form_kwargs(index) | {"plan": obj}

        return Bound


@admin.register(InspectionPlan)
class InspectionPlanAdmin(KeptAdmin):
    """Plans. Released orders keep the plan as it was; every change raises its revision."""

    see = "quality:read"
    edit = "quality:plan"
    list_display = ["name", "item", "operation", "work_center", "revision", "active", "site"]
    list_filter = ["site", "active"]
    search_fields = ["name", "item__number", "item__name", "work_center__code"]
    list_select_related = ["site", "item", "work_center"]
    autocomplete_fields = ["item", "work_center"]
    readonly_fields = ["revision"]
    inlines = [CharacteristicInline, PlannedCheckInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the lines, and raise the revision where the plan or a line was changed."""
        super().save_related(request, form, formsets, change)
        if change and (form.has_changed() or any(formset.has_changed() for formset in formsets)):
            services.revise_plan(plan_id=form.instance.pk)


@admin.register(Reading)
class ReadingAdmin(FactAdmin):
    """Every value that was read."""

    see = "quality:read"
    list_display = ["occurred_at", "operation", "order_check", "characteristic", "piece", "value", "passed", "person"]
    list_filter = ["site", "passed", "occurred_at"]
    search_fields = ["operation__work_order__number", "characteristic__name"]
    list_select_related = ["operation__work_order", "order_check", "characteristic", "person"]
    ordering = ["-recorded_at"]


@admin.register(InspectionResult)
class InspectionResultAdmin(FactAdmin):
    """Every judgment of a sample."""

    see = "quality:read"
    list_display = ["occurred_at", "operation", "order_check", "occurrence", "number", "verdict", "person", "by"]
    list_filter = ["site", "verdict", "occurred_at"]
    search_fields = ["operation__work_order__number"]
    list_select_related = ["operation__work_order", "order_check", "person"]
    ordering = ["-recorded_at"]


class DispositionInline(ReadOnlyInline):
    """What became of it."""

    model = Disposition
    fields = ["recorded_at", "kind", "quantity", "note", "person", "by", "report", "movement"]


@admin.register(Nonconformance)
class NonconformanceAdmin(FactAdmin):
    """Every nonconformance; decided about on its page, not here."""

    see = "quality:read"
    list_display = [
        "number",
        "recorded_at",
        "work_order",
        "operation",
        "lot",
        "item",
        "quantity",
        "reason",
        "closed_at",
    ]
    list_filter = ["site", ("closed_at", admin.EmptyFieldListFilter), "recorded_at"]
    search_fields = ["work_order__number", "lot__number", "item__number", "reason__name"]
    list_select_related = ["work_order", "operation", "lot", "item", "reason"]
    inlines = [DispositionInline]
