"""The page on which a browser becomes a device."""

import threading
import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mes.core.errors import DomainError
from mes.terminal import services
from mes.terminal.views.caller import keep_cookie

WRONG_A_MINUTE = 20
"""Wrong codes that one address may send in a minute, so that nobody can go through them."""

_wrong: dict[str, list[float]] = {}
_lock = threading.Lock()


@never_cache
@require_http_methods(["GET", "POST"])
def enroll(request: HttpRequest) -> HttpResponse:
    """Take a code and make this browser a device. Opening the address alone uses nothing up: previews open addresses too."""
    typed = request.POST.get("code", request.GET.get("code", ""))[:40]
    problem = ""
    if request.method == "POST":
        address = request.META.get("REMOTE_ADDR", "")
        if _too_many(address):
            problem = _("Too many wrong codes came from here. Wait a minute, and ask a supervisor for a new one.")
        else:
            try:
                device, token = services.enroll(code=typed, now=timezone.now())
            except DomainError as error:
                _count(address)
                problem = error.detail
            else:
                center = device.work_center
                response = redirect("terminal:terminal", center.code) if center else redirect("terminal:terminals")
                keep_cookie(request, response, token)
                return response
    return render(request, "terminal/enroll.html", {"code": typed, "problem": problem}, status=422 if problem else 200)


def _count(address: str) -> None:
    with _lock:
        if len(_wrong) > 10_000:
            _wrong.clear()
        _wrong.setdefault(address, []).append(time.monotonic())


def _too_many(address: str) -> bool:
    with _lock:
        lately = [moment for moment in _wrong.get(address, []) if time.monotonic() - moment < 60]
        _wrong[address] = lately
        return len(lately) >= WRONG_A_MINUTE
