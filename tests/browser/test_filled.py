"""Pages of the floor with something on them, in states that a running plant has and an empty one has not.

Each is looked at by axe and measured, light on a screen and dark on a phone; ``LINESIDE_PAGE_PICTURES`` records them.
"""

import uuid
from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from labor import services as labor
from mes.access.models import Membership
from mes.andon import services as andon
from mes.core import live
from mes.equipment import services as equipment
from mes.execution.services import hold_all
from mes.masterdata.models import PrivacyPolicy
from mes.material import services as material
from mes.material.models import Lot
from mes.performance import services as performance
from mes.terminal import services as terminal
from mes.terminal.models import Device, TerminalEntry
from tests.browser.test_states import look, record
from tests.factories import (
    make_item,
    make_lot,
    make_person,
    make_reason,
    make_stock_place,
    make_work_center,
    make_work_order,
)
from tests.mes.equipment.helpers import make_stop_reason, run, stop
from tests.mes.execution.helpers import report, start
from tests.mes.performance.helpers import make_shift

pytestmark = pytest.mark.browser


def ago(minutes):
    return timezone.now() - timedelta(minutes=minutes)


@pytest.fixture
def plant(transactional_db):
    """A site with two machines that make parts of steel, who leads it, and somebody who only looks."""
    live.forget()
    steel = make_item(number="STEEL", name="Round steel 40 mm", lot_tracked=True)
    part = make_item(number="SHAFT", name="Shaft", lot_tracked=True)
    order = make_work_order(number="WO-1042", item=part, operations=1, components=[(steel, Decimal(100))])
    make_lot(item=steel, number="S-2291", quantity=Decimal(60))
    for name, role in (("lead", "SUPERVISOR"), ("it", "IT"), ("visitor", "VIEWER"), ("device", "OPERATOR")):
        Membership.objects.create(
            user=User.objects.create_user(name, password="demo-plant"), site=order.site, role=role
        )
    return order


def center_of(plant, number="10"):
    return plant.operations.get(number=number).work_center


def raise_call(plant, kind, minutes, note="", **given):
    call = andon.raise_call(
        call_id=uuid.uuid4(), work_center_id=center_of(plant).pk, kind=kind, person=make_person(name="Anna Krüger"),
        occurred_at=ago(minutes), now=ago(minutes), note=note, **given,
    )  # fmt: skip
    return call.pk


def calls(plant):
    raise_call(plant, "MATERIAL", 25, note="Only two bars of S-2291 left")
    coming = raise_call(plant, "QUALITY", 12, note="Is this edge good enough?")
    andon.acknowledge_call(call_id=coming, by="lead", now=ago(9))
    there = raise_call(plant, "LEAD", 40)
    andon.arrive_at_call(call_id=there, by="lead", now=ago(30))
    over = raise_call(plant, "MAINTENANCE", 90)
    andon.resolve_call(call_id=over, by="lead", now=ago(60), outcome="Lifted the part together")
    return "/andon/", "lead", "Only two bars"


def maintenance(plant):
    units = [center.work_units.get() for center in (center_of(plant), make_work_center(site=plant.site, code="SAW"))]
    asked = {}
    done = uuid.uuid4()
    equipment.request_maintenance(request_id=done, work_unit_id=units[0].pk, person=None, now=ago(300), note="Belt")
    equipment.finish_maintenance(request_id=done, by="lead", now=ago(250), outcome="New belt, ran it in")
    for unit, minutes, note in ((units[0], 35, "Coolant pump drips"), (units[1], 80, "Door switch sticks")):
        asked[unit] = uuid.uuid4()
        equipment.request_maintenance(
            request_id=asked[unit],
            work_unit_id=unit.pk,
            person=make_person(name="Ben Ito"),
            now=ago(minutes),
            note=note,
        )
    equipment.acknowledge_maintenance(request_id=asked[units[1]], by="lead", now=ago(70))
    return "/maintenance/", "lead", "Coolant pump drips"


def devices(plant):
    for name, center in (("Saw 1, left", center_of(plant)), ("Tablet of the shift lead", None), ("Old kiosk", None)):
        _, text = terminal.make_code(site=plant.site, work_center=center, name=name, by="it", now=timezone.now())
        terminal.enroll(code=text, now=timezone.now())
    found = {device.name: device.pk for device in Device.objects.all()}
    terminal.note_heartbeat(device_id=found["Saw 1, left"], version="3f2a", queue_length=0, now=timezone.now())
    terminal.note_heartbeat(device_id=found["Tablet of the shift lead"], version="3f2a", queue_length=7, now=ago(130))
    terminal.revoke(device_id=found["Old kiosk"], by="it", now=timezone.now())
    terminal.make_code(site=plant.site, work_center=None, name="Press 4", by="it", now=timezone.now())
    return "/devices/", "it", "Saw 1, left"


def lifted_hold(plant):
    lot = Lot.objects.get(number="S-2291")
    hold = material.hold_lot(lot_id=lot.pk, by="lead", now=ago(90), note="Hardness in doubt")
    material.release_lot_hold(hold_id=hold.pk, by="lead", now=ago(20), note="Measured again, within limits")
    return f"/trace/{lot.pk}/", "lead", "S-2291"


def everything_held(plant):
    start(plant, "10", when=ago(120))
    report(plant, "10", good=10, lot="SH-1", when=ago(100))
    lot = Lot.objects.get(number="S-2291")
    material.ship_lot(
        movement_id=uuid.uuid4(), item=plant.item, lot_number="SH-1", quantity=Decimal(4), reference="D-77", person=None,
        occurred_at=ago(80), now=ago(80),
    )  # fmt: skip
    hold_all(lot_id=lot.pk, by="lead", now=ago(5), note="Wrong alloy")
    return f"/trace/{lot.pk}/", "lead", "Wrong alloy"


def entry_for_the_supervisor(plant):
    kept = TerminalEntry.objects.create(
        id=uuid.uuid4(), site=plant.site, work_center=center_of(plant), action="report-good", label="+3 good",
        payload={"operation": plant.operations.get(number="10").pk, "quantity": "3"}, state="REFUSED",
        person=make_person(name="Anna Krüger"), occurred_at=ago(30), recorded_at=ago(29), code="wo_closed",
        said="Work order WO-1042 is completed. Ask the planner to reopen it.",
    )  # fmt: skip
    return f"/entries/{kept.pk}/", "visitor", "+3 good"


def line_stock_to_read(plant):
    place = make_stock_place(work_center=center_of(plant), code="RACK-1", name="Rack beside the lathe")
    material.replenish_place(
        movement_id=uuid.uuid4(), place_id=place.pk, item=Lot.objects.get(number="S-2291").item, lot_number="S-2291",
        quantity=Decimal(12), person=None, occurred_at=ago(50), now=ago(50),
    )  # fmt: skip
    return "/line-stock/", "visitor", "S-2291"


def private_day(plant):
    PrivacyPolicy.objects.create(site=plant.site, smallest_group=3)
    ben, operation = make_person(name="Ben Ito"), plant.operations.get(number="10")
    start(plant, "10", when=ago(800))
    labor.clock_on(person=ben, operation_id=operation.pk, occurred_at=ago(790), now=ago(790))
    labor.clock_out(person=ben, occurred_at=ago(10), now=ago(10))
    day = ago(790).astimezone(ZoneInfo(plant.site.time_zone)).date()
    return f"/labor/{plant.site.code}/{day}/", "lead", "Ben Ito"


def large_wall(plant):
    for number in range(1, 30):
        unit = make_work_center(site=plant.site, code=f"LATHE-{number:02}").work_units.get()
        if number % 7 == 0:
            stop(unit, when=ago(number))
    return f"/wall/{plant.site.code}/", "lead", "LATHE-07"


def entered_at_a_desk(plant):
    start(plant, "10", when=ago(120))
    make_reason(site=plant.site, code="BURR", name="Burr")
    return f"/orders/{plant.number}/late", "lead", "Enter what was made earlier"


def actions_against_stops(plant):
    unit = center_of(plant).work_units.get()
    make_shift(plant.site, starts_at=time(0), ends_at=time(12))
    make_shift(plant.site, code="LATE", starts_at=time(12), ends_at=time(0))
    make_stop_reason("TOOL", site=plant.site, name="Tool broke")
    make_stop_reason("CHIPS", site=plant.site, name="Chips in the way")
    start(plant, "10", when=ago(200))
    for begun, reason in ((150, "TOOL"), (90, "CHIPS")):
        stop(unit, when=ago(begun), reason=reason)
        run(unit, when=ago(begun - 20))
    today = timezone.now().date()
    for what, reason, late in (("Order harder inserts", "TOOL", 0), ("Try the longer nozzle", "CHIPS", 3)):
        performance.plan_action(
            action_id=uuid.uuid4(), site=plant.site, what=what, owned_by="Tooling", due_on=today - timedelta(days=late),
            by="lead", now=ago(60 * 24 * 4), reason=reason, work_unit=unit.code if late else "",
        )  # fmt: skip
    day = today - timedelta(days=1)
    return f"/oee/pareto/?site={plant.site.code}&from={day}&to={today}&about=TOOL", "lead", "Order harder inserts"


FILLED = [
    calls, maintenance, devices, lifted_hold, everything_held, entry_for_the_supervisor, line_stock_to_read, private_day,
    large_wall, entered_at_a_desk, actions_against_stops,
]  # fmt: skip


@pytest.mark.parametrize("fill", FILLED, ids=lambda fill: fill.__name__)
def test_a_filled_page_is_sound(open_page, plant, fill):
    path, user, words = fill(plant)
    wrong = []
    for scheme, width in (("light", 1280), ("dark", 360)):
        page = open_page("/healthz", user=user, scheme=scheme, width=width)
        wrong += look(page, f"filled-{fill.__name__}", {path: words}, scheme, width)
    assert wrong == []


def test_what_was_held_at_once_is_told_on_one_page(open_page, plant):
    path, user, _ = everything_held(plant)
    for scheme, width in (("light", 1280), ("dark", 360)):
        page = open_page(path, user=user, scheme=scheme, width=width)
        page.fill("#note", "Melt 4711, all of it")
        page.get_by_role("button", name="Hold all").click()
        expect(page.locator("main")).to_contain_text("SH-1")
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        record(page, "filled", "/held-at-once/", scheme, width)
