"""Documents with their revisions, who has read them, and photos, over HTTP."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, InstantField, TextField, UUIDField
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.parsing import FileParser, ImageParser, PdfParser
from mes.core.api.problems import Refusal
from mes.core.api.translations import ToldTranslations, translations_of
from mes.core.api.views import ApiView, Grant, decided_by
from mes.core.errors import NotFound
from mes.core.serving import served
from mes.core.tongues import set_translations
from mes.documents import gates, queries, services
from mes.documents.models import Document, DocumentRevision, Photo, ReadConfirmation, StoredFile
from mes.documents.rules import JPEG, LARGEST_DOCUMENT, LARGEST_PHOTO, PDF, PICTURES
from mes.documents.services.revisions import FileUnknown
from mes.execution.api.inputs import Acting, fact_id, moment, person_at
from mes.execution.api.reports import KEY
from mes.masterdata.api import PersonNumberField, SignedField
from mes.masterdata.models import Site, WorkCenter

BYTES = "application/octet-stream"
PIXELS = dict.fromkeys((BYTES, *PICTURES), OpenApiTypes.BINARY)
PAPER = dict.fromkeys((BYTES, *PICTURES, PDF), OpenApiTypes.BINARY)
PHOTOS = {(200, JPEG): OpenApiTypes.BINARY}
PAPERS = {(200, kind): OpenApiTypes.BINARY for kind in (*PICTURES, PDF)}


class DocumentOutput(serializers.Serializer):
    """A document, where it counts, and its revisions that were released, the newest first."""

    class Place(serializers.Serializer):
        item = serializers.CharField(source="item.number", allow_null=True, default=None)
        operation = serializers.CharField(help_text="Empty: every operation of the item.")
        work_center = serializers.CharField(source="work_center.code", allow_null=True, default=None)

    class Revision(serializers.Serializer):
        id = serializers.CharField(source="pk")
        revision = serializers.CharField()
        status = serializers.CharField(help_text="RELEASED: it counts now. WITHDRAWN: it did.")
        change = serializers.CharField()
        steps = serializers.ListField(source="lines", child=serializers.CharField())
        translations = ToldTranslations()
        media_type = serializers.CharField(source="file.media_type", allow_null=True, default=None)
        sha256 = serializers.CharField(source="file.digest", allow_null=True, default=None)
        released_at = InstantField()
        released_by = SignedField()
        withdrawn_at = InstantField(allow_null=True)

    id = serializers.CharField(source="pk")
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    title = serializers.CharField()
    translations = ToldTranslations()
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


class RevisionOutput(DocumentOutput.Revision):
    """A revision by itself, drafts included."""

    document = serializers.CharField(source="document.number")
    site = serializers.CharField(source="document.site.code")


class FileOutput(serializers.Serializer):
    """A file that was handed in. It is removed after 60 days if nothing names it by its ``sha256``."""

    sha256 = serializers.CharField(source="digest", help_text="Of the file as it is kept: pictures are encoded anew.")
    site = serializers.CharField(source="site.code")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    width = serializers.IntegerField(help_text="0 for a PDF.")
    height = serializers.IntegerField()


class PhotoOutput(serializers.Serializer):
    """A photo of something: a fact."""

    photo_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    about = serializers.CharField()
    of = serializers.UUIDField(source="subject", help_text="The id of what it shows, such as a report_id.")
    work_center = serializers.CharField(source="work_center.code", allow_null=True, default=None)
    person = PersonNumberField()
    sha256 = serializers.CharField(source="file.digest")
    media_type = serializers.CharField(source="file.media_type")
    size = serializers.IntegerField(source="file.size", help_text="Bytes.")
    width = serializers.IntegerField(source="file.width")
    height = serializers.IntegerField(source="file.height")
    file = serializers.SerializerMethodField(help_text="Where its pixels are.")
    occurred_at = InstantField()
    recorded_at = InstantField()

    def get_file(self, photo: Photo) -> str:
        return reverse("api-photo-file", args=[photo.pk])


class HandInView(ApiView):
    """Handing in the bytes of a file; what is kept of it is answered."""

    parser_classes = (FileParser, ImageParser, PdfParser)
    largest: ClassVar[int]
    keep: ClassVar[Any]

    class Query(Filters):
        site = CodeField(max_length=32, help_text="Whose file it is.")

    def take(self, request: Any) -> Response:
        """Keep the body of the request and answer with its digest, by which it is named then; twice is once."""
        code = self.Query.read(request.query_params)["site"]
        site = self.one(Site.objects.all(), site="code", what="site", code=code)
        if not request.META.get("CONTENT_LENGTH") and request.META.get("HTTP_TRANSFER_ENCODING"):
            raise Refusal("length_required", "Say the length of the body: chunked bodies are not read.")
        content = request.data if isinstance(request.data, bytes) else b""
        if not content:
            raise Refusal("body_empty", "The body is empty. Send the bytes of the file.")
        row = type(self).keep(site=site, content=content, now=timezone.now())
        return Response(FileOutput(row).data, status=201)


class PhotoFilesView(HandInView):
    """The pixels of photos."""

    rights = {"POST": "reports:write"}
    largest = LARGEST_PHOTO
    keep = staticmethod(services.store_photo)

    @extend_schema(
        operation_id="photo_files_create", parameters=[HandInView.Query], request=PIXELS, responses={201: FileOutput}
    )
    def post(self, request: Any) -> Response:
        """Hand in the pixels of a photo (JPEG, PNG or WebP, at most 15 MiB); then say with /photos what it shows."""
        return self.take(request)


class DocumentFilesView(HandInView):
    """The files of documents."""

    rights = {"POST": "documents:write"}
    largest = LARGEST_DOCUMENT
    keep = staticmethod(services.store_document)

    @extend_schema(
        operation_id="document_files_create", parameters=[HandInView.Query], request=PAPER, responses={201: FileOutput}
    )
    def post(self, request: Any) -> Response:
        """Hand in a file (PDF, JPEG, PNG or WebP, at most 30 MiB); then name it in a revision."""
        return self.take(request)


class DocumentTranslationsView(ApiView):
    """What a document is called in other languages."""

    rights = {"PUT": "documents:write"}
    Body = translations_of(Document)

    @extend_schema(operation_id="documents_translate", request=Body, responses=DocumentOutput)
    def put(self, request: Any, pk: int) -> Response:
        """Say what the document is called in the languages of terminals; its steps are translated with their revision."""
        document = self.one(_documents(), what="document", pk=pk)
        set_translations(row=document, translations=self.body(self.Body))
        return Response(DocumentOutput(document).data)


class RevisionsView(ApiView):
    """Revisions of a document."""

    rights = {"POST": "documents:write"}

    class Body(Input):
        revision = CodeField(max_length=16, help_text="As it stands on the paper: A, B, 3.")
        sha256 = CodeField(
            required=False, default="", max_length=64, allow_empty=True, help_text="Of a file that was handed in."
        )
        steps = TextField(required=False, default="", max_length=20_000, allow_blank=True, help_text="One step a line.")
        change = TextField(required=False, default="", max_length=400, allow_blank=True, help_text="What is new.")
        translations = translations_of(DocumentRevision)(required=False, default=dict)

    @extend_schema(operation_id="document_revisions_create", request=Body, responses={201: RevisionOutput})
    def post(self, request: Any, pk: int) -> Response:
        """Add a revision as a draft: a file that was handed in before, steps, or both."""
        document = self.one(Document.objects.all(), what="document", pk=pk)
        given = self.body(self.Body)

        def work() -> tuple[int, Any]:
            file = None
            if given["sha256"]:
                file = StoredFile.objects.filter(site_id=document.site_id, digest=given["sha256"]).first()
                if file is None:
                    raise FileUnknown("There is no such file at this site. Hand it in first.", field="sha256")
            row = services.add_revision(
                document_id=pk, revision=given["revision"], file=file, steps=given["steps"], change=given["change"],
                translations=given["translations"],
                now=timezone.now(),
            )  # fmt: skip
            return 201, RevisionOutput(row).data

        return answered_once(request, given, work)


class RevisionVerb(ApiView):
    """A step of a revision; the answer is the revision."""

    rights = {"POST": "documents:write"}

    class Body(Input):
        """Nothing need be said."""

    def do(self, pk: int, verb: Any) -> Response:
        """Call ``verb(revision_id=, by=, now=)`` once and answer with the revision."""
        self.one(DocumentRevision.objects.all(), site="document__site__code", what="revision", pk=pk)
        given = self.body(self.Body, optional=True)

        def work() -> tuple[int, Any]:
            row = verb(revision_id=pk, by=decided_by(self.request), now=timezone.now())
            return 200, RevisionOutput(row).data

        return answered_once(self.request, given, work)


class ReleaseView(RevisionVerb):
    """Releasing."""

    @extend_schema(operation_id="document_revisions_release", request=RevisionVerb.Body, responses=RevisionOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Make it the revision that counts, at every terminal at once; the one before is withdrawn."""
        return self.do(pk, services.release_revision)


class WithdrawView(RevisionVerb):
    """Withdrawing."""

    @extend_schema(operation_id="document_revisions_withdraw", request=RevisionVerb.Body, responses=RevisionOutput)
    def post(self, request: Any, pk: int) -> Response:
        """Take it away from every terminal."""
        return self.do(pk, services.withdraw_revision)


class FileView(ApiView):
    """A file, whatever form the caller would rather have."""

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)


class RevisionFileView(FileView):
    """The file of a revision."""

    rights = {"GET": "documents:read"}

    @extend_schema(operation_id="document_revisions_file", responses=PAPERS)
    def get(self, request: Any, pk: int) -> Any:
        """Return the file of a revision; that of a draft to who may write documents."""
        self.no_filters()
        rows = DocumentRevision.objects.select_related("document__site", "file").filter(file__isnull=False)
        row = self.one(rows, site="document__site__code", what="file of a revision", pk=pk)
        if row.status == DocumentRevision.Status.DRAFT and not request.auth.at(
            row.document.site.code, "documents:write"
        ):
            raise NotFound(f"There is no file of a revision {pk} at your sites.")
        return served(queries.path_of(row.file.digest), row.file.media_type, f"document-{row.pk}")


class PhotosView(ApiView):
    """Photos."""

    rights = {"GET": "orders:read", "POST": "reports:write"}
    ordering = ("recorded_at", "pk")
    no_writing = "A photo is a fact and stays."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        about = CodeField(
            required=False, help_text="report, nonconformance, sample (a filled-in checklist) or handover."
        )
        of = UUIDField(required=False, source="subject", help_text="The id of what they show.")
        work_center = CodeField(required=False, source="work_center__code")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    class New(Acting):
        photo_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send Idempotency-Key.")
        site = CodeField(max_length=32)
        work_center = CodeField()
        about = CodeField(help_text="report, nonconformance, sample (a filled-in checklist) or handover.")
        of = UUIDField(help_text="The id of what it shows: report_id, nonconformance_id, sample_id or handover_id.")
        sha256 = CodeField(max_length=64, help_text="Of its pixels, which were handed in before.")

    @extend_schema(operation_id="photos_list", parameters=[Query], responses=PhotoOutput(many=True))
    def get(self, request: Any) -> Response:
        """List photos of what the caller may see, in the order in which they were recorded."""
        return self.page(_photos_for(request.auth).filter(**self.filters(self.Query)), PhotoOutput)

    @extend_schema(operation_id="photos_create", parameters=[KEY], request=New, responses={201: PhotoOutput})
    def post(self, request: Any) -> Response:
        """Say what a photo shows whose pixels were handed in; it may come before what it shows."""
        given = self.body(self.New)
        photo_id = fact_id(request, given["photo_id"], "photo_id")
        centers = WorkCenter.objects.select_related("site").filter(site__code=given["site"], active=True)
        center = self.one(centers, what="work center", code=given["work_center"])
        now = timezone.now()
        occurred_at, _warnings = moment(given["occurred_at"], now)
        photo = services.take_photo(
            photo_id=photo_id,
            about=given["about"],
            subject=given["of"],
            digest=given["sha256"],
            work_center=center,
            person=person_at(center.site, given["person"]),
            occurred_at=occurred_at,
            now=now,
        )
        return Response(PhotoOutput(self.one(_photos(), what="photo", pk=photo.pk)).data, status=201)


class PhotoView(ApiView):
    """One photo."""

    rights = {"GET": "orders:read"}

    @extend_schema(operation_id="photos_get", responses=PhotoOutput)
    def get(self, request: Any, pk: Any) -> Response:
        """Return what is known of a photo."""
        self.no_filters()
        return Response(PhotoOutput(self.one(_photos_for(request.auth), what="photo", pk=pk)).data)


class PhotoFileView(FileView):
    """The pixels of a photo."""

    rights = {"GET": "orders:read"}

    @extend_schema(operation_id="photos_file", responses=PHOTOS)
    def get(self, request: Any, pk: Any) -> Any:
        """Return the pixels of a photo, as JPEG."""
        self.no_filters()
        photo = self.one(_photos_for(request.auth), what="photo", pk=pk)
        return served(queries.path_of(photo.file.digest), photo.file.media_type, f"photo-{photo.pk}")


class DocumentsView(ApiView):
    """The documents."""

    rights = {"GET": "documents:read"}
    no_writing = "Documents are made under Planning; revisions are added with /documents/{id}/revisions."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        number = CodeField(required=False)
        kind = ChoicesField(Document.Kind.values, required=False, source="kind__in")
        active = FlagField(required=False)

    @extend_schema(operation_id="documents_list", parameters=[Query], responses=DocumentOutput(many=True))
    def get(self, request: Any) -> Response:
        """List documents with where they count and their released revisions; drafts are nobody else's business."""
        return self.page(self.here(_documents().filter(**self.filters(self.Query))), DocumentOutput)


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
            "site", "revision__document", "person", "operation__work_order", "work_center"
        )
        return self.page(self.here(found.filter(**self.filters(self.Query))), ReadConfirmationOutput)


def _photos() -> QuerySet[Photo]:
    return Photo.objects.select_related("site", "file", "work_center", "person")


def _photos_for(grant: Grant) -> QuerySet[Photo]:
    """Return the photos of what the caller may see: each kind of thing takes a right of its own."""
    seen = Q(pk__in=[])
    for kind in gates.photo_subjects:
        at = Q() if grant.everywhere else Q(site__code__in=grant.sites(kind.right))
        seen |= Q(about=kind.key) & at
    return _photos().filter(seen)


def _documents() -> QuerySet[Document]:
    documents = Document.objects.select_related("site")
    return documents.prefetch_related("places__item", "places__work_center", "revisions__file")
