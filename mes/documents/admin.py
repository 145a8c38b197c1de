"""Documents and their revisions for planners; who has read them, and photos, to look at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminFileFieldWidget

from mes.core.by_site import BySiteInline
from mes.core.errors import DomainError
from mes.documents import services
from mes.documents.models import Document, DocumentPlace, DocumentRevision, Photo, ReadConfirmation
from mes.documents.rules import LARGEST_DOCUMENT
from mes.masterdata.admin import FactAdmin, HistoryAdmin, KeptAdmin, ReadOnlyInline, each

DRAFT = DocumentRevision.Status.DRAFT


class PlaceInline(BySiteInline, TabularInline):
    """Where the document counts."""

    model = DocumentPlace
    extra = 0
    fields = ["item", "operation", "work_center"]
    autocomplete_fields = ["item", "work_center"]


class RevisionInline(ReadOnlyInline):
    """What there is of it; a revision is added, released and withdrawn on its own page."""

    model = DocumentRevision
    fields = ["revision", "status", "change", "released_at", "released_by", "withdrawn_at"]
    readonly_fields = ["status", "released_at", "released_by", "withdrawn_at"]
    show_change_link = True


@admin.register(Document)
class DocumentAdmin(KeptAdmin):
    """Documents: what they are, where they count, whether they must be read."""

    see = "documents:read"
    edit = "documents:write"
    list_display = ["number", "title", "kind", "counts", "needs_reading", "blocks_start", "active", "site"]
    list_filter = ["site", "kind", "needs_reading", "active"]
    search_fields = ["number", "title", "places__item__number", "places__work_center__code"]
    list_select_related = ["site"]
    inlines = [PlaceInline, RevisionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("revisions")

    @admin.display(description="Released revision")
    def counts(self, row: Document) -> str:
        """Name the revision that counts."""
        released = [one.revision for one in row.revisions.all() if one.status == DocumentRevision.Status.RELEASED]
        return released[0] if released else "–"


class RevisionForm(forms.ModelForm):
    """A draft with its file, which is checked by what is in it and kept without its name."""

    upload = forms.FileField(
        required=False, label="File", widget=UnfoldAdminFileFieldWidget,
        help_text="PDF, JPEG, PNG or WebP, at most 30 MB. A new file takes the place of the one before.",
    )  # fmt: skip

    class Meta:
        model = DocumentRevision
        fields = ["document", "revision", "steps", "change", "translations"]

    def clean(self) -> dict[str, Any]:
        """Take the file in, or say what is wrong with it."""
        given = super().clean() or {}
        upload: UploadedFile | None = given.get("upload")
        document = given.get("document") or getattr(self.instance, "document", None)
        if upload and document:
            try:
                if (upload.size or 0) > LARGEST_DOCUMENT:
                    raise services.too_large(LARGEST_DOCUMENT)
                file = services.store_document(site=document.site, content=upload.read(), now=timezone.now())
                self.instance.file = file
            except DomainError as error:
                self.add_error("upload", error.detail)
        if not self.errors and self.instance.file_id is None and not (given.get("steps") or "").strip():
            self.add_error("upload", "A revision needs a file or steps. Add one of them.")
        return given


@admin.register(DocumentRevision)
class RevisionAdmin(HistoryAdmin):
    """Revisions: a draft is edited until it is released; then it never changes."""

    see = "documents:read"
    edit = "documents:write"
    site_path = "document__site__code"
    form = RevisionForm
    list_display = ["document", "revision", "status", "released_at", "released_by", "withdrawn_at"]
    list_filter = ["document__site", "status", "document__kind"]
    search_fields = ["document__number", "document__title", "revision"]
    list_select_related = ["document__site"]
    autocomplete_fields = ["document"]
    fields = ["document", "revision", "upload", "steps", "change", "translations", "content", "status", "released_at", "released_by",
              "withdrawn_at", "withdrawn_by"]  # fmt: skip
    readonly_fields = ["content", "status", "released_at", "released_by", "withdrawn_at", "withdrawn_by"]
    actions = ["release", "withdraw"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_fields(request, obj))
        if obj is None:
            return [name for name in fields if name not in self.readonly_fields]
        return fields if self._is_open(request, obj) else [name for name in fields if name != "upload"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            fixed.append("document")
        return fixed if self._is_open(request, obj) else [*fixed, "revision", "steps", "change", "translations"]

    def _is_open(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or (obj.status == DRAFT and self.has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and obj.status == DRAFT and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        # What is not released is for who writes it.
        sites = self.sites_to(request, self.edit)
        return rows if sites is None else rows.exclude(status=DRAFT) | rows.filter(document__site__code__in=sites)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            added = services.add_revision(
                document_id=obj.document_id, revision=obj.revision, file=obj.file, steps=obj.steps, change=obj.change,
                translations=obj.translations,
                now=timezone.now(),
            )  # fmt: skip
            obj.pk, obj.created_at = added.pk, added.created_at
            obj._state.adding = False
            messages.info(request, "This is a draft. Release it in the list when it is to count.")
            return
        super().save_model(request, obj, form, change)
        if "upload" in form.changed_data:
            obj.save(update_fields=["file"])

    @admin.display(description="File")
    def content(self, row: DocumentRevision) -> str:
        """Lead to the file."""
        if row.file is None:
            return "–"
        return format_html(
            '<a href="{}" target="_blank" rel="noopener">{}, {} kB</a>', reverse("documents:revision-file", args=[row.pk]),
            row.file.media_type, max(1, row.file.size // 1024),
        )  # fmt: skip

    @admin.action(description="Release: it counts from now on", permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Make the chosen revisions the ones that count."""
        by, now = request.user.get_username(), timezone.now()

        def one(row: DocumentRevision) -> str:
            services.release_revision(revision_id=row.pk, by=by, now=now)
            return "counts from now on."

        each(request, queryset, one)

    @admin.action(description="Withdraw: it counts no more", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Take the chosen revisions away from the terminals."""
        by, now = request.user.get_username(), timezone.now()

        def one(row: DocumentRevision) -> str:
            services.withdraw_revision(revision_id=row.pk, by=by, now=now)
            return "is withdrawn."

        each(request, queryset, one)


@admin.register(ReadConfirmation)
class ReadConfirmationAdmin(FactAdmin):
    """Who has read what."""

    see = "documents:read"
    list_display = ["occurred_at", "person", "revision", "operation", "work_center", "site"]
    list_filter = ["site", "occurred_at"]
    search_fields = ["person__number", "person__name", "revision__document__number"]
    list_select_related = ["person", "revision__document", "operation__work_order", "work_center", "site"]
    ordering = ["-recorded_at"]


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
