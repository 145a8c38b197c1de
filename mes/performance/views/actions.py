"""Planning what is done about a loss, from the stops by reason, and saying what came of it."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.access.queries import sites_of
from mes.access.views import requires
from mes.core import live
from mes.core.errors import DomainError
from mes.core.pages import posted_fact
from mes.performance import services
from mes.performance.models import LossAction

ACT = "performance:act"


@require_POST
@requires(ACT)
def plan(request: HttpRequest) -> HttpResponse:
    """Plan an action against a reason for stops, or at a work unit."""
    site = next((one for one in sites_of(request.user, ACT) if one.code == request.POST.get("site", "")), None)
    if site is None:
        raise Http404
    due_on = _day(request.POST.get("due_on", ""))
    if due_on is None:
        messages.error(request, _("Say until which day it is to be done."))
        return _back(site.code)
    return _do(
        request, site.code, _("It is planned."),
        lambda: services.plan_action(
            action_id=posted_fact(request), site=site, what=_text(request, "what"), owned_by=_text(request, "owned_by"),
            due_on=due_on, reason=_text(request, "reason")[:64], work_unit=_text(request, "unit")[:64],
            by=request.user.get_username(), now=timezone.now(),
        ),
    )  # fmt: skip


@require_POST
@requires(ACT)
def finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that an action was done, and what came of it."""
    action = LossAction.objects.filter(pk=pk, site__in=sites_of(request.user, ACT)).select_related("site").first()
    if action is None:
        raise Http404
    by, now, outcome = request.user.get_username(), timezone.now(), _text(request, "outcome")
    return _do(
        request, action.site.code, _("It is done."),
        lambda: services.finish_action(action_id=pk, outcome=outcome, by=by, now=now),
    )  # fmt: skip


def _do(request: HttpRequest, site: str, words: str, deed: Callable[[], Any]) -> HttpResponse:
    try:
        deed()
        messages.success(request, words)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    live.forget()
    return _back(site)


def _back(site: str) -> HttpResponse:
    return redirect(f"{reverse('performance:pareto')}?{urlencode({'site': site})}#actions")


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
