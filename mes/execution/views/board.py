"""The supervisor's board and the order's page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import may, sites_of
from mes.access.views import check_user, lacking
from mes.core import live
from mes.core.attention import all_attention
from mes.core.errors import DomainError
from mes.core.routes import row_key
from mes.execution import services
from mes.execution.panels.board import cards, crew, sections
from mes.execution.queries import board as queries
from mes.execution.queries import orders
from mes.masterdata.queries import zone_of
from mes.terminal.panels import erp_answers

BOARD = live.Page("execution:board-live", salt="board-page")


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Show what goes on at the sites of whoever looks."""
    codes = sorted(site.code for site in sites_of(request.user, "orders:read"))
    check_user(request.user, "orders:read")
    with timezone.override(zone_of(codes)):
        return render(
            request,
            "execution/board.html",
            {
                "board": _board(codes),
                "live_url": BOARD.address(codes),
                "now": timezone.now(),
                "sites": codes,
            },
        )


@require_GET
def board_live(request: HttpRequest) -> HttpResponse:
    """Return the board's body, or 304; the page's address says for which sites."""
    return BOARD.answer(request, _board)


def _board(codes: list[str]) -> str:
    now = timezone.now()
    rows = queries.order_rows(sites=codes, now=now)
    tiles = queries.center_tiles(sites=codes)
    workers = crew(codes, now)
    by_center: dict[str, list[Any]] = {}
    for worker in workers:
        by_center.setdefault(worker.work_center, []).append(worker)
    with timezone.override(zone_of(codes)):
        return render_to_string(
            "execution/board_body.html",
            {
                "rows": rows,
                "tiles": [(tile, by_center.get(tile.center.code, [])) for tile in tiles],
                "workers": workers,
                "attention": all_attention(sites=codes, now=now),
                "late": sum(row.is_late for row in rows),
                "running": sum(tile.state == "RUNNING" for tile in tiles),
                "open": sum(row.order.status != "COMPLETED" for row in rows),
                "people": sum({worker.number: worker.people for worker in workers}.values()),
            },
        )


@login_required
@require_GET
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order: its operations, what was reported and consumed, holds, proposals, and what other apps know of it."""
    found = orders.find_order(number, sites_of(request.user, "orders:read"))
    if found is None:
        raise Http404
    page = orders.order_page(found)
    answers = erp_answers(report.pk for report in page.reports)
    site = found.site.code
    with timezone.override(found.site.time_zone):
        drawn = []
        for section in sorted(sections, key=lambda section: section.order):
            if may(request.user, section.right, site):
                context = section.context(found)
                if context:
                    drawn.append(render_to_string(section.template, context | {"order": found}, request=request))
        return render(
            request,
            "execution/order.html",
            {
                "page": page,
                "order": found,
                "reports": [(report, answers.get(report.pk, [])) for report in page.reports],
                "sections": drawn,
                "may_hold": may(request.user, "orders:hold", site),
                "may_enter": may(request.user, "reports:over", site),
                "may_plan": may(request.user, "orders:plan", site),
                "is_late": bool(found.due_at and found.due_at < timezone.now() and found.status in queries.OPEN_ORDERS),
                "is_open": found.status in queries.OPEN_ORDERS,
                "bill_changed": found.status in queries.OPEN_ORDERS and services.bill_has_changed(found),
            },
        )


@login_required
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Hold or free an order, or answer what an ERP proposes, as the pressed button says."""
    found = orders.find_order(number, sites_of(request.user, "orders:read"))
    if found is None:
        raise Http404
    by, now, given = request.user.get_username(), timezone.now(), request.POST
    note = given.get("note", "").replace("\x00", "")[:4000]
    asked = given.get("what", "")
    key = given.get("id", "")
    deeds: dict[str, tuple[str, Callable[[], Any], str]] = {
        "hold": (
            "orders:hold",
            lambda: services.hold_work_order(
                work_order_id=found.pk,
                by=by,
                now=now,
                operation=given.get("operation", "").replace("\x00", "")[:16],
                reason=given.get("reason", "").replace("\x00", "")[:64],
                note=note,
            ),
            _("It is on hold."),
        ),
        "free": (
            "orders:hold",
            lambda: services.release_hold(hold_id=_own(found.holds, key), by=by, now=now, note=note),
            _("The hold is lifted."),
        ),
        "accept": (
            "orders:plan",
            lambda: services.accept_proposal(proposal_id=_own(found.proposals, key), by=by, now=now, note=note),
            _("The change is made."),
        ),
        "reject": (
            "orders:plan",
            lambda: services.reject_proposal(proposal_id=_own(found.proposals, key), by=by, now=now, note=note),
            _("The order stays as it is."),
        ),
    }
    if asked not in deeds:
        raise Http404
    right, deed, words = deeds[asked]
    if not may(request.user, right, found.site.code):
        messages.error(request, lacking(right))
        return redirect("execution:order", number)
    try:
        deed()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.detail)
    live.forget()
    return redirect("execution:order", number)


def _own(rows: Any, key: str) -> int:
    """Return the key of one of the order's own rows; what belongs to another order is not found."""
    found = rows.filter(pk=row_key(key)).first()
    if found is None:
        raise Http404
    return int(found.pk)


def planner_cards(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the admin's home page what a planner looks at first."""
    now = timezone.now()
    codes = [site.code for site in sites_of(request.user, "orders:read")]
    attention = all_attention(sites=codes, now=now)
    counts = queries.planner_counts(sites=codes, now=now)
    try:
        planned_url = f"{reverse('admin:execution_workorder_changelist')}?status__exact=PLANNED"
    except NoReverseMatch:
        planned_url = reverse("execution:board")
    context["planner_cards"] = [
        {
            "title": _("Late orders"),
            "count": counts.late,
            "words": _("due before now, not completed"),
            "url": reverse("execution:board"),
        },
        {
            "title": _("Not released"),
            "count": counts.unreleased,
            "words": _("%(n)s of them are due within 3 days") % {"n": counts.unreleased_soon},
            "url": planned_url,
        },
        {
            "title": _("Changes proposed"),
            "count": counts.proposals,
            "words": _("an ERP waits for an answer"),
            "url": reverse("execution:board"),
        },
        {
            "title": _("Needs attention"),
            "count": len(attention),
            "words": _("holds, refused messages and entries"),
            "url": reverse("execution:board"),
        },
    ]
    for card in sorted(cards, key=lambda card: card.order):
        if mine := [site.code for site in sites_of(request.user, card.right)]:
            count, words = card.count(sites=mine, now=now)
            context["planner_cards"].append({"title": card.title, "count": count, "words": words, "url": card.url()})
    context["planner_attention"] = attention[:8]
    return context
