"""What is due now, what was found, and what waits for a decision: computed from facts, without a scheduler."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet

from mes.equipment.queries.planned import calendar_between
from mes.equipment.rules.calendar import ShiftPattern, shift_windows
from mes.execution.models import MachineInterval, Operation, OrderHold, ProductionReport, WorkOrder
from mes.masterdata.models import WorkCenter
from mes.material.models import LotHold
from quality import rules
from quality.models import (
    Disposition,
    InspectionResult,
    Nonconformance,
    OrderCharacteristic,
    OrderCheck,
    Reading,
    Trigger,
)
from quality.rules import Occurrence

_SAMPLES = UUID("5f6d8f0e-3c0c-4f3b-9d7e-0c8a0f1c6a55")
WHOLE_DAY = ShiftPattern("", "", time(0), time(0), frozenset(range(7)))

OPEN_ORDERS = (WorkOrder.Status.RELEASED, WorkOrder.Status.RUNNING)


@dataclass
class CheckState:
    """A frozen check with all its occurrences so far, and how those ended that were inspected."""

    check: OrderCheck
    characteristics: list[OrderCharacteristic]
    occurrences: list[Occurrence]
    results: dict[str, InspectionResult] = field(default_factory=dict)
    """The last result of each occurrence."""

    @property
    def latest(self) -> Occurrence | None:
        """The occurrence that can still be inspected: the newest; pieces of earlier ones have gone on."""
        return self.occurrences[-1] if self.occurrences else None

    @property
    def result(self) -> InspectionResult | None:
        return self.results.get(self.latest.key) if self.latest else None

    @property
    def is_failed(self) -> bool:
        return self.result is not None and self.result.verdict == InspectionResult.Verdict.FAILED

    @property
    def is_open(self) -> bool:
        """Whether something is to be done: it is due, or it failed and blocks until it passes or is released."""
        return self.latest is not None and (self.result is None or (self.is_failed and self.check.blocks))

    @property
    def missed(self) -> int:
        """How many earlier occurrences were never inspected."""
        return sum(one.key not in self.results for one in self.occurrences[:-1])

    def is_late(self, now: datetime) -> bool:
        """Whether it is due for longer than its time of grace, and nobody has looked."""
        if self.latest is None or self.result is not None:
            return False
        return now > self.latest.due_at + timedelta(minutes=self.check.grace)


@dataclass
class _Facts:
    """What happened at one operation, as far as checks depend on it."""

    operation: Operation
    reports: list[tuple[datetime, Decimal]] = field(default_factory=list)
    setups: list[tuple[UUID, datetime]] = field(default_factory=list)
    runs: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    began_at: datetime | None = None


def states_of(
    operations: Collection[Operation], *, now: datetime, only_blocking: bool = False
) -> dict[int, list[CheckState]]:
    """Return the checks of these operations (with ``work_order`` loaded) by the operation's key, as they stand now.

    One question where no order has a plan; otherwise a fixed number, however many operations are asked about.
    """
    checks = OrderCheck.objects.filter(operation__in=[one.pk for one in operations])
    if only_blocking:
        checks = checks.filter(blocks=True)
    rows = list(checks.prefetch_related("characteristics__uom").order_by("pk"))
    if not rows:
        return {}
    concerned = {row.operation_id for row in rows}
    facts = _facts([one for one in operations if one.pk in concerned])
    results: dict[int, dict[str, InspectionResult]] = defaultdict(dict)
    for result in InspectionResult.objects.filter(order_check__in=rows).order_by("number"):
        results[result.order_check_id][result.occurrence] = result
    states: dict[int, list[CheckState]] = defaultdict(list)
    for row in rows:
        states[row.operation_id].append(
            CheckState(
                check=row,
                characteristics=list(row.characteristics.all()),
                occurrences=_occurrences(row, facts[row.operation_id], now),
                results=results[row.pk],
            )
        )
    return dict(states)


def _facts(operations: Collection[Operation]) -> dict[int, _Facts]:
    facts = {operation.pk: _Facts(operation) for operation in operations}
    reports = ProductionReport.objects.filter(operation__in=facts).order_by("recorded_at", "pk")
    for operation_id, at, good in reports.values_list("operation_id", "occurred_at", "good_quantity"):
        facts[operation_id].reports.append((at, good))
    intervals = MachineInterval.objects.filter(operation__in=facts).order_by("started_at", "pk")
    for row in intervals.only("pk", "operation_id", "activity", "started_at", "ended_at"):
        known = facts[row.operation_id]
        known.began_at = known.began_at or row.started_at
        if row.activity == MachineInterval.Activity.RUN:
            known.runs.append((str(row.pk), row.started_at, row.ended_at))
        elif row.ended_at is not None:
            known.setups.append((row.pk, row.ended_at))
    for known in facts.values():
        known.began_at = known.began_at or known.operation.started_at
    return facts


def _occurrences(check: OrderCheck, facts: _Facts, now: datetime) -> list[Occurrence]:
    """Return every time at which the check became due so far, oldest first."""
    operation = facts.operation
    every = check.every or Decimal(0)
    match check.trigger:
        case Trigger.FIRST:
            return [Occurrence("first", facts.began_at)] if facts.began_at else []
        case Trigger.SETUP:
            return [Occurrence(f"setup-{pk}", ended) for pk, ended in facts.setups]
        case Trigger.COUNT:
            return rules.due_by_count(facts.reports, every=every)
        case Trigger.TIME:
            return rules.due_by_time([(start, end) for _, start, end in facts.runs], every=every, now=now)
        case Trigger.STOP:
            return rules.due_after_stops(facts.runs, shortest=every)
        case Trigger.START:
            # Until it is begun it can be done at any time, and is never late.
            return [Occurrence("start", facts.began_at or now)]
        case Trigger.SHIFT:
            runs = [(start, end) for _, start, end in facts.runs]
            return rules.due_by_shift(runs, shifts=_shifts(operation, runs, now), now=now) if runs else []
        case Trigger.LAST | Trigger.END:
            # By number once the order's quantity is there, and in any case before the operation is finished.
            whole = rules.due_by_count(facts.reports, every=operation.work_order.order_quantity)
            return [Occurrence(check.trigger.lower(), whole[0].due_at)] if whole else []
    return []


def _shifts(
    operation: Operation, runs: list[tuple[datetime, datetime | None]], now: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the shifts of the site since the operation first ran; its days, where it has no shifts."""
    site = operation.work_order.site
    first = min(start for start, _end in runs)
    windows = calendar_between(site, first, now).windows
    if not windows:
        zone = ZoneInfo(site.time_zone)
        days = {"first": first.astimezone(zone).date(), "last": now.astimezone(zone).date()}
        windows = shift_windows([WHOLE_DAY], zone=zone, **days)
    return [(one.start, one.end) for one in windows]


def before_the_end(check: OrderCheck) -> bool:
    """Return whether the check belongs to the end of the operation, and can be done as soon as that is near."""
    return check.trigger in (Trigger.LAST, Trigger.END)


@dataclass
class Sample:
    """The readings of one occurrence of a check: for each characteristic and piece the last, and how many there were."""

    check: OrderCheck
    occurrence: str
    characteristics: list[OrderCharacteristic]
    last: dict[tuple[int, int], Reading]
    attempts: dict[tuple[int, int], int]

    @property
    def wanted(self) -> list[tuple[OrderCharacteristic, int]]:
        """Every characteristic with the number of every piece."""
        return [(one, piece) for one in self.characteristics for piece in range(1, one.sample_size + 1)]

    @property
    def is_complete(self) -> bool:
        return all((one.pk, piece) in self.last for one, piece in self.wanted)

    @property
    def passed(self) -> bool:
        return all(reading.passed for reading in self.last.values())


def sample_of(check: OrderCheck, occurrence: str) -> Sample:
    """Return what was read so far for one occurrence of a check."""
    last: dict[tuple[int, int], Reading] = {}
    attempts: dict[tuple[int, int], int] = defaultdict(int)
    readings = Reading.objects.filter(operation_id=check.operation_id, order_check=check, occurrence=occurrence)
    rows = list(readings.select_related("person"))
    # The last is the one that no other repeats; clocks that stood still do not matter.
    repeated = {reading.remeasures_id for reading in rows}
    for reading in rows:
        place = (reading.characteristic_id, reading.piece)
        attempts[place] += 1
        if reading.pk not in repeated:
            last[place] = reading
    characteristics = list(check.characteristics.select_related("uom").order_by("position", "pk"))
    return Sample(check, occurrence, characteristics, last, dict(attempts))


def sample_id(check: OrderCheck, occurrence: str) -> UUID:
    """Return the id by which photos name a sample: made of what it is, so that a terminal knows it without asking."""
    return uuid5(_SAMPLES, f"{check.pk}/{occurrence}")


@dataclass
class Due:
    """A check that waits at an operation."""

    operation: Operation
    state: CheckState
    late: bool


def due_checks(*, sites: Collection[str], now: datetime) -> list[Due]:
    """Return what is to be inspected at these sites now, and what failed and nobody released.

    Late ones first, then in the order in which they became due.
    """
    operations = list(
        Operation.objects.filter(
            work_order__site__code__in=sites,
            work_order__status__in=OPEN_ORDERS,
            inspection_checks__isnull=False,
        )
        .exclude(status__in=[Operation.Status.PENDING, Operation.Status.COMPLETED])
        .select_related("work_order__item", "work_order__site", "work_center")
        .distinct()
    )
    states = states_of(operations, now=now)
    found = [
        Due(operation, state, state.is_late(now))
        for operation in operations
        for state in states.get(operation.pk, [])
        if state.is_open or state.is_failed
    ]
    return sorted(found, key=lambda due: (not due.late, due.state.latest.due_at if due.state.latest else now))


def nonconformances() -> QuerySet[Nonconformance]:
    """Return all nonconformances with what pages show of them."""
    rows = Nonconformance.objects.select_related(
        "site", "work_order", "operation", "lot", "item", "uom", "reason", "person", "order_hold", "lot_hold"
    )
    return rows.prefetch_related("dispositions")


def found_at(operation: Operation) -> QuerySet[Nonconformance]:
    """Return what was found at an operation and is not decided about yet, oldest first."""
    return nonconformances().filter(operation=operation, closed_at=None).order_by("recorded_at")


def open_at(work_center: WorkCenter) -> QuerySet[Nonconformance]:
    """Return what was found at a work center and is not decided about yet, oldest first."""
    found = nonconformances().filter(operation__work_center=work_center, closed_at=None)
    return found.order_by("recorded_at")[:20]


def open_nonconformances(*, sites: Collection[str]) -> list[Nonconformance]:
    """Return what waits for a decision, oldest first, with what is left of it."""
    return list(nonconformances().filter(site__code__in=sites, closed_at=None).order_by("recorded_at")[:200])


def left_of(nonconformance: Nonconformance) -> Decimal:
    """Return what nobody has decided about yet."""
    return rules.left_over(
        quantity=nonconformance.quantity, disposed=[one.quantity for one in nonconformance.dispositions.all()]
    )


def open_holds(*, sites: Collection[str]) -> tuple[list[OrderHold], list[LotHold]]:
    """Return the open holds on orders and operations, and those on lots, oldest first."""
    orders = OrderHold.objects.filter(site__code__in=sites, released_at=None)
    lots = LotHold.objects.filter(site__code__in=sites, released_at=None)
    return (
        list(orders.select_related("work_order__item", "operation", "reason").order_by("placed_at")[:200]),
        list(lots.select_related("lot__item__uom", "reason").order_by("placed_at")[:200]),
    )


def results_of(work_orders: Iterable[int]) -> list[InspectionResult]:
    """Return the results of these orders, newest first."""
    rows = InspectionResult.objects.filter(operation__work_order__in=list(work_orders))
    return list(rows.select_related("operation", "order_check", "person").order_by("-recorded_at")[:200])


def last_change() -> object:
    """Return what changes when someone measured, found or decided something: for pages that ask again."""
    return (
        Reading.objects.aggregate(at=Max("recorded_at"))["at"],
        InspectionResult.objects.aggregate(at=Max("recorded_at"))["at"],
        Nonconformance.objects.aggregate(last=Max("pk"), closed=Max("closed_at")),
        Disposition.objects.aggregate(at=Max("recorded_at"))["at"],
        LotHold.objects.aggregate(placed=Max("placed_at"), released=Max("released_at")),
    )
