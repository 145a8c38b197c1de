"""What stands in the plant before the shift begins: machines, people, material and released orders. Nobody has worked yet."""

from datetime import UTC, datetime, time
from decimal import Decimal

from django.contrib.auth.models import User

from mes.access.models import FloorRole, Membership
from mes.equipment.models import ShiftBreak, StopReason
from mes.execution import services as execution
from mes.execution.models import WorkOrder
from mes.masterdata import services as masterdata
from mes.masterdata.models import Item, RoutingStep, Shift, Site, WorkCenter, WorkUnit
from mes.material.models import ItemSetting
from tests.factories import make_bom, make_item, make_lot, make_person, make_reason, make_routing, make_site

EVENING_BEFORE = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)

PEOPLE = {
    "Anna": "1007", "Marek": "1012", "Nils": "1031",
    "Jana": "1021", "Oleg": "1022", "Sofia": "1023",
    "Lea": "9001",
}  # fmt: skip
PIN = "8520"


def make_plant() -> dict[str, str]:
    """Set the plant up, and return everybody's badge."""
    site = make_site(name="Works", time_zone="Europe/Berlin")
    _calendar(site)
    turning = _center(site, "CNC", "Turning and milling", "CNC-01", "CNC-02")
    assembly = _center(site, "ASSY", "Assembly", "ASSY-01")
    for code, name in (("BURR", "Burr"), ("CRACK", "Crack"), ("DIM", "Out of dimension")):
        make_reason(site=site, code=code, name=name)
    for code, name in (("MATERIAL", "No material"), ("TOOL", "Tool change")):
        StopReason.objects.create(reason=make_reason(site=site, kind="STOP", code=code, name=name), loss="WAITING")

    bar = make_item(site=site, number="BAR-40", name="Round bar 40", lot_tracked=True)
    bearing = make_item(site=site, number="BEAR-6", name="Ball bearing")
    shaft = make_item(site=site, number="SHAFT", name="Drive shaft", lot_tracked=True)
    cover = make_item(site=site, number="COVER", name="Cover")
    gearbox = make_item(site=site, number="GEARBOX", name="Gearbox")
    ItemSetting.objects.create(item=bar, backflush=ItemSetting.Backflush.NONE)
    make_bom(item=shaft, lines=[(bar, Decimal(1))])
    make_bom(item=gearbox, lines=[(bearing, Decimal(2))])
    make_lot(item=bar, number="B-101", quantity=Decimal(40), expires_at=datetime(2026, 6, 1, tzinfo=UTC))
    make_lot(item=bar, number="B-102", quantity=Decimal(100), expires_at=datetime(2026, 9, 1, tzinfo=UTC))

    _order("WO-501", shaft, 60, [(turning, "Turning", 15, 3), (assembly, "Finishing", 0, 2)])
    _order("WO-502", cover, 40, [(turning, "Milling", 0, 5)])
    _order("WO-503", gearbox, 30, [(assembly, "Assembly", 0, 8)])

    lead = User.objects.create_user("lea", password="demo-plant")
    Membership.objects.create(user=lead, site=site, role="SUPERVISOR")
    badges = {}
    for name, number in PEOPLE.items():
        person = make_person(site=site, number=number, name=name)
        badges[name] = masterdata.issue_badge(person_id=person.pk)
        if name == "Lea":
            masterdata.set_pin(person_id=person.pk, pin=PIN)
            FloorRole.objects.create(person=person, role="SUPERVISOR")
    return badges


def _calendar(site: Site) -> None:
    early = Shift.objects.create(site=site, code="EARLY", name="Early", starts_at=time(6), ends_at=time(14))
    Shift.objects.create(site=site, code="LATE", name="Late", starts_at=time(14), ends_at=time(22))
    ShiftBreak.objects.create(shift=early, starts_at=time(9), ends_at=time(9, 15))


def _center(site: Site, code: str, name: str, *units: str) -> WorkCenter:
    center = WorkCenter.objects.create(site=site, code=code, name=name)
    for unit in units:
        WorkUnit.objects.create(site=site, work_center=center, code=unit, name=unit)
    return center


def _order(number: str, item: Item, quantity: int, steps: list[tuple[WorkCenter, str, int, int]]) -> None:
    """Release an order with operations 10, 20, ... of (work center, name, minutes of setup, minutes for a piece)."""
    routing = make_routing(item=item, steps=0)
    for position, (center, name, setup, run) in enumerate(steps, start=1):
        RoutingStep.objects.create(
            routing=routing, position=position, number=str(position * 10), name=name, work_center=center,
            setup_time=Decimal(setup), run_time_per_unit=Decimal(run),
        )  # fmt: skip
    order = WorkOrder.objects.create(
        site=item.site, number=number, item=item, uom=item.uom, order_quantity=Decimal(quantity),
        created_at=EVENING_BEFORE, due_at=datetime(2026, 3, 3, 12, 0, tzinfo=UTC),
    )  # fmt: skip
    execution.release_work_order(work_order_id=order.pk, by="planner", now=EVENING_BEFORE)
