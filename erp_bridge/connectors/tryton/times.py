"""Machine time as cycles of works, labor time as lines of timesheets."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from erp_bridge.connectors.tryton import catalog, codec, notes, order
from erp_bridge.connectors.tryton.bookings import Job, require_open
from erp_bridge.connectors.tryton.client import Client
from erp_bridge.connectors.tryton.order import Cycle, Order, Work
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import LaborTime, MachineTime
from erp_bridge.sdk.errors import Rejected

_MICROSECOND = timedelta(microseconds=1)
_PRECISION = Decimal("0.000001")
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
    return job.client.read("timesheet.line", domain, ["duration"], order=[["id", "ASC"]]) if works else []


def key_of(description: str) -> str:
    """Return the key of the message that wrote a timesheet line, or "" when none of ours did."""
    found = _KEY.search(description)
    return found[1] if found else ""


def book_labor(job: Job, document: LaborTime) -> Ack:
    """Write a line a day on the timesheet of the operation's work; a reversal takes its minutes off those that it reverses."""
    if not lines_of(job):
        require_open(job.order)
        work = job.order.work(document.operation)
        if work.timesheet_work is None:
            raise Rejected(
                f"Operation {work.name} is not available on timesheets in Tryton: tick that at the operation.",
                code="NO_TIMESHEET",
            )
        employee, _ = catalog.employee(job.client, document.person or _for_crews(job))
        changes = _reversal(job, work, employee, document) if document.minutes < 0 else _lines(job, employee, document)
        order.guarded_write(job.client, job.order, {"works": [["write", [work.id], {"timesheet_lines": changes}]]})
    written = lines_of(job)
    if not written:
        raise Rejected(
            "Tryton took the line and does not show it: may this user see timesheets of others?", code="HIDDEN"
        )
    return Ack(f"timesheet.line,{written[0]['id']}")


def _for_crews(job: Job) -> str:
    """Return the code of the employee on whose timesheet the time of crews without names stands.

    :raises erp_bridge.sdk.errors.Rejected: the connection names none.
    """
    code = str(job.options.get("crew_employee", ""))
    if not code:
        raise Rejected(
            "Tryton keeps labor time on the timesheet of an employee, and this is the time of people who are not named. "
            "Name an employee for crews in the connection's settings, or dismiss this.",
            code="NO_CREW_EMPLOYEE",
        )
    return code


def by_day(document: LaborTime, order_: Order) -> list[tuple[date, Decimal]]:
    """Return the minutes by the plant's days: a timesheet line has one date, so time across midnight is cut there.

    Minutes that are only a share of the time (parallel jobs) are cut in proportion; together they are the whole again.
    """
    edges = [document.started_at]
    while order_.day(edges[-1]) < order_.day(document.ended_at):
        midnight = datetime.combine(order_.day(edges[-1]) + timedelta(days=1), time(), tzinfo=order_.zone)
        edges.append(midnight.astimezone(UTC))
    ends = [*edges[1:], document.ended_at]
    whole = Decimal((document.ended_at - document.started_at) // _MICROSECOND)
    found: list[tuple[date, Decimal]] = []
    for begin, end in zip(edges[:-1], ends[:-1], strict=True):
        share = document.minutes * Decimal((end - begin) // _MICROSECOND) / whole
        found.append((order_.day(begin), share.quantize(_PRECISION)))
    rest = document.minutes - sum((minutes for _, minutes in found), Decimal(0))
    found.append((order_.day(edges[-1]), rest))
    return [(day, minutes) for day, minutes in found if minutes]


def _lines(job: Job, employee: int, document: LaborTime) -> list[Any]:
    crew = f", {document.crew_size} people" if document.crew_size > 1 else ""
    values = [
        {
            "employee": employee,
            "date": day,
            "duration": codec.duration(minutes),
            "description": f"Operation {document.operation}, {document.activity.lower()}{crew} (Lineside {job.key})",
        }
        for day, minutes in by_day(document, job.order)
    ]
    return [["create", values]]


def _reversal(job: Job, work: Work, employee: int, document: LaborTime) -> list[Any]:
    """Return the writes that shorten, for each day, the line of this length, or else the newest one that is longer."""
    domain = [["work", "=", work.timesheet_work], ["employee", "=", employee], ["description", "like", "%(Lineside %"]]
    lines = job.client.read("timesheet.line", domain, ["date", "duration", "description"], order=[["id", "DESC"]])
    writes = []
    for day, minutes in by_day(document, job.order):
        of_day = [row for row in lines if row["date"] == day]
        exact = next((row for row in of_day if codec.minutes(row["duration"]) == -minutes), None)
        line = exact or next((row for row in of_day if codec.minutes(row["duration"]) > -minutes), None)
        if line is None:
            raise Rejected(
                f"Tryton has no line of {-minutes} min by this person on {day} to take back.", code="NOTHING_TO_REVERSE"
            )
        values = {
            "duration": codec.duration(codec.minutes(line["duration"]) + minutes),
            "description": f"{line['description']}, {-minutes} min reversed ({job.key})",
        }
        writes.append(["write", [line["id"]], values])
    return writes
