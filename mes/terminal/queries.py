"""What the terminal's shell asks: which work centers may be opened, which device this is, which taps were refused."""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.core import persons
from mes.core.attention import Attention
from mes.masterdata.models import Person, Site, WorkCenter
from mes.terminal.models import Device, TerminalEntry

MOST_SHOWN = 20
UNVERIFIED_SHOWN = timedelta(days=7)
SILENT_TOO_LONG = timedelta(minutes=15)
REVOKED_SEEN_WITHIN = 3.0
"""For so many seconds a poll believes that its device is not revoked; whatever books asks the database every time."""
MOST_DEVICES = 4096

BEFORE_DIGITS = re.compile(r"^[^0-9]*0*")
"""What stands before the digits that tell people apart."""

_good_until: dict[int, float] = {}
_lock = threading.Lock()


def work_centers(sites: Collection[Site]) -> QuerySet[WorkCenter]:
    """Return the active work centers of these sites."""
    return (
        WorkCenter.objects.filter(site__in=sites, active=True)
        .select_related("site", "area")
        .order_by("site__code", "code")
    )


def person_called(site: Site, words: str) -> Person | None:
    """Return the active person with this personnel number at the site, else the only one with this name.

    The pad of a terminal has digits only, so these alone mean who has them behind letters or zeros: 7 is E007.
    """
    people = Person.objects.filter(site=site, active=True)
    if found := people.filter(number=words).first():
        return found
    digits = words.lstrip("0") if words.isascii() and words.isdigit() else ""
    if digits:
        meant = [one for one in people.filter(number__endswith=digits) if BEFORE_DIGITS.sub("", one.number) == digits]
    else:
        meant = list(people.filter(name__iexact=words)[:2])
    return meant[0] if len(meant) == 1 else None


def people_lately_at(work_center: WorkCenter, *, most: int = 8) -> list[Person]:
    """Return the active people who entered something at the work center last, to choose from; in privacy mode nobody."""
    if work_center.site_id in persons.private_sites():
        return []
    latest = (
        TerminalEntry.objects.filter(work_center=work_center, person__active=True)
        .values("person")
        .annotate(last=Max("recorded_at"))
        .order_by("-last")[:most]
    )
    people = Person.objects.in_bulk([row["person"] for row in latest])
    return [people[row["person"]] for row in latest]


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


def unverified_entries(sites: Collection[Site], *, now: datetime) -> QuerySet[TerminalEntry]:
    """Return what was lately booked for people whom nobody has checked, the newest first."""
    return (
        TerminalEntry.objects.filter(
            identity=TerminalEntry.Identity.UNVERIFIED,
            state=TerminalEntry.State.SAVED,
            site__in=sites,
            recorded_at__gte=now - UNVERIFIED_SHOWN,
        )
        .select_related("work_center", "person", "site")
        .order_by("-recorded_at")
    )


def unverified_among(ids: Collection[UUID]) -> set[UUID]:
    """Return which of these facts were entered by somebody whom nobody has checked."""
    found = TerminalEntry.objects.filter(pk__in=ids, identity=TerminalEntry.Identity.UNVERIFIED)
    return set(found.values_list("pk", flat=True))


def entry_at(entry_id: UUID, sites: Collection[Site]) -> TerminalEntry | None:
    """Return an entry with whom and what a supervisor made of it, if it is of one of the sites."""
    return (
        TerminalEntry.objects.filter(pk=entry_id, site__in=sites)
        .select_related("work_center__site", "person", "booked_person", "device", "approved_by")
        .first()
    )


def fates(ids: Collection[UUID], work_center: WorkCenter) -> dict[str, dict[str, str]]:
    """Return what has become of entries that a terminal still shows as refused: ``{id: {state, said}}``."""
    found = TerminalEntry.objects.filter(pk__in=ids, site_id=work_center.site_id)
    return {str(entry.pk): {"state": entry.state, "said": entry.decision_note or entry.said} for entry in found}


def people_of(site: Site) -> QuerySet[Person]:
    """Return the active people of a site, by name."""
    return Person.objects.filter(site=site, active=True).order_by("name", "number")


def device_digest(secret: str) -> str:
    """Return what is stored of a device's token or code: its HMAC, so that a stolen table enrolls nothing."""
    return hmac.new(settings.SECRET_KEY.encode(), b"device:" + secret.encode(), hashlib.sha256).hexdigest()


def plain_code(typed: str) -> str:
    """Return an enrollment code as it was made, however it was typed."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())[:32]


def device_by_token(token: str) -> Device | None:
    """Return the device with this token, revoked or not."""
    if not token or len(token) > 200:
        return None
    return Device.objects.select_related("site", "work_center").filter(digest=device_digest(token)).first()


def is_revoked(device_id: int) -> bool:
    """Say whether the device was revoked, asking the database at most every ``REVOKED_SEEN_WITHIN`` seconds: for polls."""
    moment = time.monotonic()
    if _good_until.get(device_id, 0.0) > moment:
        return False
    if not Device.objects.filter(pk=device_id, revoked_at=None).exists():
        return True
    with _lock:
        if len(_good_until) >= MOST_DEVICES:
            _good_until.clear()
        _good_until[device_id] = moment + REVOKED_SEEN_WITHIN
    return False


def forget_devices() -> None:
    """Forget what this process believes of devices, so that a revocation made here counts at once."""
    with _lock:
        _good_until.clear()


def devices_of(sites: Collection[Site]) -> QuerySet[Device]:
    """Return the devices of these sites, those in use first."""
    return (
        Device.objects.filter(site__in=sites)
        .select_related("site", "work_center")
        .order_by("revoked_at", "site__code", "name")
    )


def silent_devices(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return devices that hold entries the server does not have, and have not been heard for a while."""
    silent = Device.objects.filter(
        site__code__in=sites, revoked_at=None, queue_length__gt=0, seen_at__lt=now - SILENT_TOO_LONG
    )
    return [
        Attention(
            key=f"device-{device.pk}",
            what=_("%(device)s holds %(n)s entries that are not sent") % {"device": device, "n": device.queue_length},
            how=_("Bring it back to the network and open its terminal; it sends them by itself."),
            url=reverse("terminal:devices"),
            since=device.seen_at,
        )
        for device in silent.order_by("seen_at")[:MOST_SHOWN]
    ]


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
            what=_what_was_refused(entry),
            how=entry.said,
            url=reverse("terminal:entry", args=[entry.pk]),
            since=entry.occurred_at,
        )
        for entry in refused
    ]


def _what_was_refused(entry: TerminalEntry) -> str:
    told = {"center": entry.work_center.code, "label": entry.label or entry.action}
    if entry.person is None:
        return _("%(center)s: “%(label)s” was not booked, and it is not clear whose it is") % told
    return _("%(center)s: “%(label)s” of %(person)s was not booked") % (told | {"person": entry.person.told_name})


def last_refusal() -> object:
    """Return what changes when a tap was refused, mended or decided on: for pages that ask again."""
    refused = TerminalEntry.objects.filter(state=TerminalEntry.State.REFUSED)
    return refused.count(), refused.aggregate(last=Max("recorded_at"))["last"]
