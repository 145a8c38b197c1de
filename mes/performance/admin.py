"""Actions against losses in the admin, to read: they are planned and ended on their own page."""

from django.contrib import admin

from mes.masterdata.admin import FactAdmin
from mes.performance.models import LossAction


@admin.register(LossAction)
class LossActionAdmin(FactAdmin):
    """What somebody does about a loss, and what came of it."""

    see = "performance:read"
    list_display = ["what", "reason", "work_unit", "owned_by", "due_on", "done_at", "outcome"]
    list_filter = ["site", "reason", "due_on"]
    search_fields = ["what", "owned_by", "outcome", "reason__code", "work_unit__code"]
    list_select_related = ["reason", "work_unit"]
