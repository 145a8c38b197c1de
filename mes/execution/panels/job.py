"""The terminal's view of a work center: what runs, what can be done about it, what comes next, what was entered."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from mes.core.durations import as_timedelta
from mes.execution import gates
from mes.execution.models import Operation, OrderComponent
from mes.execution.queries import terminal as queries
from mes.execution.queries.counters import last_on_machine, last_reading
from mes.masterdata.models import ReasonCode, WorkUnit
from mes.material.models import StockPlace
from mes.material.queries import HeldLot, held_lots, numbering_rule
from mes.terminal.panels import Panel, Place, actions, erp_answers, standstill_of
from mes.terminal.queries import unverified_among

TEN = Decimal(10)
BAR = {"STOPPED": "down", "RUNNING": "run", "SETUP": "setup", "HELD": "down", "PAUSED": "slow"}


def looked_at(place: Place) -> dict[str, Any]:
    """Return the work center's jobs and the one the terminal looks at, asked once for all panels."""
    if "job" not in place.shared:
        jobs = queries.jobs_at(place.work_center)
        by_key = {str(job.operation.pk): job for job in jobs}
        job = by_key.get(place.job)
        if job is None and place.job.isdecimal() and len(place.job) < 18:
            job = queries.job_of(int(place.job), place.work_center)
        if job is None:
            # Nothing chosen: what runs, else what was paused, else what can be started, so that starting it is one tap.
            job = next((one for one in jobs if one.is_active), None)
            job = job or next((one for one in jobs if one.state == Operation.Status.PAUSED), None)
            job = job or next((one for one in jobs if one.state == Operation.Status.PENDING), None)
        place.shared.update(
            {
                "jobs": jobs,
                "job": job,
                "active": [one for one in jobs if one.is_active],
                "late": bool(job and job.is_late(place.now)),
                "work_center": place.work_center,
                "now": place.now,
            }
        )
    return place.shared


class BarPanel(Panel):
    key = "bar"
    zone = "bar"
    template = "execution/terminal/bar.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        job = seen["job"]
        name, since, reason = job.state if job else "IDLE", job.since if job else None, ""
        if job and job.is_active and name != "HELD" and job.operation.work_unit_id:
            stopped = standstill_of(job.operation.work_unit_id, place.now)
            if stopped:
                name, since, reason = "STOPPED", stopped.since, stopped.reason
        return seen | {"state_name": name, "bar_state": BAR.get(name, "idle"), "since": since, "reason": reason}


class JobPanel(Panel):
    key = "job"
    zone = "job"
    template = "execution/terminal/job.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        job = seen["job"]
        if job is None:
            return seen
        operation = job.operation
        units = (
            queries.work_units_of(place.work_center) if job.is_open and not job.is_active and not job.is_held else []
        )
        same_unit = [one for one in seen["active"] if one.operation.work_unit_id == operation.work_unit_id]
        placers = queries.placers_of(job.holds, site_id=place.work_center.site_id) if job.holds else {}
        return seen | {
            "holds": [(hold, placers.get(hold.pk, "")) for hold in job.holds],
            "beside": len(same_unit) if job.is_active and operation.work_unit_id and len(same_unit) > 1 else 0,
            "may_move": operation.work_unit_id is not None and len(units) > 1,
            "output_lot": queries.output_lot(job),
            "planned_minutes": operation.planned_run_time_per_unit * job.remaining,
            "setting_up_since": _setting_up_since(job),
        }


def _setting_up_since(job: queries.Job) -> datetime | None:
    """Return when the setup would have begun had it never been broken off; None where nobody sets up just now."""
    if job.state != Operation.Status.SETUP or job.since is None:
        return None
    return job.since - as_timedelta(job.operation.actual_setup_time)


class PadPanel(Panel):
    """Nine places that never move; what cannot be done now says why."""

    key = "pad"
    zone = "pad"
    template = "execution/terminal/pad.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        job = seen["job"]
        if job is None:
            return seen
        item = job.order.item
        packed = item.pack_quantity if item.uom_id == job.order.uom_id else None
        pack = packed or (TEN if job.usual >= TEN or job.usual <= 1 else job.usual)
        return seen | {
            "before_start": "" if job.is_active else gates.sheet_before(job.operation, "START"),
            "before_end": gates.sheet_before(job.operation, "END") if job.is_open else "",
            "pack": pack,
            "packed": packed,
            "usual": min(packed, job.usual or packed) if packed else job.usual or pack,
            "ask_over": max(min(job.usual, 2 * packed), packed) if packed else max(job.usual, 2 * pack),
            "lot": queries.output_lot(job),
            "numbered": job.needs_lot and numbering_rule(job.order.item) is not None,
            **_counter(job),
            "scrap_reasons": queries.reasons_for(place.work_center, ReasonCode.Kind.SCRAP),
            "work_units": _with_jobs(queries.work_units_of(place.work_center), seen["active"]),
            "keys": "123456789",
            "decimals": job.order.uom.decimals,
        }


def _with_jobs(units: list[WorkUnit], active: list[queries.Job]) -> list[tuple[WorkUnit, list[queries.Job]]]:
    """Return each machine with the jobs that are on it now, so that whoever chooses one sees which are free."""
    return [(unit, [one for one in active if one.operation.work_unit_id == unit.pk]) for unit in units]


def _counter(job: queries.Job) -> dict[str, Any]:
    """Return what the counter showed last: of this job, or where it has none yet, of its machine."""
    last = last_reading(job.operation.pk)
    if last is None:
        return {"counter": None, "counter_from": last_on_machine(job.operation.work_unit_id)}
    return {"counter": last, "counter_over": last.value + 2 * max(job.usual, TEN)}


class NextPanel(Panel):
    key = "next"
    zone = "next"
    template = "execution/terminal/next.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        rows = [(job, job.is_late(place.now)) for job in seen["jobs"]]
        keys = [job.operation.pk for job in seen["jobs"]]
        shown = keys.index(seen["job"].operation.pk) if seen["job"] and seen["job"].operation.pk in keys else -1
        return seen | {"rows": rows, "next_up": keys[(shown + 1) % len(keys)] if keys else None}


def _held(place: Place) -> tuple[list[HeldLot], int]:
    """Return what of the job's material, and of what it makes, nobody may use, and how many more; asked once."""
    seen = looked_at(place)
    job = seen["job"]
    if job is None:
        return [], 0
    if "held" not in seen:
        items = OrderComponent.objects.filter(operation=job.operation).values_list("item_id", flat=True)
        seen["held"] = held_lots(
            site_id=place.work_center.site_id, items=[job.order.item_id, *items], order=job.order.number
        )
    held: tuple[list[HeldLot], int] = seen["held"]
    return held


class HeldPanel(Panel):
    """Lots and single pieces that nobody may use, why and who said so: seen before somebody scans one."""

    key = "held"
    zone = "next"
    order = 1
    template = "execution/terminal/held.html"

    def context(self, place: Place) -> dict[str, Any]:
        held, more = _held(place)
        return {"held": held, "more": more}


class MaterialPanel(Panel):
    """Components: issue by scan, give back, use something else with a reason, call for what is short."""

    key = "material"
    zone = "side"
    order = 30
    template = "execution/terminal/material.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        job = seen["job"]
        lines = queries.components_of(job.operation, place.now) if job else []
        return seen | {
            "lines": lines,
            "held": _held(place)[0],
            "byproducts": queries.usual_byproducts(job.order.item) if job else [],
            "keys": "123456789",
            "return_reasons": queries.reasons_for(place.work_center, ReasonCode.Kind.RETURN) if lines else [],
            "can_call": "call" in actions,
            "line_place": StockPlace.objects.filter(work_center=place.work_center, active=True)
            .order_by("code")
            .first(),
        }


class LastPanel(Panel):
    """What was entered last, and what the ERP says about it."""

    key = "last"
    zone = "side"
    order = 10
    template = "execution/terminal/last.html"

    def context(self, place: Place) -> dict[str, Any]:
        seen = looked_at(place)
        jobs = [seen["job"]] if seen["job"] else seen["jobs"]
        entered = queries.last_entries([job.operation for job in jobs])
        keys = [one.fact.pk for one in entered]
        answers = erp_answers(keys)
        return {
            "unverified": unverified_among(keys),
            "entries": [(one, one.fact, answers.get(one.fact.pk, [])) for one in entered],
            "job": seen["job"],
            "work_center": place.work_center,
        }
