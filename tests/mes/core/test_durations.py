"""Minutes are exact decimals, whole seconds at heart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mes.core.durations import as_timedelta, minutes_between, minutes_to_seconds, seconds_to_minutes


@given(st.integers(min_value=-(10**8), max_value=10**8))
def test_whole_seconds_survive_the_way_there_and_back(seconds):
    assert minutes_to_seconds(seconds_to_minutes(seconds)) == seconds
    assert as_timedelta(seconds_to_minutes(seconds)) == timedelta(seconds=seconds)


def test_the_minutes_between_two_moments():
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert minutes_between(start, start + timedelta(minutes=42, seconds=30)) == Decimal("42.5")
