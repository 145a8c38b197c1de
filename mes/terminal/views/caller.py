"""Who speaks for a terminal: an enrolled device by its cookie, or somebody who is signed in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from mes.access.queries import grant_of_user, sites_of
from mes.core.actor import set_actor
from mes.core.errors import NotFound
from mes.masterdata.models import WorkCenter
from mes.terminal import queries
from mes.terminal.models import Device
from mes.terminal.views.common import BOOK, SEE

COOKIE = "lineside_device"
COOKIE_AGE = 400 * 24 * 3600
"""The longest that browsers keep one; the terminal's page sets it anew."""


@dataclass(frozen=True)
class Caller:
    """Who asks. ``device`` is None for somebody who is signed in; a revoked device may see and book nothing."""

    device: Device | None
    user: Any

    @property
    def revoked(self) -> bool:
        return self.device is not None and self.device.revoked_at is not None

    def centers(self, right: str) -> QuerySet[WorkCenter]:
        """Return the work centers at which the caller has the right; a device may what a terminal is for."""
        if self.device is None:
            return queries.work_centers(sites_of(self.user, right))
        if right not in (SEE, BOOK):
            return WorkCenter.objects.none()
        found = queries.work_centers([self.device.site])
        return found.filter(pk=self.device.work_center_id) if self.device.work_center_id else found

    def center(self, code: str, right: str) -> WorkCenter:
        """Return one of them.

        :raises NotFound: there is none of this code.
        """
        found = self.centers(right).filter(code=code).first()
        if found is None:
            raise NotFound(_("There is no work center “%(code)s” that this device may open.") % {"code": code})
        return found


def caller_of(request: HttpRequest) -> Caller | None:
    """Return who asks: an enrolled device, else who is signed in, else a device that was revoked, else nobody."""
    device = queries.device_by_token(request.COOKIES.get(COOKIE, ""))
    if device is not None and device.revoked_at is None:
        set_actor(f"device:{device.pk}")
        return Caller(device, None)
    grant = grant_of_user(request.user)
    if grant is not None:
        set_actor(grant.actor)
        return Caller(None, request.user)
    return Caller(device, None) if device is not None else None


def keep_cookie(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Give the browser the device's token, or make it keep it longer; no script can read it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure() or bool(settings.SESSION_COOKIE_SECURE),
    )


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send who is nobody to the page where one signs in."""
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}")
