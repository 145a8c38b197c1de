"""Pieces by the machine's counter: what it showed at the start and what it shows now, less what was reported meanwhile."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import InvalidInput
from mes.execution import rules
from mes.execution.events import CounterRead
from mes.execution.models import CounterReading, ProductionReport
from mes.execution.queries.counters import last_reading
from mes.execution.services.floor import NotStarted
from mes.execution.services.locking import check_open, clock_time, lock_operation
from mes.execution.services.reports import ReportIdReused, report_production
from mes.masterdata.models import Person, Site

ZERO = Decimal(0)


class CounterBack(InvalidInput):
    """The counter shows less than it did, and nobody said why."""

    code = "counter_back"


class CounterBehind(InvalidInput):
    """More pieces were reported than the counter counted."""

    code = "counter_behind"


@transaction.atomic
def read_counter(
    *,
    reading_id: UUID,
    operation_id: int,
    value: Decimal,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    began_anew: str = "",
    lot: str = "",
    approved_by: Person | None = None,
) -> CounterReading:
    """Store what the counter of the operation's machine shows; the same reading again returns the first.

    The operation's first reading is where counting starts. Each later one reports good pieces, under the reading's id: what
    was counted since the one before, less the good, scrapped and rework pieces that were reported meanwhile. ``began_anew``
    says why it shows less than before: ``RESET`` to zero, or ``ROLLED`` past its last digit. A reading whose report was
    taken back does not count.

    :raises NotStarted: the operation has not begun.
    :raises CounterBack: it shows less than before, and ``began_anew`` does not say why.
    :raises CounterBehind: more was reported than it counted.
    :raises ReportIdReused: another reading has this id.
    Also all that ``report_production`` refuses.
    """
    locked = lock_operation(operation_id)
    known = CounterReading.objects.filter(pk=reading_id).first()
    if known is not None:
        if (known.operation_id, known.value) != (operation_id, value):
            raise _id_reused()
        return known
    check_open(locked.order)
    if locked.operation.started_at is None:
        raise NotStarted(_("Start the job first, then read its counter."))
    if value != value.to_integral_value() or value < 0:
        raise InvalidInput(_("A counter shows whole pieces. Enter its digits."), field="value")
    before = last_reading(operation_id)
    counted = _counted(before, value, began_anew) if before else ZERO
    good = _unreported(before, counted, locked.order.site) if before else ZERO
    report = None
    if good:
        report = report_production(
            report_id=reading_id, operation_id=operation_id, good_quantity=good, lot=lot, person=person,
            occurred_at=occurred_at, now=now, approved_by=approved_by,
        )  # fmt: skip
    reading = _store(
        id=reading_id, site=locked.order.site, operation=locked.operation, work_unit=locked.operation.work_unit,
        value=value, counted=counted, began_anew=began_anew if before and value < before.value else "", report=report,
        occurred_at=effective_time(claimed=occurred_at, now=now), recorded_at=now,
    )  # fmt: skip
    bus.publish(
        CounterRead(
            event_id=reading_id, site=locked.order.site.code, subject=locked.order.number,
            occurred_at=reading.occurred_at, operation=locked.operation.number,
            work_unit=reading.work_unit.code if reading.work_unit else "", value=value, counted=counted, good_quantity=good,
        )
    )  # fmt: skip
    return reading


def _id_reused() -> ReportIdReused:
    return ReportIdReused(_("Another entry was stored under this id. Enter it once more."))


def _store(**values: Any) -> CounterReading:
    """Insert a reading.

    :raises ReportIdReused: another order got a reading of this id at the same moment, under another lock.
    """
    try:
        return CounterReading.objects.create(**values)
    except IntegrityError as clash:
        raise _id_reused() from clash


def _unreported(before: CounterReading, counted: Decimal, site: Site) -> Decimal:
    """Return what of the counted pieces was not reported yet."""
    booked = _reported_since(before)
    if booked > counted:
        raise CounterBehind(
            _("The counter made %(counted)s since %(time)s, but %(booked)s were reported. Undo what was too much.")
            % {
                "counted": rules.shown(counted),
                "time": clock_time(before.occurred_at, site),
                "booked": rules.shown(booked),
            },
            field="value",
        )
    return counted - booked


def _counted(before: CounterReading, value: Decimal, began_anew: str) -> Decimal:
    if value >= before.value:
        return value - before.value
    if began_anew == CounterReading.Anew.RESET:
        return value
    if began_anew == CounterReading.Anew.ROLLED:
        # It showed nines last: the next round number of as many digits.
        return Decimal(10) ** len(rules.shown(before.value)) - before.value + value
    raise CounterBack(
        _(
            "The counter shows %(value)s, and showed %(before)s before. Say whether it was set to zero or went past its end."
        )
        % {"value": rules.shown(value), "before": rules.shown(before.value)},
        field="value",
    )


def _reported_since(before: CounterReading) -> Decimal:
    """Return how many pieces left the machine by the reports since a reading, its own left out."""
    since = ProductionReport.objects.filter(
        operation_id=before.operation_id, recorded_at__gt=before.recorded_at, from_rework=False
    )
    sums = since.aggregate(good=Sum("good_quantity"), scrap=Sum("scrap_quantity"), rework=Sum("rework_quantity"))
    return sum((one or ZERO for one in sums.values()), ZERO)
