"""Readings are judged at once and kept for ever; the first piece opens the series."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from mes.core.errors import InvalidInput
from mes.execution import gates
from mes.execution import services as execution
from mes.execution.services.floor import NotStarted
from mes.execution.services.locking import OperationUnknown, WorkOrderClosed
from mes.masterdata.models import Uom
from quality import queries, services
from quality.events import InspectionCompleted, ReadingTaken
from quality.gates import CheckOpen, FirstPieceOpen
from quality.models import Characteristic, InspectionResult, OrderCharacteristic, OrderCheck, PlannedCheck, Reading
from tests.factories import NOW, make_item, make_person, make_reason, make_routing, make_uom, make_work_order
from tests.mes.execution.helpers import at, complete, pause, report, reverse, start
from tests.quality.helpers import check_of, inspected_order, make_plan, measure, operation_of, state_of

pytestmark = pytest.mark.django_db


class TestPlans:
    def test_a_plan_is_frozen_when_the_order_is_released(self):
        item = make_item()
        make_routing(item=item)
        plan = make_plan(item=item)
        order = make_work_order(item=item, operations=0, status="PLANNED")
        execution.release_work_order(work_order_id=order.pk, by="planner", now=NOW)
        Characteristic.objects.filter(plan=plan, code="BORE").update(upper=Decimal(99))
        services.revise_plan(plan_id=plan.pk)
        kept = OrderCharacteristic.objects.get(operation__work_order=order, code="BORE")
        assert (kept.upper, check_of(order).revision) == (Decimal("12.05"), 1)
        assert not OrderCheck.objects.filter(operation__number="20").exists()

    def test_the_plan_of_a_step_counts_before_the_one_for_every_step(self):
        item = make_item()
        make_routing(item=item)
        make_plan(item=item, operation="")
        own = make_plan(item=item, operation="20", checks=[{"trigger": "END"}])
        order = make_work_order(item=item)
        gates.complete_snapshot(order)
        assert check_of(order, "END", "20").plan == own
        assert check_of(order, "FIRST", "10").plan != own

    def test_a_check_may_be_of_some_characteristics_only(self):
        item = make_item()
        plan = make_plan(item=item)
        PlannedCheck.objects.get().characteristics.set([Characteristic.objects.get(plan=plan, code="BORE")])
        order = make_work_order(item=item)
        gates.complete_snapshot(order)
        assert [one.code for one in check_of(order).characteristics.all()] == ["BORE"]

    def test_orders_of_other_items_have_no_checks(self):
        make_plan(item=make_item())
        order = make_work_order()
        gates.complete_snapshot(order)
        assert not OrderCheck.objects.exists()


class TestDue:
    def test_nothing_is_due_before_work_begins(self):
        order = inspected_order()
        assert state_of(order).latest is None

    def test_the_first_piece_is_due_when_work_begins_and_late_after_its_grace(self):
        order = inspected_order()
        start(order, "10")
        state = state_of(order, now=at(10))
        assert state.is_open and state.latest.due_at == NOW
        assert not state.is_late(at(15)) and state.is_late(at(16))

    def test_each_setup_asks_again(self):
        order = inspected_order(checks=[{"trigger": "SETUP", "blocks": True}])
        start(order, "10", activity="SETUP")
        assert state_of(order, "SETUP", now=at(1)).latest is None
        start(order, "10", when=at(5))
        measure(order, trigger="SETUP", when=at(6))
        report(order, "10", good=1, when=at(7))
        start(order, "10", when=at(8), activity="SETUP")
        start(order, "10", when=at(9))
        with pytest.raises(FirstPieceOpen):
            report(order, "10", good=1, when=at(10))
        report(order, "10", good=1, when=at(10), claimed=at(7))

    def test_only_the_newest_time_can_be_inspected_and_the_others_count_as_missed(self):
        order = inspected_order(checks=[{"trigger": "COUNT", "every": Decimal(10)}])
        start(order, "10")
        report(order, "10", good=35, when=at(1))
        state = state_of(order, "COUNT", now=at(2))
        assert (state.latest.key, state.missed) == ("count-3", 2)
        with pytest.raises(services.NotDue, match="meanwhile"):
            measure(order, trigger="COUNT", occurrence="count-1", when=at(2))
        measure(order, trigger="COUNT", when=at(2))
        assert not state_of(order, "COUNT", now=at(2)).is_open

    def test_pieces_that_are_taken_back_take_their_check_with_them(self):
        order = inspected_order(checks=[{"trigger": "COUNT", "every": Decimal(10)}])
        start(order, "10")
        made = report(order, "10", good=10, when=at(1))
        reverse(made, when=at(2))
        assert state_of(order, "COUNT", now=at(3)).latest is None

    def test_the_supervisor_sees_late_ones_first(self):
        order = inspected_order(checks=[{"trigger": "FIRST"}, {"trigger": "TIME", "every": Decimal(30), "grace": 0}])
        start(order, "10")
        due = queries.due_checks(sites=["P1"], now=at(31))
        assert [(one.state.check.trigger, one.late) for one in due] == [("FIRST", True), ("TIME", True)]
        assert queries.due_checks(sites=["P2"], now=at(31)) == []

    def test_what_failed_stays_in_sight_until_somebody_releases_it_even_if_it_blocks_nothing(self):
        order = inspected_order(checks=[{"trigger": "FIRST"}])
        start(order, "10")
        measure(order, bore="12.08", when=at(1))
        [due] = queries.due_checks(sites=["P1"], now=at(2))
        assert due.state.is_failed and not due.state.is_open
        services.release_sample(
            check_id=check_of(order).pk, occurrence="first", by="qa", now=at(3), note="Customer accepts 12.10"
        )
        assert queries.due_checks(sites=["P1"], now=at(4)) == []

    def test_limits_are_shown_with_the_decimals_of_the_drawing_and_never_rounded(self):
        one = OrderCharacteristic(lower=Decimal(12), upper=Decimal("12.0525"), decimals=2)
        assert (one.lower_words, one.upper_words, one.nominal_words) == ("12.00", "12.0525", "–")

    def test_a_plant_without_plans_pays_one_question(self, django_assert_num_queries):
        order = make_work_order()
        operation = operation_of(order)
        with django_assert_num_queries(1):
            assert queries.states_of([operation], now=NOW) == {}


class TestFirstPiece:
    def test_series_pieces_wait_for_the_first_and_the_refusal_says_how_to_go_on(self):
        order = inspected_order()
        start(order, "10")
        with pytest.raises(FirstPieceOpen, match="Open “Checks” at the terminal") as refusal:
            report(order, "10", good=5, when=at(1))
        assert (refusal.value.code, refusal.value.status) == ("first_piece_open", 409)
        assert "Bore, Surface" in refusal.value.detail
        report(order, "10", scrap={make_reason(site=order.site, code="SETUP").code: 1}, when=at(1))
        measure(order, when=at(2))
        report(order, "10", good=5, when=at(3))

    def test_a_failed_first_piece_keeps_it_shut_until_it_is_measured_again_well(self):
        order = inspected_order()
        start(order, "10")
        measure(order, bore="12.08", when=at(1))
        with pytest.raises(FirstPieceOpen, match="failed"):
            report(order, "10", good=5, when=at(2))
        measure(order, bore="12.04", when=at(3))
        report(order, "10", good=5, when=at(4))
        verdicts = list(InspectionResult.objects.order_by("number").values_list("number", "verdict"))
        assert verdicts == [(1, "FAILED"), (2, "PASSED")]

    def test_someone_may_release_it_all_the_same_with_a_reason(self):
        order = inspected_order()
        start(order, "10")
        measure(order, bore="12.08", when=at(1))
        release = {"check_id": check_of(order).pk, "occurrence": "first", "by": "qa", "now": at(2)}
        with pytest.raises(InvalidInput, match="Write why"):
            services.release_sample(**release, note=" ")
        services.release_sample(**release, note="Customer accepts 12.10")
        report(order, "10", good=5, when=at(3))
        with pytest.raises(services.NothingToRelease):
            services.release_sample(**release, note="again")

    def test_what_was_not_inspected_cannot_be_released(self):
        order = inspected_order()
        start(order, "10")
        with pytest.raises(services.NothingToRelease):
            services.release_sample(check_id=check_of(order).pk, occurrence="first", by="qa", now=at(1), note="why")

    def test_a_check_that_does_not_block_lets_work_go_on(self):
        order = inspected_order(checks=[{"trigger": "FIRST"}])
        start(order, "10")
        measure(order, bore="12.08", when=at(1))
        report(order, "10", good=5, when=at(2))
        assert not state_of(order, now=at(2)).is_open

    def test_other_operations_go_on(self):
        order = inspected_order(checks=[{"trigger": "FIRST", "blocks": True}])
        start(order, "10")
        measure(order, when=at(1))
        report(order, "10", good=5, when=at(2))
        start(order, "20", when=at(3))
        report(order, "20", good=5, when=at(4))


class TestTheEnd:
    def test_the_last_piece_is_inspected_before_the_operation_is_finished(self):
        order = inspected_order(checks=[{"trigger": "LAST", "blocks": True}, {"trigger": "END", "blocks": True}])
        start(order, "10")
        report(order, "10", good=100, when=at(1))
        with pytest.raises(CheckOpen, match="last piece"):
            complete(order, "10", when=at(2))
        measure(order, trigger="LAST", when=at(3))
        with pytest.raises(CheckOpen, match="before the operation is finished"):
            complete(order, "10", when=at(4))
        measure(order, trigger="END", when=at(5))
        complete(order, "10", when=at(6))

    def test_an_order_that_ends_short_is_inspected_all_the_same(self):
        order = inspected_order(checks=[{"trigger": "LAST", "blocks": True}])
        start(order, "10")
        report(order, "10", good=3, when=at(1))
        pause(order, "10", when=at(2))
        with pytest.raises(CheckOpen):
            execution.complete_work_order(work_order_id=order.pk, by="planner", now=at(3))
        measure(order, trigger="LAST", occurrence="last", when=at(4))
        execution.complete_work_order(work_order_id=order.pk, by="planner", now=at(5))

    def test_what_nobody_worked_on_needs_no_inspection(self):
        order = inspected_order(checks=[{"trigger": "LAST", "blocks": True}])
        execution.complete_work_order(work_order_id=order.pk, by="planner", now=at(5))


class TestReadings:
    def test_a_sample_is_judged_when_it_is_whole_and_each_value_is_told(self, published):
        order = inspected_order()
        start(order, "10")
        check, anna = check_of(order), make_person(number="7")
        services.take_readings(
            operation_id=check.operation_id, check_id=check.pk, occurrence="first", person=anna, occurred_at=at(1),
            entries=[services.Entry(reading_id=uuid.uuid4(), characteristic="BORE", text="12,03 mm")], now=at(1),
            gauge="G-17",
        )  # fmt: skip
        assert not InspectionResult.objects.exists()
        services.take_readings(
            operation_id=check.operation_id, check_id=check.pk, occurrence="first", person=anna, occurred_at=at(2),
            entries=[services.Entry(reading_id=uuid.uuid4(), characteristic="SURFACE", text="ok")], now=at(2),
        )  # fmt: skip
        assert [type(one) for one in published][-3:] == [ReadingTaken, ReadingTaken, InspectionCompleted]
        told = published[-1]
        assert (told.verdict, told.number, told.plan, told.person) == ("PASSED", 1, "Bracket", "7")
        assert [(v.characteristic, v.value, v.passed) for v in told.values] == [
            ("BORE", Decimal("12.03"), True), ("SURFACE", None, True),
        ]  # fmt: skip

    def test_measuring_again_is_a_further_row_that_names_the_first(self, published):
        order = inspected_order()
        start(order, "10")
        first, _ = measure(order, bore="12.08", when=at(1))
        second, _ = measure(order, bore="12.04", when=at(2))
        assert second.remeasures == first
        first.refresh_from_db()
        assert (first.value, first.passed) == (Decimal("12.08"), False)
        told = [one for one in published if isinstance(one, InspectionCompleted)]
        assert told[1].replaces == told[0].result_id
        assert [value.attempts for value in told[1].values] == [2, 2]

    def test_several_pieces_make_one_sample(self):
        item = make_item()
        plan = make_plan(item=item)
        plan.characteristics.filter(code="SURFACE").delete()
        plan.characteristics.update(sample_size=3)
        order = make_work_order(item=item)
        gates.complete_snapshot(order)
        start(order, "10")
        check = check_of(order)
        entries = [
            services.Entry(reading_id=uuid.uuid4(), characteristic="BORE", piece=n, text=text)
            for n, text in enumerate(("12.01", "12.06", "12.02"), start=1)
        ]
        taken = services.take_readings(
            operation_id=check.operation_id, check_id=check.pk, occurrence="first", entries=entries, person=None,
            occurred_at=at(1), now=at(1),
        )  # fmt: skip
        assert [one.passed for one in taken] == [True, False, True]
        assert InspectionResult.objects.get().verdict == "FAILED"

    def test_the_same_entries_again_are_stored_once_and_others_under_their_ids_are_refused(self, published):
        order = inspected_order()
        start(order, "10")
        ids = [uuid.uuid4(), uuid.uuid4()]
        first = measure(order, when=at(1), ids=ids)
        assert [one.pk for one in measure(order, when=at(2), ids=ids)] == [one.pk for one in first] == ids
        assert Reading.objects.count() == 2 and InspectionResult.objects.count() == 1
        with pytest.raises(services.ReadingIdReused):
            measure(order, bore="12.04", when=at(3), ids=ids)

    def test_a_gauge_in_inches_is_converted_exactly_and_one_in_grams_refused(self):
        order = inspected_order()
        start(order, "10")
        make_uom(code="in", name="Inch", symbol="in", dimension="length", decimals=3)
        Uom.objects.filter(code="in").update(numerator=Decimal(1), denominator=Decimal("0.0254"))
        Uom.objects.filter(code="mm").update(numerator=Decimal(1000), denominator=Decimal(1))
        make_uom(code="g", name="Gram", symbol="g", dimension="mass", decimals=3)
        reading, _ = measure(order, bore="0.473 in", when=at(1))
        assert (reading.value, reading.raw, reading.passed) == (Decimal("12.0142"), "0.473 in", True)
        with pytest.raises(services.ValueUnreadable, match="cannot be turned into mm"):
            measure(order, bore="12.03 g", when=at(2))
        with pytest.raises(services.ValueUnreadable, match="measured in mm; the gauge said “furlong”"):
            measure(order, bore="12.03 furlong", when=at(2))

    @pytest.mark.parametrize("text", ["", "abc", "1e5", "NaN", "P1007X", "12.0000001", "999999999999999"])
    def test_what_is_no_value_is_refused_and_nothing_is_stored(self, text):
        order = inspected_order()
        start(order, "10")
        with pytest.raises(services.ValueUnreadable):
            measure(order, bore=text, when=at(1))
        with pytest.raises(services.ValueUnreadable, match="say ok or nok"):
            measure(order, surface="perhaps", when=at(1))
        assert not Reading.objects.exists()

    def test_checks_of_others_are_not_known(self):
        order, other = inspected_order(), inspected_order()
        start(order, "10")
        start(other, "10")
        with pytest.raises(services.CheckUnknown):
            measure(order, check_id=check_of(other).pk, when=at(1))
        with pytest.raises(OperationUnknown):
            measure(order, operation_id=10**9, when=at(1))
        with pytest.raises(services.NotDue):
            measure(order, occurrence="count-7", when=at(1))
        for wrong in (
            {"characteristic": "LENGTH"},
            {"characteristic": "BORE", "piece": 2},
            {"characteristic": "BORE", "piece": 0},
        ):
            entry = services.Entry(**{"reading_id": uuid.uuid4(), "text": "12.02"} | wrong)
            with pytest.raises(services.CheckUnknown):
                measure(order, entries=[entry], when=at(1))

    def test_nothing_is_inspected_before_work_begins_or_after_the_books_are_closed(self):
        order = inspected_order()
        with pytest.raises(NotStarted):
            measure(order, occurrence="first")
        start(order, "10")
        order.status = "CLOSED"
        order.save()
        with pytest.raises(WorkOrderClosed):
            measure(order, when=at(1))

    def test_a_reading_taken_without_network_counts_at_its_own_time(self):
        order = inspected_order()
        start(order, "10")
        reading, _ = measure(order, when=at(30), occurred_at=at(5))
        assert (reading.occurred_at, reading.recorded_at) == (at(5), at(30))
        assert InspectionResult.objects.get().occurred_at - NOW == timedelta(minutes=5)
