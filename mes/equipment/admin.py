"""Equipment in the admin: how stops are judged and when they are planned is edited; what happened is only read."""

from django.contrib import admin

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


@admin.register(ShiftBreak)
class ShiftBreakAdmin(HistoryAdmin):
    """Breaks within shifts; they are ours, whoever owns the shift."""

    see = SEE
    site_path = "shift__site__code"
    list_display = ["shift", "starts_at", "ends_at"]
    list_filter = ["shift__site"]
    list_select_related = ["shift"]


@admin.register(StopPolicy)
class StopPolicyAdmin(HistoryAdmin):
    """From which length a stop needs a reason."""

    see = SEE
    site_path = "work_unit__site__code"
    list_display = ["work_unit", "micro_stop_seconds"]
    list_filter = ["work_unit__site"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit"]


@admin.register(StopReason)
class StopReasonAdmin(HistoryAdmin):
    """What stop reasons count as, and which of them call maintenance."""

    see = SEE
    site_path = "reason__site__code"
    list_display = ["reason", "loss", "calls_maintenance"]
    list_filter = ["reason__site", "loss"]
    list_select_related = ["reason"]


@admin.register(PlannedStop)
class PlannedStopAdmin(HistoryAdmin):
    """Times in which no production is planned."""

    see = SEE
    list_display = ["starts_at", "ends_at", "work_center", "work_unit", "reason", "note", "site"]
    list_filter = ["site", "starts_at"]
    list_select_related = ["work_center", "work_unit", "reason", "site"]


@admin.register(StateChange)
class StateChangeAdmin(FactAdmin):
    """What work units did."""

    see = SEE
    list_display = ["started_at", "work_unit", "state", "operation"]
    list_filter = ["site", "state", "started_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "operation__work_order"]
    ordering = ["-started_at"]


@admin.register(StopEntry)
class StopEntryAdmin(FactAdmin):
    """What people entered about stops."""

    see = SEE
    list_display = ["recorded_at", "work_unit", "kind", "at", "person", "by", "reverses"]
    list_filter = ["site", "kind", "recorded_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "person", "reverses__work_unit"]


@admin.register(StopExplanation)
class StopExplanationAdmin(FactAdmin):
    """The reasons that people gave, the replaced ones included."""

    see = SEE
    list_display = ["recorded_at", "work_unit", "at", "reason", "note", "person", "by"]
    list_filter = ["site", "reason", "recorded_at"]
    search_fields = ["work_unit__code", "note"]
    list_select_related = ["work_unit", "reason", "person"]


@admin.register(DowntimeRecord)
class DowntimeRecordAdmin(FactAdmin):
    """Stops as others were told of them."""

    see = SEE
    list_display = ["started_at", "ended_at", "work_unit", "minutes", "reason", "revision", "recorded_at"]
    list_filter = ["site", "reason", "started_at"]
    search_fields = ["work_unit__code"]
    list_select_related = ["work_unit", "reason"]


@admin.register(MaintenanceRequest)
class MaintenanceRequestAdmin(FactAdmin):
    """Calls for maintenance; they are answered on their own page."""

    see = SEE
    list_display = ["requested_at", "work_unit", "status", "reason", "note", "acknowledged_by", "done_by", "outcome"]
    list_filter = ["site", "status", "requested_at"]
    search_fields = ["work_unit__code", "note", "outcome"]
    list_select_related = ["work_unit", "reason"]
