"""What people entered at terminals: taken once each, and what was refused decided on by supervisors."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import grant_of_user, may, sites_of, zone_of_user
from mes.access.rules import RIGHTS
from mes.core import live
from mes.core.api.problems import is_beyond_every_column
from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Person, WorkCenter
from mes.terminal import queries, services
from mes.terminal.models import TerminalEntry
from mes.terminal.panels import Tap, actions
from mes.terminal.rules import Reading, hidden_signs, is_on_a_clock, read_clock
from mes.terminal.services import Arrival
from mes.terminal.views.caller import Caller, caller_of
from mes.terminal.views.common import BOOK, SEE, check_client, problem, read_body
from mes.terminal.views.people import claimed_person, leave_of, person_of

DECIDE = "reports:reverse"
MOST_FATES = 50
MOST_LISTED = 200


@require_POST
def entries(request: HttpRequest, code: str) -> HttpResponse:
    """Take one tap: 200 once it is booked, now or before; 4xx with plain words where it cannot be.

    What can be read is kept, booked or not: ``kept`` in the answer says so, and only then may the terminal forget it.
    """
    caller = caller_of(request)
    if caller is None:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    now = timezone.now()
    try:
        check_client(request)
        work_center = caller.center(code, BOOK)
        body = read_body(request)
        arrival, doubt = _arrival(body, work_center, caller, now)
    except DomainError as error:
        return problem(error, status=422 if error.status == 401 else error.status)
    try:
        outcome = services.accept_entry(
            arrival=arrival, now=now, confirm_after=_confirm_after(), work=lambda: _apply(arrival, doubt, now)
        )
    except services.EntryMismatch as error:
        return problem(error, status=error.status)
    except DomainError as error:
        # 401 is the device's; a refusal of the person is 422 so that the entry is parked and shown, not retried.
        return problem(error, status=422 if error.status == 401 else error.status, kept=arrival.id)
    except OperationalError:
        return JsonResponse({"code": "busy"}, status=503, headers={"Retry-After": "1"})
    return JsonResponse({"id": str(arrival.id), "said": outcome.said, "repeated": outcome.repeated})


@require_GET
def fates(request: HttpRequest, code: str) -> HttpResponse:
    """Say what has become of refused entries (``?ids=``) that a terminal still shows."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        work_center = caller.center(code, BOOK)
        ids = [_uuid(one) for one in request.GET.get("ids", "").split(",")[:MOST_FATES] if one]
    except DomainError as error:
        return problem(error, status=error.status)
    return JsonResponse({"fates": queries.fates(ids, work_center)})


@login_required
def waiting(request: HttpRequest) -> HttpResponse:
    """List what was entered at terminals, could not be booked, and waits for a supervisor."""
    sites = sites_of(request.user, SEE)
    found = queries.waiting_entries(sites)
    unverified = queries.unverified_entries(sites, now=timezone.now())
    with timezone.override(zone_of_user(request.user, SEE)):
        context = {
            "entries": found[:MOST_LISTED],
            "total": found.count(),
            "unverified": unverified[:MOST_LISTED],
            "deciding": set(sites_of(request.user, DECIDE).values_list("pk", flat=True)),
        }
        return render(request, "terminal/waiting.html", context)


@login_required
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show a tap that was refused, and let a supervisor book it after all or dismiss it with a reason."""
    found = queries.entry_at(entry_id, sites_of(request.user, SEE))
    if found is None:
        raise Http404
    may_decide = may(request.user, DECIDE, found.site.code)
    action = actions[found.action] if found.action in actions else None
    alternatives = action.alternatives(found.payload, found.work_center) if action else []
    if request.method == "POST":
        if not may_decide:
            return HttpResponse(status=403)
        chosen = {one.key: one.payload for one in alternatives}.get(request.POST.get("job", ""), found.payload)
        try:
            _decide(request, found, chosen)
            live.forget()
            return redirect("terminal:waiting")
        except DomainError as error:
            messages.error(request, error.detail)
    with timezone.override(found.site.time_zone):
        return render(
            request,
            "terminal/entry.html",
            {
                "entry": found,
                "payload": json.dumps(found.payload, indent=2, ensure_ascii=False),
                "hidden": hidden_signs(found.payload),
                "may_decide": may_decide,
                # Whoever decides has to know whose it is; once it is decided on, that is told as of any other fact.
                "in_full": may_decide and found.state == TerminalEntry.State.REFUSED,
                "action": action,
                "alternatives": alternatives,
                "job_now": str(found.payload.get("operation", "")),
                "people": queries.people_of(found.site),
            },
        )


def _decide(request: HttpRequest, entry: TerminalEntry, payload: dict[str, Any]) -> None:
    by, now, note = request.user.get_username(), timezone.now(), request.POST.get("note", "")[:4000]
    if request.POST.get("decision") == "dismiss":
        services.dismiss_entry(entry_id=entry.pk, by=by, now=now, note=note)
        return
    chosen = request.POST.get("person", "")
    person = queries.person_by_key(int(chosen), entry.site) if chosen.isdecimal() else entry.person

    grant = grant_of_user(request.user)
    allowed = frozenset(right for right in RIGHTS if grant and grant.at(entry.site.code, right))

    def work(locked: TerminalEntry) -> str:
        tap = Tap(
            id=locked.pk,
            work_center=locked.work_center,
            payload=payload,
            person=person,
            at=locked.occurred_at,
            now=now,
            allowed=allowed,
            is_verified=locked.identity == TerminalEntry.Identity.VERIFIED,
        )
        return _do(locked.action, tap)

    services.book_entry(entry_id=entry.pk, payload=payload, person=person, by=by, now=now, note=note, work=work)


def _arrival(
    body: dict[str, Any], work_center: WorkCenter, caller: Caller, now: datetime
) -> tuple[Arrival, DomainError | None]:
    """Return the tap, and what is wrong with it although it can be kept: who entered it, when, what, or on which device.

    :raises InvalidInput: there is no id under which it could be kept.
    """
    entry_id = _uuid(body.get("id"))
    doubts: list[DomainError] = []
    revoked = caller.revoked
    action, payload = body.get("action"), body.get("payload")
    claimed = body.get("claimed")
    person: Person | None = None
    clock = Reading(now, None, "")
    if not isinstance(payload, dict):
        doubts.append(InvalidInput(_("The entry has no contents. Enter it again."), field="payload"))
        payload = {"sent": payload}
    try:
        clock = _clock(body, now)
    except InvalidInput as error:
        doubts.append(error)
    needed = actions[action].needs_person if isinstance(action, str) and action in actions else False
    try:
        if claimed:
            person = claimed_person(claimed, work_center)
        else:
            person, on_revoked = person_of(body.get("person"), work_center, at=clock.at, needed=needed)
            revoked = revoked or on_revoked
    except DomainError as error:
        doubts.append(error)
    if revoked:
        doubts.insert(0, services.DeviceRevoked(_("This device was revoked, so this is not booked.")))
    approved_by, allowed = leave_of(body.get("leave"), work_center, subject=str(entry_id))
    arrival = Arrival(
        id=entry_id,
        work_center=work_center,
        action=str(action)[:32],
        payload=payload,
        person=person,
        is_verified=not claimed,
        clock=clock,
        label=str(body.get("label") or "")[:200],
        confirmed=body.get("confirmed") is True,
        device=caller.device,
        approved_by=approved_by,
        allowed=allowed,
    )
    return arrival, doubts[0] if doubts else None


def _apply(arrival: Arrival, doubt: DomainError | None, now: datetime) -> str:
    if doubt:
        raise doubt
    tap = Tap(
        id=arrival.id,
        work_center=arrival.work_center,
        payload=arrival.payload,
        person=arrival.person,
        at=arrival.clock.at,
        now=now,
        approved_by=arrival.approved_by,
        allowed=arrival.allowed,
        is_verified=arrival.is_verified,
    )
    return _do(arrival.action, tap)


def _do(action: str, tap: Tap) -> str:
    if action not in actions:
        raise InvalidInput(
            _("“%(action)s” is nothing that a terminal can do. Reload the page.") % {"action": action[:40]}
        )
    if tap.person is None and actions[action].needs_person:
        raise InvalidInput(_("It is not clear who entered this. Sign on and enter it again."), field="person")
    try:
        return actions[action].apply(tap)
    except (OverflowError, DataError) as error:
        if not is_beyond_every_column(error):
            raise
        # A refusal like any other, so that the entry is kept and does not block those behind it for ever.
        raise InvalidInput(
            _("The entry holds a number, a date or a text that cannot be kept. Enter it again.")
        ) from error


def _confirm_after() -> timedelta:
    return timedelta(hours=settings.LINESIDE_CONFIRM_ENTRIES_AFTER_HOURS)


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise InvalidInput(_("The entry has no id. Reload the page and enter it again."), field="id") from error


def _clock(body: dict[str, Any], now: datetime) -> Reading:
    claimed = _instant(body.get("occurred_at"))
    if claimed is None:
        raise InvalidInput(_("The entry does not say when it happened. Reload the page."), field="occurred_at")
    offset = body.get("clock_offset")
    lead = None
    if isinstance(offset, int) and not isinstance(offset, bool) and abs(offset) < 10**13:
        lead = timedelta(milliseconds=offset)
    return read_clock(claimed=claimed, offset=lead, sent_at=_instant(body.get("sent_at")), now=now)


def _instant(value: Any) -> datetime | None:
    """Return an instant with its zone that a clock may show, or None for anything else."""
    try:
        read = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return read if read and read.tzinfo and is_on_a_clock(read) else None
