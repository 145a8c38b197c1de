"""Photos to look at."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from mes.documents.models import Photo
from mes.masterdata.admin import FactAdmin


@admin.register(Photo)
class PhotoAdmin(FactAdmin):
    """Every photo from the floor; looked at where what it shows is."""

    see = "quality:read"
    list_display = ["recorded_at", "about", "work_center", "person", "site"]
    list_filter = ["site", "about", "recorded_at"]
    list_select_related = ["site", "work_center", "person"]
    exclude = ["file"]
    readonly_fields = ["picture"]
    ordering = ["-recorded_at"]

    @admin.display(description="Picture")
    def picture(self, row: Any) -> str:
        """Lead to the picture."""
        return format_html('<a href="{}">{}</a>', reverse("documents:photo", args=[row.pk]), "Open")
