"""What needs a person's attention now; apps plug in what they know, the board and the home page list it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from mes.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Attention:
    """One thing to look at. ``what`` says it in one line, ``how`` what to do about it; ``url`` leads there.

    ``key`` tells it from the others. ``severity`` is ``bad`` (something stands still or is lost without a person) or
    ``wait`` (should be seen to today).
    """

    key: str
    what: str
    how: str = ""
    url: str = ""
    since: datetime | None = None
    severity: str = "bad"


class Lookup(Protocol):
    """Returns what needs attention at these sites (their codes), worst first; one or two queries, it is asked often."""

    def __call__(self, *, sites: Collection[str], now: datetime) -> list[Attention]: ...


@dataclass(frozen=True, kw_only=True)
class AttentionSource:
    """An app's knowledge of what needs attention."""

    key: str
    title: str | Promise
    look: Lookup
    order: int = 50


sources: Registry[AttentionSource] = Registry(AttentionSource)


def all_attention(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return what needs attention at these sites, the bad before the rest, the oldest first."""
    found = [
        one for source in sorted(sources, key=lambda source: source.order) for one in source.look(sites=sites, now=now)
    ]
    return sorted(found, key=lambda one: (one.severity != "bad", one.since or now))
