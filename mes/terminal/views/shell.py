"""The home page and the terminal's page, with the door through which it stays current."""

import json
import logging
import time
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
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
from mes.terminal import queries, services
from mes.terminal.panels import ZONES, Place, actions, commands, hotkeys, panels
from mes.terminal.views.caller import COOKIE, Caller, caller_of, keep_cookie, sign_in_first
from mes.terminal.views.common import BOOK, SEE
from mes.terminal.views.worker import worker_url

COLUMNS = (("job", "next"), ("pad", "side"))
MOST_ENTRIES = 2000
"""How many entries a device may hold that the server does not have; from nine tenths of it the page calls for help."""
HEARTBEAT_EVERY = 30.0
"""Seconds between two notes that a device was heard, unless it says something new."""

log = logging.getLogger(__name__)
_heard: dict[int, tuple[float, str, int]] = {}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show where one can go from here, and what needs attention."""
    sites = sites_of(request.user, SEE)
    centers = queries.work_centers(sites_of(request.user, BOOK))
    attention = all_attention(sites=[site.code for site in sites], now=timezone.now())
    with timezone.override(zone_of_user(request.user, SEE)):
        return render(request, "home.html", {"centers": centers, "attention": attention, "sites": sites})


@require_GET
def terminals(request: HttpRequest) -> HttpResponse:
    """Let whoever stands before a device choose the work center; a device of one work center goes there at once."""
    caller = caller_of(request)
    if caller is None:
        return sign_in_first(request)
    if caller.revoked:
        return _revoked(request, caller)
    centers = caller.centers(BOOK)
    if caller.device and caller.device.work_center_id and (only := centers.first()):
        return redirect("terminal:terminal", only.code)
    return render(request, "terminal/terminals.html", {"centers": centers, "device": caller.device})


@ensure_csrf_cookie
@require_GET
def terminal(request: HttpRequest, code: str) -> HttpResponse:
    """Show the terminal of a work center; who may see orders may look, booking is asked for with every entry."""
    caller = caller_of(request)
    if caller is None:
        return sign_in_first(request)
    if caller.revoked:
        return _revoked(request, caller)
    try:
        work_center = caller.center(code, SEE)
    except NotFound as error:
        raise Http404(error.detail) from error
    now = timezone.now()
    drawn, bar = _draw(Place(work_center=work_center, job=_job(request), now=now))
    zones: dict[str, list[dict[str, str]]] = {zone: [] for zone in ZONES}
    for panel in sorted(panels, key=lambda panel: panel.order):
        zones[panel.zone].append({"key": panel.key, "html": drawn[panel.key]})
    response = render(
        request,
        "terminal/terminal.html",
        {
            "work_center": work_center,
            "device": caller.device,
            "zones": zones,
            "columns": [[(zone, zones[zone]) for zone in column] for column in COLUMNS],
            "shortcuts": [panel.shortcut for panel in sorted(panels, key=lambda panel: panel.order) if panel.shortcut],
            "keys": "123456789",
            "hotkeys": sorted(hotkeys, key=lambda one: one.order),
            "languages": settings.LANGUAGES,
            "recent": queries.people_lately_at(work_center),
            "bar": bar,
            "config": _config(request, work_center, caller),
        },
    )
    if caller.device:
        keep_cookie(request, response, request.COOKIES[COOKIE])
    return response


@require_GET
def state(request: HttpRequest, code: str) -> HttpResponse:
    """Return the terminal's panels, or 304 where the page has them already; reads no session where the page's token holds."""
    try:
        center_id, device_id = signing.loads(
            request.headers.get("X-Page-Token", ""), salt="terminal-page", max_age=live.PAGE_AGE
        )
        work_center = _centers.get(center_id, code)
    except (signing.BadSignature, ValueError):
        work_center, device_id = _center_of_caller(request, code)
    if work_center is None:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    if device_id:
        if queries.is_revoked(device_id):
            return JsonResponse({"code": services.DeviceRevoked.code}, status=403)
        _note_heartbeat(request, device_id)
    job = _job(request)

    def build() -> bytes:
        drawn, bar = _draw(Place(work_center=work_center, job=job, now=timezone.now()))
        return json.dumps({"panels": drawn, "bar": bar}).encode()

    response = live.respond(request, scope=f"terminal/{work_center.pk}/{job}/{get_language()}", build=build)
    response["X-Server-Time"] = timezone.now().isoformat()
    return response


@cache
def page_version() -> str:
    """Return what tells one version of the terminal's page from another: a hash of its scripts."""
    scripts = sorted((settings.BASE_DIR / "static" / "terminal").glob("*.js"))
    return blake2b(b"".join(script.read_bytes() for script in scripts), digest_size=5).hexdigest()


def _revoked(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Tell a revoked device what it is; what it still holds is sent from there to be kept."""
    device = caller.device
    with timezone.override(device.site.time_zone if device else "UTC"):
        return render(request, "terminal/revoked.html", {"device": device}, status=403)


def _config(request: HttpRequest, work_center: WorkCenter, caller: Caller) -> dict[str, Any]:
    """Return what the page's script is told: where it asks, what it may do by itself, and its words."""
    code = work_center.code
    return {
        "code": code,
        "token": signing.dumps([work_center.pk, caller.device.pk if caller.device else 0], salt="terminal-page"),
        "version": page_version(),
        "time_zone": work_center.site.time_zone,
        "focus": _job(request),
        "state_url": reverse("terminal:state", args=[code]),
        "fates_url": reverse("terminal:fates", args=[code]),
        "worker_url": worker_url(),
        "languages": [language for language, _name in settings.LANGUAGES],
        "most_entries": MOST_ENTRIES,
        "turns": [action.key for action in actions if action.turns],
        "entries_url": reverse("terminal:entries", args=[code]),
        "sign_on_url": reverse("terminal:sign-on", args=[code]),
        "commands": commands.keys(),
        "keys": hotkeys.keys(),
        "unverified": settings.LINESIDE_UNVERIFIED_ENTRIES,
        "scan_url": reverse("terminal:scan", args=[code]),
        "step_up_url": reverse("terminal:step-up", args=[code]),
        "unlock_url": reverse("terminal:unlock", args=[code]),
        "lapse_seconds": 60 * settings.LINESIDE_PRESENCE_MINUTES,
        "words": _words(),
    }


def _note_heartbeat(request: HttpRequest, device_id: int) -> None:
    """Write down what the device says of itself; a busy database may skip it."""
    version = request.headers.get("X-Page-Version", "")
    version = version[:40] if version.isascii() and version.isalnum() else ""
    text = request.headers.get("X-Queue-Length", "0")
    queue_length = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    heard = _heard.get(device_id)
    moment = time.monotonic()
    if heard and heard[1:] == (version, queue_length) and moment - heard[0] < HEARTBEAT_EVERY:
        return
    if len(_heard) > 10_000:
        _heard.clear()
    _heard[device_id] = (moment, version, queue_length)
    try:
        services.note_heartbeat(device_id=device_id, version=version, queue_length=queue_length, now=timezone.now())
    except DatabaseError as error:
        log.warning("That device %s was heard was not noted: %s", device_id, error)


def _draw(place: Place) -> tuple[dict[str, str], str]:
    drawn: dict[str, str] = {}
    bar = "idle"
    with timezone.override(place.work_center.site.time_zone):
        for panel in panels:
            context = panel.context(place)
            bar = context.get("bar_state", bar)
            context["written_in"] = place.work_center.site.language
            drawn[panel.key] = render_to_string(panel.template, context)
    return drawn, bar


def _job(request: HttpRequest) -> str:
    job = request.GET.get("job", "")
    return job if len(job) <= 40 else ""


def _center_of_caller(request: HttpRequest, code: str) -> tuple[WorkCenter | None, int]:
    """Return the work center and the device for a page whose token is missing or too old."""
    caller = caller_of(request)
    if caller is None:
        return None, 0
    device_id = caller.device.pk if caller.device else 0
    try:
        return caller.center(code, SEE), device_id
    except NotFound:
        return None, 0


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
        "hello_unverified": _("{name}: not checked, there is no connection. You can work."),
        "unverified": _("not checked"),
        "verify_first": _("The connection is back. Enter your PIN, so that it is clear who you are."),
        "badge_ending": _("Badge …{end}"),
        "refused": _("This could not be done."),
        "unknown_scan": _("“{text}” is not known here. Expected: {expected}."),
        "expected_here": _("a job, a lot, a reason, a command or a badge"),
        "which_stop": _("This can be the reason of several stops. Tap the machine first, then scan it."),
        "expected_choice": _("one of the choices"),
        "misread": _("“{text}” was read wrongly: its last sign does not fit. Scan it again."),
        "scan_too_long": _("The scanner sent more than any label holds. Nothing was done; scan again."),
        "camera_refused": _("This page may not use the camera. Allow it in the browser's settings, or use a scanner."),
        "camera_missing": _("No camera can be used on this device just now."),
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
        "digits_only": _("Enter digits only, such as 12."),
        "whole_only": _("Enter a whole number."),
        "too_exact": _("At most {n} places after the point."),
        "allowed_by": _("{name} allows it: {text}"),
        "unlocked": _("{name} may try again."),
        "not_now": _("“{text}” cannot be done just now."),
        "badge_read": _("Badge read. Now the PIN."),
        "begun_by": _("{name} began this. Only they finish it; or discard it."),
        "finish_first": _("Hello, {name}. First finish or discard the entry that {other} began."),
        "still_here": _("{name}, are you still here? Signed off in {n} s."),
        "lapsed": _("{name} was signed off. What was begun is kept."),
    }
