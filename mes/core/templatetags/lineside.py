"""How figures, states and progress are written on every page."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import segno
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import persons, tongues
from mes.core.check_character import with_check
from mes.core.paper.barcodes import QUIET_MODULES as QUIET
from mes.core.paper.barcodes import code128_bars

register = template.Library()

STATES: dict[str, tuple[str, str, Any]] = {
    # what it is: (class, icon, word)
    "PLANNED": ("idle", "idle", gettext_lazy("Planned")),
    "RELEASED": ("idle", "idle", gettext_lazy("Ready")),
    "PENDING": ("idle", "idle", gettext_lazy("Ready")),
    "WAITING": ("idle", "clock", gettext_lazy("Waiting for parts")),
    "SETUP": ("setup", "setup", gettext_lazy("Setup")),
    "RUNNING": ("run", "run", gettext_lazy("Running")),
    "PAUSED": ("slow", "pause", gettext_lazy("Paused")),
    "IDLE": ("idle", "idle", gettext_lazy("No job")),
    "HELD": ("down", "hold", gettext_lazy("On hold")),
    "COMPLETED": ("good", "check", gettext_lazy("Completed")),
    "CLOSED": ("idle", "check", gettext_lazy("Closed")),
    "CANCELLED": ("idle", "cross", gettext_lazy("Cancelled")),
    "OPEN": ("wait", "clock", gettext_lazy("Open")),
    "ACCEPTED": ("good", "check", gettext_lazy("Accepted")),
    "REJECTED": ("idle", "cross", gettext_lazy("Rejected")),
    "SUPERSEDED": ("idle", "cross", gettext_lazy("Superseded")),
    "NEW": ("idle", "clock", gettext_lazy("Enrolled, not seen yet")),
    "HERE": ("good", "check", gettext_lazy("Here")),
    "SILENT": ("wait", "waiting", gettext_lazy("Silent")),
    "REVOKED": ("idle", "cross", gettext_lazy("Revoked")),
    "STOPPED": ("down", "down", gettext_lazy("Stopped")),
    "AVAILABLE": ("good", "check", gettext_lazy("Free to use")),
    "HOLD": ("down", "hold", gettext_lazy("On hold")),
    "BLOCKED": ("down", "cross", gettext_lazy("Blocked")),
    "NO_DATA": ("no-data", "no-data", gettext_lazy("No data")),
    "check-due": ("wait", "clock", gettext_lazy("Due")),
    "check-late": ("bad", "alert", gettext_lazy("Late")),
    "check-failed": ("bad", "cross", gettext_lazy("Failed")),
    "check-passed": ("good", "check", gettext_lazy("Passed")),
    "check-released": ("wait", "check", gettext_lazy("Released all the same")),
    "erp-waiting": ("idle", "waiting", gettext_lazy("Waiting for the ERP")),
    "erp-sent": ("info", "waiting", gettext_lazy("Sent")),
    "erp-booked": ("good", "saved", gettext_lazy("Booked")),
    "erp-doubt": ("wait", "alert", gettext_lazy("Being checked")),
    "erp-rejected": ("bad", "cross", gettext_lazy("Refused by the ERP")),
}


@register.filter
def who(row: Any, names: str = "person") -> str:
    """Write who is named in the first of a row's fields (``person,by``) that names anybody: “somebody” in privacy mode."""
    return next((told for name in names.split(",") if row and (told := persons.shown(row, name))), "")


@register.filter
def told(row: Any, name: str = "name") -> str:
    """Write a row's text in the reader's language, or as it was entered where nobody translated it."""
    return tongues.told(row, name)


@register.simple_tag(name="told", takes_context=True)
def told_with_mark(context: Any, row: Any, name: str = "name", language: str = "") -> SafeString:
    """Write a row's text in the reader's language; one that nobody translated says in which it is (see ``source_mark``)."""
    return format_html("<bdi>{}</bdi>{}", tongues.told(row, name, language), source_mark(context, row, name, language))


@register.simple_tag(takes_context=True)
def source_mark(context: Any, row: Any, name: str = "name", language: str = "") -> SafeString:
    """Write in which language a text is that nobody translated; ``written_in`` of the context is the site's own, or "" ."""
    source = context.get("written_in", "")
    if not tongues.source_shown(row, name, source, language):
        return SafeString("")
    return format_html(' <span class="written-in">{}</span>', source.upper())


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Write a symbol of the sprite; it says nothing to a screen reader, the word beside it does."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def state(name: str, words: str = "") -> SafeString:
    """Write a state as color, icon and word; ``words`` instead of the usual word."""
    kind, symbol, usual = STATES.get(str(name), ("idle", "info", name))
    return format_html('<span class="state {}">{}<span>{}</span></span>', kind, icon(symbol), words or usual)


@register.simple_tag
def job_code(key: int) -> str:
    """Write what an operation is called on paper and scanned by: J, its key and a check character."""
    return with_check(f"J{key:08}")


@register.simple_tag
def reason_code(key: int) -> str:
    """Write what a reason is scanned by: R, its key, because reasons of two kinds may share their code, and a check character."""
    return with_check(f"R{key:08}")


@register.simple_tag
def command_code(key: str) -> str:
    """Write what a command of a terminal is scanned by: its key and a check character."""
    return with_check(key)


@register.simple_tag
def qr(text: str) -> SafeString:
    """Draw a text as a QR code, black on white in every theme, as cameras want it; the text itself is to stand beside it."""
    drawn = segno.make(text, error="m", micro=False)
    svg = drawn.svg_inline(scale=6, border=4, dark="#000000", light="#ffffff", omitsize=True, svgclass="qr")
    return mark_safe(svg.replace("<svg ", '<svg aria-hidden="true" ', 1))  # noqa: S308 - nothing of the text is in it


@register.simple_tag
def code128(text: str) -> SafeString:
    """Draw a text as a Code 128 for scanners that read no QR code; nothing where the code has no signs for it."""
    bars, modules = code128_bars(text)
    if not bars:
        return SafeString("")
    path = "".join(f"M{QUIET + start} 0h{width}v40h-{width}z" for start, width in bars)
    return format_html(
        '<svg class="code128" aria-hidden="true" viewBox="0 0 {} 40" preserveAspectRatio="none" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{}v40H0z"/><path d="{}"/></svg>',
        modules + 2 * QUIET, modules + 2 * QUIET, path,
    )  # fmt: skip


@register.filter
def qty(value: Decimal | int | None) -> str:
    """Write a quantity without needless zeros; "-" for none."""
    if value is None:
        return "–"
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def of(found: dict[Any, Any], key: Any) -> Any:
    """Return what a table has under a key, or None."""
    return found.get(key)


@register.filter
def minutes(value: Decimal | None) -> str:
    """Write minutes as people say them: 45 s, 12 min, 3 h 05."""
    if value is None:
        return "–"
    seconds = int(Decimal(value) * 60)
    if abs(seconds) < 60:
        return _("%(n)s s") % {"n": seconds}
    if abs(seconds) < 3600:
        return _("%(n)s min") % {"n": seconds // 60}
    return _("%(h)s h %(m)02d") % {"h": seconds // 3600, "m": seconds % 3600 // 60}


@register.filter
def percent(value: Decimal | None) -> str:
    """Write a share of one as a percentage with one place; "–" for none."""
    return "–" if value is None else f"{Decimal(value) * 100:.1f} %"


@register.filter
def exact_minutes(value: Decimal | None) -> str:
    """Write minutes with two places: for reading a computation along."""
    return "–" if value is None else _("%(n)s min") % {"n": f"{Decimal(value):,.2f}"}


@register.filter
def length_until(start: datetime, end: datetime) -> str:
    """Write how long it was from one moment to another."""
    return minutes(Decimal(round((end - start).total_seconds())) / 60)


@register.filter
def money(value: Decimal | None) -> str:
    """Write an amount with two places and thousands apart; its currency stands elsewhere on the page."""
    return "–" if value is None else f"{Decimal(value):,.2f}"


@register.filter
def exact_money(value: Decimal | None) -> str:
    """Write an amount or a rate with at least two places, and as many more as it has: for reading a computation along."""
    if value is None:
        return "–"
    whole, _point, places = f"{Decimal(value):,f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


@register.filter
def signed(value: Decimal | None) -> str:
    """Write a difference with its sign, as an amount."""
    return "–" if value is None else f"{Decimal(value):+,.2f}" if value else "0.00"


@register.filter
def favor(value: Decimal) -> str:
    """Say in a word which way a cost variance goes: more than it should have cost is unfavorable."""
    return _("unfavorable") if value > 0 else _("favorable") if value < 0 else ""


@register.filter
def label(name: str) -> str:
    """Write a field's name as people read it: due_at is "Due at"."""
    return str(name).replace("_", " ").strip().capitalize()


@register.filter
def clock(value: datetime | None) -> str:
    """Write a time of day in the zone of the page; in the hour that comes twice when summer time ends, which of the two."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    text = f"{local:%H:%M:%S}"
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return text
    return _("%(time)s (second)") % {"time": text} if local.fold else _("%(time)s (first)") % {"time": text}


@register.filter
def iso(value: datetime | None) -> str:
    """Write an instant for a timer of timers.js."""
    return value.isoformat() if value else ""


@register.simple_tag
def progress(total: Decimal, good: Decimal, scrap: Decimal = Decimal(0), rework: Decimal = Decimal(0)) -> SafeString:
    """Draw how much of ``total`` is good, scrapped and in rework; widths are SVG attributes, as inline style is forbidden."""
    whole = max(Decimal(total), good + scrap + rework, Decimal("0.000001"))
    x = Decimal(0)
    drawn = SafeString("")
    for kind, part in (("good", good), ("rework", rework), ("scrap", scrap)):
        width = Decimal(part) * 1000 / whole
        if width > 0:
            drawn += format_html(
                '<rect class="{}" x="{}" y="0" width="{}" height="10"/>', kind, f"{x:.1f}", f"{width:.1f}"
            )
            x += width
    label = _("%(good)s good, %(scrap)s scrap of %(total)s") % {
        "good": qty(good),
        "scrap": qty(scrap),
        "total": qty(total),
    }
    return format_html(
        '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        label,
        drawn,
    )
