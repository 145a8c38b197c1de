"""A machine in few words: each helper does what a terminal or a supervisor does."""

import uuid
from datetime import datetime
from typing import Any

from mes.equipment import services
from mes.equipment.models import StateChange
from mes.equipment.queries.intervals import Interval, intervals
from mes.execution.models import WorkOrder
from mes.masterdata.models import WorkUnit
from tests.factories import NOW, make_reason
from tests.mes.execution.helpers import at

LATER = at(60 * 24)


def unit_of(order: WorkOrder, number: str = "10") -> WorkUnit:
    return WorkUnit.objects.get(work_center__operations__work_order=order, work_center__operations__number=number)


def make_stop_reason(code: str = "TOOL", **given: Any):
    return make_reason(**{"kind": "STOP", "code": code, "name": code.capitalize()} | given)


def stop(unit: WorkUnit, *, when: datetime = NOW, reason: str = "", entry_id: uuid.UUID | None = None, **given: Any):
    services.report_stop(
        entry_id=entry_id or uuid.uuid4(), work_unit_id=unit.pk, person=None, occurred_at=when, now=when, reason=reason,
        **given,
    )  # fmt: skip


def run(unit: WorkUnit, *, when: datetime):
    services.end_stop(entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, occurred_at=when, now=when)


def explain(unit: WorkUnit, when: datetime, reason: str, *, now: datetime = LATER, **given: Any):
    services.explain_stops(
        explanation_id=uuid.uuid4(), stops=[(unit.pk, when)], reason=reason, person=None, now=now, **given
    )


def seen(unit: WorkUnit, *, now: datetime = LATER) -> list[Interval]:
    """Return all intervals of the unit, after checking that they follow each other without gap or overlap."""
    found = intervals(work_unit_ids=[unit.pk], start=at(-100_000), end=at(100_000), now=now)[unit.pk]
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert all(one.end is None for one in found[-1:])
    assert len(found) == StateChange.objects.filter(work_unit=unit).count()
    return found


def shape(unit: WorkUnit, *, now: datetime = LATER) -> list[tuple[str, float]]:
    """Return the states with the minute at which each began."""
    return [(one.state, (one.start - NOW).total_seconds() / 60) for one in seen(unit, now=now)]
