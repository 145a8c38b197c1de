"""Stops by reason over some days: the table that a person would otherwise make in a spreadsheet."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from mes.equipment.rules import states
from mes.performance.queries.shifts import ShiftOfUnit
from mes.performance.rules import timeline
from mes.performance.rules.figures import minutes

COLUMNS = ["code", "name", "loss", "unit", "shift", "seconds", "stop"]
STOPPED_KINDS = (timeline.STOPPED, timeline.UNEXPLAINED)


MINUTES, COUNT = "minutes", "count"


@dataclass(frozen=True, kw_only=True)
class ParetoRow:
    """One reason: minutes, how often, and its share of all stops. ``code`` "" is without a reason.

    ``is_vital``: it is one of the few reasons that make up 80 % of what is explained.
    """

    code: str
    name: str
    loss: str
    minutes: Decimal
    count: int
    mean: Decimal
    share: Decimal
    cumulative: Decimal
    by_shift: tuple[Decimal, ...]
    is_vital: bool = False

    @property
    def is_planned(self) -> bool:
        return self.loss == timeline.PLANNED_LOSS


@dataclass(frozen=True)
class Pareto:
    """The reasons, what has none before all others, then by what is counted; ``shifts`` names the columns of ``by_shift``."""

    rows: Sequence[ParetoRow]
    shifts: Sequence[str]
    minutes: Decimal
    count: int

    @property
    def vital_few(self) -> int:
        """How many reasons (those without one aside) make up 80 % of what is explained."""
        return sum(row.is_vital for row in self.rows)

    @property
    def line_after(self) -> int:
        """After how many rows the line of 80 % is drawn; 0 where nothing lies below it."""
        rows = [number for number, row in enumerate(self.rows, start=1) if row.is_vital]
        return rows[-1] if rows and rows[-1] < len(self.rows) else 0


def jobs_stopped(shifts: Iterable[ShiftOfUnit]) -> dict[int, int]:
    """Return the operation that each stop of these shifts interrupted, by the stop's interval.

    It is the one that the unit was at last, as long as it was not without a job in between. What was before the first of
    these shifts is not looked up, so a stop that lasts from there on is nobody's.
    """
    held = {one.key: one for shift in shifts for one in shift.intervals.values()}
    found: dict[int, int] = {}
    unit, at_work = 0, 0
    for one in sorted(held.values(), key=lambda one: (one.work_unit_id, one.start)):
        if one.work_unit_id != unit:
            unit, at_work = one.work_unit_id, 0
        if one.state != states.STOPPED:
            at_work = one.operation_id or 0
        elif at_work:
            found[one.key] = at_work
    return found


def stops_table(
    shifts: Iterable[ShiftOfUnit],
    *,
    with_micro: bool = False,
    with_planned: bool = False,
    only: Collection[int] | None = None,
) -> pd.DataFrame:
    """Return a row for each piece of a stop; whole seconds, so that every sum is exact.

    Stops that were explained as planned are not planned time, and are there only ``with_planned``. ``only`` keeps the
    stops of these intervals.
    """
    kinds = {
        *STOPPED_KINDS,
        *([timeline.MICRO] if with_micro else []),
        *([timeline.PLANNED_STOP] if with_planned else []),
    }
    rows = []
    for shift in shifts:
        for piece in shift.segments:
            if piece.kind not in kinds:
                continue
            if only is not None and piece.key not in only:
                continue
            reason = shift.intervals[piece.key].reason
            code, name = (reason.code, reason.name) if reason else ("", "")
            if piece.kind == timeline.MICRO:
                code = name = timeline.MICRO
            loss = shift.intervals[piece.key].loss
            rows.append((code, name, loss, shift.unit.code, shift.window.code, piece.seconds, piece.key))
    return pd.DataFrame(rows, columns=COLUMNS)


def pareto(
    shifts: Iterable[ShiftOfUnit],
    *,
    with_micro: bool = False,
    with_planned: bool = False,
    by: str = MINUTES,
    reason: str | None = None,
    only: Collection[int] | None = None,
) -> Pareto:
    """Return the stops of these shifts by reason, or those of one ``reason`` by work unit; ``only`` as above.

    A stop that goes through several shifts counts once. ``by`` says what is sorted and shared: ``MINUTES`` or ``COUNT``.
    """
    table = stops_table(shifts, with_micro=with_micro, with_planned=with_planned, only=only)
    if reason is not None:
        table = table[table["code"] == reason]
        table = table.assign(code=table["unit"], name=table["unit"])
    if table.empty:
        return Pareto([], [], Decimal(0), 0)
    found = table.groupby(["code", "name", "loss"]).agg(seconds=("seconds", "sum"), count=("stop", "nunique"))
    found = found.reset_index()
    found["amount"] = found["count" if by == COUNT else "seconds"]
    found["explained"] = found["code"] != ""
    found = found.sort_values(["explained", "amount", "seconds", "code"], ascending=[True, False, False, True])
    found["sofar"] = found["amount"].cumsum()
    per_shift = table.pivot_table(index="code", columns="shift", values="seconds", aggfunc="sum", fill_value=0)
    whole = int(found["amount"].sum())
    unexplained = int(found.loc[~found["explained"], "amount"].sum())
    rows = [
        ParetoRow(
            code=row["code"],
            name=row["name"],
            loss=row["loss"],
            minutes=minutes(int(row["seconds"])),
            count=int(row["count"]),
            mean=minutes(int(row["seconds"])) / int(row["count"]),
            share=Decimal(int(row["amount"])) / whole,
            cumulative=Decimal(int(row["sofar"])) / whole,
            by_shift=tuple(minutes(int(seconds)) for seconds in per_shift.loc[row["code"]]),
            # The few end with the reason that brings them to 80 %: those before it had not reached it.
            is_vital=bool(row["explained"])
            and (int(row["sofar"]) - int(row["amount"]) - unexplained) * 5 < (whole - unexplained) * 4,
        )
        for row in found.to_dict("records")
    ]
    return Pareto(
        rows,
        [str(code) for code in per_shift.columns],
        minutes(int(table["seconds"].sum())),
        int(table["stop"].nunique()),
    )
