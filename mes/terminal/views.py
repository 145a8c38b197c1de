"""The home page, the terminals, and the doors through which a terminal reads and writes."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import sites_of
from mes.core import live
from mes.core.attention import all_attention
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person, WorkCenter
from mes.terminal import queries, services
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import ZONES, Place, Tap, actions, panels

SEE = "orders:read"
RIGHT = "reports:write"
PAGE_AGE = 7 * 24 * 3600
SIGNED_ON = timedelta(hours=12)
PERSON_AGE = services.OLDEST_TAP
LONGEST_BODY = 16_384


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show where one can go from here, and what needs attention."""
    sites = sites_of(request.user, "orders:read")
    centers = queries.work_centers(sites_of(request.user, RIGHT))
    attention = all_attention(sites=[site.code for site in sites], now=timezone.now())
    return render(request, "home.html", {"centers": centers, "attention": attention, "sites": sites})


@login_required
def terminals(request: HttpRequest) -> HttpResponse:
    """Let a device choose its work center."""
    return render(request, "terminal/terminals.html", {"centers": queries.work_centers(sites_of(request.user, RIGHT))})


@ensure_csrf_cookie
@login_required
@require_GET
def terminal(request: HttpRequest, code: str) -> HttpResponse:
    """Show the terminal of a work center; who may see orders may look, only a device may book."""
    try:
        work_center = queries.work_center_at(code, sites_of(request.user, SEE))
    except NotFound as error:
        raise Http404(error.detail) from error
    now = timezone.now()
    drawn, bar = _draw(Place(work_center=work_center, job=_job(request), now=now))
    zones: dict[str, list[dict[str, str]]] = {zone: [] for zone in ZONES}
    for panel in sorted(panels, key=lambda panel: panel.order):
        zones[panel.zone].append({"key": panel.key, "html": drawn[panel.key]})
    return render(
        request,
        "terminal/terminal.html",
        {
            "work_center": work_center,
            "zones": zones,
            "body_zones": [(zone, zones[zone]) for zone in ZONES if zone != "bar"],
            "keys": "123456789",
            "bar": bar,
            "config": {
                "code": work_center.code,
                "now": now.isoformat(),
                "token": signing.dumps([work_center.pk], salt="terminal-page"),
                "focus": _job(request),
                "state_url": reverse("terminal:state", args=[code]),
                "entries_url": reverse("terminal:entries", args=[code]),
                "sign_on_url": reverse("terminal:sign-on", args=[code]),
                "words": _words(),
            },
        },
    )


@require_GET
def state(request: HttpRequest, code: str) -> HttpResponse:
    """Return the terminal's panels, or 304 where the page has them already; reads no session where the page's token holds."""
    work_center = _center_of_page(request, code)
    if work_center is None:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    job = _job(request)

    def build() -> bytes:
        drawn, bar = _draw(Place(work_center=work_center, job=job, now=timezone.now()))
        return json.dumps({"panels": drawn, "bar": bar}).encode()

    response = live.respond(request, scope=f"terminal/{work_center.pk}/{job}/{get_language()}", build=build)
    response["X-Server-Time"] = timezone.now().isoformat()
    return response


@require_POST
def sign_on(request: HttpRequest, code: str) -> HttpResponse:
    """Let a person use this terminal, by badge or by number and PIN; the answer is their pass for what they enter."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        work_center = queries.work_center_at(code, sites_of(request.user, RIGHT))
        person = _identify(_body(request), work_center)
    except DomainError as error:
        # Never 401: to the page that would mean that the device itself is signed out.
        return _problem(error, status=422 if error.status == 401 else error.status)
    return JsonResponse(
        {
            "token": signing.dumps([person.pk, person.site_id], salt="terminal-person", compress=True),
            "number": person.number,
            "name": person.name,
            "until": (timezone.now() + SIGNED_ON).isoformat(),
        }
    )


@require_POST
def entries(request: HttpRequest, code: str) -> HttpResponse:
    """Take one tap: 200 once it is booked, now or before; 4xx with plain words where it cannot be."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    now = timezone.now()
    try:
        work_center = queries.work_center_at(code, sites_of(request.user, RIGHT))
        body = _body(request)
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
            person=_person(body.get("person"), work_center, needed=action.needs_person),
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
        return _problem(error, status=422 if error.status == 401 else error.status)
    except OperationalError:
        return JsonResponse({"code": "busy"}, status=503, headers={"Retry-After": "1"})
    return JsonResponse({"id": str(tap.id), "said": outcome.said, "repeated": outcome.repeated})


@login_required
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show a tap that was refused, and let a supervisor say that it is seen to."""
    found = (
        TerminalEntry.objects.filter(pk=entry_id, site__in=sites_of(request.user, "orders:read"))
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


def _draw(place: Place) -> tuple[dict[str, str], str]:
    drawn: dict[str, str] = {}
    bar = "idle"
    with timezone.override(place.work_center.site.time_zone):
        for panel in panels:
            context = panel.context(place)
            bar = context.get("bar_state", bar)
            drawn[panel.key] = render_to_string(panel.template, context)
    return drawn, bar


def _job(request: HttpRequest) -> str:
    job = request.GET.get("job", "")
    return job if len(job) <= 40 else ""


def _center_of_page(request: HttpRequest, code: str) -> WorkCenter | None:
    token = request.headers.get("X-Page-Token", "")
    try:
        (pk,) = signing.loads(token, salt="terminal-page", max_age=PAGE_AGE)
        return _centers.get(pk, code)
    except (signing.BadSignature, ValueError):
        if not request.user.is_authenticated:
            return None
        try:
            return queries.work_center_at(code, sites_of(request.user, SEE))
        except NotFound:
            return None


class _Centers:
    """Work centers by key, kept for a minute: a poll that ends in 304 needs no query."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[datetime, WorkCenter]] = {}

    def get(self, pk: int, code: str) -> WorkCenter | None:
        now = timezone.now()
        kept = self.kept.get(pk)
        if kept is None or now - kept[0] > timedelta(minutes=1) or kept[1].code != code:
            center = WorkCenter.objects.select_related("site").filter(pk=pk, code=code, active=True).first()
            if center is None:
                return None
            if len(self.kept) > 1000:
                self.kept.clear()
            self.kept[pk] = kept = (now, center)
        return kept[1]


_centers = _Centers()


def _body(request: HttpRequest) -> dict[str, Any]:
    raw = request.body
    try:
        if len(raw) > LONGEST_BODY:
            raise ValueError("too long")
        body = json.loads(raw)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeError, RecursionError) as error:
        raise InvalidInput(_("The entry could not be read. Enter it again.")) from error
    if not isinstance(body, dict) or "\\u0000" in json.dumps(body):
        raise InvalidInput(_("The entry could not be read. Enter it again."))
    return body


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


def _person(token: Any, work_center: WorkCenter, *, needed: bool) -> Person | None:
    if not token and not needed:
        return None
    try:
        pk, site_id = signing.loads(str(token or ""), salt="terminal-person", max_age=PERSON_AGE)
    except (signing.BadSignature, ValueError) as error:
        raise InvalidInput(
            _("It is not clear who entered this. Sign on and enter it again."), field="person"
        ) from error
    person = queries.person_by_key(pk, work_center.site) if site_id == work_center.site_id else None
    if person is None:
        raise InvalidInput(
            _("The person who entered this does not work here any more. Ask your supervisor."), field="person"
        )
    return person


def _identify(body: dict[str, Any], work_center: WorkCenter) -> Person:
    badge = body.get("badge")
    if isinstance(badge, str) and badge.strip():
        person = masterdata.find_by_badge(badge=badge)
        if person.site_id == work_center.site_id:
            return person
        raise InvalidInput(_("This badge belongs to another site. Ask your supervisor."), field="badge")
    number, pin = str(body.get("number", ""))[:64].strip(), str(body.get("pin", ""))[:32]
    if not number or not pin:
        raise InvalidInput(_("Enter your number and your PIN, or scan your badge."), field="number" if pin else "pin")
    found = queries.person_by_number(work_center.site, number)
    if found is None:
        raise InvalidInput(_("Nobody here has the number “%(number)s”.") % {"number": number}, field="number")
    masterdata.check_pin(person_id=found.pk, pin=pin)
    return found


def _problem(error: DomainError, *, status: int) -> JsonResponse:
    body = {
        "code": error.code,
        "title": str(error.title),
        "detail": error.detail,
        "status": status,
        "field": error.field,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _words() -> dict[str, str]:
    return {
        "nobody": _("Sign on"),
        "hello": _("Hello, {name}"),
        "refused": _("This could not be done."),
        "unknown_scan": _("“{text}” is not known here. Expected: a job, a lot or a badge."),
        "sign_on_offline": _("No connection to the server: signing on is not possible just now."),
        "undone": _("Taken back: {text}"),
        "saved": _("saved"),
        "all_saved": _("All saved"),
        "sending": _("Sending {n}"),
        "waiting_since": _("{n} waiting since {time} – you can keep working"),
        "offline": _("No connection – you can keep working"),
        "attention": _("{n} needs attention"),
        "signed_out": _("This device must sign in again"),
        "cannot_store": _("Cannot store on this device. Write on paper and tell your supervisor."),
        "really": _("{n} – really?"),
    }
