"""Equipment in the admin: how stops are judged and when they are planned is edited; what happened is only read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mes.access.queries import sites_of
from mes.equipment.models import (
    DowntimeRecord,
    MaintenanceRequest,
    PlannedStop,
    ShiftBreak,
    StateChange,
    StopEntry,
    StopExplanation,
    StopPolicy,
    StopReason,
)
from mes.masterdata.admin import FactAdmin, HistoryAdmin

SEE = "equipment:read"


class AtOwnSites:
    """Shows the rows of the sites whose equipment the person may see; ``site`` is the path to it."""

    site = "site"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{f"{self.site}__in": sites_of(request.user, SEE)})  # type: ignore[misc]


@admin.register(ShiftBreak)
class ShiftBreakAdmin(AtOwnSites, HistoryAdmin):
    """Breaks within shifts; they are ours, whoever owns the shift."""

    site = "shift__site"
    list_display = ["shift", "starts_at", "ends_at"]
    list_filter = ["shift__site"]
    list_select_related = ["shift"]


@admin.register(StopPolicy)
class StopPolicyAdmin(AtOwnSites, HistoryAdmin):
    """From which length a stop needs a reason."""

    site = "work_unit__site"
    list_display = ["work_unit", "micro_stop_seconds"]
    list_filter = ["work_unit__site"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit"]


@admin.register(StopReason)
class StopReasonAdmin(AtOwnSites, HistoryAdmin):
    """What stop reasons count as, and which of them call maintenance."""

    site = "reason__site"
    list_display = ["reason", "loss", "calls_maintenance"]
    list_filter = ["reason__site", "loss"]
    list_select_related = ["reason"]


@admin.register(PlannedStop)
class PlannedStopAdmin(AtOwnSites, HistoryAdmin):
    """Times in which no production is planned."""

    list_display = ["starts_at", "ends_at", "work_center", "work_unit", "reason", "note", "site"]
    list_filter = ["site", "starts_at"]
    list_select_related = ["work_center", "work_unit", "reason", "site"]


@admin.register(StateChange)
class StateChangeAdmin(AtOwnSites, FactAdmin):
    """What work units did."""

    list_display = ["started_at", "work_unit", "state", "operation"]
    list_filter = ["site", "state", "started_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "operation__work_order"]
    ordering = ["-started_at"]


@admin.register(StopEntry)
class StopEntryAdmin(AtOwnSites, FactAdmin):
    """What people entered about stops."""

    list_display = ["recorded_at", "work_unit", "kind", "at", "person", "by", "reverses"]
    list_filter = ["site", "kind", "recorded_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "person", "reverses__work_unit"]


@admin.register(StopExplanation)
class StopExplanationAdmin(AtOwnSites, FactAdmin):
    """The reasons that people gave, the replaced ones included."""

    list_display = ["recorded_at", "work_unit", "at", "reason", "note", "person", "by"]
    list_filter = ["site", "reason", "recorded_at"]
    search_fields = ["work_unit__code", "note"]
    list_select_related = ["work_unit", "reason", "person"]


@admin.register(DowntimeRecord)
class DowntimeRecordAdmin(AtOwnSites, FactAdmin):
    """Stops as others were told of them."""

    list_display = ["started_at", "ended_at", "work_unit", "minutes", "reason", "revision", "recorded_at"]
    list_filter = ["site", "reason", "started_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "reason"]


@admin.register(MaintenanceRequest)
class MaintenanceRequestAdmin(AtOwnSites, FactAdmin):
    """Calls for maintenance; they are answered on their own page."""

    list_display = ["requested_at", "work_unit", "status", "reason", "note", "acknowledged_by", "done_by", "outcome"]
    list_filter = ["site", "status", "requested_at"]
    search_fields = ["work_unit__code", "note", "outcome"]
    list_select_related = ["work_unit", "reason"]
