"""Hands events to their subscribers, in the publisher's transaction."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from mes.core.event import Event

E = TypeVar("E", bound=Event)
Subscriber = Callable[[Any], object]

_subscribers: dict[type[Event], list[Subscriber]] = defaultdict(list)


class PublishedOutsideTransaction(RuntimeError):
    """An event was published where its fact and its messages could not become true together."""


def subscribe(event_type: type[E], subscriber: Callable[[E], object]) -> None:
    """Call ``subscriber`` for every published event of this type or a subtype. Only from ``AppConfig.ready``."""
    _subscribers[event_type].append(subscriber)


def publish(event: Event) -> None:
    """Hand the event to every subscriber, now, in the caller's transaction.

    :raises PublishedOutsideTransaction: without a transaction, the fact could be stored and its messages lost.
    """
    if not transaction.get_connection().in_atomic_block:
        raise PublishedOutsideTransaction(f"{event.kind()} was published outside a transaction.")
    for event_type in type(event).__mro__:
        for subscriber in _subscribers.get(event_type, ()):
            subscriber(event)
