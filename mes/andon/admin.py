"""Who is told when nobody comes; calls and handovers to read."""

from django.contrib import admin

from mes.andon.models import Call, EscalationStep, Handover
from mes.masterdata.admin import FactAdmin, HistoryAdmin


@admin.register(EscalationStep)
class EscalationStepAdmin(HistoryAdmin):
    """Steps of escalation by site and kind of call."""

    see = "orders:read"
    list_display = ["site", "kind", "tier", "after_minutes", "tells", "email"]
    list_filter = ["site", "kind"]


@admin.register(Call)
class CallAdmin(FactAdmin):
    """Calls from the floor, answered on their own page."""

    see = "orders:read"
    list_display = ["work_center", "kind", "status", "raised_at", "raised_by", "acknowledged_by", "resolved_by", "tier"]
    list_filter = ["site", "kind", "status"]
    date_hierarchy = "raised_at"
    search_fields = ["work_center__code", "note", "outcome"]


@admin.register(Handover)
class HandoverAdmin(FactAdmin):
    """Handovers between shifts."""

    see = "orders:read"
    list_filter = ["site"]
    list_display = ["work_center", "handed_over_at", "person", "accepted_at", "accepted_by"]
    date_hierarchy = "handed_over_at"
    search_fields = ["work_center__code", "note", "person__name"]
