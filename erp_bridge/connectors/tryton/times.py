"""Machine time as cycles of works, labor time as lines of timesheets."""

import re
from decimal import Decimal
from typing import Any

from erp_bridge.connectors.tryton import catalog, codec, notes, order
from erp_bridge.connectors.tryton.bookings import Job, require_open
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.order import Cycle, Work
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import LaborTime, MachineTime
from erp_bridge.sdk.errors import Rejected

_KEY = re.compile(r"\(Lineside (\w+)\)")


def own_cycles(job: Job) -> list[Cycle]:
    """Return the cycles that were made under this key."""
    ours = {cycle.id: cycle for cycle in job.order.cycles if cycle.ours}
    return [ours[each] for each in notes.window(job.notes, job.key, list(ours), "cycles")]


def book_machine_time(job: Job, document: MachineTime) -> Ack:
    """Make one cycle of the operation's work, with this duration, and finish it: Tryton values it by the work center."""
    if not own_cycles(job):
        require_open(job.order)
        work = job.order.work(document.operation)
        if document.minutes < 0:
            raise Rejected("Tryton cannot take back the time of a finished cycle.", code="NEGATIVE_CYCLE")
        job = job.announced(
            f"{document.minutes} min {document.activity.lower()} on {document.work_center}, operation {document.operation}."
        )
        values = {"works": [["write", [work.id], {"cycles": [["create", [{}]]]}]]}
        order.guarded_write(job.client, job.order, values)
        job = job.reloaded()
    [cycle] = own_cycles(job)
    finish(job.client, cycle, document.minutes)
    return Ack(f"production.work.cycle,{cycle.id}")


def finish(client: Client, cycle: Cycle, minutes: Decimal) -> None:
    """Bring a cycle to its end from wherever it stands."""
    if cycle.state == "draft":
        client.call("model.production.work.cycle.run", [cycle.id])
    if cycle.state in ("draft", "running"):
        client.call("model.production.work.cycle.write", [cycle.id], {"duration": codec.duration(minutes)})
        client.call("model.production.work.cycle.do", [cycle.id])


def lines_of(job: Job) -> list[dict[str, Any]]:
    """Return the timesheet lines that name this key."""
    works = [work.timesheet_work for work in job.order.works if work.timesheet_work]
    domain = [["work", "in", works], ["description", "like", f"%{job.key}%"]]
    return job.client.read("timesheet.line", domain, ["duration"]) if works else []


def key_of(description: str) -> str:
    """Return the key of the message that wrote a timesheet line, or "" when none of ours did."""
    found = _KEY.search(description)
    return found[1] if found else ""


def book_labor(job: Job, document: LaborTime) -> Ack:
    """Write a line on the timesheet of the operation's work; a reversal takes its minutes off the line that it reverses."""
    if not lines_of(job):
        require_open(job.order)
        work = job.order.work(document.operation)
        if work.timesheet_work is None:
            raise Rejected(
                f"Operation {work.name} is not available on timesheets in Tryton: tick that at the operation.",
                code="NO_TIMESHEET",
            )
        employee, _ = catalog.employee(job.client, document.person)
        change = _reversal(job, work, employee, document) if document.minutes < 0 else _line(job, employee, document)
        order.guarded_write(job.client, job.order, {"works": [["write", [work.id], {"timesheet_lines": [change]}]]})
    written = lines_of(job)
    if not written:
        raise Rejected(
            "Tryton took the line and does not show it: may this user see timesheets of others?", code="HIDDEN"
        )
    return Ack(f"timesheet.line,{written[0]['id']}")


def _line(job: Job, employee: int, document: LaborTime) -> list[Any]:
    values = {
        "employee": employee,
        "date": job.order.day(document.started_at),
        "duration": codec.duration(document.minutes),
        "description": f"Operation {document.operation}, {document.activity.lower()} (Lineside {job.key})",
    }
    return ["create", [values]]


def _reversal(job: Job, work: Work, employee: int, document: LaborTime) -> list[Any]:
    """Return the write that shortens the line of this length, or else the newest one that is longer."""
    domain = [["work", "=", work.timesheet_work], ["employee", "=", employee], ["description", "like", "%(Lineside %"]]
    lines = job.client.read("timesheet.line", domain, ["duration", "description"])
    lines.sort(key=lambda row: -row["id"])
    taken = -document.minutes
    exact = next((row for row in lines if codec.minutes(row["duration"]) == taken), None)
    line = exact or next((row for row in lines if codec.minutes(row["duration"]) > taken), None)
    if line is None:
        raise Rejected(f"Tryton has no line of {taken} min by this person to take back.", code="NOTHING_TO_REVERSE")
    left = codec.minutes(line["duration"]) - taken
    values = {
        "duration": codec.duration(left),
        "description": f"{line['description']}, {taken} min reversed ({job.key})",
    }
    return ["write", [line["id"]], values]
