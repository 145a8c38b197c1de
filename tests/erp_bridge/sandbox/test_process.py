"""The practice ERP as a process: it starts, breaks, dies and comes back with its ledger."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from erp_bridge.sandbox import faults, planner
from erp_bridge.sdk import errors
from tests.erp_bridge.connectors.conftest import practice_documents

ROOT = Path(__file__).parents[3]


def _opened(erp, **changes):
    from erp_bridge.connectors.practice.connector import PracticeErp  # noqa: PLC0415

    return PracticeErp(erp.settings(**changes))


def test_the_ledger_survives_a_kill_and_numbers_go_on(start):
    erp = start()
    order = erp.orders(1)[0]
    connector = _opened(erp)
    before = [connector.send(each, key=f"k{n}").reference for n, each in enumerate(practice_documents(order)[:3])]
    erp.kill()
    with pytest.raises(errors.CallFailed):
        connector.find(practice_documents(order)[0], key="k0")
    erp.start()
    after = _opened(erp)
    assert [after.find(practice_documents(order)[0], key=f"k{n}").reference for n in range(3)] == before
    assert after.send(practice_documents(order)[3], key="k3").reference > before[-1]
    assert [row["reference"] for row in erp.ledger()] == ["k0", "k1", "k2", "k3"]


def test_offline_closes_the_door_for_the_mes_while_its_keepers_still_get_in(start):
    erp = start()
    faults.call("GET", f"{erp.url}/admin/state")
    erp.tell("offline", seconds=3600)
    assert _until(erp, errors.NotSent)
    assert erp.state()["offline_seconds"] > 3000
    erp.tell("offline", seconds=0)
    assert _until(erp, None)


def _until(erp, wanted: type[errors.CallFailed] | None) -> bool:
    """Call until the answer is the wanted failure, or None for an answer; the door takes a moment to move."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            _opened(erp).check()
            said = None
        except errors.CallFailed as failed:
            said = type(failed)
        if said is wanted:
            return True
        time.sleep(0.02)
    return False


def test_the_commands_set_faults_and_plan(start, capsys):
    erp = start()
    assert faults.main(["--url", erp.admin, "set", "busy=0.5", "latency_ms=0,1", "rename.items.unit=uom"]) == 0
    assert erp.state()["faults"]["rates"] == {"busy": 0.5}
    assert faults.main(["--url", erp.admin, "once", "drop_before"]) == 0
    assert faults.main(["--url", erp.admin, "set", "quake=1"]) == 1
    assert "quake" in capsys.readouterr().err
    assert faults.main(["--url", erp.admin, "clear"]) == 0
    assert planner.main(["--url", erp.url, "new", "NEW-1", "--quantity", "7"]) == 0
    number = capsys.readouterr().out.splitlines()[-1].split()[0]
    assert planner.main(["--url", erp.url, "change", number, "--quantity", "9"]) == 0
    assert planner.main(["--url", erp.url, "cancel", number]) == 0
    assert "CANCELLED" in capsys.readouterr().out
    assert planner.main(["--url", erp.url, "cancel", number]) == 1
    assert "ORDER_CLOSED" in capsys.readouterr().err


def test_the_clerk_makes_orders_changes_some_and_cancels_a_few(start):
    erp = start("--seed-orders", "0")
    erp.tell("clerk", per_minute=6000, change_share=0.3, cancel_share=0.1)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        orders = erp.planner.orders()
        if len(orders) > 30 and any(order["state"] == "CANCELLED" for order in orders):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the clerk is asleep")


def test_people_break_it_on_the_panel(start):
    erp = start()

    def press(**form):
        request = urllib.request.Request(f"{erp.admin}/fault-panel", urlencode(form).encode())
        with urllib.request.urlopen(request, timeout=60) as page:
            return page.read().decode()

    assert "The next booking meets it." in press(do="once", fault="never_answers")
    assert erp.state()["faults"]["once"] == ["never_answers"]
    press(do="saved", busy="12.5", low="5", high="10")
    assert erp.state()["faults"]["rates"] == {"busy": 0.125}
    assert "no production order" in press(do="cancel", order="<script>")
    number = erp.planner.orders()[0]["order_no"]
    press(do="change", order=number, quantity="33")
    assert next(o for o in erp.planner.orders() if o["order_no"] == number)["quantity"] == "33"
    assert "<script" not in press(do="clear")


def test_a_page_of_another_site_cannot_press_its_buttons(start):
    erp = start()
    for address in ("admin/offline", "fault-panel"):
        request = urllib.request.Request(
            f"{erp.admin}/{address}", b"{}", {"Origin": "http://evil.example", "Content-Type": "text/plain"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)
        assert caught.value.code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"order": 1}', b"\xff\xfe"])
def test_nonsense_is_refused_in_json(start, body):
    erp = start("--seed-orders", "0", seed="")
    request = urllib.request.Request(
        f"{erp.url}/api/v1/bookings/yields", body, {"Authorization": "Bearer practice"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == 400
    assert json.loads(caught.value.read())["error"]["code"] in ("BODY_INVALID", "FIELD_MISSING")


def test_a_caller_that_is_gone_in_the_middle_of_its_words_has_said_nothing(start):
    erp = start()
    port = int(erp.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        caller.sendall(
            b"POST /api/v1/bookings/yields HTTP/1.1\r\nHost: erp\r\nAuthorization: Bearer practice\r\n"
            b'Content-Length: 400\r\n\r\n{"reference": "half a wo'
        )
        caller.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert caller.recv(100) == b""
    assert (erp.refusals(), erp.ledger()) == ([], [])


def test_it_needs_nothing_of_ours():
    said = subprocess.run(
        [sys.executable, "-c", "import sys, erp_bridge.sandbox.__main__; print(*sys.modules)"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout.split()  # fmt: skip
    assert not {name.split(".")[0] for name in said} & {"django", "mes", "httpx", "config", "celery"}
