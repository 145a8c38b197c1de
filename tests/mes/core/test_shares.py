"""Shares of what went on at once, by every policy: what adds up to what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mes.core.shares import (
    EQUAL,
    MACHINE,
    POLICIES,
    QUANTITY,
    STANDARD,
    Job,
    Pieces,
    Rule,
    Window,
    apportion,
    divide,
    merge,
    seconds_of,
)

T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LATE = T0 + timedelta(days=2)


def at(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


def seconds_by_job(jobs, *, presence, until, policy=EQUAL):
    """Return what each job gets under one policy."""
    rules = [Rule(T0 - timedelta(days=9), policy)]
    return {one.key: 0 for one in jobs} | seconds_of(divide(jobs, within=presence, until=until, rules=rules))


def job(key: str, start: int, end: int | None) -> Job:
    return Job(key, at(start), None if end is None else at(end))


ALL_DAY = [Window(T0 - timedelta(days=1), None)]

policies = st.sampled_from(sorted(POLICIES))
spans = st.tuples(st.integers(0, 400), st.integers(0, 200)).map(lambda pair: (pair[0], pair[0] + pair[1]))
pieces = st.lists(
    st.tuples(st.integers(0, 600), st.decimals(-5, 50, places=3)).map(lambda pair: Pieces(at(pair[0]), pair[1])),
    max_size=4,
).map(tuple)
minutes = st.decimals(0, 500, places=2)
job_lists = st.lists(st.tuples(spans, minutes, pieces), max_size=7).map(
    lambda found: [
        Job(f"j{i}", at(span[0]), at(span[1]), planned, told) for i, (span, planned, told) in enumerate(found)
    ]
)
presences = st.lists(spans, max_size=4).map(lambda found: [Window(at(start), at(end)) for start, end in found])


def seconds_in(windows: list[tuple[datetime, datetime]]) -> set[int]:
    return {
        second
        for start, end in windows
        for second in range(round((start - T0).total_seconds()), round((end - T0).total_seconds()))
    }


def test_one_job_gets_all_of_its_time():
    assert seconds_by_job([job("a", 0, 600)], presence=ALL_DAY, until=LATE) == {"a": 600}


def test_two_jobs_share_only_the_time_in_which_both_run():
    shares = seconds_by_job([job("a", 0, 600), job("b", 300, 900)], presence=ALL_DAY, until=LATE)
    assert shares == {"a": 300 + 150, "b": 150 + 300}


def test_a_second_that_does_not_divide_goes_to_the_job_that_began_first():
    shares = seconds_by_job([job("b", 1, 8), job("a", 0, 8)], presence=ALL_DAY, until=LATE)
    assert shares == {"a": 1 + 4, "b": 3}


def test_a_break_is_nobodys_work():
    presence = [Window(at(0), at(100)), Window(at(160), None)]
    assert seconds_by_job([job("a", 0, 260)], presence=presence, until=LATE) == {"a": 200}


def test_a_running_job_is_counted_up_to_the_given_moment():
    assert seconds_by_job([job("a", 0, None)], presence=ALL_DAY, until=at(90)) == {"a": 90}


def test_jobs_for_the_same_work_take_part_once_and_the_first_has_the_share():
    first, again = replace(job("first", 0, 60), work="A"), replace(job("again", 30, 90), work="A")
    jobs = [first, again, job("beside", 0, 90)]
    assert seconds_by_job(jobs, presence=ALL_DAY, until=LATE) == {"first": 30, "again": 15, "beside": 45}


@given(job_lists, presences, policies)
def test_shares_add_up_to_the_time_present_and_at_work_and_never_exceed_either(jobs, presence, policy):
    shares = seconds_by_job(jobs, presence=presence, until=LATE, policy=policy)
    present = seconds_in(merge([(window.start, window.end) for window in presence]))
    working = seconds_in([(one.start, one.end) for one in jobs])
    assert sum(shares.values()) == (0 if policy == MACHINE else len(present & working))
    for one in jobs:
        assert 0 <= shares[one.key] <= (one.end - one.start).total_seconds()


@given(job_lists, st.lists(st.tuples(st.integers(0, 700), policies), max_size=4))
def test_whenever_the_policy_changes_nothing_is_lost_and_nothing_counts_twice(jobs, changes):
    rules = [Rule(at(second), policy) for second, policy in dict(changes).items()]
    stretches = divide(jobs, within=ALL_DAY, until=LATE, rules=rules)
    for one in stretches:
        assert sum(part.seconds for part in one.parts) == (0 if one.policy == MACHINE else one.seconds)
    assert sum(one.seconds for one in stretches) == len(seconds_in([(one.start, one.end) for one in jobs]))


@given(job_lists, policies, policies, st.integers(0, 700))
def test_a_policy_that_comes_later_changes_nothing_before_it(jobs, before, after, second):
    def until_then(rules):
        parts = [
            (part.key, part.seconds)
            for one in divide(jobs, within=[Window(T0 - timedelta(days=1), at(second))], until=LATE, rules=rules)
            for part in one.parts
        ]
        return sorted(parts)

    first = Rule(T0 - timedelta(days=9), before)
    assert until_then([first]) == until_then([first, Rule(at(second), after)])


@given(job_lists, presences, policies, st.randoms())
def test_the_order_in_which_jobs_are_listed_changes_nothing(jobs, presence, policy, random):
    shuffled = list(jobs)
    random.shuffle(shuffled)
    assert seconds_by_job(jobs, presence=presence, until=LATE, policy=policy) == seconds_by_job(
        shuffled, presence=presence, until=LATE, policy=policy
    )


@given(job_lists, policies)
def test_a_jobs_share_at_its_own_end_is_final_whatever_the_others_do_later(jobs, policy):
    final = seconds_by_job(jobs, presence=ALL_DAY, until=LATE, policy=policy)
    for closing in jobs:
        known = [
            replace(one, end=one.end if one.end <= closing.end else None) for one in jobs if one.start <= closing.end
        ]
        then = seconds_by_job(known, presence=ALL_DAY, until=closing.end, policy=policy)
        assert then[closing.key] == final[closing.key]


def test_by_planned_time_the_longer_job_gets_more():
    jobs = [Job("a", at(0), at(600), Decimal(30)), Job("b", at(0), at(600), Decimal(90))]
    assert seconds_by_job(jobs, presence=ALL_DAY, until=LATE, policy=STANDARD) == {"a": 150, "b": 450}


def test_without_a_planned_time_for_each_they_share_equally_and_the_stretch_says_so():
    jobs = [Job("a", at(0), at(600), Decimal(30)), Job("b", at(0), at(600))]
    [stretch] = divide(jobs, within=ALL_DAY, until=LATE, rules=[Rule(T0, STANDARD)])
    assert (stretch.policy, stretch.basis) == (STANDARD, EQUAL)
    assert [part.seconds for part in stretch.parts] == [300, 300]


def test_by_pieces_each_stretch_is_weighed_by_what_was_reported_in_it():
    jobs = [
        Job("a", at(0), at(600), pieces=(Pieces(at(300), Decimal(10)), Pieces(at(600), Decimal(1)))),
        Job("b", at(0), at(300), pieces=(Pieces(at(300), Decimal(5)),)),
    ]
    assert seconds_by_job(jobs, presence=ALL_DAY, until=LATE, policy=QUANTITY) == {"a": 200 + 300, "b": 100}


def test_with_machine_time_only_nobodys_labor_is_on_a_job():
    assert seconds_by_job([job("a", 0, 600)], presence=ALL_DAY, until=LATE, policy=MACHINE) == {"a": 0}


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any))
def test_apportioned_parts_add_up_and_are_within_one_of_the_exact_share(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
