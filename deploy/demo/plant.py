"""Lineside's side of the demo plant: the site, what its people report with, logins, keys, and the way to the ERP.

What an ERP owns (items, bills, orders, people) is not made here: it comes down from the ERP.
"""

import json
import sys
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from deploy.demo import SITE  # noqa: E402
from deploy.demo.papers import write_documents  # noqa: E402
from erp_bridge.engine import connections  # noqa: E402
from erp_bridge.models import FlowState  # noqa: E402
from mes.access import services as access  # noqa: E402
from mes.access.models import ApiKey, FloorRole, Membership  # noqa: E402
from mes.access.rules import ROLE_RIGHTS  # noqa: E402
from mes.core.tongues import set_translations  # noqa: E402
from mes.equipment.models import StopReason  # noqa: E402
from mes.execution.models import WorkOrder  # noqa: E402
from mes.masterdata import services as masterdata  # noqa: E402
from mes.masterdata.models import Item, Person, ReasonCode, Site, Uom, WorkCenter  # noqa: E402
from mes.masterdata.records import ReasonRecord, ShiftRecord  # noqa: E402
from mes.material import services as material  # noqa: E402
from mes.material.models import Lot  # noqa: E402
from mes.terminal import services as terminal  # noqa: E402
from mes.terminal.models import Device, EnrollmentCode  # noqa: E402
from quality.models import InspectionPlan  # noqa: E402
from quality.services import freeze_plans  # noqa: E402

PASSWORD = "demo"  # noqa: S105 - the demo prints it
LOGINS = (
    ("admin", "everything", (), True),
    ("planner", "plans orders", ("PLANNER",), False),
    ("lead", "leads the shift", ("SUPERVISOR",), False),
    ("operator", "works at a terminal", ("OPERATOR",), False),
    ("control", "looks at costs", ("CONTROLLER",), False),
    ("it", "looks after the bridge", ("IT", "INTEGRATOR"), False),
)
REASONS = (
    ("SCRAP", "MAT", "Material fault", ""), ("SCRAP", "SURF", "Surface damaged", ""),
    ("SCRAP", "DIM", "Out of dimension", ""), ("SCRAP", "SETUP", "Setup part", ""),
    ("REWORK", "DEBURR", "Deburr again", ""), ("STOP", "TOOL", "Tool change", ""), ("STOP", "WAIT", "No material", ""),
    ("STOP", "MACH", "Machine fault", ""), ("STOP", "JAM", "Part jammed", "MACH"), ("STOP", "HYDR", "Hydraulics", "MACH"),
    ("STOP", "TEAM", "Team meeting", ""),
    ("INDIRECT", "CLEAN", "Cleaning", ""), ("INDIRECT", "MEET", "Meeting", ""),
    ("HOLD", "QUAL", "Quality to decide", ""), ("RETURN", "LEFT", "Left over", ""),
)  # fmt: skip
IN_GERMAN = {
    "SCRAP": {
        "MAT": "Materialfehler",
        "SURF": "Oberfläche beschädigt",
        "DIM": "Maß nicht gehalten",
        "SETUP": "Einrichtteil",
    },
    "STOP": {"TOOL": "Werkzeug tauschen", "WAIT": "Kein Material", "JAM": "Teil verklemmt", "HYDR": "Hydraulik"},
}
"""Terminals set to German show these; of the other reasons they show the source, and that it is English."""
LOSSES = (
    ("TOOL", "SETUP", False), ("WAIT", "WAITING", False), ("MACH", "FAILURE", False), ("HYDR", "FAILURE", True),
    ("TEAM", "PLANNED", False),
)  # fmt: skip
"""What stop reasons count as, and whether giving one calls maintenance."""
PIN = "1234"


def before_sync(erp: dict[str, Any]) -> dict[str, Any]:
    """Make what must be there before the ERP is read; safe to repeat. Returns the operators' API key."""
    now = timezone.now()
    with transaction.atomic():
        site, _ = Site.objects.get_or_create(
            code=SITE,
            defaults={
                "name": "Talbrueck, main plant",
                "time_zone": "Europe/Berlin",
                "currency": "EUR",
                "language": "en",
            },
        )
        masterdata.apply_reasons(
            [
                ReasonRecord(site=SITE, kind=kind, code=code, name=name, parent=parent)
                for kind, code, name, parent in REASONS
            ],
            owner="",
            now=now,
        )
        for kind, words in IN_GERMAN.items():
            for reason in ReasonCode.objects.filter(site=site, kind=kind, code__in=words):
                set_translations(row=reason, translations={"name": {"de": words[reason.code]}})
        masterdata.apply_shifts(
            [
                ShiftRecord(site=SITE, code=code, name=name, starts_at=begin, ends_at=end, weekdays=tuple(range(7)))
                for code, name, begin, end in (
                    ("EARLY", "Early shift", "06:00", "14:00"),
                    ("LATE", "Late shift", "14:00", "22:00"),
                    ("NIGHT", "Night shift", "22:00", "06:00"),
                )
            ],
            owner="",
            now=now,
        )
        for code, loss, calls in LOSSES:
            reason = ReasonCode.objects.get(site=site, kind="STOP", code=code)
            StopReason.objects.get_or_create(reason=reason, defaults={"loss": loss, "calls_maintenance": calls})
        for name, _, roles, is_admin in LOGINS:
            _login(site, name, roles, is_admin=is_admin)
        for old in ApiKey.objects.filter(site=site, name="Simulated operators", revoked_at=None):
            access.revoke_key(key=old, now=now)
        rights = ROLE_RIGHTS["OPERATOR"] | ROLE_RIGHTS["SUPERVISOR"] | ROLE_RIGHTS["PLANNER"]
        _, key = access.create_key(name="Simulated operators", site=site, scopes=rights, now=now, person="demo")
    connection = connections.create(
        name=erp["connector"], site=SITE, connector=erp["connector"], values=erp["settings"], label=erp["label"]
    )
    # A plant tells costs every quarter of an hour; whoever watches a demo would like to see them come.
    FlowState.objects.filter(connection=connection, flow="order_cost").update(cadence="every 20")
    return {"api_key": key}


def _login(site: Site, name: str, roles: tuple[str, ...], *, is_admin: bool) -> None:
    users = get_user_model()
    user = users.objects.filter(username=name).first()
    if user is None:
        user = users(username=name, first_name=name.capitalize(), is_staff=True, is_superuser=is_admin)
        user.set_password(PASSWORD)
        user.save()
    for role in roles:
        Membership.objects.get_or_create(user=user, site=site, role=role)


def after_sync(lots: list[list[str]]) -> dict[str, Any]:
    """Give people badges and PINs, and receive the lots of material that the ERP has in stock; safe to repeat."""
    now = timezone.now()
    people = []
    for person in Person.objects.filter(site__code=SITE, active=True).order_by("number"):
        masterdata.set_badge(person_id=person.pk, badge=f"B-{person.number}")
        masterdata.set_pin(person_id=person.pk, pin=PIN)
        people.append([person.number, person.name])
    if people:
        # The last of them leads the shift: their PIN allows at a terminal what others may not.
        lead = Person.objects.get(site__code=SITE, number=people[-1][0])
        FloorRole.objects.get_or_create(person=lead, role="SUPERVISOR")
    for number, lot, quantity in lots:
        item = Item.objects.filter(site__code=SITE, number=number).first()
        if item and not Lot.objects.filter(item=item, number=lot).exists():
            material.receive_lot(
                movement_id=uuid.uuid4(), item=item, lot_number=lot, quantity=Decimal(quantity), person=None,
                occurred_at=now, now=now,
            )  # fmt: skip
    _plan_inspections()
    return {"people": people, "badges": [f"B-{number}" for number, _ in people], "device_code": _device_code(now)}


def _plan_inspections() -> None:
    """Let one product be inspected: its first piece, and one in twenty. Orders that nobody has begun are inspected too."""
    if InspectionPlan.objects.filter(site__code=SITE).exists():
        return
    order = WorkOrder.objects.filter(site__code=SITE, status="RELEASED").order_by("priority", "number").first()
    unit = Uom.objects.filter(code="mm").first() or Uom.objects.create(
        code="mm", name="Millimeter", symbol="mm", dimension="length", decimals=3, numerator=1000
    )
    if order is None:
        return
    plan = InspectionPlan.objects.create(site=order.site, item=order.item, operation="10", name=order.item.name[:200])
    plan.characteristics.create(
        position=10, code="BORE", name="Bore", nominal=Decimal("12.02"), lower=Decimal("12.00"), upper=Decimal("12.05"),
        uom=unit, instruction="Three-point gauge, one turn", reaction="Stop, and call the setter.",
    )  # fmt: skip
    plan.characteristics.create(position=20, code="SURFACE", name="Surface", kind="ATTRIBUTE")
    plan.checks.create(trigger="FIRST")
    plan.checks.create(trigger="COUNT", every=Decimal(20))
    center = order.operations.get(number="10").work_center
    _ask_once_a_shift(center)
    write_documents(site=order.site, item=order.item, work_center=center, now=timezone.now())
    for waiting in WorkOrder.objects.filter(site=order.site, status="RELEASED"):
        freeze_plans(waiting)


def _ask_once_a_shift(center: WorkCenter) -> None:
    """Let a work center have a checklist, which is asked for but stops nobody."""
    plan = InspectionPlan.objects.create(site=center.site, work_center=center, name="Start of the shift")
    plan.characteristics.create(position=10, code="GUARD", name="Guard closes, emergency stop tried", kind="TICK")
    plan.characteristics.create(
        position=20, code="COOLANT", name="Coolant", kind="CHOICE", choices="Full\nTopped up\n!Empty, none there"
    )
    plan.characteristics.create(position=30, code="TOOL", name="Number of the tool in use", kind="TEXT")
    plan.checks.create(trigger="SHIFT")


def _device_code(now: datetime) -> str:
    """Return a code that makes the browser it is opened in a device of the whole site, good for this run of the demo."""
    site = Site.objects.get(code=SITE)
    # Each start prints one code; what earlier starts printed is worth nothing any more.
    EnrollmentCode.objects.filter(site=site, made_by="demo", device=None).update(expires_at=now)
    number = Device.objects.filter(site=site).count() + 1
    code = terminal.make_code(site=site, name=f"Demo tablet {number}", by="demo", now=now, life=timedelta(days=7))
    return code[1]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    made = before_sync(asked["erp"]) if "erp" in asked else after_sync(asked["lots"])
    print(json.dumps(made))
