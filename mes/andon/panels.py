"""What this app plugs into the terminal, the board and handovers."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.andon import queries, services
from mes.andon.models import Call, CallKind
from mes.core.attention import Attention
from mes.execution.rules import shown
from mes.masterdata.models import WorkCenter
from mes.terminal.panels import Action, Panel, Place, Tap

ICONS = {"MATERIAL": "material", "QUALITY": "check", "MAINTENANCE": "setup", "LEAD": "person"}


class CallsPanel(Panel):
    """Call somebody in two taps, and see who comes."""

    key = "calls"
    zone = "side"
    order = 30
    template = "andon/terminal/calls.html"

    def context(self, place: Place) -> dict[str, Any]:
        opened = queries.calls_at(work_center_id=place.work_center.pk)
        kinds = [
            {"kind": kind, "label": label, "icon": ICONS[kind], "call": opened.get(kind)}
            for kind, label in CallKind.choices
        ]
        return {"kinds": kinds, "opened": [one for one in kinds if one["call"]]}


class HandoverPanel(Panel):
    """Hand over, and see what was handed over."""

    key = "handover"
    zone = "side"
    order = 60
    template = "andon/terminal/handover.html"

    def context(self, place: Place) -> dict[str, Any]:
        return {
            "waiting": queries.waiting_handover(work_center_id=place.work_center.pk),
            "points": queries.open_points(place.work_center, now=place.now),
        }


class RaiseCall(Action):
    key = "call"

    def apply(self, tap: Tap) -> str:
        services.raise_call(
            call_id=tap.id,
            work_center_id=tap.work_center.pk,
            kind=tap.text("kind"),
            note=tap.text("note", needed=False),
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
            "uom": job.work_order.uom.code,
            "state": job.get_status_display().lower(),
        }
        for job in queries.running_jobs(work_center)
    ]


def called(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return a sentence for each open call."""
    return [
        _("%(kind)s is called since %(minutes)s min")
        % {"kind": call.get_kind_display(), "minutes": _minutes(call, now)}
        for call in queries.calls_at(work_center_id=work_center.pk).values()
    ]


def needs_attention(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return calls that nobody has acknowledged."""
    return [
        Attention(
            key=f"call-{one.call.pk}",
            what=_("%(center)s calls: %(kind)s")
            % {"center": one.call.work_center.code, "kind": one.call.get_kind_display()},
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


PANELS = (CallsPanel, HandoverPanel)
ACTIONS = (RaiseCall, HandOver, TakeOver)
