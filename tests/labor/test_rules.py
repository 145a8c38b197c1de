"""When a timer counts as forgotten."""

from datetime import UTC, datetime, timedelta

from labor.rules import is_forgotten

T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def test_a_timer_is_forgotten_only_beyond_the_limit():
    limit = timedelta(hours=12)
    assert not is_forgotten(started_at=T0, ended_at=T0 + limit, limit=limit)
    assert is_forgotten(started_at=T0, ended_at=T0 + limit + timedelta(seconds=1), limit=limit)
