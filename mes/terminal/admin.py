"""Devices and terminal entries in the admin: to search and to read; codes are made on the page “Devices”."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from mes.masterdata.admin import FactAdmin, each
from mes.terminal import services
from mes.terminal.models import Device, TerminalEntry


@admin.register(Device)
class DeviceAdmin(FactAdmin):
    """The devices that may book, or might once."""

    see = "devices:manage"
    list_display = ["name", "site", "work_center", "seen_at", "queue_length", "version", "enrolled_at", "revoked_at"]
    list_filter = ["site", "revoked_at"]
    search_fields = ["name", "work_center__code"]
    list_select_related = ["site", "work_center"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        """End devices at once; what they still send is kept for a supervisor."""
        by, now = request.user.get_username(), timezone.now()

        def call(device: Device) -> str:
            services.revoke(device_id=device.pk, by=by, now=now)
            return "revoked"

        each(request, queryset, call)


@admin.register(TerminalEntry)
class TerminalEntryAdmin(FactAdmin):
    """Every tap that arrived, with its answer."""

    see = "orders:read"
    list_display = [
        "recorded_at",
        "work_center",
        "action",
        "person",
        "identity",
        "approved_by",
        "device",
        "state",
        "said",
    ]
    list_filter = ["site", "state", "identity", "action", "recorded_at"]
    search_fields = ["person__number", "person__name", "work_center__code", "said"]
    list_select_related = ["work_center", "person", "approved_by", "device"]
    ordering = ["-recorded_at"]
