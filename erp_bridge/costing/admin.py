"""Rates and what was planned and rolled up, for controllers; what an ERP owns is read-only and says so."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from erp_bridge.costing import services
from erp_bridge.costing.models import CostRate, CostRollUp, PlannedCost, PlannedCostLine
from mes.core.admin import PlainNumbers
from mes.core.by_site import BySite, BySiteInline


class ReadOnly(PlainNumbers):
    """Facts are not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CostRate)
class CostRateAdmin(PlainNumbers, BySite, SimpleHistoryAdmin, ModelAdmin):
    see = "costs:read"
    edit = "costs:write"
    site_path = "site"
    list_display = ["kind", "key", "valid_from", "amount", "currency", "per", "owner", "site"]
    list_filter = ["site", "kind", "owner"]
    search_fields = ["key"]
    readonly_fields = ["owner", "external_id", "changed_at"]
    date_hierarchy = "valid_from"

    def has_change_permission(self, request: HttpRequest, obj: CostRate | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.owner)

    def has_delete_permission(self, request: HttpRequest, obj: CostRate | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CostRate, form: Any, change: bool) -> None:
        services.keep_rate(rate=obj)


class PlannedCostLineInline(ReadOnly, BySiteInline, TabularInline):
    model = PlannedCostLine
    extra = 0
    fields = ["operation", "element", "activity", "key", "quantity", "unit", "rate", "per", "basis"]


@admin.register(PlannedCost)
class PlannedCostAdmin(ReadOnly, BySite, ModelAdmin):
    see = "costs:read"
    site_path = "site"
    list_display = ["work_order", "order_quantity", "currency", "rated_on", "taken_at", "site"]
    list_filter = ["site"]
    search_fields = ["work_order"]
    inlines = [PlannedCostLineInline]


@admin.register(CostRollUp)
class CostRollUpAdmin(ReadOnly, BySite, ModelAdmin):
    see = "costs:read"
    site_path = "site"
    list_display = [
        "work_order", "revision", "planned_total", "total", "material", "labor", "machine", "scrap", "rework",
        "currency", "rolled_up_at",
    ]  # fmt: skip
    list_filter = ["site"]
    search_fields = ["work_order"]
