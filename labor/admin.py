"""Attendance and time on job for supervisors: everything to read, and the ends that were forgotten to set."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from labor import services
from labor.models import AttendanceSegment, LaborSegment
from mes.core.admin import PlainNumbers
from mes.core.by_site import BySite
from mes.core.errors import DomainError
from mes.masterdata.queries import private_sites


class AwaitsEnd(admin.SimpleListFilter):
    """Only what a supervisor has to settle."""

    title = "end"
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("awaited", "Waits for a supervisor"), ("open", "Running"), ("final", "Final")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "awaited":
                return queryset.filter(ended_at__isnull=True, flagged_at__isnull=False)
            case "open":
                return queryset.filter(ended_at__isnull=True, flagged_at__isnull=True)
            case "final":
                return queryset.filter(ended_at__isnull=False)
        return queryset


class EndForm(forms.ModelForm):
    """Sets the true end of a segment that was forgotten, by the service."""

    true_end = forms.SplitDateTimeField(
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="When the person really stopped. Books the time, and cannot be changed here afterwards.",
    )
    settle: Any = None
    by = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        end = cleaned.get("true_end")
        if end and self.instance.awaits_end and not self.errors:
            try:
                type(self).settle(segment_id=self.instance.pk, ended_at=end, by=self.by, now=timezone.now())
            except DomainError as refusal:
                raise ValidationError(refusal.detail) from refusal
        return cleaned


class FactAdmin(PlainNumbers, BySite, ModelAdmin):
    """Facts are read here; the one thing to do is to set a forgotten end."""

    see = "labor:read"
    edit = "labor:correct"
    in_full = True
    list_filter = ["site", AwaitsEnd]
    date_hierarchy = "started_at"
    search_fields = ["person__number", "person__name"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Leave out what one person did at a site in privacy mode; what waits for an end stays for who may set it."""
        found = super().get_queryset(request)
        private = private_sites()
        if not private:
            return found
        settles = self.sites_to(request, self.edit)
        at = private if settles is None else private & settles
        waits = Q(site__code__in=at, ended_at__isnull=True, flagged_at__isnull=False)
        return found.filter(~Q(site__code__in=private) | waits)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.awaits_end)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [field.name for field in self.model._meta.fields if field.name != "id"]
        return ["true_end", *shown] if obj is not None and self.has_change_permission(request, obj) else shown

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        return type("BoundEndForm", (form,), {"by": request.user.get_username()})

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        """Save nothing: the service has booked it while the form was checked."""
        if form.cleaned_data.get("true_end"):
            messages.info(request, "The time is booked.")


class LaborEndForm(EndForm):
    settle = staticmethod(services.set_labor_end)


class AttendanceEndForm(EndForm):
    settle = staticmethod(services.set_attendance_end)


@admin.register(LaborSegment)
class LaborSegmentAdmin(FactAdmin):
    form = LaborEndForm
    list_display = ["person", "operation", "reason", "activity", "started_at", "ended_at", "minutes", "flagged_at"]
    list_filter = ["site", AwaitsEnd, "activity"]
    search_fields = [*FactAdmin.search_fields, "operation__work_order__number"]
    list_select_related = ["person", "operation__work_order", "reason"]


@admin.register(AttendanceSegment)
class AttendanceSegmentAdmin(FactAdmin):
    form = AttendanceEndForm
    list_display = ["person", "kind", "started_at", "ended_at", "flagged_at", "voided_by"]
    list_filter = ["site", AwaitsEnd, "kind"]
    list_select_related = ["person"]
