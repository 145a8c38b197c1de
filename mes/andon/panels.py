"""What this app plugs into the terminal, the board and handovers."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mes.andon import queries, services
from mes.andon.models import Call, CallKind
from mes.core.attention import Attention
from mes.documents.queries import photos_of
from mes.equipment.queries import stops
from mes.execution.rules import shown
from mes.masterdata.models import WorkCenter
from mes.terminal.panels import Action, Hotkey, Panel, Place, Shortcut, Tap

A_DAY = timedelta(days=1)
ICONS = {"MATERIAL": "material", "QUALITY": "check", "MAINTENANCE": "setup", "LEAD": "person"}


class CallsPanel(Panel):
    """Call somebody in two taps, and see who comes."""

    key = "calls"
    zone = "side"
    order = 30
    template = "andon/terminal/calls.html"
    shortcut = Shortcut("call-somebody", "call-somebody", "alert", gettext_lazy("Call"), hotkey="F8")

    def context(self, place: Place) -> dict[str, Any]:
        opened = queries.calls_at(work_center_id=place.work_center.pk)
        by_place = {(call.kind, call.work_unit_id): call for call in opened}
        units = stops.units_at(work_center_id=place.work_center.pk)
        kinds = []
        for kind, label in CallKind.choices:
            # Maintenance is called to a machine: the only one there is, or one of several.
            for unit in units if kind == CallKind.MAINTENANCE and units else [None]:
                is_one_of_several = unit is not None and len(units) > 1
                call = by_place.get((kind, unit.pk if unit else None))
                name = f"{kind}-{unit.pk}" if unit and is_one_of_several else kind
                kinds.append(
                    {
                        "name": name,
                        "kind": kind,
                        "unit": unit.code if unit else "",
                        "label": f"{label} · {unit.code}" if unit and is_one_of_several else label,
                        "icon": ICONS[kind],
                        "call": call,
                    }
                )
        shown = [{"call": call, "icon": ICONS[call.kind], "label": call.get_kind_display()} for call in opened]
        return {"kinds": kinds, "opened": shown}


class HandedOverPanel(Panel):
    """What the shift before left, above everything else until somebody has read it."""

    key = "handed-over"
    zone = "side"
    order = 0
    template = "andon/terminal/handed_over.html"

    def context(self, place: Place) -> dict[str, Any]:
        waiting = queries.waiting_handover(work_center_id=place.work_center.pk)
        photos = photos_of("handover", [waiting.pk], place.work_center.site) if waiting else []
        return {"waiting": waiting, "photos": photos}


class HandoverPanel(Panel):
    """Hand the work center over, with what is open."""

    key = "handover"
    zone = "side"
    order = 60
    template = "andon/terminal/handover.html"

    def context(self, place: Place) -> dict[str, Any]:
        points = queries.open_points(place.work_center, now=place.now)
        return {"points": points, "center": place.work_center}


class RaiseCall(Action):
    key = "call"

    def apply(self, tap: Tap) -> str:
        services.raise_call(
            call_id=tap.id,
            work_center_id=tap.work_center.pk,
            kind=tap.text("kind"),
            note=tap.text("note", needed=False),
            work_unit=tap.text("unit", needed=False),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved")


class HandOver(Action):
    key = "hand-over"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.hand_over(
            handover_id=tap.id,
            work_center_id=tap.work_center.pk,
            note=tap.text("note", needed=False),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved")


class TakeOver(Action):
    key = "take-over"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.accept_handover(handover_id=tap.uuid("handover"), person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


def running_jobs(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return a sentence for each job that was begun and is not finished."""
    return [
        _("%(order)s/%(operation)s %(item)s: %(good)s of %(total)s %(uom)s good, %(state)s")
        % {
            "order": job.work_order.number,
            "operation": job.number,
            "item": job.work_order.item.name,
            "good": shown(job.good_quantity),
            "total": shown(job.work_order.order_quantity),
            "uom": str(job.work_order.uom),
            "state": job.get_status_display().lower(),
        }
        for job in queries.running_jobs(work_center)
    ]


def on_hold(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return a sentence for each hold that stops work here."""
    return [
        _("%(order)s is on hold: %(why)s") % {"order": hold.work_order.number, "why": hold}
        for hold in queries.holds_at(work_center)
    ]


def unexplained(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return a sentence for each stop that nobody has explained."""
    zone = ZoneInfo(work_center.site.time_zone)
    return [
        _("%(unit)s stood still from %(start)s to %(end)s, nobody said why")
        % {
            "unit": stop.unit.code,
            "start": f"{stop.interval.start.astimezone(zone):%H:%M}",
            "end": f"{stop.interval.end.astimezone(zone):%H:%M}",
        }
        if stop.interval.end
        else _("%(unit)s stands still since %(start)s, nobody said why")
        % {"unit": stop.unit.code, "start": f"{stop.interval.start.astimezone(zone):%H:%M}"}
        for stop in reversed(stops.unexplained(stops.units_at(work_center_id=work_center.pk), now=now, within=A_DAY))
    ]


def called(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return a sentence for each open call."""
    zone = ZoneInfo(work_center.site.time_zone)
    return [
        _("%(kind)s was called at %(time)s")
        % {"kind": call.get_kind_display(), "time": f"{call.raised_at.astimezone(zone):%H:%M}"}
        for call in queries.calls_at(work_center_id=work_center.pk)
    ]


def needs_attention(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return calls that nobody has acknowledged."""
    return [
        Attention(
            key=f"call-{one.call.pk}",
            what=_("%(center)s calls: %(kind)s") % {"center": one.call.place, "kind": one.call.get_kind_display()},
            how=one.call.note
            or (
                _("Nobody has answered; %(who)s was told.") % {"who": one.step.tells}
                if one.step
                else ngettext(
                    "Nobody has answered for %(n)s minute.",
                    "Nobody has answered for %(n)s minutes.",
                    _minutes(one.call, now),
                )
                % {"n": _minutes(one.call, now)}
            ),
            url=reverse("andon:board"),
            since=one.call.raised_at,
        )
        for one in queries.open_calls(sites=sites, now=now)
        if one.call.status == Call.Status.RAISED
    ]


def _minutes(call: Call, now: datetime) -> int:
    return int((now - call.raised_at).total_seconds() // 60)


PANELS = (CallsPanel, HandedOverPanel, HandoverPanel)
ACTIONS = (RaiseCall, HandOver, TakeOver)
HOTKEYS = (Hotkey(key="F8", words=gettext_lazy("Call somebody"), order=8),)
