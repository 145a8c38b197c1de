"""What quality plugs in: checks and nonconformances at the terminal, an order's results, and what needs attention."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.attention import Attention
from mes.core.errors import InvalidInput
from mes.core.tongues import told
from mes.execution.models import Operation, WorkOrder
from mes.execution.panels import looked_at, operation_of
from mes.execution.panels.board import OrderSection
from mes.execution.queries import terminal as execution
from mes.masterdata.models import ReasonCode, WorkCenter
from mes.terminal.panels import Action, Hotkey, Panel, Place, Shortcut, Tap
from quality import queries, services
from quality.models import Nonconformance, OrderCharacteristic, Trigger
from quality.queries import CheckState


class ChecksPanel(Panel):
    """What is to be inspected at the job, with a sheet for each check, and the way to report what is not right."""

    key = "quality"
    zone = "side"
    order = 4
    template = "quality/terminal/checks.html"
    shortcut = Shortcut(
        "nonconform",
        "nonconform",
        "alert",
        gettext_lazy("Not as it should be"),
        why=gettext_lazy("Start the job first."),
    )

    def context(self, place: Place) -> dict[str, Any]:
        job = looked_at(place)["job"]
        if job is None:
            return {"job": None}
        found = queries.states_of([job.operation], now=place.now).get(job.operation.pk, [])
        rows = [_row(state, place.now) for state in found if _can_be_done(state, job.operation)]
        return {
            "job": job,
            "center": place.work_center,
            "rows": rows,
            "waiting": sum(row["state"].is_open for row in rows),
            "next": [_words_of_next(state, job.operation) for state in found if state.check.trigger == Trigger.COUNT],
            "has_plan": bool(found),
            "reasons": execution.reasons_for(place.work_center, ReasonCode.Kind.SCRAP),
            "open": list(queries.found_at(job.operation)),
            "keys": "123456789",
        }


def _can_be_done(state: CheckState, operation: Operation) -> bool:
    """Return whether the terminal offers the check: it is open, failed, or belongs to an end that may come any time."""
    if state.is_open or state.is_failed:
        return True
    return queries.before_the_end(state.check) and state.result is None and operation.started_at is not None


def _row(state: CheckState, now: datetime) -> dict[str, Any]:
    occurrence = state.latest.key if state.latest else state.check.trigger.lower()
    sample = queries.sample_of(state.check, occurrence)
    return {
        "state": state,
        "occurrence": occurrence,
        "late": state.is_late(now),
        "fields": [(one, piece, sample.last.get((one.pk, piece))) for one, piece in sample.wanted],
        "sample_id": queries.sample_id(state.check, occurrence),
        "measured": any(one.kind == OrderCharacteristic.Kind.VARIABLE for one in sample.characteristics),
        "minus": any(one.lower is None or one.lower < 0 for one in sample.characteristics if one.uom),
        "reactions": {told(one, "reaction") for one in sample.characteristics if one.reaction}
        if state.is_failed
        else set(),
    }


def _words_of_next(state: CheckState, operation: Operation) -> str:
    """Say in how many pieces the check by count comes again."""
    every = state.check.every or 1
    left = every - operation.good_quantity % every
    return _("Next check in %(n)s pieces") % {"n": f"{left.normalize():f}"}


class Inspect(Action):
    """Values of a sample; the answer judges them."""

    key = "inspect"

    def apply(self, tap: Tap) -> str:
        operation_id = operation_of(tap).pk
        entries = self._entries(tap, operation_id)
        taken = services.take_readings(
            operation_id=operation_id,
            check_id=tap.number("check"),
            occurrence=tap.text("occurrence"),
            entries=entries,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            gauge=tap.text("gauge", needed=False)[:64],
        )
        wrong = [services.words_of(reading) for reading in taken if not reading.passed]
        return _("out of tolerance – %(what)s") % {"what": "; ".join(wrong)} if wrong else _("in tolerance")

    def _entries(self, tap: Tap, operation_id: int) -> list[services.Entry]:
        """Return one entry for each field ``v<characteristic>-<piece>`` of the payload."""
        codes = {
            str(pk): code
            for pk, code in OrderCharacteristic.objects.filter(operation_id=operation_id).values_list("pk", "code")
        }
        entries = []
        for name in sorted(tap.payload):
            key, _dash, piece = name.removeprefix("v").partition("-")
            if not name.startswith("v") or not piece.isascii() or not piece.isdigit() or len(piece) > 4:
                continue
            entries.append(
                services.Entry(
                    reading_id=uuid.uuid5(tap.id, name), characteristic=codes.get(key, key[:32]), piece=int(piece),
                    text=tap.text(name),
                )
            )  # fmt: skip
        if not entries:
            raise InvalidInput(_("No value was entered. Enter at least one."))
        return entries


class Nonconform(Action):
    """Pieces that are not as they should be: what, how many, and whether the order is held."""

    key = "nonconform"

    def apply(self, tap: Tap) -> str:
        row = services.raise_nonconformance(
            nonconformance_id=tap.id,
            operation_id=operation_of(tap).pk,
            quantity=tap.quantity(),
            reason=tap.text("reason"),
            hold=tap.text("hold", needed=False),
            note=tap.text("note", needed=False),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved as %(number)s") % {"number": row.number}


class QualitySection(OrderSection):
    """The results and nonconformances of an order."""

    key = "quality"
    order = 15
    template = "quality/order.html"
    right = "quality:read"

    def context(self, work_order: WorkOrder) -> dict[str, Any]:
        results = queries.results_of([work_order.pk])
        found = list(queries.nonconformances().filter(work_order=work_order).order_by("-recorded_at")[:200])
        if not results and not found:
            return {}
        return {"results": results, "found": [(one, queries.left_of(one)) for one in found]}


def look(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return checks that are late or failed, and nonconformances that nobody has decided about."""
    listed = []
    for due in queries.due_checks(sites=sites, now=now):
        state = due.state
        if state.latest is None or not (due.late or state.is_failed):
            continue
        what = (
            _("%(where)s: check “%(check)s” failed") if state.is_failed else _("%(where)s: check “%(check)s” is late")
        )
        listed.append(
            Attention(
                key=f"check-{state.check.pk}-{state.latest.key}",
                what=what % {"where": due.operation, "check": state.check},
                how=_("Measure again, or release it with a reason.")
                if state.is_failed
                else _("Measure it at the terminal."),
                url=reverse("quality:sample", args=[state.check.pk, state.latest.key]),
                since=state.latest.due_at,
            )
        )
    for row in queries.open_nonconformances(sites=sites)[:20]:
        listed.append(
            Attention(
                key=f"nonconformance-{row.pk}",
                what=_("%(number)s: %(n)s %(unit)s of %(where)s, %(why)s")
                % {
                    "number": row.number,
                    "n": f"{queries.left_of(row).normalize():f}",
                    "unit": row.uom,
                    "where": where_of(row),
                    "why": row.reason.name,
                },
                how=_("Decide what becomes of them."),
                url=reverse("quality:nonconformance", args=[row.pk]),
                since=row.recorded_at,
                severity="wait",
            )
        )
    return listed


def open_points(work_center: WorkCenter, now: datetime) -> list[str]:
    """Return for a handover a sentence for each finding of this work center that nobody has decided about."""
    return [
        _("%(number)s: %(n)s %(unit)s of %(where)s, %(why)s")
        % {
            "number": row.number,
            "n": f"{queries.left_of(row).normalize():f}",
            "unit": row.uom,
            "where": where_of(row),
            "why": told(row.reason),
        }
        for row in queries.open_at(work_center)
    ]


def where_of(row: Nonconformance) -> str:
    """Return the operation or lot that a nonconformance is of, as people name it."""
    if row.work_order and row.operation:
        return f"{row.work_order.number}/{row.operation.number}"
    return _("lot %(lot)s") % {"lot": row.lot}


PANELS = (ChecksPanel,)
ACTIONS = (Inspect, Nonconform)
HOTKEYS = (Hotkey(key="F6", words=gettext_lazy("The first check that is due"), order=6),)
