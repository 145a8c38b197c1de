"""When a flow is next due."""

from datetime import UTC, datetime, time

import pytest

from erp_bridge.sdk import cadence
from erp_bridge.sdk.cadence import BadCadence, at_shift_end, by_hand, daily, every, immediate

NOON = datetime(2026, 11, 21, 12, 0, 7, tzinfo=UTC)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("flow", "options", "due"),
    [
        (immediate, {}, NOON),
        (by_hand, {}, None),
        (every(seconds=30), {}, utc(2026, 11, 21, 12, 0, 30)),
        (every(minutes=10), {}, utc(2026, 11, 21, 12, 10)),
        (daily("02:00"), {"zone": "Europe/Berlin"}, utc(2026, 11, 22, 1, 0)),
        (daily("14:00"), {"zone": "Europe/Berlin"}, utc(2026, 11, 21, 13, 0)),
        (
            at_shift_end,
            {"zone": "Europe/Berlin", "shift_ends": (time(6), time(14), time(22))},
            utc(2026, 11, 21, 13, 0),
        ),
        (at_shift_end, {}, None),
    ],
)
def test_the_next_due_moment(flow, options, due):
    assert flow.after(NOON, **options) == due


def test_a_moment_on_the_grid_is_due_at_the_next_line_not_at_itself():
    assert every(seconds=30).after(utc(2026, 11, 21, 12, 0, 30)) == utc(2026, 11, 21, 12, 1)


def test_a_daily_time_follows_the_clock_change():
    before, after = utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)
    assert daily("06:00").after(before, zone="Europe/Berlin") == utc(2026, 10, 25, 5)
    assert daily("06:00").after(after, zone="Europe/Berlin") == utc(2026, 10, 26, 5)


@pytest.mark.parametrize("flow", [immediate, by_hand, at_shift_end, every(seconds=45), daily("02:30")])
def test_what_is_printed_can_be_typed_in_again(flow):
    assert cadence.parse(str(flow)) == flow


@pytest.mark.parametrize("text", ["", "often", "every", "every 0", "every -5", "every x", "daily 25:00", "daily"])
def test_nonsense_is_refused_with_the_forms_that_are_understood(text):
    with pytest.raises(BadCadence, match="every 30"):
        cadence.parse(text)
