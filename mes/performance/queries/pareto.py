"""Stops by reason over some days: the table that a person would otherwise make in a spreadsheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from mes.performance.queries.shifts import ShiftOfUnit
from mes.performance.rules import timeline
from mes.performance.rules.figures import minutes

COLUMNS = ["code", "name", "loss", "unit", "shift", "seconds", "stop"]
STOPPED_KINDS = (timeline.STOPPED, timeline.UNEXPLAINED)


@dataclass(frozen=True, kw_only=True)
class ParetoRow:
    """One reason: minutes within planned time, how often, and its share of all stops. ``code`` "" is without a reason."""

    code: str
    name: str
    loss: str
    minutes: Decimal
    count: int
    mean: Decimal
    share: Decimal
    cumulative: Decimal
    by_shift: tuple[Decimal, ...]


@dataclass(frozen=True)
class Pareto:
    """The reasons, what has none before all others, then by minutes; ``shifts`` names the columns of ``by_shift``."""

    rows: Sequence[ParetoRow]
    shifts: Sequence[str]
    minutes: Decimal
    count: int

    @property
    def vital_few(self) -> int:
        """How many reasons (those without one aside) make up 80 % of the explained minutes."""
        explained = [row.minutes for row in self.rows if row.code]
        whole, sofar = sum(explained, Decimal(0)), Decimal(0)
        for number, amount in enumerate(explained, start=1):
            sofar += amount
            if sofar * 5 >= whole * 4:
                return number
        return 0


def stops_table(shifts: Iterable[ShiftOfUnit], *, with_micro: bool = False) -> pd.DataFrame:
    """Return a row for each piece of a stop within planned time; whole seconds, so that every sum is exact."""
    kinds = (*STOPPED_KINDS, timeline.MICRO) if with_micro else STOPPED_KINDS
    rows = []
    for shift in shifts:
        for piece in shift.segments:
            if piece.kind not in kinds:
                continue
            reason = shift.intervals[piece.key].reason
            code, name = (reason.code, reason.name) if reason else ("", "")
            if piece.kind == timeline.MICRO:
                code = name = timeline.MICRO
            loss = shift.intervals[piece.key].loss
            rows.append((code, name, loss, shift.unit.code, shift.window.code, piece.seconds, piece.key))
    return pd.DataFrame(rows, columns=COLUMNS)


def pareto(shifts: Iterable[ShiftOfUnit], *, with_micro: bool = False) -> Pareto:
    """Return the stops of these shifts by reason; a stop that goes through several shifts counts once."""
    table = stops_table(shifts, with_micro=with_micro)
    if table.empty:
        return Pareto([], [], Decimal(0), 0)
    by_reason = table.groupby(["code", "name", "loss"]).agg(seconds=("seconds", "sum"), count=("stop", "nunique"))
    by_reason = by_reason.reset_index()
    by_reason["explained"] = by_reason["code"] != ""
    by_reason = by_reason.sort_values(["explained", "seconds", "code"], ascending=[True, False, True])
    by_reason["sofar"] = by_reason["seconds"].cumsum()
    per_shift = table.pivot_table(index="code", columns="shift", values="seconds", aggfunc="sum", fill_value=0)
    whole = int(by_reason["seconds"].sum())
    rows = [
        ParetoRow(
            code=row["code"],
            name=row["name"],
            loss=row["loss"],
            minutes=minutes(int(row["seconds"])),
            count=int(row["count"]),
            mean=minutes(int(row["seconds"])) / int(row["count"]),
            share=Decimal(int(row["seconds"])) / whole,
            cumulative=Decimal(int(row["sofar"])) / whole,
            by_shift=tuple(minutes(int(seconds)) for seconds in per_shift.loc[row["code"]]),
        )
        for row in by_reason.to_dict("records")
    ]
    return Pareto(rows, [str(code) for code in per_shift.columns], minutes(whole), int(table["stop"].nunique()))
