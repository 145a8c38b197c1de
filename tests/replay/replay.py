"""Plays a production log through the public API: every start, report, clocking and end at the moment the log gives it."""

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from tests.replay.log import BREAKDOWN, RUN, Operation, Row

GONE_AFTER = timedelta(hours=1)
"""After so long without anything to do a person is taken to have gone home."""
REFUSALS_A_SUPERVISOR_LIFTS = {"op_sequence", "qty_over_available", "qty_over_order", "qty_under_order", "rework_open"}
_IDS = uuid.UUID("8d6f6f2e-0b1e-4d62-8d9b-7a3c4f6b9e10")


@dataclass
class Shop:
    """The state of the floor as whoever plays the log sees it."""

    client: Any
    supervisor: str
    ids: dict[Operation, str]
    """The operations' ids in the API."""
    active: dict[Operation, list[Row]] = field(default_factory=lambda: defaultdict(list))
    doing: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    activity: dict[Operation, str] = field(default_factory=dict)
    ends: dict[tuple[str, Operation], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When a person's stretch of work on an operation ended, for the supervisor who sets forgotten ends."""
    broken: Counter = field(default_factory=Counter)
    """How many breakdowns go on at a resource."""
    allowed: Counter = field(default_factory=Counter)
    calls: int = 0

    def post(self, path: str, body: dict[str, Any], *, or_else: tuple[str, ...] = ()) -> Any:
        """Post, with the supervisor's leave where that is what is missing; ``or_else``: refusals that are no surprise."""
        self.calls += 1
        answer = self.client.send("POST", f"/api/v1/{path}", body)
        if answer.status_code >= 400 and answer.json()["code"] in REFUSALS_A_SUPERVISOR_LIFTS:
            self.allowed[answer.json()["code"]] += 1
            self.calls += 1
            answer = self.client.send("POST", f"/api/v1/{path}", body | {"approved_by": self.supervisor})
        if answer.status_code >= 400 and answer.json()["code"] in or_else:
            return None
        assert answer.status_code < 300, (path, body, answer.content)
        return answer.json()

    def listed(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield every row of a list, page after page."""
        address = f"/api/v1/{path}&limit=500"
        while address:
            answer = self.client.send("GET", address)
            assert answer.status_code == 200, answer.content
            yield from answer.json()["items"]
            address = (answer.json()["next"] or "").removeprefix("http://testserver")


def code(name: str) -> str:
    """Return a name of the log as a code."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def play(shop: Shop, rows: list[Row]) -> None:
    """Play the rows in order, then let the supervisor set forgotten ends and finish every operation."""
    moments = [(row.start, 1, number, row) for number, row in enumerate(rows)]
    moments += [(row.end, 2 if row.end == row.start else 0, number, row) for number, row in enumerate(rows)]
    upcoming = _next_starts(rows)
    with time_machine.travel(rows[0].start, tick=False) as clock:
        for moment, is_start, _number, row in sorted(moments, key=lambda each: each[:3]):
            clock.move_to(moment)
            (_begin if is_start == 1 else _end)(shop, row, moment, upcoming)
        clock.move_to(max(row.end for row in rows) + timedelta(days=1))
        _set_forgotten_ends(shop)
        _finish(shop)


def _next_starts(rows: list[Row]) -> dict[str, list[datetime]]:
    starts = defaultdict(list)
    for row in rows:
        starts[row.worker].append(row.start)
    return starts


def _begin(shop: Shop, row: Row, moment: datetime, _upcoming: dict[str, list[datetime]]) -> None:
    shop.doing[row.worker].append(row)
    if row.kind == BREAKDOWN:
        shop.post("labor/clock-in", {"person": row.worker})
        _break_down(shop, row, moment)
        return
    shop.active[row.operation].append(row)
    _be_in_right_activity(shop, row.operation, row.worker, moment)
    shop.post("labor/clock-on", {"person": row.worker, "operation_id": shop.ids[row.operation]})


def _end(shop: Shop, row: Row, moment: datetime, upcoming: dict[str, list[datetime]]) -> None:
    shop.doing[row.worker].remove(row)
    if row.kind != BREAKDOWN:
        _report(shop, row)
        shop.active[row.operation].remove(row)
        if row.worker not in [other.worker for other in shop.active[row.operation]]:
            shop.ends[row.worker, row.operation].append(moment)
            clocking = {"person": row.worker, "operation_id": shop.ids[row.operation]}
            shop.post("labor/clock-off", clocking, or_else=("not_clocked_on",))
        _be_in_right_activity(shop, row.operation, row.worker, moment)
    else:
        _repair(shop, row, moment)
    later = next((start for start in upcoming[row.worker] if start >= moment), None)
    if not shop.doing[row.worker] and (later is None or later - moment > GONE_AFTER):
        shop.post("labor/clock-out", {"person": row.worker}, or_else=("not_clocked_in",))


def _break_down(shop: Shop, row: Row, moment: datetime) -> None:
    """Say that the machine is down: where it stood still already, its standstill is cut and goes on for this reason."""
    shop.broken[row.resource] += 1
    if shop.broken[row.resource] > 1:
        return
    said = {"work_unit": code(row.resource), "person": row.worker, "reason": "BREAKDOWN"}
    cut = said | {"at": moment.isoformat(), "entry_id": str(uuid.uuid4())}
    if shop.post("stops/split", cut, or_else=("stop_unknown", "stop_time_invalid")) is None:
        shop.post("stops", said | {"entry_id": str(uuid.uuid4())})


def _repair(shop: Shop, row: Row, moment: datetime) -> None:
    """Say that the machine could run again: where a paused job keeps it waiting, from here on it waits for that."""
    shop.broken[row.resource] -= 1
    if shop.broken[row.resource]:
        return
    said = {"work_unit": code(row.resource), "person": row.worker}
    if shop.post("stops/end", said | {"entry_id": str(uuid.uuid4())}, or_else=("not_stopped",)) is None:
        cut = said | {"at": moment.isoformat(), "reason": "WAITING", "entry_id": str(uuid.uuid4())}
        shop.post("stops/split", cut, or_else=("stop_unknown", "stop_time_invalid"))


def _be_in_right_activity(shop: Shop, operation: Operation, worker: str, moment: datetime) -> None:
    """Start, switch or pause the operation: it runs while anybody produces, is set up while anybody only sets up."""
    kinds = {row.kind for row in shop.active[operation]}
    wanted = "RUN" if RUN in kinds else "SETUP" if kinds else ""
    if wanted == shop.activity.get(operation, ""):
        return
    path = f"operations/{shop.ids[operation]}"
    if shop.activity.get(operation):
        for crew in {row.worker for row in shop.active[operation]}:
            shop.ends[crew, operation].append(moment)
    if wanted:
        body = {"person": worker, "activity": wanted} if worker in _crew(shop, operation) else {"activity": wanted}
        shop.post(f"{path}/start", body)
    else:
        shop.post(f"{path}/pause", {"person": worker})
    shop.activity[operation] = wanted


def _crew(shop: Shop, operation: Operation) -> set[str]:
    return {row.worker for row in shop.active[operation]}


def _report(shop: Shop, row: Row) -> None:
    if not (row.good or row.rejected or row.mrb):
        return
    scrap = [{"quantity": row.rejected, "reason": "REJECTED"}, {"quantity": row.mrb, "reason": "MRB"}]
    body = {
        "operation_id": shop.ids[row.operation],
        "person": row.worker,
        "good_quantity": row.good,
        "scrap": [line for line in scrap if line["quantity"]],
    }
    if row.is_rework:
        pieces = row.good + row.rejected + row.mrb
        into = {"operation_id": body["operation_id"], "person": row.worker, "rework_quantity": pieces}
        shop.post("reports", into | {"report_id": str(uuid.uuid4())})
        body["from_rework"] = True
    shop.post("reports", body | {"report_id": str(uuid.uuid4())})


def _set_forgotten_ends(shop: Shop) -> None:
    """Do what a supervisor does with timers that ran longer than anybody works: set the end that the log gives."""
    by_id = {number: operation for operation, number in shop.ids.items()}
    told = shop.listed("operations?order_status=RUNNING")
    named = {(each["work_order"], each["number"]): by_id[each["id"]] for each in told}
    for segment in list(shop.listed("labor/segments?open=true")):
        if not segment["awaits_end"]:
            continue
        operation = named[segment["work_order"], segment["operation"]]
        started = datetime.fromisoformat(segment["started_at"]).astimezone(UTC)
        # Later, not at the same moment: that is the end of the stretch before, when one follows the other at once.
        end = next(moment for moment in shop.ends[segment["person"], operation] if moment > started)
        shop.post(f"labor/segments/{segment['id']}/end", {"ended_at": end.isoformat()})
        shop.allowed["forgotten_end"] += 1


def _finish(shop: Shop) -> None:
    for operation, number in shop.ids.items():
        if operation in shop.activity:
            shop.post(f"operations/{number}/complete", {})
