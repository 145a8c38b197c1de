"""Times from a clock that may be wrong, and names that people read to each other."""

import uuid
from datetime import timedelta

import pytest

from mes.terminal.rules import needs_confirmation, read_clock, short_ref
from tests.factories import NOW

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def read(*, device_ahead, offset, ago=HOUR, changed_by=timedelta(0)):
    """A device whose clock runs ahead enters something and sends it ``ago`` later."""
    entered = NOW - ago + device_ahead
    return read_clock(
        claimed=entered + (offset or timedelta(0)), offset=offset, sent_at=NOW + device_ahead + changed_by, now=NOW
    )


@pytest.mark.parametrize(
    ("ahead", "flag"), [(0, ""), (20, ""), (-20, ""), (3 * 3600, "clock_ahead"), (-3 * 3600, "clock_behind")]
)
def test_a_known_offset_gives_the_servers_time_and_a_large_one_is_flagged(ahead, flag):
    reading = read(device_ahead=ahead * SECOND, offset=-ahead * SECOND)
    assert (reading.at, reading.flag) == (NOW - HOUR, flag)


@pytest.mark.parametrize(("ahead", "flag"), [(0, ""), (3 * 3600, "clock_unknown")])
def test_a_device_that_never_saw_the_server_is_corrected_when_its_entry_arrives(ahead, flag):
    reading = read(device_ahead=ahead * SECOND, offset=None)
    assert (reading.at, reading.flag) == (NOW - HOUR, flag)


def test_a_clock_that_was_set_in_between_is_flagged_and_the_offset_of_then_counts():
    reading = read(device_ahead=2 * HOUR, offset=-2 * HOUR, changed_by=-2 * HOUR)
    assert (reading.at, reading.flag) == (NOW - HOUR, "clock_changed")


def test_nothing_happens_in_the_future():
    assert read_clock(claimed=NOW + HOUR, offset=None, sent_at=None, now=NOW).at == NOW


@pytest.mark.parametrize(("hours", "after", "asked"), [(11, 12, False), (13, 12, True), (500, 0, False)])
def test_an_entry_is_asked_about_when_it_is_older_than_the_policy(hours, after, asked):
    assert needs_confirmation(occurred_at=NOW - hours * HOUR, now=NOW, after=after * HOUR) is asked


def test_a_reference_is_four_signs_that_nobody_mixes_up():
    refs = {short_ref(uuid.uuid4()) for _ in range(200)}
    assert all(len(ref) == 4 and not set(ref) & set("ILOU") for ref in refs) and len(refs) > 190
