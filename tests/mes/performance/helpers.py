"""A machine's shift that everybody knows: 480 minutes with 60 of breaks, 47 of a stop, 19,271 pieces of which 423 are scrap."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from mes.equipment.models import ShiftBreak, StateChange
from mes.masterdata.models import Shift
from tests.factories import make_operation, make_reason
from tests.mes.equipment.helpers import make_stop_reason, run, stop, unit_of
from tests.mes.execution.helpers import report, start

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def make_shift(site, *, code="EARLY", starts_at=time(6), ends_at=time(14), breaks=(), weekdays="0123456"):
    shift = Shift.objects.create(
        site=site, code=code, name=code.capitalize(), starts_at=starts_at, ends_at=ends_at, weekdays=weekdays
    )
    for begins, ends in breaks:
        ShiftBreak.objects.create(shift=shift, starts_at=begins, ends_at=ends)
    return shift


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def vorne_shift():
    """Let a machine work that shift, with what terminals do; return the machine."""
    operation = make_operation(status="PENDING", order_quantity=Decimal(20_000))
    operation.planned_run_time_per_unit = Decimal("0.016667")  # one second, in minutes as they are stored
    operation.save()
    order = operation.work_order
    unit = unit_of(order)
    make_shift(order.site, breaks=[(time(8), time(8, 30)), (time(11), time(11, 30))])
    make_stop_reason("TOOL", site=order.site)
    make_reason(site=order.site, code="BURR")
    start(order, "10", when=at(0))
    stop(unit, when=at(200), reason="TOOL")
    run(unit, when=at(247))
    report(order, "10", good=10_000, scrap={"BURR": 23}, when=at(190))
    report(order, "10", good=8_848, scrap={"BURR": 400}, when=at(479))
    assert StateChange.objects.filter(work_unit=unit).count() == 3
    return unit


def text(response):
    """Return an answered page in one line."""
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())
