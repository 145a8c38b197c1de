"""Handing in photos at a terminal, and showing files to whoever may see what they belong to."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import sites_of
from mes.core.errors import DomainError
from mes.core.serving import served
from mes.documents import gates, queries, services
from mes.documents.models import DocumentRevision, Photo
from mes.documents.rules import LARGEST_PHOTO
from mes.masterdata.models import Site
from mes.terminal.views.caller import Caller, caller_of, sign_in_first
from mes.terminal.views.common import BOOK, check_client, problem

SEE = "documents:read"
WRITE = "documents:write"


@require_POST
def hand_in_photo(request: HttpRequest, code: str) -> HttpResponse:
    """Take the pixels of a photo (the body of the request) and answer with the digest by which its entry names it."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        check_client(request)
        work_center = caller.center(code, BOOK)
        content = _content(request, LARGEST_PHOTO)
        file = services.store_photo(site=work_center.site, content=content, now=timezone.now())
    except DomainError as error:
        return problem(error, status=error.status)
    return JsonResponse({"file": file.digest})


@require_GET
def photo(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show a photo to whoever may see what it shows."""
    caller = caller_of(request)
    if caller is None:
        return sign_in_first(request)
    found = Photo.objects.select_related("site", "file").filter(pk=pk).first()
    if found is None or found.about not in gates.photo_subjects:
        raise Http404
    if not _sees(caller, gates.photo_subjects[found.about].right, found.site):
        raise Http404
    return served(queries.path_of(found.file.digest), found.file.media_type, f"photo-{found.pk}")


@require_GET
def revision_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the file of a revision: one that counts or counted to who may see documents, a draft to who may write them."""
    caller = caller_of(request)
    if caller is None:
        return sign_in_first(request)
    found = DocumentRevision.objects.select_related("document__site", "file").filter(pk=pk).first()
    if found is None or found.file is None:
        raise Http404
    site, is_draft = found.document.site, found.status == DocumentRevision.Status.DRAFT
    if (is_draft and caller.device) or not _sees(caller, WRITE if is_draft else SEE, site):
        raise Http404
    return served(queries.path_of(found.file.digest), found.file.media_type, f"document-{found.pk}")


def _sees(caller: Caller, right: str, site: Site) -> bool:
    if caller.device is not None:
        return not caller.revoked and caller.device.site_id == site.pk
    return sites_of(caller.user, right).filter(pk=site.pk).exists()


def _content(request: HttpRequest, limit: int) -> bytes:
    """Return the body, read no further than the limit.

    :raises mes.documents.services.files.FileTooLarge: there is more.
    """
    said = request.META.get("CONTENT_LENGTH") or "0"
    if said.isdecimal() and int(said) > limit:
        raise services.too_large(limit)
    content = request.read(limit + 1)
    if len(content) > limit:
        raise services.too_large(limit)
    return content
