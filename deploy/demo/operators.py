"""Simulated people who work the orders through Lineside's real HTTP API, as terminals and machines do.

    LINESIDE_API_KEY=... python -m deploy.demo.operators --url http://127.0.0.1:8000 --site TALBRUECK --speed 30

They start and set up operations, report in parts with scrap, take back a wrong report, issue material by lot, join each other
and take breaks. ``--once`` works a number of orders as if since this morning, as fast as the API answers.
"""

import argparse
import heapq
import itertools
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

OPEN = "RELEASED,RUNNING"
MORNING = timedelta(hours=14)
FIRST_MORNING = timedelta(hours=4)
FIRST_ORDERS = 4
"""How long ago a run with --once begins: long enough for all of its work to have happened by now."""
SCRAP_REASONS = ("SURF", "DIM", "SETUP", "DIM", "MAT")
STOP_REASONS = ("TOOL", "TOOL", "WAIT", "JAM", "JAM", "JAM", "HYDR", "TEAM")
LOOK_AGAIN = timedelta(minutes=10)

Wait = timedelta


class Refused(Exception):
    """Lineside said no; the text is its own, and so is the code."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Floor:
    """Lineside's API in the words of somebody who works there."""

    def __init__(self, url: str, key: str, site: str) -> None:
        self.site = site
        self.calls = 0
        self._least: dict[str, Decimal] = {}
        self._http = httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Api-Key {key}"}, timeout=30)

    def get(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return all rows of a list."""
        rows: list[dict[str, Any]] = []
        answer = self._ask("GET", path, params={**query, "limit": "500"})
        rows += answer["items"]
        while answer["next"]:
            answer = self._ask("GET", answer["next"])
            rows += answer["items"]
        return rows

    def least(self, uom: str) -> Decimal:
        """Return the least that people take of a unit: one piece, or a tenth of what is weighed or measured."""
        if not self._least:
            self._least = {row["code"]: Decimal("0.1" if row["decimals"] else 1) for row in self.get("uoms")}
        return self._least[uom]

    def one(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path)

    def post(self, path: str, at: datetime, **body: Any) -> dict[str, Any]:
        """Say that something happened at a moment; said again with the same key when no answer came."""
        key = str(uuid.uuid4())
        given = {name: value for name, value in body.items() if value not in (None, "")}
        given["occurred_at"] = at.isoformat().replace("+00:00", "Z")
        return self._ask("POST", path, json=given, headers={"Idempotency-Key": key})

    def _ask(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        for attempt in itertools.count():
            try:
                answer = self._http.request(method, path, **parts)
            except httpx.TransportError as error:
                if attempt >= 20:
                    raise Refused(f"Lineside does not answer: {error}") from error
                time.sleep(1)
                continue
            if answer.status_code in (429, 502, 503) and attempt < 20:
                time.sleep(1)
                continue
            break
        self.calls += 1
        if answer.is_error:
            problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:400]}", str(problem.get("code", "")))
        found: dict[str, Any] = answer.json()
        return found


@dataclass
class Shift:
    """Who is there, and which centers are taken."""

    people: list[str]
    free: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.free = set(self.people)

    def crew(self, size: int, dice: random.Random) -> list[str]:
        """Take up to so many free people."""
        chosen = dice.sample(sorted(self.free), min(size, len(self.free)))
        self.free -= set(chosen)
        return chosen


class Work:
    """One order, worked from its first operation to its last; a generator whose yields are waiting."""

    def __init__(self, floor: Floor, shift: Shift, order: dict[str, Any], *, seed: int) -> None:
        self.floor = floor
        self.shift = shift
        self.order = order
        self.seed = seed
        self.dice = random.Random(f"{order['number']}/{seed}")
        self.trouble = random.Random(f"{order['number']}/{seed}/trouble")
        self.now = datetime.now(UTC)
        """The moment of the simulation; set before each step."""

    def steps(self) -> Iterator[Wait]:
        """Do everything; between two steps the simulation waits as long as the yield says."""
        detail = self.floor.one(f"work-orders/{self.order['id']}")
        available = Decimal(detail["order_quantity"])
        operations = detail["operations"]
        for place, operation in enumerate(operations):
            if operation["status"] == "COMPLETED":
                available = Decimal(operation["good_quantity"])
                continue
            center = operation["work_center"]
            while center in self.shift.taken or not self.shift.free:
                yield timedelta(minutes=self.dice.uniform(1, 4))
            self.shift.taken.add(center)
            crew = self.shift.crew(2 if self.dice.random() < 0.35 else 1, self.dice)
            try:
                left = available - sum(Decimal(operation[f"{kind}_quantity"]) for kind in ("good", "scrap", "rework"))
                if place == 0:
                    self._issue_by_hand(detail, crew[0])
                available = yield from self._operation(operation, left, crew)
            finally:
                self.shift.taken.discard(center)
                self.shift.free |= set(crew)

    def _operation(self, operation: dict[str, Any], quantity: Decimal, crew: list[str]) -> Iterator[Any]:
        """Set up, run, report in parts, finish; returns the good quantity."""
        path, first = f"operations/{operation['id']}", crew[0]
        self.floor.post(f"{path}/start", self.now, person=first, activity="SETUP")
        yield self._minutes(2, 9)
        unit = self.floor.post(f"{path}/start", self.now, person=first, activity="RUN")["work_unit"]
        for other in crew[1:]:
            yield self._minutes(0.5, 2)
            self.floor.post("labor/clock-on", self.now, person=other, operation_id=operation["id"])
        good = Decimal(operation["good_quantity"])
        parts = self._parts(quantity)
        for number, part in enumerate(parts):
            yield self._minutes(3, 14)
            if self.trouble.random() < 0.3:
                yield from self._stand_still(unit, first)
            if number and self.dice.random() < 0.15:
                self.floor.post(f"{path}/pause", self.now, person=first)
                yield self._minutes(5, 10)
                self.floor.post(f"{path}/start", self.now, person=first, activity="RUN")
                for other in crew[1:]:
                    self.floor.post("labor/clock-on", self.now, person=other, operation_id=operation["id"])
                yield self._minutes(1, 3)
            good += self._report(operation, part, first, number)
        for other in crew[1:]:
            if self.dice.random() < 0.5:
                self.floor.post("labor/clock-off", self.now, person=other, operation_id=operation["id"])
                yield self._minutes(0.5, 2)
        self._finish(path, first)
        return good

    def _stand_still(self, unit: str, person: str) -> Iterator[Wait]:
        """Let the machine stop for a while; two stops in three get their reason at once, one in six is only a hiccup."""
        reason = self.trouble.choice(STOP_REASONS) if self.trouble.random() < 0.67 else ""
        brief = not reason and self.trouble.random() < 0.5
        where = {"site": self.floor.site, "work_unit": unit, "person": person}
        self._say("stops", reason=reason, **where)
        yield timedelta(seconds=60 if brief else self.trouble.randrange(180, 900))
        self._say("stops/end", **where)
        yield timedelta(seconds=30)

    def _say(self, path: str, **facts: Any) -> None:
        """Say something about a machine that somebody at a real terminal may have said already."""
        try:
            self.floor.post(path, self.now, **facts)
        except Refused as refusal:
            if refusal.code not in ("already_stopped", "not_stopped"):
                raise

    def _finish(self, path: str, person: str) -> None:
        """Finish an operation; where too much of it was scrapped, the shift lead allows it."""
        try:
            self.floor.post(f"{path}/complete", self.now, person=person)
        except Refused as refusal:
            if refusal.code != "qty_under_order":
                raise
            self.floor.post(f"{path}/complete", self.now, person=person, approved_by=self.shift.people[0])

    def _report(self, operation: dict[str, Any], part: Decimal, person: str, number: int) -> Decimal:
        """Report one part, now and then with scrap, now and then wrongly at first; return the good pieces of it."""
        scrap = Decimal(self.dice.choice((1, 1, 2))) if part > 3 and self.dice.random() < 0.35 else Decimal(0)
        lines = [{"quantity": str(scrap), "reason": self.dice.choice(SCRAP_REASONS)}] if scrap else []
        lot = f"{operation['work_order']}-{'AB'[min(number, 1)]}" if operation["is_output"] else ""
        facts = {"operation_id": operation["id"], "person": person, "scrap": lines, "lot": lot}
        if part > 4 and self.dice.random() < 0.08:
            wrong = self.floor.post("reports", self.now, good_quantity=str(part - 1), **facts | {"scrap": []})
            self.floor.post(f"reports/{wrong['report_id']}/reversal", self.now, person=person, note="Counted wrongly.")
        self.floor.post("reports", self.now, good_quantity=str(part - scrap), **facts)
        return part - scrap

    def _issue_by_hand(self, detail: dict[str, Any], person: str) -> None:
        """For one order in three, take a component from a certain lot and give a little of it back."""
        if self.dice.random() > 0.34:
            return
        for component in detail["components"]:
            lots = self.floor.get("lots", site=self.floor.site, item=component["item"], status="AVAILABLE")
            least = self.floor.least(component["uom"])
            quantity = (Decimal(component["required_quantity"]) / 20).quantize(least)
            in_stock = [lot for lot in lots if Decimal(lot["quantity"]) > quantity * 40]
            if not in_stock or quantity < 2 * least:
                continue
            what = {"item": component["item"], "lot": self.dice.choice(in_stock)["number"], "person": person}
            path = f"work-orders/{self.order['id']}"
            self.floor.post(f"{path}/issues", self.now, quantity=str(quantity), **what)
            self.floor.post(f"{path}/returns", self.now, quantity=str(least), reason="LEFT", **what)
            return

    def _parts(self, quantity: Decimal) -> list[Decimal]:
        """Cut a quantity into one to three whole parts."""
        whole = int(quantity)
        count = min(self.dice.choice((1, 2, 2, 3)), whole)
        if quantity != whole or count <= 1:
            return [quantity] if quantity > 0 else []
        cuts = sorted(self.dice.sample(range(1, whole), count - 1))
        return [Decimal(end - begin) for begin, end in itertools.pairwise([0, *cuts, whole])]

    def _minutes(self, least: float, most: float) -> Wait:
        return timedelta(seconds=int(self.dice.uniform(least, most) * 60))


def workable(floor: Floor, known: set[str]) -> list[dict[str, Any]]:
    """Return the released orders that nobody here has taken up yet, the most urgent first."""
    rows = floor.get("work-orders", site=floor.site, status=OPEN, ordering="priority")
    return [row for row in rows if row["id"] not in known and not row["held"]]


def run_once(floor: Floor, shift: Shift, *, orders: int, ago: timedelta = MORNING) -> int:
    """Work so many orders as if since this morning, or since so long ago; return how many."""
    begin = (datetime.now(UTC) - ago).replace(microsecond=0)
    chosen = workable(floor, set())[:orders]
    queue: list[tuple[datetime, int, Work, Iterator[Wait]]] = []
    for number, order in enumerate(chosen):
        work = Work(floor, shift, order, seed=1)
        heapq.heappush(queue, (begin + timedelta(minutes=2 * number), number, work, work.steps()))
    for person in shift.people:
        floor.post("labor/clock-in", begin - timedelta(minutes=5), person=person, site=floor.site)
    at = begin
    done = 0
    while queue:
        at, number, work, steps = heapq.heappop(queue)
        work.now = at
        try:
            pause = next(steps)
        except StopIteration:
            done += 1
            print(
                f"{done} of {len(chosen)} orders: {work.order['number']} {work.order['item']} is finished", flush=True
            )
        else:
            heapq.heappush(queue, (at + pause, number, work, steps))
    at = min(at + timedelta(minutes=5), datetime.now(UTC).replace(microsecond=0))
    for person in shift.people:
        floor.post("labor/clock-out", at, person=person, site=floor.site)
    print(
        f"{done} orders, {floor.calls} calls of the API, {(at - begin).total_seconds() / 3600:.1f} hours of work",
        flush=True,
    )
    return done


def run_live(floor: Floor, shift: Shift, *, speed: float, at_once: int) -> None:
    """Work whatever is released, for as long as this runs, ``speed`` times as fast as people would."""
    queue: list[tuple[float, int, Work, Iterator[Wait]]] = []
    known: set[str] = set()
    numbers = itertools.count()
    looked = float("-inf")
    while True:
        if len(queue) < at_once and time.monotonic() - looked > min(5.0, LOOK_AGAIN.total_seconds() / speed):
            looked = time.monotonic()
            for order in workable(floor, known)[: at_once - len(queue)]:
                known.add(order["id"])
                work = Work(floor, shift, order, seed=next(numbers))
                heapq.heappush(queue, (time.monotonic(), next(numbers), work, work.steps()))
        if not queue or queue[0][0] > time.monotonic():
            time.sleep(min(0.2, max(0.01, queue[0][0] - time.monotonic())) if queue else 0.2)
            continue
        _, number, work, steps = heapq.heappop(queue)
        work.now = datetime.now(UTC).replace(microsecond=0)
        try:
            pause = next(steps)
        except StopIteration:
            print(f"{work.order['number']} {work.order['item']} is finished", flush=True)
        except Refused as refusal:
            # Somebody at a real terminal may have worked on the same operation: leave the order to them.
            print(f"{work.order['number']} left alone: {refusal}", flush=True)
        else:
            heapq.heappush(queue, (time.monotonic() + pause.total_seconds() / speed, number, work, steps))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--speed", type=float, default=30.0)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--orders", type=int, default=16)
    options = parser.parse_args()
    floor = Floor(options.url, os.environ["LINESIDE_API_KEY"], options.site)
    try:
        people = [row["number"] for row in floor.get("people", site=options.site)]
        shift = Shift(people)
        if options.once:
            return 0 if run_once(floor, shift, orders=options.orders) else 1
        if not floor.get("reports", site=options.site):
            # A first morning at the pace of real people: pages that look back have something to show.
            run_once(floor, shift, orders=FIRST_ORDERS, ago=FIRST_MORNING)
        # One person stays free for whoever tries a terminal.
        shift.free.discard(people[0])
        run_live(floor, shift, speed=options.speed, at_once=4)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
