"""What a shop did is what Lineside says it did: played through the public API, totals equal the log's own.

The log itself is not ours to ship. Name the file in LINESIDE_PRODUCTION_LOG to play it whole (about five minutes);
an invented day with the same oddities is always played.
"""

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine

from mes.masterdata import services as masterdata
from mes.masterdata.models import WorkUnit
from mes.masterdata.records import PersonRecord, ReasonRecord, WorkCenterRecord
from tests.api.callers import with_key
from tests.factories import make_item, make_site, make_uom
from tests.replay import log
from tests.replay.replay import Shop, code, play

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
REAL = os.environ.get("LINESIDE_PRODUCTION_LOG", "")
ROWS = int(os.environ.get("LINESIDE_PRODUCTION_ROWS", "0")) or None
"""So many rows of the real log, to see soon whether it goes at all."""
SUPERVISOR = "BOSS"
POLICIES = ["EQUAL", "STANDARD", "QUANTITY", "MACHINE"]


@pytest.mark.parametrize("policy", POLICIES)
def test_an_invented_day_adds_up(policy):
    adds_up(log.read(HERE / "invented_day.csv"), policy)


@pytest.mark.skipif(not REAL, reason="LINESIDE_PRODUCTION_LOG names no file; the log is not shipped")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("policy", os.environ.get("LINESIDE_PRODUCTION_POLICIES", "EQUAL").split(","))
def test_the_real_log_adds_up(policy):
    shop = adds_up(log.read(Path(REAL))[:ROWS], policy)
    print(f"{shop.calls} calls; with a supervisor's leave: {dict(shop.allowed)}")


def adds_up(rows, policy):
    """Play the rows under a split policy and compare every total with the log's."""
    with time_machine.travel(rows[0].start, tick=False):
        shop = opened(rows)
        shop.post("split-policies", {"site": "P1", "policy": policy})
    play(shop, rows)
    expected = log.totals(rows)
    with time_machine.travel(max(row.end for row in rows), tick=False):
        operations = {each["id"]: each for each in shop.listed("operations?order_status=RUNNING,COMPLETED,RELEASED")}
        segments = list(shop.listed("labor/segments?open=false"))
        assert not [one for one in shop.listed("labor/segments?open=true") if one["awaits_end"]]
    ours = {operation: operations[number] for operation, number in shop.ids.items()}
    for operation, told in ours.items():
        assert Decimal(told["good_quantity"]) == expected.good[operation], operation
        assert Decimal(told["scrap_quantity"]) == expected.scrap[operation], operation
        assert Decimal(told["rework_quantity"]) == 0, operation
        assert seconds(told["actual_setup_time"]) == expected.setup[operation], operation
        assert seconds(told["actual_run_time"]) == expected.run[operation], operation
    for resource in {operation[2] for operation in ours}:
        occupied = sum(
            seconds(told["actual_setup_time"]) + seconds(told["actual_run_time"])
            for operation, told in ours.items()
            if operation[2] == resource
        )
        assert occupied == expected.resource[resource], resource
    by_person, by_operation = {}, {}
    names = {(told["work_order"], told["number"]): operation for operation, told in ours.items()}
    for segment in segments:
        worked = seconds(segment["minutes"])
        by_person[segment["person"]] = by_person.get(segment["person"], 0) + worked
        operation = names[segment["work_order"], segment["operation"]]
        by_operation[operation] = by_operation.get(operation, 0) + worked
    # However many machines somebody runs at once, the shares add up to the time in which that person worked at all.
    worked = {} if policy == "MACHINE" else dict(expected.person)
    assert {who: time for who, time in by_person.items() if time} == worked
    with time_machine.travel(max(row.end for row in rows), tick=False):
        assert downtimes(shop) == {code(resource): time for resource, time in expected.down.items() if time}
    if policy != "EQUAL":
        return shop  # by which job, tests/labor/test_policies.py says
    for operation, fair in expected.labor.items():
        # A second that does not divide goes to one of the jobs whole.
        assert abs(by_operation.get(operation, 0) - fair) <= expected.shared[operation], operation
    return shop


def seconds(minutes):
    """Return whole seconds of minutes as the API tells them."""
    return round(Decimal(minutes) * 60)


def downtimes(shop):
    """Return the seconds in which each unit stood still because it was broken down."""
    found = {}
    for state in shop.listed("work-unit-states?state=STOPPED"):
        if state["reason"] == "BREAKDOWN":
            stood = datetime.fromisoformat(state["ended_at"]) - datetime.fromisoformat(state["started_at"])
            found[state["work_unit"]] = found.get(state["work_unit"], 0) + round(stood.total_seconds())
    return found


def opened(rows):
    """Set the shop up: its places and people, and its orders as an ERP would hand them in."""
    site = make_site(time_zone="UTC")
    make_uom()
    item = make_item(site=site)
    masterdata.apply_work_centers(
        [
            WorkCenterRecord(site=site.code, code=code(name), name=name)
            for name in sorted({row.resource for row in rows})
        ],
        owner="shop",
    )
    WorkUnit.objects.update(sharing="FULL")  # the log says how long each job was there, not which part was its own
    people = sorted({row.worker for row in rows} | {SUPERVISOR})
    masterdata.apply_people([PersonRecord(site=site.code, number=who, name=who) for who in people], owner="shop")
    masterdata.apply_reasons(
        [ReasonRecord(site=site.code, kind="SCRAP", code=each, name=each) for each in ("REJECTED", "MRB")]
        + [ReasonRecord(site=site.code, kind="STOP", code=each, name=each) for each in ("BREAKDOWN", "WAITING")],
        owner="shop",
    )
    client = with_key(site)
    operations = {}
    for row in rows:
        operations.setdefault(row.order, {}).setdefault(row.operation, str(10 * (1 + len(operations[row.order]))))
    quantities = {row.order: row.order_quantity for row in rows}
    for order, steps in operations.items():
        body = {
            "site": site.code, "number": order, "item": item.number, "order_quantity": quantities[order],
            "uom": item.uom.code, "status": "RELEASED",
            "steps": [
                {"number": number, "name": operation[1][:200], "work_center": code(operation[2])}
                for operation, number in steps.items()
            ],
        }  # fmt: skip
        client.orders = [*getattr(client, "orders", []), body]
    return Shop(client=client, supervisor=SUPERVISOR, ids=handed_in(client, site, operations))


def handed_in(client, site, operations):
    """Hand the orders in page by page and return the ids that the API gave their operations."""
    from erp_bridge.models import Connection  # noqa: PLC0415

    Connection.objects.create(name="shop-erp", site=site.code, connector="practice")
    for first in range(0, len(client.orders), 100):
        page = [{k: v for k, v in body.items() if k != "site"} for body in client.orders[first : first + 100]]
        answer = client.send("PUT", "/api/v1/erp/shop-erp/work-orders", {"items": page})
        assert answer.status_code == 200, answer.content[:2000]
    shop = Shop(client=client, supervisor=SUPERVISOR, ids={})
    told = {
        (each["work_order"], each["number"]): each["id"] for each in shop.listed("operations?order_status=RELEASED")
    }
    return {
        operation: told[order, number] for order, steps in operations.items() for operation, number in steps.items()
    }
