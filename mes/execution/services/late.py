"""What was written on paper while nothing else worked, entered at a desk: the same rules, one entry for a whole job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from mes.core.clocks import CLOCK_AHEAD, CLOCK_BEHIND
from mes.core.errors import InvalidInput
from mes.execution.models import Operation, ProductionReport
from mes.execution.services.floor import complete_operation, start_operation
from mes.execution.services.locking import lock_operation
from mes.execution.services.pieces import Scrap
from mes.execution.services.reports import report_production
from mes.masterdata.models import Person, Site

ZERO = Decimal(0)


class MomentImpossible(InvalidInput):
    """A moment that is still to come, is too long ago to be believed, or comes before the one that it follows."""

    code = "moment_impossible"


@transaction.atomic
def report_late(
    *,
    report_id: UUID,
    operation_id: int,
    good_quantity: Decimal | None,
    person: Person | None,
    occurred_at: datetime,
    now: datetime,
    scrap: Sequence[Scrap] = (),
    rework_quantity: Decimal = ZERO,
    lot: str = "",
    note: str = "",
    approved_by: Person | None = None,
    begun_at: datetime | None = None,
    finished: bool = False,
) -> ProductionReport:
    """Report what was made at a past moment; the same report again returns the first.

    ``begun_at``: since when the operation ran, where nobody has started it yet. ``finished``: it ended at ``occurred_at``.
    All of it is stored, or nothing.

    :raises MomentImpossible: a moment that cannot be; here none is replaced by the present.
    Also all that ``start_operation``, ``report_production`` and ``complete_operation`` refuse.
    """
    locked = lock_operation(operation_id, report_id=report_id)
    site = locked.order.site
    _check(occurred_at, site=site, now=now, field="occurred_at")
    is_first = not locked.report_known
    if is_first and begun_at is not None and locked.operation.status == Operation.Status.PENDING:
        _check(begun_at, site=site, now=now, field="begun_at")
        if begun_at > occurred_at:
            raise MomentImpossible("It cannot have begun after what is reported. Check both times.", field="begun_at")
        start_operation(
            operation_id=operation_id, person=person, occurred_at=begun_at, now=now, approved_by=approved_by
        )
    report = report_production(
        report_id=report_id, operation_id=operation_id, good_quantity=good_quantity, rework_quantity=rework_quantity,
        scrap=scrap, lot=lot, note=note, person=person, occurred_at=occurred_at, now=now, approved_by=approved_by,
    )  # fmt: skip
    if is_first and finished:
        complete_operation(
            operation_id=operation_id, person=person, occurred_at=occurred_at, now=now, approved_by=approved_by
        )
    return report


def _check(moment: datetime, *, site: Site, now: datetime, field: str) -> None:
    shown = f"{moment.astimezone(ZoneInfo(site.time_zone)):%Y-%m-%d %H:%M}"
    if moment > now + CLOCK_AHEAD:
        raise MomentImpossible(f"{shown} is still to come.", field=field)
    if moment < now - CLOCK_BEHIND + timedelta(minutes=1):
        raise MomentImpossible(
            f"{shown} is more than {CLOCK_BEHIND.days} days ago. Enter the nearest day that is not, and say in the note when it was.",
            field=field,
        )
