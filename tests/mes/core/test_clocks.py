"""A clock that cannot be right is not believed, one that is a little off is, and nothing happens before it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.core.clocks import effective_time

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "ago", [timedelta(0), timedelta(hours=3), timedelta(days=6, hours=23), timedelta(days=7)], ids=str
)
def test_what_is_told_late_counts_when_it_happened(ago):
    assert effective_time(claimed=NOW - ago, now=NOW) == NOW - ago


@pytest.mark.parametrize(
    "claimed",
    [datetime(1970, 1, 1, tzinfo=UTC), NOW - timedelta(days=8), NOW + timedelta(seconds=1), NOW.replace(year=2036)],
    ids=str,
)
def test_what_cannot_be_counts_now(claimed):
    assert effective_time(claimed=claimed, now=NOW) == NOW
