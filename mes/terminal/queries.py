"""What the terminal's shell asks: which work centers a person may open, and which taps were refused."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.core.attention import Attention
from mes.core.errors import NotFound
from mes.masterdata.models import Person, Site, WorkCenter
from mes.terminal.models import TerminalEntry

MOST_SHOWN = 20


def work_centers(sites: Collection[Site]) -> QuerySet[WorkCenter]:
    """Return the active work centers of these sites."""
    return (
        WorkCenter.objects.filter(site__in=sites, active=True)
        .select_related("site", "area")
        .order_by("site__code", "code")
    )


def work_center_at(code: str, sites: Collection[Site]) -> WorkCenter:
    """Return the work center with this code at one of the sites.

    :raises NotFound: there is none there.
    """
    found = work_centers(sites).filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no work center “%(code)s” that this device may open.") % {"code": code})
    return found


def person_by_number(site: Site, number: str) -> Person | None:
    """Return the active person with this personnel number at the site."""
    return Person.objects.filter(site=site, number=number, active=True).first()


def person_by_key(key: int, site: Site) -> Person | None:
    """Return the active person with this key at the site."""
    return Person.objects.filter(pk=key, site=site, active=True).first()


def refused_taps(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return what was entered at terminals and refused, and nobody has seen to yet."""
    refused = (
        TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED, site__code__in=sites)
        .select_related("work_center", "person")
        .order_by("recorded_at")[:MOST_SHOWN]
    )
    return [
        Attention(
            key=f"tap-{entry.pk}",
            what=_("%(center)s: an entry of %(person)s was not booked")
            % {"center": entry.work_center.code, "person": entry.person.name if entry.person else _("nobody")},
            how=entry.said,
            url=reverse("terminal:entry", args=[entry.pk]),
            since=entry.occurred_at,
        )
        for entry in refused
    ]


def last_refusal() -> object:
    """Return what changes when a tap was refused, mended or settled: for pages that ask again."""
    refused = TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED)
    return refused.count(), TerminalEntry.objects.filter(state=TerminalEntry.State.SETTLED).count()
