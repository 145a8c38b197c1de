"""Shares of parallel jobs: what adds up to what."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from labor.rules import Job, Window, apportion, is_forgotten, merge, seconds_by_job

T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LATE = T0 + timedelta(days=2)


def at(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


def job(key: str, start: int, end: int | None) -> Job:
    return Job(key, at(start), None if end is None else at(end))


ALL_DAY = [Window(T0 - timedelta(days=1), None)]

spans = st.tuples(st.integers(0, 400), st.integers(0, 200)).map(lambda pair: (pair[0], pair[0] + pair[1]))
job_lists = st.lists(spans, max_size=7).map(lambda found: [job(f"j{i}", *span) for i, span in enumerate(found)])
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


@given(job_lists, presences)
def test_shares_add_up_to_the_time_present_and_at_work_and_never_exceed_either(jobs, presence):
    shares = seconds_by_job(jobs, presence=presence, until=LATE)
    present = seconds_in(merge([(window.start, window.end) for window in presence]))
    working = seconds_in([(one.start, one.end) for one in jobs])
    assert sum(shares.values()) == len(present & working)
    for one in jobs:
        assert 0 <= shares[one.key] <= (one.end - one.start).total_seconds()


@given(job_lists, presences, st.randoms())
def test_the_order_in_which_jobs_are_listed_changes_nothing(jobs, presence, random):
    shuffled = list(jobs)
    random.shuffle(shuffled)
    assert seconds_by_job(jobs, presence=presence, until=LATE) == seconds_by_job(
        shuffled, presence=presence, until=LATE
    )


@given(job_lists)
def test_a_jobs_share_at_its_own_end_is_final_whatever_the_others_do_later(jobs):
    final = seconds_by_job(jobs, presence=ALL_DAY, until=LATE)
    for closing in jobs:
        known = [
            Job(one.key, one.start, one.end if one.end <= closing.end else None)
            for one in jobs
            if one.start <= closing.end
        ]
        then = seconds_by_job(known, presence=ALL_DAY, until=closing.end)
        assert then[closing.key] == final[closing.key]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any))
def test_apportioned_parts_add_up_and_are_within_one_of_the_exact_share(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_a_timer_is_forgotten_only_beyond_the_limit():
    limit = timedelta(hours=12)
    assert not is_forgotten(started_at=T0, ended_at=T0 + limit, limit=limit)
    assert is_forgotten(started_at=T0, ended_at=T0 + limit + timedelta(seconds=1), limit=limit)
