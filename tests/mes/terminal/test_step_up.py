"""Who may what at a terminal: one's own, and with a supervisor's PIN more; the supervisor stands on the fact."""

import json
import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from labor.models import LaborSegment
from mes.access.models import FloorRole, Membership
from mes.core import live
from mes.execution import services as execution
from mes.execution.models import OrderHold, ProductionReport, WorkOrder
from mes.journal.models import JournalEntry
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person
from mes.material.models import MaterialMovement
from mes.terminal.models import TerminalEntry
from tests.factories import make_item, make_person, make_site, make_work_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    live.forget()


class Floor:
    """A terminal with Anna and Marek, operators, and Lea, a supervisor; the order may yield 100 pieces."""

    def __init__(self, client):
        self.client = client
        self.order = make_work_order(operations=1)
        self.operation = self.order.operations.get()
        self.center = self.operation.work_center
        self.people = {}
        for number, name in (("1", "Anna"), ("2", "Marek"), ("9", "Lea")):
            person = make_person(site=self.order.site, number=number, name=name)
            masterdata.set_pin(person_id=person.pk, pin=f"258{number}")
            masterdata.set_badge(person_id=person.pk, badge=f"B-{name}")
            self.people[name] = person
        FloorRole.objects.create(person=self.people["Lea"], role="SUPERVISOR")
        user = User.objects.create_user("device", password="x")
        Membership.objects.create(user=user, site=self.order.site, role="OPERATOR")
        client.force_login(user)
        self.tap("start", activity="RUN")

    def post(self, door, body):
        path = reverse(f"terminal:{door}", args=[self.center.code])
        return self.client.post(path, json.dumps(body), content_type="application/json")

    def tap(self, action, *, by="Anna", entry_id=None, leave="", **payload):
        token = self.post("sign-on", {"badge": f"B-{by}"}).json()["token"]
        body = {
            "id": str(entry_id or uuid.uuid4()), "action": action, "person": token, "leave": leave,
            "payload": {"operation": self.operation.pk} | payload, "occurred_at": timezone.now().isoformat(),
        }  # fmt: skip
        return body["id"], self.post("entries", body)

    def leave(self, subject, *, right, number="9", pin="2589", **given):
        return self.post("step-up", {"right": right, "subject": str(subject), "number": number, "pin": pin} | given)


@pytest.fixture
def floor(client):
    return Floor(client)


def test_over_delivery_takes_a_supervisors_pin_who_stands_on_the_report(floor):
    entry, refused = floor.tap("report-good", quantity="120")
    assert (refused.json()["code"], refused.json()["step_up"]) == ("qty_over_order", "reports:over")
    leave = floor.leave(entry, right="reports:over").json()
    assert leave["name"] == "Lea"
    _, answer = floor.tap("report-good", quantity="120", entry_id=entry, leave=leave["leave"])
    assert answer.status_code == 200
    report = ProductionReport.objects.get()
    assert (report.person.name, report.approved_by.name) == ("Anna", "Lea")
    assert TerminalEntry.objects.get(pk=entry).approved_by.name == "Lea"
    allowed = JournalEntry.objects.get(kind="StepUpGranted")
    assert (allowed.subject, allowed.data["person"], allowed.data["right"]) == (entry, "9", "reports:over")


def test_under_delivery_takes_a_supervisors_pin(floor):
    WorkOrder.objects.update(under_delivery_percent=Decimal(0))
    floor.tap("report-good", quantity="5")
    entry, refused = floor.tap("finish")
    assert (refused.json()["code"], refused.json()["step_up"]) == ("qty_under_order", "reports:over")
    leave = floor.leave(entry, right="reports:over").json()["leave"]
    assert floor.tap("finish", entry_id=entry, leave=leave)[1].status_code == 200
    stopped = JournalEntry.objects.filter(kind="OperationStopped").latest("pk")
    assert (stopped.data["person"], stopped.data["approved_by"]) == ("1", "9")


def test_a_leave_is_for_one_entry_and_one_right(floor):
    one, _ = floor.tap("report-good", quantity="120")
    leave = floor.leave(one, right="reports:over").json()["leave"]
    other, answer = floor.tap("report-good", quantity="130", leave=leave)
    assert answer.json()["code"] == "qty_over_order"
    wrong = floor.leave(other, right="orders:hold").json()["leave"]
    assert floor.tap("report-good", quantity="130", entry_id=other, leave=wrong)[1].json()["code"] == "qty_over_order"
    assert floor.tap("report-good", quantity="130", entry_id=other, leave="forged")[1].status_code == 422
    assert not ProductionReport.objects.exists()


def test_a_leave_is_worth_nothing_once_the_right_is_gone(floor):
    entry, _ = floor.tap("report-good", quantity="120")
    leave = floor.leave(entry, right="reports:over").json()["leave"]
    FloorRole.objects.all().delete()
    assert floor.tap("report-good", quantity="120", entry_id=entry, leave=leave)[1].json()["code"] == "qty_over_order"


def test_an_operators_pin_allows_nothing_and_says_which_right_it_takes(floor):
    answer = floor.leave("x", right="reports:over", number="2", pin="2582")
    assert answer.status_code == 403 and "reports:over" in answer.json()["detail"]
    assert not JournalEntry.objects.filter(kind="StepUpGranted").exists()


def test_a_badge_alone_allows_nothing(floor):
    assert floor.leave("x", right="reports:over", badge="B-Lea", pin="").status_code == 422
    assert floor.leave("x", right="reports:over", badge="B-Lea", pin="0000").json()["code"] == "pin_wrong"
    assert floor.leave("x", right="reports:over", badge="B-Lea").status_code == 200


@pytest.mark.parametrize("asked", [{"right": "rm"}, {"right": None}, {"subject": ""}, {"number": "77"}, {"pin": ""}])
def test_what_makes_no_sense_is_refused_in_words(floor, asked):
    answer = (
        floor.leave("x", **{"right": "reports:over"} | {k: v for k, v in asked.items() if k != "subject"})
        if ("subject" not in asked)
        else floor.leave("", right="reports:over")
    )
    assert answer.status_code == 422 and answer.json()["detail"]


def test_ones_own_entry_is_taken_back_without_asking_anybody(floor):
    entry, _ = floor.tap("report-good", quantity="3")
    assert floor.tap("undo", report=entry)[1].status_code == 200


def test_anothers_entry_takes_a_supervisor_who_stands_on_the_reversal(floor):
    entry, _ = floor.tap("report-good", quantity="3")
    undo, refused = floor.tap("undo", by="Marek", report=entry)
    assert (refused.json()["code"], refused.json()["step_up"]) == ("step_up_needed", "reports:reverse")
    assert "Anna" in refused.json()["detail"]
    leave = floor.leave(undo, right="reports:reverse").json()["leave"]
    assert floor.tap("undo", by="Marek", entry_id=undo, leave=leave, report=entry)[1].status_code == 200
    reversal = ProductionReport.objects.get(reverses=entry)
    assert (reversal.person.name, reversal.approved_by.name) == ("Marek", "Lea")


def test_a_by_product_is_taken_back_by_whoever_put_it_out_and_anothers_with_leave(floor):
    make_item(site=floor.order.site, number="CHIPS")
    own, _ = floor.tap("byproduct", item="CHIPS", quantity="2")
    assert floor.tap("undo", report=own)[1].status_code == 200
    entry, _ = floor.tap("byproduct", item="CHIPS", quantity="3")
    undo, refused = floor.tap("undo", by="Marek", report=entry)
    assert (refused.json()["code"], refused.json()["step_up"]) == ("step_up_needed", "reports:reverse")
    leave = floor.leave(undo, right="reports:reverse").json()["leave"]
    assert floor.tap("undo", by="Marek", entry_id=undo, leave=leave, report=entry)[1].status_code == 200
    assert TerminalEntry.objects.get(pk=undo).approved_by.name == "Lea"
    moved = MaterialMovement.objects.filter(item__number="CHIPS").order_by("recorded_at")
    assert [movement.quantity for movement in moved] == [2, -2, 3, -3]


def test_a_report_of_another_job_is_not_taken_back_here(floor):
    other = make_work_order(operations=1).operations.get()
    execution.start_operation(
        operation_id=other.pk, person=None, occurred_at=timezone.now(), now=timezone.now(), activity="RUN", work_unit=""
    )
    report = execution.report_production(
        report_id=uuid.uuid4(), operation_id=other.pk, good_quantity=Decimal(1), person=floor.people["Anna"],
        occurred_at=timezone.now(), now=timezone.now(),
    )  # fmt: skip
    assert floor.tap("undo", report=str(report.pk))[1].status_code == 404
    assert ProductionReport.objects.count() == 1


def test_a_hold_is_lifted_by_a_supervisors_pin_only(floor):
    execution.hold_work_order(work_order_id=floor.order.pk, by="quality", now=timezone.now(), note="Wrong drawing")
    hold = OrderHold.objects.get()
    entry, refused = floor.tap("lift-hold", hold=hold.pk)
    assert refused.json()["step_up"] == "orders:hold"
    leave = floor.leave(entry, right="orders:hold").json()["leave"]
    assert floor.tap("lift-hold", entry_id=entry, leave=leave, hold=hold.pk)[1].status_code == 200
    hold.refresh_from_db()
    assert hold.released_by == "9"


def test_a_hold_of_another_order_is_not_lifted_here(floor):
    other = make_work_order()
    execution.hold_work_order(work_order_id=other.pk, by="quality", now=timezone.now())
    entry = uuid.uuid4()
    leave = floor.leave(entry, right="orders:hold").json()["leave"]
    answer = floor.tap("lift-hold", entry_id=entry, leave=leave, hold=OrderHold.objects.get().pk)[1]
    assert answer.status_code == 404


def test_five_wrong_pins_lock_and_a_supervisor_unlocks_on_the_spot(floor):
    for _ in range(5):
        answer = floor.post("sign-on", {"number": "1", "pin": "0000"})
    assert "A supervisor unlocks it" in answer.json()["detail"]
    locked = floor.post("sign-on", {"number": "1", "pin": "2581"})
    assert (locked.json()["code"], locked.json()["step_up"]) == ("pin_locked", "people:unlock")
    assert floor.post("unlock", {"number": "1", "leave": ""}).json()["code"] == "step_up_needed"
    leave = floor.leave("unlock 1", right="people:unlock").json()["leave"]
    assert floor.post("unlock", {"number": "2", "leave": leave}).status_code == 403
    assert floor.post("unlock", {"number": "1", "leave": leave}).json()["name"] == "Anna"
    assert floor.post("sign-on", {"number": "1", "pin": "2581"}).status_code == 200
    assert JournalEntry.objects.get(kind="PinUnlocked").data["by"] == "9"


def test_digits_alone_mean_whoever_has_them_behind_letters_and_only_if_that_is_one_person(floor):
    number = "E007"
    masterdata.set_pin(person_id=make_person(site=floor.order.site, number=number, name="Emil").pk, pin="7777")
    for typed in ("7", "007", number):
        assert floor.post("sign-on", {"number": typed, "pin": "7777"}).json()["number"] == number
    make_person(site=floor.order.site, number="E017", name="Elif")  # ends in 7, and is not 7
    assert floor.post("sign-on", {"number": "7", "pin": "7777"}).json()["number"] == number
    masterdata.set_pin(person_id=make_person(site=floor.order.site, number="T-07", name="Tom").pk, pin="7777")
    assert floor.post("sign-on", {"number": "7", "pin": "7777"}).status_code == 422
    masterdata.set_pin(person_id=make_person(site=floor.order.site, number="7", name="Sven").pk, pin="7777")
    assert floor.post("sign-on", {"number": "7", "pin": "7777"}).json()["number"] == "7"


def test_a_person_signs_on_by_name_where_only_one_has_it(floor):
    assert floor.post("sign-on", {"number": "anna", "pin": "2581"}).json()["number"] == "1"
    make_person(site=floor.order.site, number="11", name="Anna")
    assert floor.post("sign-on", {"number": "anna", "pin": "2581"}).status_code == 422


def test_people_of_another_site_are_nobody_here(floor):
    stranger = make_person(site=make_site(code="P2"), number="77", name="Someone")
    masterdata.set_pin(person_id=stranger.pk, pin="1234")
    FloorRole.objects.create(person=stranger, role="SUPERVISOR")
    assert floor.leave("x", right="reports:over", number="77", pin="1234").status_code == 422


def test_a_supervisor_who_left_allows_nothing(floor):
    entry, _ = floor.tap("report-good", quantity="120")
    leave = floor.leave(entry, right="reports:over").json()["leave"]
    Person.objects.filter(name="Lea").update(active=False)
    assert floor.tap("report-good", quantity="120", entry_id=entry, leave=leave)[1].json()["code"] == "qty_over_order"


def test_ones_time_after_the_shift_is_ended_by_oneself_or_by_a_supervisor(floor):
    running = LaborSegment.objects.get(ended_at=None)
    assert running.person == floor.people["Anna"]
    entry, refused = floor.tap("leave-after-shift", by="Marek", segment=str(running.pk))
    assert (refused.status_code, refused.json()["step_up"]) == (403, "labor:correct")
    assert LaborSegment.objects.get().ended_at is None
    leave = floor.leave(entry, right="labor:correct").json()["leave"]
    assert (
        floor.tap("leave-after-shift", by="Marek", entry_id=entry, leave=leave, segment=str(running.pk))[1].status_code
        == 200
    )
    assert LaborSegment.objects.get().ended_at is not None
    # What has ended is not ended again, and what never was is not either.
    for gone in (str(running.pk), str(uuid.uuid4()), "1"):
        assert floor.tap("leave-after-shift", segment=gone)[1].status_code in (404, 422)
    floor.tap("join")
    own = LaborSegment.objects.get(ended_at=None)
    assert floor.tap("leave-after-shift", segment=str(own.pk))[1].status_code == 200
    assert not LaborSegment.objects.filter(ended_at=None).exists()
