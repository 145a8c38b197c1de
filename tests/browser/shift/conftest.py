"""The plant of the shift with its clock, for every test that works in it."""

import pytest
import time_machine

from mes.core import live
from tests.browser.shift.driver import Floor, moment
from tests.browser.shift.plant import make_plant


@pytest.fixture
def floor(browser, live_server, transactional_db):
    live.forget()
    with time_machine.travel(moment("05:55"), tick=False) as traveller:
        floor = Floor(browser, live_server, traveller, make_plant())
        yield floor
        floor.close()
        assert floor.complaints == []
