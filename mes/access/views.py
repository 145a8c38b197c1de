"""How pages ask for a right."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from mes.access.queries import grant_of_user, zone_of_user
from mes.access.rules import RIGHTS, SiteGrant, roles_with
from mes.core.actor import set_actor


def requires(right: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let only people with the right (at any site) see the page; others sign in, or read which right they lack.

    The page finds the person's grant as ``request.grant``, and narrows its rows with ``sites_of(request.user, right)``.
    Times on it are those of the person's site.
    """
    if right not in RIGHTS:
        raise ValueError(f"{right!r} is no right; see mes/access/rules.py.")

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            grant = grant_of_user(request.user)
            if grant is None:
                return _sign_in(request)
            check(grant, right)
            request.grant = grant  # type: ignore[attr-defined]
            set_actor(grant.actor)
            with timezone.override(zone_of_user(request.user, right)):
                return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return decorate


class AdminInSiteZone:
    """A middleware: in the admin, too, times are shown and entered in the zone of the person's site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(reverse("admin:index")):
            return self.get_response(request)
        with timezone.override(zone_of_user(request.user, "orders:read")):
            return self.get_response(request)


def check(grant: SiteGrant, right: str) -> None:
    """Refuse the page to who lacks the right.

    :raises django.core.exceptions.PermissionDenied: naming the right.
    """
    if not grant.may(right):
        raise PermissionDenied(lacking(right))


def check_user(user: Any, right: str) -> None:
    """Refuse the page to a signed-in person who has the right at no site.

    :raises django.core.exceptions.PermissionDenied: naming the right, the roles that have it, and whom to ask.
    """
    grant = grant_of_user(user)
    if grant is None or not grant.may(right):
        raise PermissionDenied(lacking(right))


def lacking(right: str) -> str:
    """Return what to tell who lacks a right: which it is, which roles have it, and whom to ask."""
    return _(
        "Your role does not allow this. It needs the right “%(right)s” (%(what)s), which comes with the role %(roles)s. "
        "Ask IT, who manage access, for it."
    ) % {
        "right": right,
        "what": RIGHTS[right][:1].lower() + RIGHTS[right][1:],
        "roles": get_text_list(roles_with(right) or [_("Superuser")], _("or")),
    }


def _sign_in(request: HttpRequest) -> HttpResponse:
    address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request") == "true":
        # htmx would put the sign-in page into a corner of this one; told so, it goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
