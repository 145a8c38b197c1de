"""Two jobs on one work unit: refused, dividing its time to the last second, or each with all of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.execution.models import MachineInterval, Operation
from mes.execution.services.sharing import WorkUnitOccupied
from mes.masterdata import services as masterdata
from mes.masterdata.models import WorkUnit
from tests.factories import NOW, make_person, make_work_center, make_work_order
from tests.mes.execution.helpers import at, complete, pause, report, start

pytestmark = pytest.mark.django_db


def orders_on_one_unit(sharing, count=2, **given):
    """Return orders of one operation, all at one work center with one unit."""
    center = make_work_center()
    WorkUnit.objects.filter(work_center=center).update(sharing=sharing)
    orders = [make_work_order(operations=1, **given) for _ in range(count)]
    Operation.objects.filter(work_order__in=orders).update(work_center=center)
    return orders


def minutes_of(order):
    operation = Operation.objects.get(work_order=order)
    return operation.actual_run_time + operation.actual_setup_time


def divide_by(policy, order, moment=NOW - timedelta(days=1)):
    masterdata.set_split_policy(site=order.site, policy=policy, valid_from=moment, by="boss", now=moment)


def test_a_unit_for_one_job_refuses_a_second_one_and_says_which_is_on_it():
    first, second = orders_on_one_unit("EXCLUSIVE")
    start(first, "10", person=make_person(name="A. Kim"))
    with pytest.raises(WorkUnitOccupied) as refusal:
        start(second, "10", when=at(5))
    assert f"{first.number}/10 is on it since 08:00, started by A. Kim." in refusal.value.detail
    assert Operation.objects.get(work_order=second).status == "PENDING"
    pause(first, "10", when=at(6))
    start(second, "10", when=at(7))


def test_the_job_on_it_may_go_from_setup_to_run_on_a_unit_for_one_job():
    first, _second = orders_on_one_unit("EXCLUSIVE")
    start(first, "10", activity="SETUP")
    start(first, "10", when=at(10))
    complete(first, "10", when=at(30))
    assert minutes_of(first) == 30


def test_each_has_all_of_the_time_where_the_unit_says_so():
    first, second = orders_on_one_unit("FULL")
    start(first, "10")
    start(second, "10", when=at(10))
    complete(second, "10", when=at(20))
    complete(first, "10", when=at(30))
    assert (minutes_of(first), minutes_of(second)) == (30, 10)


def test_shared_time_is_divided_only_while_both_are_on_it():
    first, second = orders_on_one_unit("SPLIT")
    start(first, "10")
    start(second, "10", when=at(10))
    complete(second, "10", when=at(20))
    complete(first, "10", when=at(30))
    assert (minutes_of(first), minutes_of(second)) == (25, 5)


def test_shared_time_follows_the_sites_policy_as_it_was_at_each_moment():
    first, second = orders_on_one_unit("SPLIT", order_quantity=Decimal(100))
    Operation.objects.filter(work_order=second).update(planned_run_time_per_unit=3)
    divide_by("STANDARD", first)
    divide_by("EQUAL", first, at(20))
    start(first, "10")
    start(second, "10")
    complete(first, "10", when=at(40))
    complete(second, "10", when=at(40))
    assert (minutes_of(first), minutes_of(second)) == (5 + 10, 15 + 10)


def test_shared_time_by_pieces_counts_what_each_reported_meanwhile():
    first, second = orders_on_one_unit("SPLIT")
    divide_by("QUANTITY", first)
    start(first, "10")
    start(second, "10")
    report(first, "10", good=10, when=at(20))
    report(second, "10", good=30, when=at(40))
    complete(first, "10", when=at(40))
    report(second, "10", good=50, when=at(45), claimed=at(30))  # late: the stretch is counted
    complete(second, "10", when=at(50))
    assert (minutes_of(first), minutes_of(second)) == (10, 30 + 10)


def test_machine_time_only_says_nothing_of_machines_so_they_are_divided_equally():
    first, second = orders_on_one_unit("SPLIT")
    divide_by("MACHINE", first)
    for order in (first, second):
        start(order, "10")
    for order in (first, second):
        complete(order, "10", when=at(20))
    assert (minutes_of(first), minutes_of(second)) == (10, 10)


def test_a_start_that_arrives_late_has_no_part_in_what_was_given_away():
    first, second = orders_on_one_unit("SPLIT")
    start(first, "10")
    complete(first, "10", when=at(60))
    start(second, "10", when=at(70), claimed=at(30))
    complete(second, "10", when=at(80))
    assert (minutes_of(first), minutes_of(second)) == (60, 20)


def test_the_rule_holds_that_the_unit_had_when_the_job_began():
    first, second = orders_on_one_unit("SPLIT")
    start(first, "10")
    start(second, "10")
    WorkUnit.objects.update(sharing="FULL")
    for order in (first, second):
        complete(order, "10", when=at(20))
    assert (minutes_of(first), minutes_of(second)) == (10, 10)


taps = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 97), st.integers(0, 4)), min_size=1, max_size=14)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(taps, st.sampled_from(["EQUAL", "STANDARD", "QUANTITY", "MACHINE"]))
def test_whatever_happens_the_parts_add_up_to_the_time_in_which_the_unit_was_occupied(taps, policy):
    orders = orders_on_one_unit("SPLIT", count=3)
    site = orders[0].site
    site.split_policies.all().delete()
    divide_by(policy, orders[0])
    running, occupied, clock = set(), 0, 0
    for index, seconds, good in taps:
        occupied += seconds if running else 0
        clock += seconds
        when, order = NOW + timedelta(seconds=clock), orders[index]
        if good and order in running:
            report(order, "10", good=good, when=when)
        (pause if order in running else start)(order, "10", when=when)
        running ^= {order}
    for order in set(running):
        pause(order, "10", when=NOW + timedelta(seconds=clock))
    booked = MachineInterval.objects.filter(operation__work_order__in=orders).values_list("minutes", flat=True)
    assert sum(round(minutes * 60) for minutes in booked) == occupied
