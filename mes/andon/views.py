"""The andon board: who called, how long ago, who comes; and what shifts left to each other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

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
from mes.andon import queries, services
from mes.andon.models import Call, CallKind
from mes.andon.panels import ICONS
from mes.core import live
from mes.core.errors import DomainError
from mes.masterdata.queries import zone_of

BOARD = live.Page("andon:board-live", salt="andon-page")
TIMES_OF = timedelta(days=7)


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Show the open calls of the sites of whoever looks."""
    codes = sorted(site.code for site in sites_of(request.user, "orders:read"))
    check_user(request.user, "orders:read")
    answers = sorted(code for code in codes if may(request.user, "calls:answer", code))
    return render(
        request,
        "andon/board.html",
        {
            "body": _board(codes, answers),
            "live_url": BOARD.address([codes, answers]),
            "now": timezone.now(),
            "sites": codes,
            "lacking": "" if answers else lacking("calls:answer"),
        },
    )


@require_GET
def board_live(request: HttpRequest) -> HttpResponse:
    """Return the board's body, or 304; the page's address says for which sites, and at which of them calls may be answered."""
    return BOARD.answer(request, lambda shown: _board(*shown))


def _board(codes: list[str], answers: list[str]) -> str:
    now = timezone.now()
    with timezone.override(zone_of(codes)):
        return render_to_string(
            "andon/board_body.html",
            {
                "calls": queries.open_calls(sites=codes, now=now),
                "answers": answers,
                "times": queries.answer_times(sites=codes, since=now - TIMES_OF),
                "kinds": dict(CallKind.choices),
                "days": TIMES_OF.days,
                "icons": ICONS,
                "recent": queries.recent_calls(sites=codes, limit=10),
                "handovers": queries.handovers(sites=codes, limit=10),
            },
        )


@login_required
@require_GET
def call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one call, for whoever answers it."""
    found = _found(request, pk)
    with timezone.override(found.site.time_zone):
        return render(
            request,
            "andon/call.html",
            {
                "call": found,
                "lacking": "" if may(request.user, "calls:answer", found.site.code) else lacking("calls:answer"),
                "now": timezone.now(),
            },
        )


@login_required
@require_POST
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Acknowledge or resolve a call, as the pressed button says."""
    found = _found(request, pk)
    by, now = request.user.get_username(), timezone.now()
    outcome = request.POST.get("outcome", "").replace("\x00", "")[:400]
    deeds: dict[str, tuple[Callable[[], Any], str]] = {
        "acknowledge": (
            lambda: services.acknowledge_call(call_id=found.pk, by=by, now=now),
            _("The floor sees that you come."),
        ),
        "arrive": (
            lambda: services.arrive_at_call(call_id=found.pk, by=by, now=now),
            _("The floor sees that you are there."),
        ),
        "resolve": (
            lambda: services.resolve_call(call_id=found.pk, by=by, now=now, outcome=outcome),
            _("The call is resolved."),
        ),
    }
    asked = request.POST.get("what", "")
    if asked not in deeds:
        raise Http404
    if not may(request.user, "calls:answer", found.site.code):
        messages.error(request, lacking("calls:answer"))
        return redirect("andon:call", pk)
    deed, words = deeds[asked]
    try:
        deed()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("andon:call", pk)
    live.forget()
    to_board = asked == "resolve" or request.POST.get("back") == "board"
    return redirect("andon:board") if to_board else redirect("andon:call", pk)


def _found(request: HttpRequest, pk: UUID) -> Call:
    here = Call.objects.filter(site__in=sites_of(request.user, "orders:read"))
    found = here.select_related("work_center", "work_unit", "site", "raised_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
