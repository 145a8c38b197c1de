"""What quality sees and decides: what is due, what was found, what is on hold; one sample, one nonconformance."""

import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import may, sites_of
from mes.access.views import check_user, lacking
from mes.core import live
from mes.core.errors import DomainError, InvalidInput, NotAllowed
from mes.documents.queries import photos_of
from mes.masterdata.queries import zone_of
from mes.material import services as material
from mes.material.models import LotHold
from quality import queries, services
from quality.models import Disposition, Nonconformance, OrderCheck
from quality.panels import where_of

SEE = "quality:read"
WRITE = "quality:write"
DECIDE = "quality:decide"
HOLD = "orders:hold"
OVERVIEW = live.Page("quality:overview-live", salt="quality-page")
RIGHT_FOR = {
    Disposition.Kind.SCRAP: WRITE, Disposition.Kind.REWORK: WRITE,
    Disposition.Kind.USE_AS_IS: DECIDE, Disposition.Kind.RETURN: DECIDE,
}  # fmt: skip


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show what waits for quality at the sites of whoever looks."""
    codes = sorted(site.code for site in sites_of(request.user, SEE))
    check_user(request.user, SEE)
    return render(
        request,
        "quality/overview.html",
        {
            "body": _body(codes),
            "live_url": OVERVIEW.address(codes),
            "now": timezone.now(),
            "sites": codes,
        },
    )


@require_GET
def overview_live(request: HttpRequest) -> HttpResponse:
    """Return the page's body, or 304; the page's address says for which sites."""
    return OVERVIEW.answer(request, _body)


def _body(codes: list[str]) -> str:
    now = timezone.now()
    due = queries.due_checks(sites=codes, now=now)
    found = queries.open_nonconformances(sites=codes)
    orders, lots = queries.open_holds(sites=codes)
    with timezone.override(zone_of(codes)):
        return render_to_string(
            "quality/overview_body.html",
            {
                "due": due,
                "late": sum(one.late for one in due),
                "found": [(row, queries.left_of(row), where_of(row)) for row in found],
                "order_holds": orders,
                "lot_holds": lots,
                "held": len(orders) + len(lots),
            },
        )


@login_required
def sample(request: HttpRequest, check_id: int, occurrence: str) -> HttpResponse:
    """Show one sample with all its readings, and let somebody release it although it failed."""
    check = OrderCheck.objects.select_related(
        "plan", "operation__work_order__site", "operation__work_order__item", "operation__work_center"
    ).filter(pk=check_id, operation__work_order__site__in=sites_of(request.user, SEE)).first()  # fmt: skip
    if check is None or len(occurrence) > 64:
        raise Http404
    site = check.operation.work_order.site
    if request.method == "POST":
        _do(
            request,
            DECIDE,
            site.code,
            lambda: services.release_sample(
                check_id=check.pk, occurrence=occurrence, by=request.user.get_username(), now=timezone.now(),
                note=_text(request, "note", 4000),
            ),
            _("Released. Work can go on."),
        )  # fmt: skip
        return redirect("quality:sample", check_id, occurrence)
    found = queries.sample_of(check, occurrence)
    results = list(check.results.filter(occurrence=occurrence).select_related("person").order_by("number"))
    readings = check.readings.filter(occurrence=occurrence).select_related("person", "characteristic__uom")
    with timezone.override(site.time_zone):
        return render(
            request,
            "quality/sample.html",
            {
                "check": check,
                "occurrence": occurrence,
                "sample": found,
                "readings": list(readings.order_by("recorded_at")),
                "results": results,
                "photos": photos_of("sample", [queries.sample_id(check, occurrence)], site),
                "failed": bool(results) and results[-1].verdict == "FAILED",
                "may_decide": may(request.user, DECIDE, site.code),
            },
        )


@login_required
@require_GET
def nonconformance(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one nonconformance, what was decided about it, and the ways to decide."""
    row = _nonconformance(request, pk)
    left = queries.left_of(row)
    kinds = [
        {"kind": kind, "label": kind.label, "allowed": may(request.user, RIGHT_FOR[kind], row.site.code)}
        for kind in Disposition.Kind
        if not (row.operation_id and kind == Disposition.Kind.RETURN)
        and not (row.lot_id and kind == Disposition.Kind.REWORK)
    ]
    hold = row.order_hold or row.lot_hold
    with timezone.override(row.site.time_zone):
        return render(
            request,
            "quality/nonconformance.html",
            {
                "row": row,
                "where": where_of(row),
                "left": left,
                "kinds": kinds,
                "may_any": any(one["allowed"] for one in kinds),
                "dispositions": row.dispositions.select_related("report", "movement", "person").order_by("recorded_at"),
                "photos": photos_of("nonconformance", [row.reported_as], row.site),
                "hold": hold if hold and hold.released_at is None else None,
                "may_hold": may(request.user, HOLD, row.site.code),
                "disposition_id": uuid.uuid4(),
            },
        )


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Book what becomes of a part, or lift the hold, as the pressed button says."""
    row = _nonconformance(request, pk)
    by, now, note = request.user.get_username(), timezone.now(), _text(request, "note", 4000)
    kind = request.POST.get("kind", "")
    if kind == "LIFT":
        _do(
            request,
            HOLD,
            row.site.code,
            lambda: services.lift_hold_of(nonconformance_id=row.pk, by=by, now=now, note=note),
            _("The hold is lifted."),
        )
        return redirect("quality:nonconformance", pk)
    if kind not in Disposition.Kind.values:
        raise Http404
    _do(
        request,
        RIGHT_FOR[Disposition.Kind(kind)],
        row.site.code,
        lambda: services.dispose_nonconformance(
            disposition_id=_uuid(request.POST.get("disposition_id", "")), nonconformance_id=row.pk, kind=kind,
            quantity=_quantity(request.POST.get("quantity", "")), person=None, by=by, now=now, note=note,
        ),
        _("Decided and booked."),
    )  # fmt: skip
    return redirect("quality:nonconformance", pk)


@login_required
@require_GET
def lot_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one hold on a lot, and the way to lift it."""
    hold = _lot_hold(request, pk)
    with timezone.override(hold.site.time_zone):
        return render(
            request, "quality/lot_hold.html", {"hold": hold, "may_hold": may(request.user, HOLD, hold.site.code)}
        )


@login_required
@require_POST
def lift_lot_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift one hold on a lot."""
    hold = _lot_hold(request, pk)
    _do(
        request,
        HOLD,
        hold.site.code,
        lambda: material.release_lot_hold(
            hold_id=pk, by=request.user.get_username(), now=timezone.now(), note=_text(request, "note", 4000)
        ),
        _("The hold is lifted."),
    )
    return redirect("quality:overview")


def _do(request: HttpRequest, right: str, site: str, deed: Callable[[], Any], words: str) -> None:
    """Do it if the person has the right, and say what came of it."""
    try:
        if not may(request.user, right, site):
            raise NotAllowed(lacking(right))
        deed()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.detail)
    live.forget()


def _nonconformance(request: HttpRequest, pk: int) -> Nonconformance:
    row = queries.nonconformances().filter(pk=pk, site__in=sites_of(request.user, SEE)).first()
    if row is None:
        raise Http404
    return row


def _lot_hold(request: HttpRequest, pk: int) -> LotHold:
    rows = LotHold.objects.filter(pk=pk, site__in=sites_of(request.user, SEE))
    hold = rows.select_related("site", "lot__item__uom", "reason").first()
    if hold is None:
        raise Http404
    return hold


def _text(request: HttpRequest, name: str, most: int) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:most]


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InvalidInput(_("The page is out of date. Reload it and decide again.")) from error


def _quantity(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise InvalidInput(_("“%(text)s” is not a number.") % {"text": text[:40]}, field="quantity") from error
