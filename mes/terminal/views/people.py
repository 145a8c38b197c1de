"""Who is at a terminal: signing on, and the pass under which a person's entries arrive."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.access import services as access
from mes.access.queries import rights_of_person
from mes.access.rules import RIGHTS
from mes.core import gs1
from mes.core.errors import DomainError, InvalidInput
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person, WorkCenter
from mes.terminal import queries, services
from mes.terminal.models import Device
from mes.terminal.panels import StepUpNeeded, job_scanned, read_label, shift_end
from mes.terminal.rules import OLDEST_ENTRY
from mes.terminal.views.caller import caller_of
from mes.terminal.views.common import BOOK, SEE, problem, read_body

SIGNED_ON = timedelta(hours=12)
GRACE = timedelta(minutes=30)
PASS_AGE = OLDEST_ENTRY
UNLOCK = "people:unlock"
LONGEST_SCAN = 256


class ProofMissing(InvalidInput):
    """Who allows something says so with both, whoever is signed on and since when: who they are, and their PIN."""

    code = "reauth_required"


class BarcodeTooLong(InvalidInput):
    """What was scanned is longer than any label, or nothing at all."""

    code = "barcode_too_long"


@require_POST
def sign_on(request: HttpRequest, code: str) -> HttpResponse:
    """Let a person use this terminal, by badge or by number and PIN; the answer is their pass for what they enter."""
    caller = caller_of(request)
    if caller is None:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    now = timezone.now()
    try:
        if caller.revoked:
            raise services.DeviceRevoked(_("This device was revoked. Nobody can sign on here; ask your supervisor."))
        work_center = caller.center(code, BOOK)
        person = _identify(read_body(request), work_center)
    except DomainError as error:
        # Never 401: to the page that would mean that the device itself is signed out.
        return problem(error, status=422 if error.status == 401 else error.status)
    until = _signed_on_until(work_center, now)
    device_id = caller.device.pk if caller.device else 0
    proof = [person.pk, person.site_id, device_id, int(until.timestamp())]
    return JsonResponse(
        {
            "token": signing.dumps(proof, salt="terminal-person", compress=True),
            "number": person.number,
            "told": person.told_number,
            "name": person.name,
            "language": person.language,
            "until": until.isoformat(),
        }
    )


def _signed_on_until(work_center: WorkCenter, now: datetime) -> datetime:
    """Return until when who signs on now is signed on: to the end of the shift, with some time to finish.

    Who comes shortly before the next shift comes for that one.
    """
    longest = now + SIGNED_ON
    ends = shift_end(work_center.site, now + GRACE)
    return min(longest, ends + GRACE) if ends else longest


def person_of(token: Any, work_center: WorkCenter, *, at: datetime, needed: bool) -> tuple[Person | None, bool]:
    """Return who entered it, and whether the device on which they signed on was revoked since.

    :raises InvalidInput: the pass is none, belongs elsewhere, or had run out when this happened.
    """
    if not token and not needed:
        return None, False
    try:
        pk, site_id, device_id, until = signing.loads(str(token or ""), salt="terminal-person", max_age=PASS_AGE)
    except (signing.BadSignature, ValueError) as error:
        raise InvalidInput(
            _("It is not clear who entered this. Sign on and enter it again."), field="person"
        ) from error
    if at.timestamp() > until:
        raise InvalidInput(_("The person had not signed on any more. Sign on and enter it again."), field="person")
    person = queries.person_by_key(pk, work_center.site) if site_id == work_center.site_id else None
    if person is None:
        raise InvalidInput(
            _("The person who entered this does not work here any more. Ask your supervisor."), field="person"
        )
    return person, bool(device_id) and Device.objects.filter(pk=device_id, revoked_at__isnull=False).exists()


def claimed_person(claimed: Any, work_center: WorkCenter) -> Person:
    """Return who says that they entered it: without network a badge, a number or a name is taken as it is said.

    :raises InvalidInput: such entries are not taken here, or it means nobody.
    """
    if not settings.LINESIDE_UNVERIFIED_ENTRIES or not isinstance(claimed, dict):
        raise InvalidInput(_("It is not clear who entered this. Sign on and enter it again."), field="person")
    return _called(claimed, work_center)


@require_POST
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """Say what a scanned text means that is neither a button of the page nor a badge: a job, or a label's lot."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        work_center = caller.center(code, SEE)
        # Not what else counts as white space: FNC1, which ends a field of a label, arrives as a control character.
        text = str(read_body(request).get("text", "")).strip(" \t\r\n")
        if not text or len(text) > LONGEST_SCAN:
            raise BarcodeTooLong(_("This was too much to be a code. Scan it again."), field="text")
        if gs1.is_gs1(text):
            return JsonResponse(_label(text, work_center))
        job = job_scanned(text, work_center)
    except DomainError as error:
        return problem(error, status=422 if error.status == 401 else error.status)
    return JsonResponse({"job": job})


def _label(text: str, work_center: WorkCenter) -> dict[str, str]:
    """Return the lot that a supplier's label names, and the words for it."""
    label = read_label(text, timezone.localtime(timezone=ZoneInfo(work_center.site.time_zone)).date())
    said = _("Label read: lot %(lot)s") % {"lot": label.lot}
    if label.expires_on:
        said += " · " + _("use by %(day)s") % {"day": date_format(label.expires_on, "j M Y")}
    return {"lot": label.lot, "said": said}


@require_POST
def step_up(request: HttpRequest, code: str) -> HttpResponse:
    """Let somebody with the right allow one thing, by badge or number and always their PIN; the answer is the leave."""
    caller = caller_of(request)
    if caller is None:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        if caller.revoked:
            raise services.DeviceRevoked(_("This device was revoked. Nothing is allowed here."))
        work_center = caller.center(code, BOOK)
        body = read_body(request)
        right, subject = str(body.get("right", "")), str(body.get("subject", ""))[:64]
        if right not in RIGHTS or not subject:
            raise InvalidInput(_("There is nothing to allow. Reload the page."), field="right")
        pin = str(body.get("pin", ""))[:32]
        if not pin:
            raise ProofMissing(_("Enter your PIN too."), field="pin")
        if not body.get("badge") and not body.get("number"):
            raise ProofMissing(_("Scan your badge or enter your number, and your PIN too."), field="number")
        person = _called(body, work_center)
        access.step_up(person=person, pin=pin, right=right, subject=subject, now=timezone.now())
    except DomainError as error:
        return problem(error, status=422 if error.status == 401 else error.status)
    leave = signing.dumps([person.pk, right, subject], salt="terminal-step-up", compress=True)
    return JsonResponse({"leave": leave, "name": person.name, "number": person.number})


@require_POST
def unlock(request: HttpRequest, code: str) -> HttpResponse:
    """Let a person try their PIN again, by the leave of somebody who may allow that."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        work_center = caller.center(code, BOOK)
        body = read_body(request)
        locked = _called({"number": body.get("number", "")}, work_center)
        by, allowed = leave_of(body.get("leave"), work_center, subject=unlocking(body.get("number", "")))
        if by is None or UNLOCK not in allowed:
            raise StepUpNeeded(_("A supervisor unlocks it, with badge or number and PIN."), right=UNLOCK)
        access.unlock_person(person=locked, by=by.number, now=timezone.now())
    except DomainError as error:
        return problem(error, status=422 if error.status == 401 else error.status)
    return JsonResponse({"number": locked.number, "name": locked.name})


def unlocking(typed: Any) -> str:
    """Return the subject under which somebody allows that the PIN of whom this number or name means is unlocked."""
    return f"unlock {str(typed).strip()}"[:64]


def leave_of(token: Any, work_center: WorkCenter, *, subject: str) -> tuple[Person | None, frozenset[str]]:
    """Return who gave this leave for ``subject`` and what they may now; nobody where it is none, or for something else.

    A leave is for one right; it is gone when the person loses it.
    """
    if not token:
        return None, frozenset()
    try:
        pk, right, about = signing.loads(str(token), salt="terminal-step-up", max_age=PASS_AGE)
    except (signing.BadSignature, ValueError):
        return None, frozenset()
    person = queries.person_by_key(pk, work_center.site) if about == subject else None
    return (person, rights_of_person(person) & {right}) if person else (None, frozenset())


def _identify(body: dict[str, Any], work_center: WorkCenter) -> Person:
    """Return who proves who they are: a badge is enough, a number or name takes the PIN."""
    badge, pin = body.get("badge"), str(body.get("pin", ""))[:32]
    if isinstance(badge, str) and badge.strip():
        return _called(body, work_center)
    number = str(body.get("number", "")).strip()
    if not number or not pin:
        raise InvalidInput(_("Enter your number and your PIN, or scan your badge."), field="number" if pin else "pin")
    found = _called(body, work_center)
    masterdata.check_pin(person_id=found.pk, pin=pin)
    return found


def _called(body: dict[str, Any], work_center: WorkCenter) -> Person:
    """Return whom a badge, number or name means; it proves nothing yet where it is no badge."""
    badge = body.get("badge")
    if isinstance(badge, str) and badge.strip():
        try:
            person = masterdata.find_by_badge(badge=badge)
        except masterdata.BadgeRevoked as error:
            holder = Person.objects.select_related("site").get(pk=error.person_id)
            access.note_revoked_badge(person=holder, place=work_center.code, now=timezone.now())
            raise
        if person.site_id == work_center.site_id:
            return person
        raise InvalidInput(_("This badge belongs to another site. Ask your supervisor."), field="badge")
    number = str(body.get("number", ""))[:64].strip()
    found = queries.person_called(work_center.site, number) if number else None
    if found is None:
        raise InvalidInput(_("Nobody here has the number or name “%(number)s”.") % {"number": number}, field="number")
    return found
