"""Labels of lots: looked at, printed from the browser, as PDF or by a label printer, and printed again with a reason."""

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from mes.access.queries import may, sites_of
from mes.access.views import lacking, requires
from mes.core.errors import DomainError
from mes.core.paper import undrawable
from mes.core.routes import row_key
from mes.masterdata.models import Item, Site, WorkCenter
from mes.material import queries, services
from mes.material.models import LabelPrint, Lot, StockPlace
from mes.material.queries import label_of, labels_of
from mes.terminal.views.caller import Caller, caller_of, sign_in_first

SEE, PRINT = "material:read", "material:write"
FORMS = {"zpl": "material:label-zpl", "pdf": "material:label-pdf"}


@ensure_csrf_cookie
@require_http_methods(["GET", "POST"])
def labels(request: HttpRequest) -> HttpResponse:
    """Show the label of a lot (``?lot=`` its number, ``?item=`` its item) and what was printed; POST prints."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return sign_in_first(request)
    given = request.POST if request.method == "POST" else request.GET
    lot = _find(given, _sites(caller, SEE))
    problem = ""
    if request.method == "POST":
        if lot.site not in _sites(caller, PRINT):
            raise PermissionDenied(lacking(PRINT))
        try:
            done = services.print_labels(
                print_id=_uuid(given.get("print_id", "")),
                lot_id=lot.pk,
                copies=_whole(given.get("copies", "")),
                each=_content(given.get("each", "")),
                reason=given.get("reason", "").replace("\x00", ""),
                by=_who(caller),
                now=timezone.now(),
            )
            center = _center(given, lot.site)
            way_back = f"?{urlencode({'center': center})}" if center else ""
            name = FORMS.get(given.get("form", ""), "material:label-sheet")
            return redirect(reverse(name, args=[done.pk]) + way_back)
        except DomainError as refusal:
            problem = refusal.detail
    label = label_of(lot)
    with timezone.override(lot.site.time_zone):
        return render(
            request,
            "material/labels.html",
            {
                "lot": lot,
                "label": label,
                "no_font": undrawable(f"{label.item_name}{label.item}{label.lot}{label.quantity}{label.work_order}"),
                "prints": lot.labels.all()[:20],
                "print_id": uuid.uuid4(),
                "center": _center(given, lot.site),
                "problem": problem,
                "given": given,
            },
            status=422 if problem else 200,
        )


@require_GET
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Draw the labels of one print for the browser's printer."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return sign_in_first(request)
    done = _printed(caller, pk)
    return render(
        request,
        "material/label_sheet.html",
        {"done": done, "labels": labels_of(done), "center": _center(request.GET, done.site)},
    )


@require_GET
def zpl(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand over the labels of one print for a label printer."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return sign_in_first(request)
    done = _printed(caller, pk)
    text = services.zpl_of(done)
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{pk}.zpl"'},
    )


@require_GET
def pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand over the labels of one print as a PDF."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return sign_in_first(request)
    done = _printed(caller, pk)
    return HttpResponse(
        services.draw_labels(done),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{pk}.pdf"', "Cache-Control": "private, no-store"},
    )


def _sites(caller: Caller, right: str) -> list[Site]:
    """Return where the caller may; a terminal may label what is made at its site."""
    return [caller.device.site] if caller.device else list(sites_of(caller.user, right))


def _who(caller: Caller) -> str:
    return str(caller.device) if caller.device else caller.user.get_username()


def _find(given: Any, sites: list[Site]) -> Lot:
    number, item = given.get("lot", ""), given.get("item", "")
    if "\x00" in number + item:
        raise Http404
    found = Lot.objects.filter(site__in=sites, number=number).select_related("item__uom", "site")
    lot = (found.filter(item__number=item) if item else found).order_by("pk").first()
    if lot is None:
        raise Http404(_("There is no lot %(lot)s at your sites.") % {"lot": number[:64]})
    return lot


def _center(given: Any, site: Site) -> str:
    """Return the work center from whose terminal somebody came, or ""."""
    code = given.get("center", "").replace("\x00", "")
    return code if code and WorkCenter.objects.filter(site=site, code=code).exists() else ""


def _printed(caller: Caller, pk: UUID) -> LabelPrint:
    found = LabelPrint.objects.filter(pk=pk, site__in=_sites(caller, SEE))
    done = found.select_related("site", "lot__item__uom", "lot__site").first()
    if done is None:
        raise Http404
    return done


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid.uuid4()


def _content(text: str) -> Decimal | None:
    """Return what was entered as the content of a container; nothing is no containers, nonsense is refused as zero."""
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return Decimal(0)
    return value if value.is_finite() and value < Decimal(10) ** 12 else Decimal(0)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


@requires(SEE)
@require_http_methods(["GET", "POST"])
def line_stock(request: HttpRequest) -> HttpResponse:
    """Show what lies at which line; POST brings material to a place (``verb=replenish``) or back to the store."""
    places = StockPlace.objects.filter(site__in=sites_of(request.user, SEE), active=True)
    places = places.select_related("site", "work_center").order_by("site__code", "work_center__code", "code")
    problem = ""
    if request.method == "POST":
        problem = _move_stock(request)
        if not problem:
            return redirect("material:line-stock")
    rows = [(place, queries.line_stock(place_id=place.pk)) for place in places]
    writable = [place for place in places if may(request.user, PRINT, place.site.code)]
    context = {
        "rows": rows, "writable": writable, "problem": problem, "given": request.POST, "movement_id": uuid.uuid4(),
    }  # fmt: skip
    return render(request, "material/line_stock.html", context, status=422 if problem else 200)


def _move_stock(request: HttpRequest) -> str:
    """Do what the form says; return why it was refused, or ""."""
    given = {name: request.POST.get(name, "").replace("\x00", "").strip() for name in ("place", "item", "lot", "verb")}
    place = StockPlace.objects.filter(pk=row_key(given["place"]), site__in=sites_of(request.user, PRINT)).first()
    if place is None:
        raise PermissionDenied(_("To move material takes the right material:write. Ask IT for a role with it."))
    items = Item.objects.select_related("uom", "site").filter(site=place.site_id)
    lots = Lot.objects.filter(site=place.site_id, number=given["lot"]) if given["lot"] and not given["item"] else None
    item = (
        items.filter(pk=lots[0].item_id).first()
        if lots and len(lots) == 1
        else items.filter(number=given["item"]).first()
    )
    if item is None:
        return _("Enter the lot, or the item where several items have such a lot or it has none.")
    now = timezone.now()
    service = services.return_to_store if given["verb"] == "return" else services.replenish_place
    try:
        service(
            movement_id=_uuid(request.POST.get("movement_id", "")), place_id=place.pk, item=item,
            lot_number=given["lot"], quantity=_content(request.POST.get("quantity", "")) or Decimal(0), person=None,
            occurred_at=now, now=now,
        )  # fmt: skip
    except DomainError as refusal:
        return refusal.detail
    messages.success(request, _("Saved."))
    return ""
