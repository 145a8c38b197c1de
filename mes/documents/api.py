"""Documents with their revisions, and who has read them, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.core.api.fields import CodeField, InstantField
from mes.core.api.input import ChoicesField, Filters, FlagField
from mes.core.api.views import ApiView
from mes.documents.models import Document, DocumentRevision, ReadConfirmation
from mes.masterdata.api import PersonNumberField


class DocumentOutput(serializers.Serializer):
    """A document, where it counts, and its revisions that were released, the newest first."""

    class Place(serializers.Serializer):
        item = serializers.CharField(source="item.number", allow_null=True, default=None)
        operation = serializers.CharField(help_text="Empty: every operation of the item.")
        work_center = serializers.CharField(source="work_center.code", allow_null=True, default=None)

    class Revision(serializers.Serializer):
        revision = serializers.CharField()
        status = serializers.CharField(help_text="RELEASED: it counts now. WITHDRAWN: it did.")
        change = serializers.CharField()
        steps = serializers.ListField(source="lines", child=serializers.CharField())
        media_type = serializers.CharField(source="file.media_type", allow_null=True, default=None)
        sha256 = serializers.CharField(source="file.digest", allow_null=True, default=None)
        released_at = InstantField()
        released_by = serializers.CharField()
        withdrawn_at = InstantField(allow_null=True)

    id = serializers.CharField(source="pk")
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    needs_reading = serializers.BooleanField()
    blocks_start = serializers.BooleanField(help_text="Who has not confirmed the released revision cannot start.")
    active = serializers.BooleanField()
    places = Place(many=True)
    revisions = serializers.SerializerMethodField()

    def get_revisions(self, document: Document) -> list[dict[str, Any]]:
        shown = [one for one in document.revisions.all() if one.status != DocumentRevision.Status.DRAFT]
        return list(self.Revision(shown, many=True).data)


class ReadConfirmationOutput(serializers.Serializer):
    """A confirmation: a fact."""

    confirmation_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    document = serializers.CharField(source="revision.document.number")
    revision = serializers.CharField(source="revision.revision")
    person = PersonNumberField()
    work_order = serializers.CharField(source="operation.work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    work_center = serializers.CharField(source="work_center.code", allow_null=True, default=None)
    occurred_at = InstantField()
    recorded_at = InstantField()


class DocumentsView(ApiView):
    """The documents."""

    rights = {"GET": "documents:read"}
    no_writing = "Documents are kept under Planning."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        number = CodeField(required=False)
        kind = ChoicesField(Document.Kind.values, required=False, source="kind__in")
        active = FlagField(required=False)

    @extend_schema(operation_id="documents_list", parameters=[Query], responses=DocumentOutput(many=True))
    def get(self, request: Any) -> Response:
        """List documents with where they count and their released revisions; drafts are nobody else's business."""
        found = Document.objects.select_related("site").prefetch_related(
            "places__item", "places__work_center", "revisions__file"
        )
        return self.page(self.here(found.filter(**self.filters(self.Query))), DocumentOutput)


class ReadConfirmationsView(ApiView):
    """Who has read what."""

    rights = {"GET": "documents:read"}
    ordering = ("recorded_at", "pk")
    no_writing = "One confirms at the terminal that one has read."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        document = CodeField(required=False, source="revision__document__number")
        since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(
        operation_id="document_readings_list", parameters=[Query], responses=ReadConfirmationOutput(many=True)
    )
    def get(self, request: Any) -> Response:
        """List confirmations in the order in which they were recorded."""
        found = ReadConfirmation.objects.select_related(
            "site__privacy_policy", "revision__document", "person", "operation__work_order", "work_center"
        )
        return self.page(self.here(found.filter(**self.filters(self.Query))), ReadConfirmationOutput)
