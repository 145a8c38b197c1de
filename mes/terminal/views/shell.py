"""The home page, and the terminal's page and panels."""

import json
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from mes.access.queries import sites_of, zone_of_user
from mes.core import live
from mes.core.attention import all_attention
from mes.core.errors import NotFound
from mes.masterdata.models import WorkCenter
from mes.terminal import queries
from mes.terminal.panels import ZONES, Place, actions, panels
from mes.terminal.views.common import RIGHT, SEE

PAGE_AGE = 7 * 24 * 3600
MOST_ENTRIES = 2000
"""How many entries a device may hold that the server does not have; from nine tenths of it the page calls for help."""


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show where one can go from here, and what needs attention."""
    sites = sites_of(request.user, SEE)
    centers = queries.work_centers(sites_of(request.user, RIGHT))
    attention = all_attention(sites=[site.code for site in sites], now=timezone.now())
    with timezone.override(zone_of_user(request.user, SEE)):
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
                "token": signing.dumps([work_center.pk], salt="terminal-page"),
                "focus": _job(request),
                "state_url": reverse("terminal:state", args=[code]),
                "fates_url": reverse("terminal:fates", args=[code]),
                "most_entries": MOST_ENTRIES,
                "turns": [action.key for action in actions if action.turns],
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
        "waiting": _("{n} waiting"),
        "waiting_since": _("{n} waiting since {time} – you can keep working"),
        "not_sent_yet": _("not sent yet"),
        "offline": _("No connection – you can keep working"),
        "as_of": _("No connection. This is as of {time}; what you enter is kept and sent later."),
        "attention": _("{n} needs attention"),
        "nearly_full": _("Call IT. {n} entries are not sent"),
        "outdated": _("Reload this page. Your {n} entries are kept."),
        "entry_waiting": _("waits to be sent"),
        "entry_asking": _("old – asks first"),
        "entry_refused": _("not booked"),
        "queued": _("You have entered this already; it waits to be sent."),
        "clock_ahead": _("The clock of this device is {by} ahead. Times are corrected; tell IT."),
        "clock_behind": _("The clock of this device is {by} behind. Times are corrected; tell IT."),
        "signed_out": _("This device must sign in again"),
        "cannot_store": _("Cannot store on this device. Write on paper and tell your supervisor."),
        "really": _("{n} – really?"),
    }
