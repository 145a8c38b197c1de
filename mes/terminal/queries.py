"""What the terminal's shell asks: which work centers a person may open, and which taps were refused."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet
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


def waiting_entries(sites: Collection[Site]) -> QuerySet[TerminalEntry]:
    """Return what was refused and waits for a supervisor, in the order in which it was entered."""
    return (
        TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED, site__in=sites)
        .select_related("work_center", "person", "site")
        .order_by("occurred_at", "recorded_at")
    )


def entry_at(entry_id: UUID, sites: Collection[Site]) -> TerminalEntry | None:
    """Return an entry with whom and what a supervisor made of it, if it is of one of the sites."""
    return (
        TerminalEntry.objects.filter(pk=entry_id, site__in=sites)
        .select_related("work_center__site", "person", "booked_person")
        .first()
    )


def fates(ids: Collection[UUID], work_center: WorkCenter) -> dict[str, dict[str, str]]:
    """Return what has become of entries that a terminal still shows as refused: ``{id: {state, said}}``."""
    found = TerminalEntry.objects.filter(pk__in=ids, site_id=work_center.site_id)
    return {str(entry.pk): {"state": entry.state, "said": entry.decision_note or entry.said} for entry in found}


def people_of(site: Site) -> QuerySet[Person]:
    """Return the active people of a site, by name."""
    return Person.objects.filter(site=site, active=True).order_by("name", "number")


def refused_taps(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return what was entered at terminals and refused, and nobody has decided on yet."""
    refused = (
        TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED, site__code__in=sites)
        .select_related("work_center", "person")
        .order_by("recorded_at")[:MOST_SHOWN]
    )
    return [
        Attention(
            key=f"tap-{entry.pk}",
            what=_("%(center)s: “%(label)s” of %(person)s was not booked")
            % {
                "center": entry.work_center.code,
                "label": entry.label or entry.action,
                "person": entry.person.name if entry.person else _("nobody"),
            },
            how=entry.said,
            url=reverse("terminal:entry", args=[entry.pk]),
            since=entry.occurred_at,
        )
        for entry in refused
    ]


def last_refusal() -> object:
    """Return what changes when a tap was refused, mended or decided on: for pages that ask again."""
    refused = TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED)
    return refused.count(), refused.aggregate(last=Max("recorded_at"))["last"]
