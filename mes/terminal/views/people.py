"""Who is at a terminal: signing on, and the pass under which a person's entries arrive."""

from datetime import timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.access.queries import sites_of
from mes.core.errors import DomainError, InvalidInput
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person, WorkCenter
from mes.terminal import queries
from mes.terminal.rules import OLDEST_ENTRY
from mes.terminal.views.common import RIGHT, problem, read_body

SIGNED_ON = timedelta(hours=12)
PASS_AGE = OLDEST_ENTRY


@require_POST
def sign_on(request: HttpRequest, code: str) -> HttpResponse:
    """Let a person use this terminal, by badge or by number and PIN; the answer is their pass for what they enter."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "not_signed_in"}, status=401)
    try:
        work_center = queries.work_center_at(code, sites_of(request.user, RIGHT))
        person = _identify(read_body(request), work_center)
    except DomainError as error:
        # Never 401: to the page that would mean that the device itself is signed out.
        return problem(error, status=422 if error.status == 401 else error.status)
    return JsonResponse(
        {
            "token": signing.dumps([person.pk, person.site_id], salt="terminal-person", compress=True),
            "number": person.number,
            "name": person.name,
            "until": (timezone.now() + SIGNED_ON).isoformat(),
        }
    )


def person_of(token: Any, work_center: WorkCenter, *, needed: bool) -> Person | None:
    """Return the person whose pass came with an entry; None where nobody is needed.

    :raises InvalidInput: the pass is no pass, or the person does not work here any more.
    """
    if not token and not needed:
        return None
    try:
        pk, site_id = signing.loads(str(token or ""), salt="terminal-person", max_age=PASS_AGE)
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
