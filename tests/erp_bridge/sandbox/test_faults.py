"""Faults are drawn as they were asked for, and the same again from the same seed."""

import pytest

from erp_bridge.sandbox.faults import BOOKING_FAULTS, BadFault, Faults

KINDS = tuple(BOOKING_FAULTS)


def _drawn(seed):
    faults = Faults()
    faults.change({"drop_after_commit": 0.1, "busy": 0.1, "seed": seed})
    return [faults.pick(KINDS, f"r{number}") for number in range(2000)]


def test_the_same_seed_draws_the_same_faults_at_the_rates_that_were_asked_for():
    drawn = _drawn(7)
    assert drawn == _drawn(7)
    assert drawn != _drawn(8)
    assert 150 < drawn.count("busy") < 250
    assert 150 < drawn.count("drop_after_commit") < 250
    assert set(drawn) == {"", "busy", "drop_after_commit"}


def test_a_rejection_hits_the_same_booking_every_time():
    faults = Faults()
    faults.change({"rejects": 0.05})
    first = [faults.pick(KINDS, f"r{number}") for number in range(1000)]
    assert first == [faults.pick(KINDS, f"r{number}") for number in range(1000)]
    assert 20 < first.count("rejects") < 90


def test_once_means_once_and_waits_for_a_call_it_can_hit():
    faults = Faults()
    faults.once("lookup_error")
    assert faults.pick(KINDS, "r") == ""
    assert faults.pick(["lookup_error"], "r") == "lookup_error"
    assert faults.pick(["lookup_error"], "r") == ""


@pytest.mark.parametrize(
    "changes", [{"earthquake": 1}, {"busy": 1.5}, {"busy": "much"}, {"latency_ms": [5, 1]}, {"rename": "x"}]
)
def test_what_is_not_understood_changes_nothing(changes):
    faults = Faults()
    before = faults.state()
    with pytest.raises(BadFault):
        faults.change(changes)
    assert faults.state() == before


def test_clear_lets_everything_work():
    faults = Faults()
    faults.change({"busy": 1, "rename": {"items.code": "no"}, "latency_ms": [1, 2]})
    faults.once("busy")
    faults.clear()
    assert faults.pick(KINDS, "r") == ""
    assert faults.renamed("items", {"code": 1}) == {"code": 1}
