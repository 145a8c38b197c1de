"""The bridge's pages: how it stands, which messages there are, what became of one, and what a person may do about it."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.contrib import messages as notes
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from erp_bridge import queries
from erp_bridge.engine import connections, decisions, intake, preview, registry, scheduler
from erp_bridge.models import Connection, InboundRow, OutboundMessage
from erp_bridge.sdk.errors import CallFailed
from mes.access.queries import may, sites_of
from mes.access.views import requires
from mes.core import live, persons
from mes.core.errors import DomainError
from mes.core.routes import row_key
from mes.execution.models import WorkOrder
from mes.execution.panels.board import OrderSection, PlannerCard
from mes.masterdata.queries import zone_of

PAGE = 50
OVERVIEW = live.Page("bridge:live", salt="bridge-page")
_FILTERS = ("connection", "flow", "state", "outcome", "subject", "text")


@requires("bridge:read")
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show every connection with its flows, and what may be done about it."""
    sites = _sites(request)
    found = Connection.objects.filter(site__in=sites)
    return render(
        request,
        "erp_bridge/overview.html",
        {
            "body": _overview_body(sites),
            "live_url": OVERVIEW.address(sites),
            "connections": [
                (each, [state.flow for state in each.flows.all() if state.flow in {f.key for f in registry.pulls()}])
                for each in found.prefetch_related("flows")
                if may(request.user, "bridge:write", each.site)
            ],
        },
    )


@require_GET
def overview_live(request: HttpRequest) -> HttpResponse:
    """Return the overview's body, or 304; the page's address says for which sites."""
    return OVERVIEW.answer(request, _overview_body)


@requires("bridge:write")
@require_POST
def act_on_connection(request: HttpRequest, name: str) -> HttpResponse:
    """Test, pause or resume a connection, or run one of its flows now."""
    connection = Connection.objects.filter(name=name, site__in=_sites(request)).first()
    if connection is None:
        raise Http404
    _need_write(request, connection.site)
    what = request.POST.get("what", "")
    if what == "pull":
        state = connection.flows.filter(flow=request.POST.get("flow", "")).first()
        if state is None:
            raise Http404
        _try(request, lambda: scheduler.run_now(state))
    elif what == "test":
        _try(request, lambda: connections.test(connection))
    elif what == "pause":
        who = request.user.get_username()
        reason = request.POST.get("reason", "").strip()
        _try(
            request, lambda: connections.pause(connection, reason=f"Paused by {who}. {reason}".strip()) or _("Paused.")
        )
    elif what == "resume":
        _try(request, lambda: connections.resume(connection) or _("It goes on."))
    else:
        raise Http404
    return redirect("bridge:overview")


@requires("bridge:read")
@require_GET
def message_list(request: HttpRequest) -> HttpResponse:
    """Show the messages that fit the filters, newest first, fifty at a time."""
    wanted = {name: _text(request.GET.get(name, "")) for name in _FILTERS}
    found = queries.messages(**wanted, sites=_sites(request))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    page = list(found[: PAGE + 1])
    return render(
        request,
        "erp_bridge/messages.html",
        {
            "rows": [(each, _label(each.flow)) for each in page[:PAGE]],
            "next": page[PAGE - 1].pk if len(page) > PAGE else None,
            "wanted": wanted,
            "query": "&".join(f"{name}={value}" for name, value in wanted.items() if value),
            "states": [("attention", _("Needs a person")), ("open", _("Not settled")), *OutboundMessage.State.choices],
            "flows": [(flow.key, flow.label or flow.key) for flow in registry.pushes()],
            "connections": list(Connection.objects.filter(site__in=_sites(request)).values_list("name", flat=True)),
            "may_write": request.grant.may("bridge:write"),  # type: ignore[attr-defined]
        },
    )


@requires("bridge:read")
@require_GET
def message_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message: what happened, what is said about it, every attempt with request and answer, and its history."""
    message = _message(request, pk)
    document = preview.document_of(message)
    attempts = [
        (each, json.loads(each.exchanges) if _is_json(each.exchanges) else []) for each in message.attempt_set.all()
    ]
    with timezone.override(zone_of([message.connection.site])):
        return render(
            request,
            "erp_bridge/message.html",
            {
                "message": message,
                "label": _label(message.flow),
                "event": json.dumps(
                    persons.told_event(message.event, site=message.connection.site), indent=2, ensure_ascii=False
                ),
                "document": document,
                "attempts": attempts,
                "history": queries.history_of(message),
                "why": preview.explain(message, now=timezone.now()),
                "copy": getattr(message, "superseded_by", None),
                "may_write": may(request.user, "bridge:write", message.connection.site),
            },
        )


@requires("bridge:write")
@require_POST
def act_on_message(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again, dismiss, correct, or settle a message, as the pressed button says."""
    message = _message(request, pk)
    _need_write(request, message.connection.site)
    given, by = request.POST, cast(AbstractBaseUser, request.user)
    reason = _text(given.get("reason", ""), 2000)
    reference = _text(given.get("reference", ""), 200)
    what = given.get("what", "")
    deeds: dict[str, tuple[Callable[[], Any], str]] = {
        "retry": (lambda: decisions.retry(message_id=pk, by=by, reason=reason), _("It will be sent again.")),
        "dismiss": (lambda: decisions.dismiss(message_id=pk, by=by, reason=reason), _("Dismissed.")),
        "posted": (
            lambda: decisions.settle(message_id=pk, posted=True, by=by, reason=reason, reference=reference),
            _("Noted as booked."),
        ),
        "not-posted": (
            lambda: decisions.settle(message_id=pk, posted=False, by=by, reason=reason),
            _("It will be sent once more."),
        ),
        "correct": (lambda: _correct(pk, given.get("event", ""), by, reason), ""),
    }
    if what not in deeds:
        raise Http404
    _try(request, *deeds[what])
    return redirect("bridge:message", pk=pk)


@requires("bridge:write")
@require_POST
def act_on_messages(request: HttpRequest) -> HttpResponse:
    """Send several refused messages again."""
    ids = [row_key(each) for each in request.POST.getlist("message")]
    writable = [site.code for site in sites_of(request.user, "bridge:write")]
    mine = OutboundMessage.objects.filter(pk__in=ids[:500], connection__site__in=writable).order_by("pk")
    reason = _text(request.POST.get("reason", ""), 2000)
    by = cast(AbstractBaseUser, request.user)
    done, passed = decisions.retry_all(messages=list(mine.values_list("pk", flat=True)), by=by, reason=reason)
    notes.success(
        request, _("%(done)d will be sent again; %(passed)d had moved on.") % {"done": done, "passed": passed}
    )
    back = request.POST.get("back", "")
    allowed = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if allowed and back.startswith("/") else reverse("bridge:messages"))


@requires("bridge:read")
@require_GET
def row_list(request: HttpRequest) -> HttpResponse:
    """Show what came down and could not take effect yet."""
    wanted = {name: _text(request.GET.get(name, "")) for name in ("connection", "flow")}
    rows = queries.rows_set_aside(sites=_sites(request), **wanted)[:200]
    return render(
        request,
        "erp_bridge/rows.html",
        {
            "rows": [
                (row, json.dumps(row.record, indent=1, ensure_ascii=False) if row.record else row.raw) for row in rows
            ],
            "wanted": wanted,
            "may_write": request.grant.may("bridge:write"),  # type: ignore[attr-defined]
        },
    )


@requires("bridge:write")
@require_POST
def act_on_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a row again that was set aside, or dismiss it."""
    row = InboundRow.objects.select_related("connection").filter(pk=pk, connection__site__in=_sites(request)).first()
    if row is None:
        raise Http404
    _need_write(request, row.connection.site)
    if request.POST.get("what") == "dismiss":
        reason = _text(request.POST.get("reason", ""), 2000)
        _try(request, partial(intake.dismiss_row, row_id=pk, reason=reason, now=timezone.now()), _("Dismissed."))
    else:
        _try(request, lambda: str(intake.retry_row(row_id=pk).get_state_display()))
    return redirect("bridge:rows")


def _overview_body(sites: list[str]) -> str:
    now: datetime = timezone.now()
    flows = {flow.key: flow for flow in registry.flows}
    found = Connection.objects.filter(site__in=sites)
    carries = {
        each.pk: {key for key, flow in flows.items() if registry.carries(registry.connectors[each.connector], flow)}
        for each in found
        if each.connector in registry.connectors
    }
    with timezone.override(zone_of(sites)):
        figures = queries.overview(connections=found, flows=flows, carries=carries, now=now)
        return render_to_string("erp_bridge/overview_body.html", {"figures": figures, "now": now})


def _sites(request: HttpRequest) -> list[str]:
    return sorted(site.code for site in sites_of(request.user, "bridge:read"))


def _message(request: HttpRequest, pk: int) -> OutboundMessage:
    found = OutboundMessage.objects.filter(pk=pk, connection__site__in=_sites(request))
    message = found.select_related("connection", "stream", "supersedes").first()
    if message is None:
        raise Http404
    return message


def _need_write(request: HttpRequest, site: str) -> None:
    if not may(request.user, "bridge:write", site):
        raise PermissionDenied(
            _("This takes the right bridge:write at %(site)s. Ask IT for a role with it.") % {"site": site}
        )


def _try(request: HttpRequest, deed: Callable[[], Any], words: str = "") -> None:
    """Do it and say so, in ``words`` or in what the deed returns; a refusal is said in its own words."""
    try:
        done = deed()
        notes.success(request, words or str(done))
    except DomainError as error:
        notes.error(request, error.detail)
    except CallFailed as error:
        notes.error(request, str(error))


def _correct(pk: int, text: str, by: Any, reason: str) -> str:
    try:
        event = json.loads(text)
    except ValueError as error:
        raise decisions.InvalidInput(_("The copy is not JSON: %s") % error, field="event") from error
    if not isinstance(event, dict):
        raise decisions.InvalidInput(_("The copy must be one JSON object."), field="event")
    copy = decisions.correct(message_id=pk, event=event, by=by, reason=reason)
    return _("The corrected copy is message %d.") % copy.pk


def _text(value: str, most: int = 200) -> str:
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()[:most].strip()


def _label(flow: str) -> str:
    return (registry.flows[flow].label or flow) if flow in registry.flows else flow


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


class MessagesSection(OrderSection):
    """What each ERP was told about an order, on the order's page."""

    key = "erp"
    order = 30
    template = "erp_bridge/order.html"
    right = "bridge:read"

    def context(self, work_order: WorkOrder) -> dict[str, Any]:
        told = list(queries.messages_about(site=work_order.site.code, subject=work_order.number)[:200])
        return {"messages": [(message, _label(message.flow)) for message in told]} if told else {}


class RefusedCard(PlannerCard):
    """What no ERP will know of until a person decides, on the planner's home page."""

    key = "refused"
    order = 30
    title = gettext_lazy("Stuck at the ERP bridge")
    right = "bridge:read"

    def count(self, *, sites: Collection[str], now: datetime) -> tuple[int, str]:
        figures = queries.waiting_for_people(sites=sites)
        said = {"dead": figures.refused, "review": figures.to_review, "rows": figures.set_aside}
        words = _("%(dead)d refused, %(review)d in doubt, %(rows)d set aside on the way down") % said
        return figures.refused + figures.to_review + figures.set_aside, words

    def url(self) -> str:
        return reverse("bridge:overview")
