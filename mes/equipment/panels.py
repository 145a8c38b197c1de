"""What equipment plugs into the terminal: machines with their state, the shift so far, stops that need a reason, taps."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import InvalidInput, NotFound
from mes.core.tongues import told
from mes.equipment import services
from mes.equipment.models import MaintenanceRequest
from mes.equipment.queries import stops as queries
from mes.equipment.queries.strip import strip_of
from mes.equipment.rules import states
from mes.execution.panels import looked_at
from mes.masterdata.models import WorkUnit
from mes.terminal.panels import Action, Hotkey, Panel, Place, Standstill, Tap
from mes.terminal.rules import is_on_a_clock

MOST_SHOWN = 6


MOST_LINES = 3


def seen_stops(place: Place, units: list[WorkUnit]) -> list[queries.Stop]:
    """Return the stops of the terminal's units that need a reason, asked once for all panels."""
    if "unexplained" not in place.shared:
        place.shared["unexplained"] = queries.unexplained(units, now=place.now)
    found: list[queries.Stop] = place.shared["unexplained"]
    return found


class StripPanel(Panel):
    """The shift so far along the bottom, a line per machine; where a reason is missing, one says it there."""

    key = "strip"
    zone = "shift"
    template = "equipment/terminal/strip.html"

    def context(self, place: Place) -> dict[str, Any]:
        units = queries.units_at(work_center_id=place.work_center.pk)
        waiting = seen_stops(place, units)
        shown = frozenset(stop.interval.key for stop in waiting[:MOST_SHOWN])
        found = strip_of(units[:MOST_LINES], waiting=frozenset(stop.interval.key for stop in waiting), now=place.now)
        return {"strip": found, "waiting": waiting, "shown": shown, "left_out": max(len(units) - MOST_LINES, 0)}


class MachinesPanel(Panel):
    """The work units of the terminal: what they do now, stopping them, and explaining stops later."""

    key = "machines"
    zone = "side"
    order = 1
    template = "equipment/terminal/machines.html"

    def context(self, place: Place) -> dict[str, Any]:
        job = looked_at(place)["job"]
        shown = job.operation.work_unit_id if job else None
        # The machine of the job one looks at comes first: what stops it is not to be looked for, nor mistaken.
        units = sorted(queries.units_at(work_center_id=place.work_center.pk), key=lambda unit: unit.pk != shown)
        now = queries.current_intervals(units, now=place.now)
        calls = {one.work_unit_id: one for one in _open_calls(units)}
        waiting = seen_stops(place, units)
        asking = {stop.unit.pk for stop in waiting if stop.interval.end is None}
        tree = queries.reason_tree(place.work_center.site) if units else []
        return {
            "machines": [
                {
                    "unit": unit,
                    "held": now.get(unit.pk),
                    "call": calls.get(unit.pk),
                    "asks": unit.pk in asking,
                    "usual": queries.usual_reasons(work_unit=unit, now=place.now),
                }
                for unit in units
            ],
            "waiting": waiting[:MOST_SHOWN],
            "more": max(len(waiting) - MOST_SHOWN, 0),
            "tree": tree,
        }


def standstill(work_unit_id: int, now: datetime) -> Standstill | None:
    """Return how a work unit stands still, for the bar of the terminal; None where it does not."""
    held = queries.current_intervals(list(WorkUnit.objects.filter(pk=work_unit_id)), now=now).get(work_unit_id)
    if held is None or held.state != states.STOPPED:
        return None
    return Standstill(since=held.start, reason=told(held.reason) if held.reason else "")


def _open_calls(units: list[WorkUnit]) -> QuerySet[MaintenanceRequest]:
    return MaintenanceRequest.objects.filter(work_unit__in=units).exclude(status=MaintenanceRequest.Status.DONE)


def _unit(tap: Tap) -> int:
    """Return the key of one of the terminal's own work units.

    :raises NotFound: it is another work center's.
    """
    found = WorkUnit.objects.filter(work_center=tap.work_center, code=tap.text("unit"), active=True).first()
    if found is None:
        raise NotFound(
            _("%(center)s has no work unit “%(unit)s”. Choose one of its machines.")
            % {"center": tap.work_center.code, "unit": tap.text("unit")[:64]},
            field="unit",
        )
    return found.pk


class Stop(Action):
    """The machine stands still, with a reason or with one to be given later."""

    key = "stop"

    def apply(self, tap: Tap) -> str:
        services.report_stop(
            entry_id=tap.id,
            work_unit_id=_unit(tap),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            reason=tap.text("reason", needed=False),
            note=tap.text("note", needed=False),
        )
        return _("saved")


class RunsAgain(Action):
    key = "runs-again"

    def apply(self, tap: Tap) -> str:
        services.end_stop(entry_id=tap.id, work_unit_id=_unit(tap), person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class Explain(Action):
    """Give a stop its reason; ``at`` is a moment within it."""

    key = "explain-stop"

    def apply(self, tap: Tap) -> str:
        try:
            at = parse_datetime(tap.text("at"))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not is_on_a_clock(at):
            raise InvalidInput(_("The entry does not say which stop is meant. Reload the page."), field="at")
        services.explain_stops(
            explanation_id=tap.id,
            stops=[(_unit(tap), at)],
            reason=tap.text("reason"),
            note=tap.text("note", needed=False),
            person=tap.person,
            now=tap.now,
        )
        return _("saved")


class CallMaintenance(Action):
    key = "call-maintenance"

    def apply(self, tap: Tap) -> str:
        services.request_maintenance(
            request_id=tap.id,
            work_unit_id=_unit(tap),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            note=tap.text("note", needed=False),
        )
        return _("saved")


PANELS = (MachinesPanel, StripPanel)
ACTIONS = (Stop, RunsAgain, Explain, CallMaintenance)
HOTKEYS = (Hotkey(key="F4", words=gettext_lazy("Stop, or the reason of a stop"), order=4),)
