"""When a timer was forgotten, and which sums are of too few people to be shown."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


def is_forgotten(*, started_at: datetime, ended_at: datetime, limit: timedelta) -> bool:
    """Return whether a timer that ran this long was most likely forgotten, so that a person has to set its end."""
    return ended_at - started_at > limit


@dataclass(frozen=True)
class Entry:
    """Minutes of a group: of a person (any key), or of a crew of so many (``person`` None); 0 people: no longer known."""

    group: str
    person: Hashable | None
    people: int
    minutes: Decimal


@dataclass(frozen=True)
class GroupSum:
    """What a group of people worked together; ``minutes`` and ``people`` None: too few people to show."""

    group: str
    people: int | None
    minutes: Decimal | None


OTHERS = ""
"""The group into which those are put together that are too small by themselves."""


def shown_sums(entries: Iterable[Entry], *, smallest: int) -> list[GroupSum]:
    """Return the sum of each group of at least ``smallest`` people; the smaller ones only together, if they are enough.

    A person counts once in a group, however often they worked; a crew counts as its largest size. No total is told, so
    that what is left out cannot be had by taking away what is shown.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.group].append(entry)
    shown, small = [], []
    for group, found in sorted(groups.items()):
        people = _people(found)
        if people >= smallest:
            shown.append(GroupSum(group, people, _minutes(found)))
        else:
            shown.append(GroupSum(group, None, None))
            small += found
    left_out = [one for one in shown if one.minutes is None]
    people = _people(small)
    if len(left_out) > 1 and people >= smallest:
        shown.append(GroupSum(OTHERS, people, _minutes(small)))
    return shown


def _people(entries: list[Entry]) -> int:
    crews = [one.people for one in entries if one.person is None]
    return len({one.person for one in entries if one.person is not None}) + max(crews, default=0)


def _minutes(entries: list[Entry]) -> Decimal:
    return sum((one.minutes for one in entries), Decimal(0))
