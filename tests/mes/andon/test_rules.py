"""How far a call climbs."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.andon.rules import Step, tier_of

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEPS = (Step(2, 5, "Shift lead"), Step(3, 20, "Plant manager"))


def after(minutes):
    return EIGHT + timedelta(minutes=minutes)


@pytest.mark.parametrize(("minutes", "tier"), [(0, None), (4.9, None), (5, 2), (19, 2), (20, 3), (2000, 3)])
def test_a_call_climbs_with_its_age(minutes, tier):
    reached = tier_of(raised_at=EIGHT, acknowledged_at=None, steps=STEPS, now=after(minutes))
    assert (reached.tier if reached else None) == tier


def test_an_acknowledgement_stops_the_climb():
    assert tier_of(raised_at=EIGHT, acknowledged_at=after(3), steps=STEPS, now=after(60)) is None
    reached = tier_of(raised_at=EIGHT, acknowledged_at=after(6), steps=STEPS, now=after(60))
    assert reached and reached.tells == "Shift lead"


def test_without_steps_nobody_else_is_told():
    assert tier_of(raised_at=EIGHT, acknowledged_at=None, steps=(), now=after(600)) is None
