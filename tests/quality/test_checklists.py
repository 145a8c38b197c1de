"""Checklists: plans of what is ticked, written and chosen, before the start, once a shift, for an item or at a work center."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import override

from mes.execution import gates
from mes.execution.models import MachineInterval
from mes.execution.services import start_operation
from mes.journal.models import JournalEntry
from quality import queries, rules, services
from quality.gates import CheckOpen
from quality.models import Characteristic, InspectionPlan, InspectionResult, OrderCheck, PlannedCheck
from quality.services.readings import ValueUnreadable
from tests.factories import NOW, make_item, make_person, make_site, make_work_center, make_work_order
from tests.quality.helpers import make_plan, operation_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def checklist(*, trigger="START", blocks=True, **place):
    """Return a plan with one question of each kind."""
    site = (place.get("item") or place["work_center"]).site
    plan = InspectionPlan.objects.create(site=site, name="Before the press runs", **place)
    for position, (code, kind, choices) in enumerate(
        [("GUARD", "TICK", ""), ("TOOL", "TEXT", ""), ("OIL", "CHOICE", "full\nhalf\n!empty")], start=1
    ):
        Characteristic.objects.create(
            plan=plan, position=position, code=code, name=code.title(), kind=kind, choices=choices
        )
    PlannedCheck.objects.create(plan=plan, trigger=trigger, blocks=blocks)
    return plan


@pytest.fixture
def operation():
    """The first operation of an order that is released at a work center with a checklist."""
    order = make_work_order()
    first = order.operations.get(position=1)
    checklist(work_center=first.work_center)
    gates.complete_snapshot(order)
    return operation_of(order)


def answer(operation, *, when=NOW, occurrence="start", person=None, **answers):
    check = OrderCheck.objects.get(operation=operation)
    given = {"GUARD": "ok", "TOOL": "T-12", "OIL": "full"} | answers
    entries = [
        services.Entry(reading_id=uuid.uuid4(), characteristic=code, text=text) for code, text in given.items() if text
    ]
    return services.take_readings(
        operation_id=operation.pk, check_id=check.pk, occurrence=occurrence, entries=entries, person=person,
        occurred_at=when, now=when,
    )  # fmt: skip


def start(operation):
    return start_operation(operation_id=operation.pk, person=make_person(), occurred_at=NOW, now=NOW)


def test_a_checklist_of_a_work_center_comes_with_every_order_that_is_made_there(operation):
    check = OrderCheck.objects.get()
    assert (check.operation, check.trigger, check.blocks) == (operation, "START", True)
    assert list(check.characteristics.values_list("code", flat=True)) == ["GUARD", "TOOL", "OIL"]


def test_a_plan_of_the_item_and_one_of_the_work_center_stand_side_by_side():
    item = make_item()
    order = make_work_order(item=item)
    first = order.operations.get(position=1)
    make_plan(item=item)
    checklist(work_center=first.work_center)
    twin = InspectionPlan.objects.get(work_center=first.work_center).characteristics.get(code="TOOL")
    twin.code = "BORE"
    twin.save()
    gates.complete_snapshot(order)
    assert sorted(OrderCheck.objects.filter(operation=first).values_list("trigger", flat=True)) == ["FIRST", "START"]


def test_what_comes_before_the_start_is_asked_before_the_start(operation):
    with pytest.raises(CheckOpen) as refusal:
        start(operation)
    assert "(Guard, Tool, Oil) is not done. Open “Checks” at the terminal and fill it in" in refusal.value.detail
    [state] = queries.states_of([operation], now=NOW + 9 * HOUR)[operation.pk]
    assert state.is_open and not state.is_late(NOW + 9 * HOUR), "a job that waits is not late"
    anna = make_person()
    taken = answer(operation, person=anna)
    assert {(one.characteristic.code, one.raw, one.passed, one.person) for one in taken} == {
        ("GUARD", "ok", True, anna), ("TOOL", "T-12", True, anna), ("OIL", "full", True, anna),
    }  # fmt: skip
    assert start(operation).status == "RUNNING"


def test_a_half_filled_checklist_lets_nobody_start(operation):
    answer(operation, TOOL="")
    assert not InspectionResult.objects.exists()
    with pytest.raises(CheckOpen):
        start(operation)


def test_a_wrong_answer_keeps_the_start_shut_until_it_is_mended_or_released(operation):
    answer(operation, OIL="empty")
    assert InspectionResult.objects.get().verdict == "FAILED"
    with pytest.raises(CheckOpen, match="failed"):
        start(operation)
    answer(operation, GUARD="", TOOL="", OIL="full")
    assert start(operation).status == "RUNNING"


def test_a_checklist_that_does_not_block_can_be_filled_in_later(operation):
    OrderCheck.objects.update(blocks=False)
    start(operation)
    answer(operation, when=NOW + HOUR)
    assert InspectionResult.objects.get().verdict == "PASSED"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"GUARD": "nok"}, "say ok when it is done"), ({"OIL": "plenty"}, "choose one of full, half, empty"),
        ({"OIL": "!empty"}, "choose one of"), ({"TOOL": "   "}, "write something"), ({"TOOL": "x" * 201}, "at most 200"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(operation, given, words):
    with pytest.raises(ValueUnreadable, match=words):
        answer(operation, **given)


def test_what_was_written_and_chosen_goes_with_the_result(operation):
    answer(operation)
    said = JournalEntry.objects.filter(kind__contains="InspectionCompleted").get().data
    assert [(one["characteristic"], one["text"], one["value"]) for one in said["values"]] == [
        ("GUARD", "", None), ("TOOL", "T-12", None), ("OIL", "full", None),
    ]  # fmt: skip


def ran(operation, *spans):
    for begins, ends in spans:
        MachineInterval.objects.create(
            site=operation.work_order.site, operation=operation, activity="RUN", started_at=begins, ended_at=ends,
            work_unit=operation.work_center.work_units.get(), start_recorded_at=begins,
        )  # fmt: skip


def test_once_a_shift_is_once_in_each_shift_in_which_it_runs(operation):
    from datetime import time  # noqa: PLC0415

    from mes.masterdata.models import Shift  # noqa: PLC0415

    OrderCheck.objects.update(trigger="SHIFT")
    site = operation.work_order.site
    site.time_zone = "UTC"
    site.save()
    for code, begins, ends in (("A", 6, 14), ("B", 14, 22)):
        Shift.objects.create(site=site, code=code, name=code, starts_at=time(begins), ends_at=time(ends))
    ran(operation, (NOW, NOW + HOUR), (NOW + 2 * HOUR, None))
    operation.status = "RUNNING"
    operation.save()
    [state] = queries.states_of([operation], now=NOW + 3 * HOUR)[operation.pk]
    assert [(one.key, one.due_at) for one in state.occurrences] == [("shift-20260302-0600", NOW)]
    answer(operation, when=NOW + 3 * HOUR, occurrence="shift-20260302-0600")
    [state] = queries.states_of([operation], now=NOW + 7 * HOUR)[operation.pk]
    assert [one.key for one in state.occurrences] == ["shift-20260302-0600", "shift-20260302-1400"]
    assert state.is_open and state.missed == 0
    assert state.latest.due_at == NOW.replace(hour=14)


def test_where_there_are_no_shifts_a_day_is_one(operation):
    OrderCheck.objects.update(trigger="SHIFT")
    ran(operation, (NOW, NOW + HOUR), (NOW + 24 * HOUR, NOW + 25 * HOUR))
    [state] = queries.states_of([operation], now=NOW + 26 * HOUR)[operation.pk]
    assert len(state.occurrences) == 2


def test_a_shift_in_which_nothing_ran_asks_nothing():
    shifts = [(NOW, NOW + HOUR), (NOW + HOUR, NOW + 2 * HOUR), (NOW + 2 * HOUR, NOW + 3 * HOUR)]
    runs = [(NOW - HOUR, NOW + HOUR), (NOW + 2 * HOUR, None)]
    found = rules.due_by_shift(runs, shifts=shifts, now=NOW + timedelta(hours=2, minutes=1))
    assert [one.due_at for one in found] == [NOW, NOW + 2 * HOUR]


def test_a_plan_is_of_an_item_or_of_a_work_center():
    site, item = make_site(), make_item()
    center = make_work_center()
    for wrong in ({}, {"item": item, "work_center": center}, {"work_center": center, "operation": "10"}):
        with pytest.raises(ValidationError):
            InspectionPlan(site=site, name="x", **wrong).clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            InspectionPlan.objects.create(site=site, name="x", **wrong)
    InspectionPlan.objects.create(site=site, name="x", work_center=center)
    with pytest.raises(IntegrityError), transaction.atomic():
        InspectionPlan.objects.create(site=site, name="y", work_center=center)


def test_a_choice_has_something_to_choose_from():
    plan = InspectionPlan.objects.create(site=make_site(), name="x", item=make_item())
    with pytest.raises(ValidationError, match="at least two lines"):
        Characteristic(plan=plan, code="A", name="A", kind="CHOICE", choices="only one").clean()
    one = Characteristic(plan=plan, code="A", name="A", kind="CHOICE", choices="good\n! bad \n\n!")
    one.translations = {"choices": {"de": "gut\n\n! schlecht", "es": "bien"}}
    with override("de"):
        assert one.told_answers == [("good", "gut"), ("bad", "schlecht")]
    with override("es"):  # a line is missing: nobody could say which
        assert one.told_answers == [("good", "good"), ("bad", "bad")]
    one.clean()
    assert one.answers == {"good": True, "bad": False}


def test_the_terminal_is_told_which_sheet_comes_before_the_start_until_its_check_has_passed(operation):
    check = OrderCheck.objects.get(operation=operation)
    assert gates.sheet_before(operation, "START") == f"check-{check.pk}"
    answer(operation, OIL="empty")
    assert gates.sheet_before(operation, "START") == f"check-{check.pk}"
    answer(operation)
    assert gates.sheet_before(operation, "START") == ""
    assert gates.sheet_before(operation, "END") == ""
