"""Who is told when nobody comes; calls and handovers to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from mes.andon.models import Call, EscalationStep, Handover


@admin.register(EscalationStep)
class EscalationStepAdmin(SimpleHistoryAdmin, ModelAdmin):
    """Steps of escalation by site and kind of call."""

    list_display = ["site", "kind", "tier", "after_minutes", "tells", "email"]
    list_filter = ["site", "kind"]


class FactAdmin(ModelAdmin):
    """Facts are read here; they are made on the floor."""

    list_filter = ["site"]
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Call)
class CallAdmin(FactAdmin):
    list_display = ["work_center", "kind", "status", "raised_at", "raised_by", "acknowledged_by", "resolved_by", "tier"]
    list_filter = ["site", "kind", "status"]
    date_hierarchy = "raised_at"
    search_fields = ["work_center__code", "note", "outcome"]


@admin.register(Handover)
class HandoverAdmin(FactAdmin):
    list_display = ["work_center", "handed_over_at", "person", "accepted_at", "accepted_by"]
    date_hierarchy = "handed_over_at"
    search_fields = ["work_center__code", "note", "person__name"]
