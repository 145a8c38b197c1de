"""What is printed for the floor: badges of people, the sheet of commands to scan, a code to test scanners with."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from mes.access.queries import sites_of
from mes.access.views import requires
from mes.core.paper import Card, code_cards
from mes.core.routes import row_key
from mes.core.templatetags.lineside import command_code, reason_code
from mes.core.tongues import language_now, source_shown, told
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person, ReasonCode
from mes.terminal.panels import commands
from mes.terminal.views.caller import caller_of, sign_in_first
from mes.terminal.views.common import SEE

MOST_BADGES = 200
SCANNED = (ReasonCode.Kind.STOP, ReasonCode.Kind.SCRAP, ReasonCode.Kind.INDIRECT)
TEST_CODE = "TEST-YZ_0123/9"
"""With the signs that a scanner of another keyboard layout gets wrong."""


@requires("orders:read")
@require_GET
def command_sheet(request: HttpRequest) -> HttpResponse:
    """Show the commands that a terminal understands when they are scanned, for printing and laminating."""
    listed = sorted(commands, key=lambda command: command.order)
    if request.GET.get("form") == "pdf":
        codes = [(command, command_code(command.key)) for command in listed]
        cards = [Card(code, str(command.words), code) for command, code in codes]
        return _pdf(_("Command sheet"), cards, "commands")
    return render(request, "terminal/commands.html", {"commands": listed})


@requires("orders:read")
@require_GET
def reason_sheet(request: HttpRequest) -> HttpResponse:
    """Show the reasons that can be scanned at terminals, by site and kind, in a language, for printing and laminating."""
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else language_now()
    sites = sites_of(request.user, SEE).order_by("code")
    wanted = request.GET.get("site", "")
    reasons = ReasonCode.objects.filter(site__in=sites, kind__in=SCANNED, active=True).select_related("site", "parent")
    reasons = reasons.order_by("kind", "site__code", "code")
    if wanted:
        reasons = reasons.filter(site__code=wanted)
    if request.GET.get("form") == "pdf":
        cards = [
            Card(code, _named(one, language), f"{code} · {one.get_kind_display()} · {one.site.code}")
            for one, code in ((one, reason_code(one.pk)) for one in reasons)
        ]
        return _pdf(_("Reasons"), cards, "reasons")
    context = {
        "reasons": reasons,
        "sites": sites,
        "site": wanted,
        "language": language,
        "languages": settings.LANGUAGES,
    }
    return render(request, "terminal/reasons.html", context)


def _named(reason: ReasonCode, language: str) -> str:
    """Return a reason's name on paper in a language, and where nobody translated it, in which one it is."""
    name, source = told(reason, "name", language), reason.site.language
    return f"{name} ({source.upper()})" if source_shown(reason, "name", source, language) else name


@require_GET
def scan_test(request: HttpRequest) -> HttpResponse:
    """Show a code to scan, and what arrives of it: layout, speed and end, for whoever sets scanners up."""
    caller = caller_of(request)
    if caller is None or caller.revoked:
        return sign_in_first(request)
    if not caller.centers(SEE).exists():
        raise PermissionDenied
    return render(request, "terminal/scan_test.html", {"code": TEST_CODE})


@never_cache
@requires("people:manage")
@require_http_methods(["GET", "POST"])
def badges(request: HttpRequest) -> HttpResponse:
    """Choose people; what is chosen gets new badges, shown this once for printing."""
    people = Person.objects.filter(site__in=sites_of(request.user, "people:manage"), active=True)
    people = people.select_related("site").order_by("site__code", "name", "number")
    if request.method == "GET":
        return render(request, "terminal/badges.html", {"people": people})
    keys = [row_key(key) for key in request.POST.getlist("person")]
    chosen = list(people.filter(pk__in=keys)[:MOST_BADGES])
    if not chosen:
        messages.error(request, _("Choose at least one person."))
        return redirect("terminal:badges")
    issued = [(person, masterdata.issue_badge(person_id=person.pk)) for person in chosen]
    if request.POST.get("form") == "pdf":
        cards = [Card(text, person.name, f"{person.number} · {person.site.code}") for person, text in issued]
        return _pdf(_("Badges"), cards, "badges")
    return render(request, "terminal/badges.html", {"issued": issued})


def _pdf(title: str, cards: list[Card], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(code_cards(title, cards), content_type="application/pdf", headers=headers)
