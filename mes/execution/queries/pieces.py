"""When how many pieces were reported on operations: what time is divided by where a site divides it by quantity."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.db.models.functions import Coalesce

from mes.execution.models import ProductionReport


@dataclass(frozen=True)
class Reported:
    """Pieces (good, scrap and rework) of one report; a reversal counts when what it takes back was reported."""

    at: datetime
    quantity: Decimal
    recorded_at: datetime


def reported_between(operations: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[Reported]]:
    """Return by operation's key what was reported on each from ``start`` up to and including ``end``."""
    rows = ProductionReport.objects.filter(operation_id__in=operations).annotate(
        at=Coalesce("reverses__occurred_at", "occurred_at"),
        pieces=F("good_quantity") + F("scrap_quantity") + F("rework_quantity"),
    )
    found: dict[int, list[Reported]] = defaultdict(list)
    for operation, at, pieces, recorded_at in (
        rows.filter(at__gte=start, at__lte=end).order_by().values_list("operation_id", "at", "pieces", "recorded_at")
    ):
        found[operation].append(Reported(at, pieces, recorded_at))
    return found
