"""A whole early shift in the real browser, and the table that somebody who watched it would have written.

Five people work at two terminals from six to two: two at turning and milling, three at assembly. Everything they do goes
through the pages, by taps and scans. What must have been recorded stands in ``table.py``, as it was written by hand.
"""

from collections.abc import Callable

import pytest

from tests.browser.shift.driver import Desk, Floor, Terminal
from tests.browser.shift.facts import figures, handed_over, recorded, told
from tests.browser.shift.table import BUDGET, HANDOVERS, TABLES

pytestmark = pytest.mark.browser


def the_shift(floor: Floor) -> Desk:
    """Let it happen, in the order in which it happens; return the desk at which Lea sits in the end."""
    at = floor.at
    at("06:00")
    cnc, assembly = floor.terminal("CNC"), floor.terminal("ASSY")
    everybody_comes(at, cnc, assembly)
    first_pieces(at, cnc, assembly)
    a_machine_stands_still(at, cnc)
    pieces_are_not_right(at, cnc, assembly)
    everybody_takes_a_break(at, cnc, assembly)
    desk = the_stop_is_explained_and_material_called(floor, cnc)
    until_noon(at, cnc, assembly, desk)
    the_last_pieces(at, cnc)
    everybody_hands_over_and_goes(at, cnc, assembly)
    the_next_shift_comes(at, cnc, desk)
    return desk


def everybody_comes(at: Callable[[str], None], cnc: Terminal, assembly: Terminal) -> None:
    """Two come to turning and milling and three to assembly, and start their jobs with their lots."""
    cnc.picture("nobody-here")
    cnc.badge("Anna")
    cnc.my_time("clock-in")
    assembly.badge("Jana")
    assembly.my_time("clock-in")

    at("06:05")
    cnc.traveler("WO-501/10")
    cnc.setup("CNC-01")

    at("06:10")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.run("CNC-02")
    assembly.traveler("WO-503/10")
    assembly.run()
    assembly.badge("Oleg")
    assembly.my_time("join")

    at("06:25")
    cnc.badge("Anna")
    cnc.traveler("WO-501/10")
    cnc.run()

    at("06:30")
    cnc.issue("B-101", "40")
    cnc.issue("B-102", "20")
    cnc.picture("issued")

    at("06:40")
    assembly.badge("Sofia")
    assembly.my_time("join")
    assembly.picture("three-people")


def first_pieces(at: Callable[[str], None], cnc: Terminal, assembly: Terminal) -> None:
    """The first pieces of each job, and a piece of scrap; one person is on two jobs at once."""
    at("07:00")
    cnc.good("10")
    assembly.badge("Jana")
    assembly.good("6")

    at("07:05")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.good("10")

    at("07:10")
    cnc.badge("Anna")
    cnc.my_time("join")

    at("07:25")
    cnc.traveler("WO-501/10")
    cnc.scrap("BURR")


def a_machine_stands_still(at: Callable[[str], None], cnc: Terminal) -> None:
    """A machine stops for a reason that nobody gives yet, and the other job pauses."""
    at("07:30")
    cnc.stop("CNC-01")
    cnc.state("Stopped")
    cnc.picture("stopped")

    at("07:40")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.pause()
    cnc.state("Paused")

    at("07:42")
    cnc.badge("Anna")
    cnc.runs_again("CNC-01")
    cnc.traveler("WO-501/10")
    cnc.state("Running")

    at("07:50")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.run()


def pieces_are_not_right(at: Callable[[str], None], cnc: Terminal, assembly: Terminal) -> None:
    """What is found bad is set aside, the order is held for it, and the supervisor lifts the hold."""
    at("08:00")
    cnc.badge("Anna")
    cnc.traveler("WO-501/10")
    cnc.good("25")

    at("08:05")
    assembly.badge("Oleg")
    assembly.traveler("WO-501/20")
    assembly.run()
    assembly.picture("two-jobs")

    at("08:10")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.nonconform("DIM")

    at("08:12")
    cnc.nonconform("CRACK", "2", hold=True)
    cnc.state("On hold")

    at("08:15")
    cnc.pause()

    at("08:30")
    cnc.picture("held")
    cnc.lift_hold("Lea")

    at("08:32")
    cnc.run()


def everybody_takes_a_break(at: Callable[[str], None], cnc: Terminal, assembly: Terminal) -> None:
    """The break, of whoever is here."""
    at("09:00")
    for terminal, people in ((cnc, ("Anna", "Marek")), (assembly, ("Jana", "Oleg", "Sofia"))):
        for name in people:
            terminal.badge(name)
            terminal.my_time("break-start")

    at("09:15")
    for terminal, people in ((cnc, ("Anna", "Marek")), (assembly, ("Jana", "Oleg", "Sofia"))):
        for name in people:
            terminal.badge(name)
            terminal.my_time("break-end")


def the_stop_is_explained_and_material_called(floor: Floor, cnc: Terminal) -> Desk:
    """Anna explains the stop and calls for material; Lea answers at her desk, which is returned."""
    at = floor.at
    at("10:00")
    cnc.badge("Anna")
    cnc.traveler("WO-501/10")
    cnc.picture("to-explain")
    cnc.explain("CNC-01", "07:30", "TOOL")

    at("10:10")
    cnc.call("material")
    cnc.picture("called")

    at("10:14")
    desk = floor.desk("/andon/")
    desk.picture("andon-call")
    desk.click(".andon-call")
    desk.picture("call")
    desk.click("button[value=acknowledge]")
    cnc.shows("#panel-calls", "lea")
    cnc.picture("somebody-comes")

    at("10:25")
    desk.fill("#outcome", "Bars were brought")
    desk.click("button[value=resolve]")
    desk.shows("main", "Nobody calls")
    desk.picture("andon-calm")
    return desk


def until_noon(at: Callable[[str], None], cnc: Terminal, assembly: Terminal, desk: Desk) -> None:
    """More pieces, one entry taken back; Lea decides on the cracked ones, and Sofia goes."""
    at("10:30")
    assembly.badge("Oleg")
    assembly.traveler("WO-501/20")
    assembly.good("20")

    at("10:45")
    assembly.badge("Sofia")
    assembly.traveler("WO-503/10")
    assembly.scrap("CRACK")

    at("11:00")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.good("10")

    at("11:01")
    cnc.undo("11:00")

    at("11:30")
    cnc.good("10")

    at("11:40")
    desk.go("/quality/")
    desk.picture("quality")
    desk.click("tr:has-text('Crack') a >> nth=0")
    desk.fill("#decide-note", "Cannot be mended")
    desk.click("button[value=SCRAP]")
    desk.shows("main", "Closed")
    desk.picture("nonconformance-decided")

    at("12:00")
    assembly.badge("Jana")
    assembly.good("12")

    at("12:30")
    assembly.badge("Sofia")
    assembly.my_time("leave")
    assembly.my_time("clock-out")


def the_last_pieces(at: Callable[[str], None], cnc: Terminal) -> None:
    """The last pieces, a stop that has its reason at once, and a job that is finished."""
    at("13:00")
    cnc.badge("Anna")
    cnc.traveler("WO-501/10")
    cnc.good("20")
    cnc.stop("CNC-01", "MATERIAL")

    at("13:10")
    cnc.runs_again("CNC-01")

    at("13:15")
    cnc.badge("Marek")
    cnc.traveler("WO-502/10")
    cnc.good("17")
    cnc.finish()
    cnc.picture("finished")


def everybody_hands_over_and_goes(at: Callable[[str], None], cnc: Terminal, assembly: Terminal) -> None:
    """What goes on is paused, what is open is handed over, and all go."""
    at("13:30")
    assembly.badge("Oleg")
    assembly.traveler("WO-501/20")
    assembly.pause()

    at("13:40")
    assembly.badge("Jana")
    assembly.traveler("WO-503/10")
    assembly.pause()
    assembly.hand_over("Bearings come at three")

    at("13:45")
    cnc.badge("Anna")
    cnc.traveler("WO-501/10")
    cnc.pause()
    cnc.call("maintenance", "CNC-02")
    cnc.hand_over("Tool 12 is worn, a new one lies in the drawer")

    at("13:50")
    for terminal, people in ((cnc, ("Anna", "Marek")), (assembly, ("Jana", "Oleg"))):
        for name in people:
            terminal.badge(name)
            terminal.my_time("clock-out")


def the_next_shift_comes(at: Callable[[str], None], cnc: Terminal, desk: Desk) -> None:
    """Nils takes over, and the pages show what was."""
    at("14:05")
    cnc.badge("Nils")
    cnc.picture("handed-over")
    cnc.take_over()
    desk.go("/andon/")
    desk.picture("andon-handovers")
    desk.go("/stops/")
    desk.picture("stops")
    desk.go("/oee/")
    desk.picture("oee")


def test_the_shift_is_recorded_as_it_happened(floor):
    desk = the_shift(floor)
    found = recorded()
    found["oee"] = figures(desk.ask("/api/v1/oee?first=2026-03-02"), shift="EARLY")
    for name, table in TABLES.items():
        assert (name, found.pop(name)) == (name, told(table))
    assert found == {}
    assert handed_over() == HANDOVERS
    assert floor.most_taps() == BUDGET
