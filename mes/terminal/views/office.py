"""The page on which a supervisor sees the devices, makes codes for new ones and revokes lost ones."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import sites_of, zone_of_user
from mes.access.views import requires
from mes.core.errors import DomainError
from mes.core.routes import row_key
from mes.terminal import queries, services

MANAGE = "devices:manage"


@requires(MANAGE)
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """List the devices with their state, and offer to enroll another."""
    return _list(request)


@requires(MANAGE)
@require_POST
def new_code(request: HttpRequest) -> HttpResponse:
    """Make a code for a device and show it this once, to scan or to type."""
    sites = sites_of(request.user, MANAGE)
    center = queries.work_centers(sites).filter(pk=row_key(request.POST.get("work_center", ""))).first()
    site = center.site if center else sites.filter(pk=row_key(request.POST.get("site", ""))).first()
    if site is None:
        raise Http404
    try:
        code, text = services.make_code(
            site=site,
            work_center=center,
            name=request.POST.get("name", ""),
            by=request.user.get_username(),
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("terminal:devices")
    address = f"{request.build_absolute_uri(reverse('terminal:enroll'))}?code={text}"
    return _list(request, code=code, text=text, address=address)


@requires(MANAGE)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a device at once."""
    device = queries.devices_of(sites_of(request.user, MANAGE)).filter(pk=pk).first()
    if device is None:
        raise Http404
    services.revoke(device_id=device.pk, by=request.user.get_username(), now=timezone.now())
    messages.success(
        request,
        _("%(device)s is revoked. What it still sends is kept under “Needs attention”.") % {"device": device},
    )
    return redirect("terminal:devices")


def _list(request: HttpRequest, **more: Any) -> HttpResponse:
    now = timezone.now()
    sites = sites_of(request.user, MANAGE)
    found = [(device, device.state_at(now)) for device in queries.devices_of(sites)]
    with timezone.override(zone_of_user(request.user, MANAGE)):
        return _drawn(request, found, sites, more)


def _drawn(request: HttpRequest, found: list[Any], sites: Any, more: dict[str, Any]) -> HttpResponse:
    return render(
        request,
        "terminal/devices.html",
        {"devices": found, "sites": sites, "centers": queries.work_centers(sites)}
        | {"may_badges": sites_of(request.user, "people:manage").exists()}
        | more,
    )
