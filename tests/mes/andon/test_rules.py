"""How far a call climbs."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.andon.rules import Step, next_step, standing, tier_of

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


@pytest.mark.parametrize(
    ("minutes", "steps", "said"),
    [
        (4, STEPS, "IN_TIME"), (5, STEPS, "LATE"), (20, STEPS, "CRITICAL"),
        (4, (), "IN_TIME"), (5, (), "LATE"), (15, (), "CRITICAL"),
        (9, STEPS[:1], "LATE"), (10, STEPS[:1], "CRITICAL"),
    ],
)  # fmt: skip
def test_how_late_a_call_is_follows_the_steps_of_its_site(minutes, steps, said):
    assert standing(raised_at=EIGHT, acknowledged_at=None, steps=steps, now=after(minutes)) == said
    answered = standing(raised_at=EIGHT, acknowledged_at=after(minutes), steps=steps, now=after(900))
    assert answered == said


def test_who_is_told_next_is_known_until_somebody_comes():
    given = {"raised_at": EIGHT, "steps": STEPS}
    assert next_step(acknowledged_at=None, now=after(6), **given) == STEPS[1]
    assert next_step(acknowledged_at=None, now=after(21), **given) is None
    assert next_step(acknowledged_at=after(2), now=after(3), **given) is None
