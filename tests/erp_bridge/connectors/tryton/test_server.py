"""A Tryton that was started for a demo or a test leaves nothing behind, however its starter ends."""

import os
import sys
import time

import pytest

from tests.erp_bridge.tryton import Server

pytestmark = pytest.mark.tryton


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_starter_that_is_killed_takes_its_tryton_along_and_can_be_started_again(mortal: Server) -> None:
    tryton = mortal.description["pid"]
    mortal.kill_starter()
    deadline = time.monotonic() + 60
    while is_there(tryton) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_there(tryton)
    mortal.start()
    assert mortal.connector().check().startswith("Tryton 8.2")
