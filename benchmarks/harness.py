"""Times cases against each other in interleaved rounds, so that a noisy machine is noisy to all of them alike."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the result: a figure, its reference from the same run, and what we promise of their ratio."""

    name: str
    what: str
    figure: str
    reference: str
    ratio: str
    promise: str


def seconds(case: Callable[[], object]) -> float:
    """Return how long one call took."""
    started = time.perf_counter()
    case()
    return time.perf_counter() - started


def interleaved(cases: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Run every case once per round, in turn, after a warm-up round, and return the median seconds of each."""
    for case in cases.values():
        case()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            taken[name].append(seconds(case))
    return {name: statistics.median(values) for name, values in taken.items()}


def machine() -> str:
    """Return one line about where this was measured."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {platform.system()}"


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| | what | ours | reference, same run | ratio | promise |", "|---|---|--:|--:|--:|---|"]
    lines += [f"| {r.name} | {r.what} | {r.figure} | {r.reference} | {r.ratio} | {r.promise} |" for r in rows]
    return "\n".join(lines)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []
