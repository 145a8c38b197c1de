"""A crew that nobody signs on for, through the pages: four begin, three go on, four finish, and a break between."""

import pytest
from django.db.models import Sum
from playwright.sync_api import expect

from labor.models import LaborSegment
from mes.execution.models import MachineInterval
from tests.browser.shift.driver import Floor
from tests.browser.shift.facts import rows, told

pytestmark = pytest.mark.browser

BY_HAND = """
People  Who   From   To     Minutes
4       -     06:00  06:30  120
3       -     06:30  07:00  90
3       -     07:15  07:30  45
4       -     07:30  08:00  120
1       Jana  06:00  07:00  60
1       Jana  07:15  08:00  45
"""
"""Each crew's minutes are those between its times, so many times over; who is signed on counts beside it, once."""


def test_a_crews_minutes_are_its_presence_at_the_job_for_each_of_them_whatever_size_it_had_when(floor: Floor):
    floor.at("06:00")
    assembly = floor.terminal("ASSY")
    assembly.badge("Jana")
    assembly.my_time("clock-in")
    assembly.traveler("WO-503/10")
    with assembly.task("start with a crew, 1 digit"):
        assembly.tap("#start-crew")
        assembly.digits("start-crew", "4")
        assembly.picture("starting-with-a-crew")
        assembly.tap("#sheet-start-crew .confirm")
    assembly.state("Running")
    count = assembly.page.locator(".crew-count")
    expect(count).to_have_text("4")
    assembly.picture("a-crew-of-four")

    floor.at("06:30")
    with assembly.task("one more, one fewer"):
        assembly.tap("#crew-less")
    expect(count).to_have_text("3")
    assembly.shows("#panel-crew .people", "Jana")

    floor.at("07:00")
    assembly.pause()
    assembly.state("Paused")
    expect(count).to_have_count(0)
    floor.at("07:15")
    assembly.run()
    expect(count).to_have_text("3")

    floor.at("07:30")
    with assembly.task("one more, one fewer"):
        assembly.tap("#crew-more")
    expect(count).to_have_text("4")
    assembly.good("30")
    floor.at("08:00")
    assembly.finish()

    segments = LaborSegment.objects.values_list("crew_size", "person__name", "started_at", "ended_at", "minutes")
    assert rows(segments) == told(BY_HAND)
    assert MachineInterval.objects.aggregate(Sum("minutes"))["minutes__sum"] == 105, (
        "the machine works once, not five times"
    )
    most = floor.most_taps()
    assert most["start with a crew, 1 digit"] == (3, 0)
    assert most["one more, one fewer"] == (1, 0)

    desk = floor.desk("/labor/P1/2026-03-02/")
    desk.shows("#crews", "6 h 15")
    desk.picture("the-crews-day")
    desk.click("#crews button[value=approve-crews]")
    desk.shows("#crews", "Approved")
