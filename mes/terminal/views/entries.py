"""What people entered at terminals: taken once each, and what was refused shown to those who can mend it."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.access.queries import sites_of
from mes.core import live
from mes.core.errors import DomainError, InvalidInput
from mes.terminal import queries, services
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import Tap, actions
from mes.terminal.views.common import RIGHT, SEE, problem, read_body
from mes.terminal.views.people import person_of


@require_POST
def entries(request: HttpRequest, code: str) -> HttpResponse:
    """Take one tap: 200 once it is booked, now or before; 4xx with plain words where it cannot be."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    now = timezone.now()
    try:
        work_center = queries.work_center_at(code, sites_of(request.user, RIGHT))
        body = read_body(request)
        action_key = body.get("action")
        if not isinstance(action_key, str) or action_key not in actions:
            raise InvalidInput(
                _("“%(action)s” is nothing that a terminal can do. Reload the page.") % {"action": str(action_key)[:40]}
            )
        action = actions[action_key]
        payload = body.get("payload")
        if not isinstance(payload, dict):
            raise InvalidInput(_("The entry has no contents. Enter it again."), field="payload")
        tap = Tap(
            id=_uuid(body.get("id")),
            work_center=work_center,
            payload=payload,
            person=person_of(body.get("person"), work_center, needed=action.needs_person),
            at=_instant(body.get("occurred_at"), now),
            now=now,
        )
        outcome = services.accept_entry(
            entry_id=tap.id,
            work_center=work_center,
            action=action_key,
            payload=payload,
            person=tap.person,
            occurred_at=tap.at,
            now=now,
            work=lambda: action.apply(tap),
        )
    except DomainError as error:
        # 401 is the device's; a refusal of the person is 422 so that the entry is parked and shown, not retried.
        return problem(error, status=422 if error.status == 401 else error.status)
    except OperationalError:
        return JsonResponse({"code": "busy"}, status=503, headers={"Retry-After": "1"})
    return JsonResponse({"id": str(tap.id), "said": outcome.said, "repeated": outcome.repeated})


@login_required
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show a tap that was refused, and let a supervisor say that it is seen to."""
    found = (
        TerminalEntry.objects.filter(pk=entry_id, site__in=sites_of(request.user, SEE))
        .select_related("work_center", "person")
        .first()
    )
    if found is None:
        raise Http404
    if request.method == "POST":
        services.settle_entry(entry_id=entry_id, by=request.user.get_username())
        live.forget()
        return redirect("execution:board")
    return render(request, "terminal/entry.html", {"entry": found, "payload": json.dumps(found.payload, indent=2)})


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise InvalidInput(_("The entry has no id. Reload the page and enter it again."), field="id") from error


def _instant(value: Any, now: datetime) -> datetime:
    """Return when it happened as claimed; a clock that runs ahead is taken as now."""
    try:
        claimed = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        claimed = None
    if claimed is None or claimed.tzinfo is None:
        raise InvalidInput(_("The entry does not say when it happened. Reload the page."), field="occurred_at")
    return min(claimed, now)
