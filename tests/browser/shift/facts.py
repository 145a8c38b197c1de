"""What was recorded, as rows of plain text: read from the tables that stand behind the pages, computed nowhere."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum, Value
from django.db.models.functions import Concat

from labor.models import AttendanceSegment, LaborSegment
from mes.andon.models import Call, Handover
from mes.equipment.models import DowntimeRecord, StateChange, StopEntry, StopExplanation
from mes.execution.models import (
    MachineInterval,
    Operation,
    OrderComponent,
    OrderHold,
    ProductionReport,
    ScrapLine,
    WorkOrder,
)
from mes.material.models import Lot, MaterialMovement
from quality.models import Disposition, Nonconformance
from tests.browser.shift.driver import ZONE

Row = tuple[str, ...]


def text(value: object) -> str:
    """Write a value as the table does: ``07:30``, ``12``, ``2.5``, a name, or ``-`` for nothing."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%H:%M}" + (f":{value:%S.%f}" if value.second or value.microsecond else "")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


def rows(found: Iterable[Iterable[object]]) -> list[Row]:
    """Return rows of text in one order, whatever order they were stored in."""
    return sorted(tuple(text(value) for value in row) for row in found)


def told(table: str) -> list[Row]:
    """Return the rows that a table says in text: its columns stand apart by two spaces or more."""
    return sorted(tuple(re.split(r"\s{2,}", line.strip())) for line in table.strip().splitlines()[1:])


def handed_over() -> dict[str, list[str]]:
    """Return what was handed over at each work center; the running number of a finding is left out."""
    found = Handover.objects.select_related("work_center", "person", "accepted_by")
    return {
        one.work_center.code: [
            one.person.name,
            text(one.handed_over_at),
            one.note,
            *(re.sub(r"\bNC-\d+", "NC", point) for point in one.points),
            text(one.accepted_by and one.accepted_by.name),
            text(one.accepted_at),
        ]
        for one in found
    }


def figures(items: list[dict[str, Any]], *, shift: str) -> list[Row]:
    """Return the minutes and the OEE of each machine in a shift, as the API tells them."""
    kinds = ("planned", "run", "setup", "stopped", "unexplained", "idle", "no_data", "ideal", "good_ideal")
    return rows(
        (one["work_unit"], *(one[f"{kind}_minutes"] for kind in kinds), one["oee"]["value"])
        for one in items
        if one["shift"] == shift
    )


def recorded() -> dict[str, list[Row]]:
    """Return every fact of the shift, and the sums that orders and operations carry."""
    job = Concat("work_order__number", Value("/"), "operation__number")
    via = Concat("operation__work_order__number", Value("/"), "operation__number")
    return {
        "reports": rows(
            ProductionReport.objects.values_list(
                "occurred_at", job, "work_unit__code", "person__name", "good_quantity", "scrap_quantity",
                "rework_quantity", "lot", "reverses__occurred_at",
            )
        ),
        "scrap": rows(
            ScrapLine.objects.values_list("report__occurred_at", "report__work_order__number", "quantity", "reason__code")
        ),
        "labor": rows(
            LaborSegment.objects.values_list(
                "person__name", via, "activity", "started_at", "ended_at", "minutes", "ended_by"
            )
        ),
        "minutes": rows(
            LaborSegment.objects.order_by().values_list("person__name", "activity").annotate(Sum("minutes"))
        ),
        "presence": rows(AttendanceSegment.objects.values_list("person__name", "kind", "started_at", "ended_at")),
        "occupations": rows(
            MachineInterval.objects.values_list(
                "work_unit__code", via, "activity", "started_at", "ended_at", "minutes", "person__name"
            )
        ),
        "states": rows(
            (one.work_unit.code, one.started_at, one.state, one.operation)
            for one in StateChange.objects.select_related("work_unit", "operation__work_order")
        ),
        "stop entries": rows(StopEntry.objects.values_list("work_unit__code", "at", "kind", "person__name")),
        "stop reasons": rows(
            StopExplanation.objects.values_list("work_unit__code", "at", "recorded_at", "reason__code", "person__name")
        ),
        "downtime": rows(
            DowntimeRecord.objects.values_list("work_unit__code", "started_at", "ended_at", "minutes", "reason__code")
        ),
        "movements": rows(
            MaterialMovement.objects.values_list(
                "occurred_at", "kind", "item__number", "lot__number", "quantity", "work_order", "operation",
                "person__name",
            )
        ),
        "lots": rows(Lot.objects.values_list("item__number", "number", "quantity", "status")),
        "holds": rows(
            OrderHold.objects.values_list("work_order__number", "reason__code", "placed_at", "released_at", "released_by")
        ),
        "nonconformances": rows(
            Nonconformance.objects.values_list(
                job, "quantity", "reason__code", "person__name", "occurred_at", "closed_at"
            )
        ),
        "dispositions": rows(
            Disposition.objects.values_list("nonconformance__reason__code", "kind", "quantity", "by", "recorded_at")
        ),
        "calls": rows(
            Call.objects.values_list(
                "work_center__code", "kind", "raised_at", "raised_by__name", "acknowledged_at", "acknowledged_by",
                "resolved_at", "resolved_by", "outcome",
            )
        ),
        "operations": rows(
            Operation.objects.values_list(
                Concat("work_order__number", Value("/"), "number"), "status", "good_quantity", "scrap_quantity", "rework_quantity",
                "actual_setup_time", "actual_run_time",
            )
        ),
        "orders": rows(
            WorkOrder.objects.values_list("number", "status", "good_quantity", "scrap_quantity", "held", "completed_at")
        ),
        "components": rows(
            OrderComponent.objects.values_list(
                "work_order__number", "item__number", "required_quantity", "issued_quantity", "backflushed_quantity"
            )
        ),
    }  # fmt: skip
